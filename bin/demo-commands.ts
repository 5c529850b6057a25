import { fileURLToPath } from "node:url";
import type { Command } from "../app/cli/command.js";
import { numberOf } from "../app/cli/session.js";
import { systemClock } from "../lib/clock.js";
import { systemRand } from "../lib/random.js";
import { staged } from "./demo/stage.js";

const program = fileURLToPath(new URL("./hermod.js", import.meta.url));

const demoMs = 180_000;
const chaosMs = 300_000;
const chaosMsPerMessage = 200;

/** The demo brings a server of its own, so it is handed in like the server's commands. */
export const demoCommands: readonly Command[] = [
  {
    name: "demo",
    summary: "watch two people and three devices talk over a temporary server",
    audience: "people",
    options: [
      { flags: "--chaos", doc: "send thousands of messages while the server is killed and started again, and count what went wrong" },
      { flags: "--messages <number>", doc: "with --chaos: how many", usual: "2000" },
      { flags: "--seed <number>", doc: "with --chaos: what the random choices come from (else drawn)" },
    ],
    examples: ["hermod demo", "hermod demo --chaos", "hermod demo --chaos --messages 500 --seed 7"],
    run: async (input, terminal) => {
      const clock = systemClock();
      const messages = numberOf(input, "messages", 2_000, 50, 1_000_000);
      const seed = numberOf(input, "seed", systemRand().below(1_000_000), 0, 0xffff_ffff);
      const complain = (line: string): void => {
        terminal.note(line);
      };
      if (input.options.chaos !== true) {
        const { demo } = await import("./demo/demo.js");
        return staged(clock, demoMs, complain, () => demo(program, clock, terminal));
      }
      const { chaos } = await import("./demo/chaos.js");
      return staged(clock, chaosMs + messages * chaosMsPerMessage, complain, () => chaos({ program, clock, messages, seed, terminal }));
    },
  },
];
