import type { BucketState } from "../../actors/conversation/ports.js";
import { noBytes } from "../../lib/bytes.js";
import type { BodySlot } from "../../protos/entry.js";
import { bodyTypeNumber, bodyTypeOf, type BodyType } from "../../protos/kinds.js";
import { StoreError } from "../errors.js";
import { RecordReader } from "./reader.js";
import { beginRecord } from "./writer.js";

/** Static cells of a bucket with the store's own hint. */
export interface StoredBucket extends BucketState {
  /** Earliest expiry among the bucket's bodies, so that sweeping need not look at each; 0: none expires. */
  readonly bodiesExpireMs: number;
}

/** BucketRecord of records.proto. */
export function encodeBucket(bucket: StoredBucket): Uint8Array {
  return beginRecord()
    .big(1, bucket.epoch)
    .big(2, bucket.lastSeq)
    .bytes(3, bucket.batch)
    .big(4, bucket.fanned)
    .big(5, bucket.trimmed)
    .big(6, bucket.masked)
    .number(7, bucket.bodiesExpireMs)
    .finish();
}

export function decodeBucket(value: Uint8Array): StoredBucket {
  const reader = new RecordReader(value);
  const bucket: { -readonly [Key in keyof StoredBucket]: StoredBucket[Key] } = {
    epoch: 0n,
    lastSeq: 0n,
    batch: noBytes,
    fanned: 0n,
    trimmed: 0n,
    masked: 0n,
    bodiesExpireMs: 0,
  };
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) bucket.epoch = reader.big();
    else if (field === 2) bucket.lastSeq = reader.big();
    else if (field === 3) bucket.batch = reader.bytes();
    else if (field === 4) bucket.fanned = reader.big();
    else if (field === 5) bucket.trimmed = reader.big();
    else if (field === 6) bucket.masked = reader.big();
    else if (field === 7) bucket.bodiesExpireMs = reader.number();
    else reader.skip();
  }
  return bucket;
}

export interface StoredBody {
  readonly type: BodyType;
  readonly bytes: Uint8Array;
  /** Wall clock; 0: never. */
  readonly expiresMs: number;
}

/** BodyRecord of records.proto. */
export function encodeBody(body: BodySlot, expiresMs: number): Uint8Array {
  return beginRecord().number(1, bodyTypeNumber(body.type)).bytes(2, body.bytes).number(3, expiresMs).finish();
}

export function decodeBody(value: Uint8Array): StoredBody {
  const reader = new RecordReader(value);
  let type: BodyType | undefined;
  let bytes: Uint8Array = noBytes;
  let expiresMs = 0;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) type = bodyTypeOf(reader.number());
    else if (field === 2) bytes = reader.bytes();
    else if (field === 3) expiresMs = reader.number();
    else reader.skip();
  }
  if (type === undefined) throw new StoreError("update-needed", "a body of a type that this program does not know");
  return { type, bytes, expiresMs };
}
