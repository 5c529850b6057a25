import type { Command } from "./command.js";
import { chatCommand } from "./chat/chat.js";
import { devicesApprove, devicesList, devicesRemove } from "./commands/devices.js";
import { historyCommand } from "./commands/history.js";
import { inboxCommand } from "./commands/inbox.js";
import { linkCommand } from "./commands/link.js";
import { registerCommand } from "./commands/register.js";
import { safetyCommand } from "./commands/safety.js";
import { sendCommand } from "./commands/send.js";
import { statusCommand } from "./commands/status.js";
import type { Environment } from "./session.js";

/** What people and bots do. */
export function userCommands(environment: Environment): readonly Command[] {
  return [
    registerCommand,
    sendCommand,
    inboxCommand,
    historyCommand,
    chatCommand,
    linkCommand,
    devicesList,
    devicesApprove,
    devicesRemove,
    safetyCommand,
    statusCommand,
  ].map((make) => make(environment));
}
