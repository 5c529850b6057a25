import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { exitCodes } from "../../app/cli/command.js";
import type { Clock } from "../../lib/clock.js";

/** A folder that is gone when this process ends, also by Ctrl-C. */
export function temporaryFolder(parent: string, prefix: string): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(parent, prefix));
  const remove = (): void => {
    rmSync(path, { recursive: true, force: true });
    process.off("exit", remove);
  };
  process.once("exit", remove);
  return { path, remove };
}

/** Runs a demo so that a signal ends it with everything that it started, and that it never hangs. */
export async function staged(clock: Clock, limitMs: number, complain: (line: string) => void, run: () => Promise<number>): Promise<number> {
  const leave = (): void => {
    process.exit(exitCodes.failure);
  };
  process.once("SIGINT", leave);
  process.once("SIGTERM", leave);
  const over = new AbortController();
  void clock.sleep(limitMs, over.signal).then(() => {
    if (over.signal.aborted) return;
    complain(`The demo stood still and was given up after ${String(limitMs / 1000)} s.`);
    leave();
  });
  try {
    return await run();
  } finally {
    over.abort();
    process.off("SIGINT", leave);
    process.off("SIGTERM", leave);
  }
}
