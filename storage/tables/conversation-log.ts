import type { AppendOutcome, BucketState, ConversationLog, LogKey } from "../../actors/conversation/ports.js";
import type { WriteOutcome } from "../../actors/ports.js";
import { assert } from "../../lib/assert.js";
import { sameBytes } from "../../lib/bytes.js";
import { idOf, type DeviceId } from "../../lib/ids.js";
import { limits } from "../../lib/limits.js";
import { point } from "../../lib/point.js";
import type { BodySlot, Entry, Header } from "../../protos/entry.js";
import { isControl } from "../../protos/kinds.js";
import type { ReadRows, Rows } from "../partitions.js";
import { encodeHeader } from "../records/header.js";
import { decodeBody, encodeBody, encodeBucket, type StoredBucket } from "../records/log.js";
import { readSerially, settle, type Store, type Verdict } from "../settle.js";
import { bodyRow, bucketOf, bucketRow, firstBodyRow, headerRow, logPartition, readBucket, readHeaders, slotBytes } from "./log-rows.js";

/** The durable order of conversations. Every write is conditional on the static cells of its one bucket. */
export class ConversationLogTable implements ConversationLog {
  private readonly store: Store;

  constructor(store: Store) {
    this.store = store;
  }

  probe(key: LogKey): Promise<BucketState | undefined> {
    return readSerially(this.store, logPartition(key), readBucket);
  }

  fence(key: LogKey, expected: { readonly epoch: bigint; readonly lastSeq: bigint }, epoch: bigint): Promise<WriteOutcome> {
    assert(epoch > expected.epoch, "a fence raises the epoch");
    return settle(
      this.store,
      logPartition(key),
      (rows) => {
        const bucket = readBucket(rows);
        if (bucket?.epoch !== expected.epoch || bucket.lastSeq !== expected.lastSeq) return false;
        rows.put(bucketRow, encodeBucket({ ...bucket, epoch }));
        return true;
      },
      (rows) => {
        const bucket = readBucket(rows);
        if (bucket?.lastSeq !== expected.lastSeq) return "refused";
        if (bucket.epoch === epoch) return "applied";
        return bucket.epoch === expected.epoch ? "again" : "refused";
      },
    );
  }

  open(key: LogKey, state: BucketState): Promise<WriteOutcome> {
    return settle(
      this.store,
      logPartition(key),
      (rows) => {
        if (readBucket(rows) !== undefined) return false;
        rows.put(bucketRow, encodeBucket({ ...state, bodiesExpireMs: 0 }));
        return true;
      },
      // The epoch is this activation's alone, so a bucket that bears it was opened by it.
      (rows) => {
        const bucket = readBucket(rows);
        if (bucket === undefined) return "again";
        return bucket.epoch === state.epoch && bucket.lastSeq === state.lastSeq ? "applied" : "refused";
      },
    );
  }

  async append(
    key: LogKey,
    epoch: bigint,
    lastSeq: bigint,
    batch: Uint8Array,
    fanned: bigint,
    entries: readonly Entry[],
  ): Promise<AppendOutcome> {
    checkBatch(key, lastSeq, batch, entries);
    if (!this.store.partitions.hasRoom()) return { type: "full", code: "storage-full" };
    point("server.before-write");
    const outcome = await settle(
      this.store,
      logPartition(key),
      (rows) => appendBatch(rows, epoch, lastSeq, batch, fanned, entries),
      (rows) => judgeBatch(rows, epoch, lastSeq, batch),
    );
    if (outcome === "unsure") return { type: "unsure", code: "unsure" };
    if (outcome === "refused") return { type: "fenced" };
    point("server.written");
    return { type: "appended" };
  }

  saveFanned(key: LogKey, epoch: bigint, lastSeq: bigint, fanned: bigint): Promise<WriteOutcome> {
    return settle(
      this.store,
      logPartition(key),
      (rows) => {
        const bucket = readBucket(rows);
        if (bucket?.epoch !== epoch || bucket.lastSeq !== lastSeq) return false;
        rows.put(bucketRow, encodeBucket({ ...bucket, fanned }));
        return true;
      },
      (rows) => {
        const bucket = readBucket(rows);
        if (bucket?.epoch !== epoch || bucket.lastSeq !== lastSeq) return "refused";
        return bucket.fanned === fanned ? "applied" : "again";
      },
    );
  }

  headers(key: LogKey, from: bigint, to: bigint): Promise<readonly Header[]> {
    return readSerially(this.store, logPartition(key), (rows) => readHeaders(rows, key.bucket, from, to, 1 << limits.bucketBits));
  }

