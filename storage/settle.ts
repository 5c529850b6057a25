import type { WriteOutcome } from "../actors/ports.js";
import type { Clock } from "../lib/clock.js";
import { limits } from "../lib/limits.js";
import { isStopped, StoreError } from "./errors.js";
import type { Partition, Partitions, ReadRows, Rows } from "./partitions.js";

/** What tables are written over. */
export interface Store {
  readonly partitions: Partitions;
  readonly clock: Clock;
}

/** What a serial read says of a write whose outcome is unknown: it is there; it is not there and its condition holds; neither. */
export type Verdict = "applied" | "again" | "refused";

/**
 * Settles one conditional write (cluster.md §5, three outcomes). Whatever is not a plain yes is read back serially, also a no: a late
 * original may have won. Only the *identical* write is ever issued again. `unsure` after `storeDeadlineMs`.
 *
 * @param attempt writes if its condition holds and says whether it did
 * @param judge recognises the write by what only it could have left
 */
export async function settle(
  store: Store,
  partition: Partition,
  attempt: (rows: Rows) => boolean,
  judge: (rows: ReadRows) => Verdict,
): Promise<WriteOutcome> {
  const { clock } = store;
  const deadline = clock.mono() + limits.storeDeadlineMs;
  let pause: number = limits.storeRetryMinMs;
  let issue = true;
  for (;;) {
    try {
      if (issue && (await tried(store, attempt, (work) => store.partitions.write(partition, work)))) return "applied";
      issue = false;
      const verdict = await tried(store, judge, (work) => store.partitions.read(partition, work));
      if (verdict !== "again") return verdict;
      issue = true;
    } catch (error) {
      if (!(error instanceof Unanswered)) throw error;
      if (isStopped(error.cause)) return "unsure";
      issue = false;
    }
    if (clock.mono() + pause >= deadline) return "unsure";
    await clock.sleep(pause);
    pause = Math.min(pause * 2, limits.storeRetryMaxMs);
  }
}

/** A write without condition, repeated by its caller when it rejects. Resolves when durable. */
export async function writePlainly(store: Store, partition: Partition, work: (rows: Rows) => void): Promise<void> {
  await tried(store, work, (tracked) => store.partitions.write(partition, tracked), limits.storeDeadlineMs);
}

/** One try, never repeated and never read back; undefined: unknown. */
export async function writeOnce<T>(store: Store, partition: Partition, work: (rows: Rows) => T): Promise<T | undefined> {
  try {
    return await tried(store, work, (tracked) => store.partitions.write(partition, tracked), limits.storeDeadlineMs);
  } catch (error) {
    if (error instanceof Unanswered) return undefined;
    throw error;
  }
}

/** A serial read that rejects when the store does not answer in time. */
export function readSerially<T>(store: Store, partition: Partition, work: (rows: ReadRows) => T): Promise<T> {
  return tried(store, work, (tracked) => store.partitions.read(partition, tracked), limits.storeDeadlineMs);
}

/** The store did not say. */
class Unanswered extends StoreError {
  constructor(options?: ErrorOptions) {
    super("unknown", "the store did not answer", options);
  }
}

/** One question to the store: what the work itself throws is thrown, everything else that is no answer is `Unanswered`. */
function tried<R, T>(
  store: Store,
  work: (rows: R) => T,
  ask: (tracked: (rows: R) => T) => Promise<T>,
  ms: number = limits.storeAttemptMs,
): Promise<T> {
  let mistake: unknown;
  let mistaken = false;
  const tracked = (rows: R): T => {
    try {
      return work(rows);
    } catch (error) {
      mistake = error;
      mistaken = true;
      throw error;
    }
  };
  return new Promise<T>((resolve, reject) => {
    const late = store.clock.timer(ms, () => {
      reject(new Unanswered());
    });
    ask(tracked).then(
      (answer) => {
        late.cancel();
        resolve(answer);
      },
      (cause: unknown) => {
        late.cancel();
        reject(mistaken ? asError(mistake) : new Unanswered({ cause }));
      },
    );
  });
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error("a work threw something else than an error", { cause: thrown });
}
