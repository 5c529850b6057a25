import type { Clock } from "../../lib/clock.js";
import type { History, HistoryEvent } from "../context.js";

export const noHistory: History = { write: () => {} };

/**
 * Writes a client's history as JSON lines. `t` is monotonic, in nanoseconds; `dev` is asked at each line, since a client gets its device
 * only when it registers. 64-bit values are decimal text.
 */
export function jsonHistory(options: {
  readonly clock: Clock;
  readonly proc: string;
  readonly dev: () => string | undefined;
  readonly write: (line: string) => void;
}): History {
  const { clock, proc, dev, write } = options;
  return {
    write: (event: HistoryEvent) => {
      const t = Math.round(clock.mono() * 1e6);
      const line = { t, proc, dev: dev(), ...event };
      write(`${JSON.stringify(line, (_key, value: unknown) => (typeof value === "bigint" ? value.toString() : value))}\n`);
    },
  };
}
