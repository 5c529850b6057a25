import { createInterface } from "node:readline/promises";
import type { Terminal } from "./command.js";

/** This process's own terminal, or pipe. */
export function processTerminal(): Terminal {
  return {
    say: (line) => {
      process.stdout.write(`${line}\n`);
    },
    note: (line) => {
      process.stderr.write(`${line}\n`);
    },
    json: (value) => {
      process.stdout.write(`${JSON.stringify(value)}\n`);
    },
    ask: async (question) => {
      if (!process.stdin.isTTY) return undefined;
      const lines = createInterface({ input: process.stdin, output: process.stderr });
      try {
        return await lines.question(question);
      } finally {
        lines.close();
      }
    },
    isInteractive: process.stdin.isTTY && process.stdout.isTTY,
  };
}
