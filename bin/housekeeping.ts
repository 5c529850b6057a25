import type { Clock } from "../lib/clock.js";
import { limits } from "../lib/limits.js";
import { sweep, type SweepPosition } from "../storage/sweep.js";
import type { Partitions } from "../storage/partitions.js";
import type { Logger } from "./log.js";

/** Gives back the room of what expired: a round every hour, in steps that leave the store to others in between. Ends when the signal is aborted. */
export async function sweepHourly(partitions: Partitions, clock: Clock, signal: AbortSignal, log: Logger): Promise<void> {
  while (!signal.aborted) {
    await clock.sleep(limits.sweepEveryMs, signal);
    let position: SweepPosition;
    do {
      if (signal.aborted) return;
      try {
        position = await sweep({ partitions, clock }, position);
      } catch (error) {
        // Nobody waits for room: the next round sees the same.
        log.warn({ error: String(error) }, "a sweep did not finish");
        position = undefined;
      }
      await clock.sleep(limits.sweepPauseMs, signal);
    } while (position !== undefined);
  }
}
