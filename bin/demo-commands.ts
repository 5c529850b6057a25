import { fileURLToPath } from "node:url";
import type { Command } from "../app/cli/command.js";
import { systemClock } from "../lib/clock.js";
import { demo } from "./demo/demo.js";

const program = fileURLToPath(new URL("./hermod.js", import.meta.url));

/** The demo brings a server of its own, so it is handed in like the server's commands. */
export const demoCommands: readonly Command[] = [
  {
    name: "demo",
    summary: "watch two people and three devices talk over a temporary server",
    audience: "people",
    options: [],
    examples: ["hermod demo"],
    run: (_input, terminal) => demo(program, systemClock(), terminal),
  },
];
