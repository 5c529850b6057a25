import type { Command } from "../app/cli/command.js";
import type { Environment } from "../app/cli/session.js";
import { userCommands } from "../app/cli/user-commands.js";
import { databaseCommands } from "./database-commands.js";
import { demoCommands } from "./demo-commands.js";
import { serverCommands } from "./server-commands.js";

/** Every command of `hermod`: help, usage errors and docs/cli.md come from this table. Server parts are loaded when a command runs. */
export function commands(environment: Environment): readonly Command[] {
  return [...serverCommands, ...databaseCommands, ...userCommands(environment), ...demoCommands];
}
