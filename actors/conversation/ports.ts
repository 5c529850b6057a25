import type { ConversationId, DeviceId } from "../../lib/ids.js";
import type { Entry, Header } from "../../protos/entry.js";
import type { Watermarks } from "../../protos/messages.js";
import type { BucketState, LogKey, WriteOutcome } from "../ports.js";

export type { BucketState, LogKey } from "../ports.js";

/** What became of a batch. There is no fourth outcome, and `unsure` is never read as one of the other two. */
export type AppendOutcome =
  | { readonly type: "appended" }
  | { readonly type: "fenced" }
  | { readonly type: "unsure"; readonly code: "unsure" }
  /** Refused before it was written: below the disk reserve. Nothing was stored, and it will not land later. */
  | { readonly type: "full"; readonly code: "storage-full" };

/** The durable order of one conversation's entries. No method takes two keys, and no adapter may join two calls. Reads reject when the store cannot answer. */
export interface ConversationLog {
  /** SERIAL read of a bucket's static cells; undefined: the bucket was never opened. */
  probe(key: LogKey): Promise<BucketState | undefined>;
  /** Eager fence: SET epoch = `epoch` IF epoch = expected.epoch AND last_seq = expected.lastSeq. `epoch` is above every earlier one. */
  fence(key: LogKey, expected: { readonly epoch: bigint; readonly lastSeq: bigint }, epoch: bigint): Promise<WriteOutcome>;
  /** Opens a bucket IF NOT EXISTS with these static cells (copying fanned and trimmed): its first fence too. */
  open(key: LogKey, state: BucketState): Promise<WriteOutcome>;
  /**
   * Appends one batch under the owner's epoch: all of it or none, IF epoch = `epoch` AND last_seq = `lastSeq`.
   *
   * @param epoch the activation's own, already written to this bucket by its fence or by opening it
   * @param lastSeq the head before: the first entry has lastSeq + 1, the rest follow without gaps, all in `key`'s bucket
   * @param batch 16 bytes, unique for this batch
   * @param entries 1 to 64, 256 KiB together at most (a single larger one only if ≤ 128 KiB, which the gateway has checked)
   * @returns `appended`: durable with headers and bodies. `fenced`: a higher epoch is in the log, and whether the batch landed before it
   *   only its owner knows. `unsure`: still unknown after 5,000 ms of serial reads and *identical* re-issues; it may land at any later
   *   time, so nothing is written before a new activation has fenced and read. `full`: refused unwritten.
   */
  append(key: LogKey, epoch: bigint, lastSeq: bigint, batch: Uint8Array, fanned: bigint, entries: readonly Entry[]): Promise<AppendOutcome>;
  /** Moves `fanned` alone (passivation): IF epoch = `epoch` AND last_seq = `lastSeq`. */
  saveFanned(key: LogKey, epoch: bigint, lastSeq: bigint, fanned: bigint): Promise<WriteOutcome>;
  /** Headers from..to (both included, within the bucket) in order. At most 512. */
  headers(key: LogKey, from: bigint, to: bigint): Promise<readonly Header[]>;
  /** Whole entries with all their bodies: for re-delivery after a crash. At most `limit`. */
  entries(key: LogKey, from: bigint, to: bigint, limit: number): Promise<readonly Entry[]>;
  /** Removes the bodies of message-like entries ≤ `through` in this bucket and sets `trimmed`, IF epoch = `epoch`. Control bodies stay. */
  trim(key: LogKey, epoch: bigint, through: bigint): Promise<WriteOutcome>;
}

/** A cache of the fold; its loss or age costs time only. */
export interface ConversationStates {
  read(
    conversation: ConversationId,
  ): Promise<{ readonly through: bigint; readonly version: bigint; readonly snapshot: Uint8Array } | undefined>;
  /** IF version = `version` (0n: IF NOT EXISTS), then version + 1. */
  write(conversation: ConversationId, version: bigint, through: bigint, snapshot: Uint8Array): Promise<WriteOutcome>;
}

/** Monotone watermarks per device, one partition per conversation. */
export interface Receipts {
  read(conversation: ConversationId): Promise<ReadonlyMap<DeviceId, Watermarks>>;
}

/** Fan-out intents of this shard: resolves when an intent of this conversation in the present slice of this shard epoch is durable. */
export interface Intents {
  issue(conversation: ConversationId): Promise<void>;
  /** Nothing in flight, nothing unaccepted, receipts durable: the low-water may pass this conversation. */
  clean(conversation: ConversationId): void;
  dirty(conversation: ConversationId): void;
}
