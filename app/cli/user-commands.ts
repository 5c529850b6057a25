import type { Command } from "./command.js";

/** What people and bots do. */
export const userCommands: readonly Command[] = [];
