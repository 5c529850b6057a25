import { ABORT } from "lmdb";
import type { Clock } from "../../lib/clock.js";
import { limits } from "../../lib/limits.js";
import { StoreError } from "../errors.js";
import type { Partition, Partitions, ReadRows, Rows } from "../partitions.js";
import { CollectedRows } from "../rows.js";
import { behind, LmdbRows, partitionOfKey, prefixOf, type Database } from "./rows.js";

/** A write that waits for, or is in, a commit. */
interface Waiting {
  /** Runs inside the transaction. */
  run(): void;
  /** After the commit: the write's own outcome. */
  settle(): void;
  /** The commit failed, or there will be none. */
  fail(error: StoreError): void;
}

export interface LmdbOptions {
  readonly hasRoom: () => boolean;
  /** A commit failed (ENOSPC, EIO): nothing may be acked any more, the process has to stop. Called once. */
  readonly onFatal: (cause: unknown) => void;
  /** After each commit: how many writes shared it, and how long it took until it was on disk. */
  readonly onCommit?: (writes: number, seconds: number) => void;
  readonly clock: Clock;
}

/**
 * The kernel on LMDB. One transaction at a time: writes that come while it commits are the next one. lmdb-js keeps its promise for this
 * configuration only after fdatasync (`overlappingSync: false`; test/contract looks), and a snapshot never shows what is not committed.
 */
export class LmdbPartitions implements Partitions {
  private readonly database: Database;
  private readonly options: LmdbOptions;
  private waiting: Waiting[] = [];
  private committing: Promise<void> | undefined;
  private stopped: StoreError | undefined;

  constructor(database: Database, options: LmdbOptions) {
    this.database = database;
    this.options = options;
  }

  write<T>(partition: Partition, work: (rows: Rows) => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.stopped) {
        reject(this.stopped);
        return;
      }
      if (this.waiting.length >= limits.storeWaitingMax) {
        reject(new StoreError("unknown", "too many writes wait"));
        return;
      }
      this.waiting.push(waitingWrite(this.database, partition, work, resolve, reject));
      this.committing ??= this.commitAll();
    });
  }

  async read<T>(partition: Partition, work: (rows: ReadRows) => T): Promise<T> {
    this.renew();
    return work(new LmdbRows(this.database, prefixOf(partition)));
  }

  async names(after: Partition | undefined, limit: number): Promise<Partition[]> {
    this.renew();
    const names: Partition[] = [];
    let start = after === undefined ? Buffer.of(0) : behind(prefixOf(after));
    while (names.length < limit) {
      const [key] = this.database.getKeys({ start, limit: 1 });
      if (key === undefined) break;
      const name = partitionOfKey(key);
      names.push(name);
      start = behind(prefixOf(name));
    }
    return names;
  }

  hasRoom(): boolean {
    return this.options.hasRoom();
  }

  async close(): Promise<void> {
    const first = this.stopped === undefined;
    this.stopped ??= new StoreError("stopped", "the store is closed");
    await this.committing;
    if (first) await this.database.close();
  }

  /** The present snapshot is given up, so that a read sees every commit that was answered before it. */
  private renew(): void {
    if (this.stopped) throw this.stopped;
    (this.database as Database & { resetReadTxn(): void }).resetReadTxn();
  }

  private async commitAll(): Promise<void> {
    while (this.waiting.length > 0) await this.commit();
    this.committing = undefined;
  }

  private async commit(): Promise<void> {
    let group: Waiting[] = [];
    const began = this.options.clock.mono();
    try {
      // The callback runs when the write thread has the lock: until then writes may still join.
      const done: unknown = await this.database.childTransaction(() => {
        group = this.waiting.splice(0, limits.commitWritesMax);
        return runAll(group);
      });
      if (done === ABORT) throw new Error("a row could not be written");
    } catch (cause) {
      this.stop(cause, group);
      return;
    }
    this.options.onCommit?.(group.length, (this.options.clock.mono() - began) / 1_000);
    for (const write of group) write.settle();
  }

  /** A commit that failed leaves the file and the kernel's memory in doubt: nobody may go on from here. */
  private stop(cause: unknown, group: readonly Waiting[]): void {
    this.stopped ??= new StoreError("stopped", "the store failed at a commit", { cause });
    for (const write of group) write.fail(new StoreError("unknown", "the commit failed", { cause }));
    for (const write of this.waiting.splice(0)) write.fail(this.stopped);
    const reason = (cause as { commitError?: Promise<unknown> }).commitError;
    if (reason === undefined) this.options.onFatal(cause);
    else reason.then(this.options.onFatal, this.options.onFatal);
  }
}

/** All or nothing: what a single row could not have is not left half written. */
function runAll(group: readonly Waiting[]): typeof ABORT | undefined {
  try {
    for (const write of group) write.run();
    return undefined;
  } catch {
    return ABORT;
  }
}

function waitingWrite<T>(
  database: Database,
  partition: Partition,
  work: (rows: Rows) => T,
  resolve: (result: T) => void,
  reject: (error: unknown) => void,
): Waiting {
  let outcome: { readonly result: T } | { readonly thrown: unknown };
  return {
    run: () => {
      const there = new LmdbRows(database, prefixOf(partition));
      const rows = new CollectedRows(there);
      try {
        outcome = { result: work(rows) };
      } catch (thrown) {
        // This write alone is not done; its neighbours in the commit do not notice.
        outcome = { thrown };
        return;
      }
      for (const { key, value } of rows.changes) {
        if (value === undefined) database.removeSync(there.stored(key));
        else database.putSync(there.stored(key), value as Buffer);
      }
    },
    settle: () => {
      if ("thrown" in outcome) reject(outcome.thrown);
      else resolve(outcome.result);
    },
    fail: reject,
  };
}

/** How the database is opened: durable before it is answered, one table, nothing cached, no encodings of its own. */
export const databaseOptions = {
  overlappingSync: false,
  keyEncoding: "binary",
  encoding: "binary",
  cache: false,
  compression: false,
  commitDelay: 0,
  permissionsMode: 0o600,
} as const;
