import type { LogKey } from "../../actors/conversation/ports.js";
import { idBytes, type DeviceId } from "../../lib/ids.js";
import { limits } from "../../lib/limits.js";
import type { Header } from "../../protos/entry.js";
import { partitionOf, rowKey, uint64 } from "../keys.js";
import type { Partition, ReadRows } from "../partitions.js";
import { decodeHeader } from "../records/header.js";
import { decodeBucket, type StoredBucket } from "../records/log.js";

/**
 * Rows of a bucket: its static cells; a header per sequence; a body per sequence and slot. Headers lie together because folds read them
 * alone; bodies lie by sequence because appends and trims run along it.
 */
const bucketRow = rowKey(0);
const headerSort = 1;
const bodySort = 2;

/** ((conversation, bucket)). */
export function logPartition(key: LogKey): Partition {
  return partitionOf("log", idBytes(key.conversation), uint64(key.bucket));
}

export { bucketRow };

export function headerRow(seq: bigint): Uint8Array {
  return rowKey(headerSort, uint64(seq));
}

const shared = new Uint8Array(0);

/** The shared body comes before those of devices, because its slot is empty. */
export function bodyRow(seq: bigint, slot: "shared" | DeviceId): Uint8Array {
  return rowKey(bodySort, uint64(seq), slot === "shared" ? shared : idBytes(slot));
}

/** Slot of a body's row. */
export function slotBytes(row: Uint8Array): Uint8Array {
  return row.subarray(9);
}

/** First row of a sequence's bodies; that of the next one ends them. */
export function firstBodyRow(seq: bigint): Uint8Array {
  return rowKey(bodySort, uint64(seq));
}

/** Sequences of a bucket that lie in from..to. */
export function clip(bucket: bigint, from: bigint, to: bigint): { from: bigint; to: bigint } {
  const first = (bucket << BigInt(limits.bucketBits)) + 1n;
  const last = (bucket + 1n) << BigInt(limits.bucketBits);
  return { from: from > first ? from : first, to: to < last ? to : last };
}

export function bucketOf(seq: bigint): bigint {
  return (seq - 1n) >> BigInt(limits.bucketBits);
}

export function readBucket(rows: ReadRows): StoredBucket | undefined {
  const value = rows.get(bucketRow);
  return value && decodeBucket(value);
}

/** Headers from..to of the bucket, in order. */
export function readHeaders(rows: ReadRows, bucket: bigint, from: bigint, to: bigint, limit: number): Header[] {
  const within = clip(bucket, from, to);
  if (within.from > within.to) return [];
  return rows.range(headerRow(within.from), headerRow(within.to + 1n), limit).map((row) => decodeHeader(row.value));
}
