import { createInterface } from "node:readline/promises";
import { UsageError, type Terminal } from "./command.js";

const stdinBytesMax = 1_048_576;

/** This process's own terminal, or pipe. */
export function processTerminal(): Terminal {
  const closed = new AbortController();
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    closed.abort();
  });
  return {
    closed: closed.signal,
    readAll: async () => {
      const chunks: Buffer[] = [];
      let length = 0;
      for await (const chunk of process.stdin) {
        chunks.push(chunk as Buffer);
        length += (chunk as Buffer).length;
        if (length > stdinBytesMax) throw new UsageError("standard input is larger than any message");
      }
      return Buffer.concat(chunks)
        .toString("utf8")
        .replace(/\r?\n$/, "");
    },
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
    get columns() {
      return process.stdout.isTTY ? process.stdout.columns : Infinity;
    },
    isInteractive: process.stdin.isTTY && process.stdout.isTTY,
  };
}
