import type { Command } from "./command.js";
import { historyCommand } from "./commands/history.js";
import { inboxCommand } from "./commands/inbox.js";
import { registerCommand } from "./commands/register.js";
import { sendCommand } from "./commands/send.js";
import type { Environment } from "./session.js";

/** What people and bots do. */
export function userCommands(environment: Environment): readonly Command[] {
  return [registerCommand, sendCommand, inboxCommand, historyCommand].map((make) => make(environment));
}
