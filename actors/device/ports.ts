import type { ConversationId, DeviceId } from "../../lib/ids.js";
import type { Header, ReadEntry } from "../../protos/entry.js";
import type { Watermarks } from "../../protos/messages.js";
import type { BucketState, LogKey, WriteOutcome } from "../ports.js";

export interface DeviceRow {
  readonly epoch: bigint;
  readonly ver: bigint;
  readonly revoked: boolean;
  /** All that the log entitles this device to, from that sequence on. */
  readonly marks: ReadonlyMap<ConversationId, bigint>;
}

export interface DeviceChanges {
  /** Set or lower marks. With `clear`, ≤ 128 together. */
  readonly set: readonly { readonly conversation: ConversationId; readonly from: bigint }[];
  readonly clear: readonly ConversationId[];
  /** Writes `revoked` and drops every mark. */
  readonly revoked?: true;
}

/** One device's partition: its marks under (epoch, ver). */
export interface DeviceStates {
  /** SERIAL. Undefined: no such row yet (epoch 0, ver 0). */
  load(device: DeviceId): Promise<DeviceRow | undefined>;
  /** SET epoch IF (epoch, ver) = expected, or IF NOT EXISTS when expected is undefined (then ver = 0). */
  fence(device: DeviceId, expected: { readonly epoch: bigint; readonly ver: bigint } | undefined, epoch: bigint): Promise<WriteOutcome>;
  /** All changes or none, IF epoch = `epoch` AND ver = `ver`, then ver + 1. Unknown: the adapter reads (epoch, ver) back and re-issues the identical batch. */
  change(device: DeviceId, epoch: bigint, ver: bigint, changes: DeviceChanges): Promise<WriteOutcome>;
}

/** What a device reads of logs. It owns no log, so it never writes one. */
export interface LogReader {
  /** SERIAL read of the bucket's head. */
  probe(key: LogKey): Promise<BucketState | undefined>;
  /** Entries from `from` within the bucket as this device sees them (shared or own body), in order, ≤ `entries` and about ≤ `bytes`. */
  slice(
    key: LogKey,
    device: DeviceId,
    from: bigint,
    limit: { readonly entries: number; readonly bytes: number },
  ): Promise<readonly ReadEntry[]>;
  /** One header, to walk back the chain of control entries. */
  header(key: LogKey, seq: bigint): Promise<Header | undefined>;
}

/** The receipt row of this device in a conversation: a monotone register; an older write never wins over a newer one. */
export interface ReceiptRows {
  read(conversation: ConversationId, device: DeviceId): Promise<Watermarks | undefined>;
  /** Plain write. Resolves when durable, rejects when that is unknown (write it again: it is idempotent). */
  write(conversation: ConversationId, device: DeviceId, watermarks: Watermarks): Promise<void>;
}

/** For operators; nothing rests on it. */
export interface DeviceNotes {
  /** A device said that it cannot take an entry. */
  nacked(device: DeviceId, conversation: ConversationId, seq: bigint, reason: string): void;
}

export interface DevicePorts {
  readonly states: DeviceStates;
  readonly log: LogReader;
  readonly receipts: ReceiptRows;
  readonly notes?: DeviceNotes;
}