  entries(key: LogKey, from: bigint, to: bigint, limit: number): Promise<readonly Entry[]> {
    const now = this.store.clock.now();
    return readSerially(this.store, logPartition(key), (rows) =>
      readHeaders(rows, key.bucket, from, to, limit).map((header) => ({ header, bodies: readBodies(rows, header, now) })),
    );
  }

  trim(key: LogKey, epoch: bigint, through: bigint): Promise<WriteOutcome> {
    return settle(
      this.store,
      logPartition(key),
      (rows) => {
        const bucket = readBucket(rows);
        if (bucket?.epoch !== epoch) return false;
        trimBodies(rows, key, bucket, through);
        return true;
      },
      (rows) => {
        const bucket = readBucket(rows);
        if (bucket?.epoch !== epoch) return "refused";
        return bucket.trimmed >= through ? "applied" : "again";
      },
    );
  }
}

/** Our own mistakes: a batch with a gap, or one that crosses its bucket's end. */
function checkBatch(key: LogKey, lastSeq: bigint, batch: Uint8Array, entries: readonly Entry[]): void {
  assert(batch.length === 16, "a batch has an id of 16 bytes");
  assert(entries.length >= 1 && entries.length <= limits.batchEntriesMax, `a batch of ${entries.length} entries`);
  entries.forEach((entry, index) => {
    assert(entry.header.seq === lastSeq + BigInt(index) + 1n, "a batch follows the head without gaps");
    assert(bucketOf(entry.header.seq) === key.bucket, "a batch stays in its bucket");
  });
}

/** All of the batch or nothing, IF epoch = `epoch` AND last_seq = `lastSeq`. */
function appendBatch(rows: Rows, epoch: bigint, lastSeq: bigint, batch: Uint8Array, fanned: bigint, entries: readonly Entry[]): boolean {
  const bucket = readBucket(rows);
  if (bucket?.epoch !== epoch || bucket.lastSeq !== lastSeq) return false;
  let bodiesExpireMs = bucket.bodiesExpireMs;
  for (const { header, bodies } of entries) {
    rows.put(headerRow(header.seq), encodeHeader(header));
    for (const body of bodies) rows.put(bodyRow(header.seq, body.slot), encodeBody(body, header.bodyExpiresMs));
    if (bodies.length > 0) bodiesExpireMs = earlier(bodiesExpireMs, header.bodyExpiresMs);
  }
  rows.put(bucketRow, encodeBucket({ ...bucket, lastSeq: lastSeq + BigInt(entries.length), batch, fanned, bodiesExpireMs }));
  return true;
}

/** The batch's id is mine: appended, whoever fenced since. Else my epoch and the old head: not there yet. Else fenced. */
function judgeBatch(rows: ReadRows, epoch: bigint, lastSeq: bigint, batch: Uint8Array): Verdict {
  const bucket = readBucket(rows);
  if (bucket === undefined) return "refused";
  if (sameBytes(bucket.batch, batch)) return "applied";
  return bucket.epoch === epoch && bucket.lastSeq === lastSeq ? "again" : "refused";
}

/** Of two moments the earlier one, where 0 means never. */
function earlier(one: number, other: number): number {
  if (one === 0 || other === 0) return Math.max(one, other);
  return Math.min(one, other);
}

function readBodies(rows: ReadRows, header: Header, now: number): BodySlot[] {
  if (header.bodyExpiresMs !== 0 && header.bodyExpiresMs <= now) return [];
  return rows.range(firstBodyRow(header.seq), firstBodyRow(header.seq + 1n), limits.bodiesMax).map((row) => {
    const body = decodeBody(row.value);
    const slot = slotBytes(row.key);
    return { slot: slot.length === 0 ? "shared" : idOf<DeviceId>(slot), type: body.type, bytes: body.bytes };
  });
}

/** Bodies of message-like entries go, `trimmed` moves with them. What was trimmed before is not looked at again. */
function trimBodies(rows: Rows, key: LogKey, bucket: StoredBucket, through: bigint): void {
  const from = bucket.trimmed + 1n;
  for (const header of readHeaders(rows, key.bucket, from, through, 1 << limits.bucketBits)) {
    if (!isControl(header.kind)) rows.removeRange(firstBodyRow(header.seq), firstBodyRow(header.seq + 1n));
  }
  if (through > bucket.trimmed) rows.put(bucketRow, encodeBucket({ ...bucket, trimmed: through }));
}
