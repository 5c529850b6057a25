import type { BucketState, LogKey } from "../../actors/conversation/ports.js";
import type { LogReader } from "../../actors/device/ports.js";
import type { DeviceId } from "../../lib/ids.js";
import type { Header, ReadEntry } from "../../protos/entry.js";
import { isControl } from "../../protos/kinds.js";
import type { ReadRows } from "../partitions.js";
import { decodeHeader } from "../records/header.js";
import { decodeBody, type StoredBody } from "../records/log.js";
import { readSerially, type Store } from "../settle.js";
import { bodyRow, bucketOf, clip, headerRow, logPartition, readBucket } from "./log-rows.js";

/** What devices read of logs: headers and at most one body each. */
export class LogReaderTable implements LogReader {
  private readonly store: Store;

  constructor(store: Store) {
    this.store = store;
  }

  probe(key: LogKey): Promise<BucketState | undefined> {
    return readSerially(this.store, logPartition(key), readBucket);
  }

  slice(
    key: LogKey,
    device: DeviceId,
    from: bigint,
    limit: { readonly entries: number; readonly bytes: number },
  ): Promise<readonly ReadEntry[]> {
    const now = this.store.clock.now();
    return readSerially(this.store, logPartition(key), (rows) => readSlice(rows, key, device, from, limit, now));
  }

  header(key: LogKey, seq: bigint): Promise<Header | undefined> {
    if (bucketOf(seq) !== key.bucket) return Promise.resolve(undefined);
    return readSerially(this.store, logPartition(key), (rows) => {
      const value = rows.get(headerRow(seq));
      return value && decodeHeader(value);
    });
  }
}

/** Rough size of a header as a frame. */
const headerBytes = 200;

function readSlice(
  rows: ReadRows,
  key: LogKey,
  device: DeviceId,
  from: bigint,
  limit: { readonly entries: number; readonly bytes: number },
  now: number,
): ReadEntry[] {
  const bucket = readBucket(rows);
  if (bucket === undefined) return [];
  const within = clip(key.bucket, from, bucket.lastSeq);
  if (within.from > within.to) return [];
  const entries: ReadEntry[] = [];
  let bytes = 0;
  for (const row of rows.range(headerRow(within.from), headerRow(within.to + 1n), limit.entries)) {
    const entry = seenBy(rows, device, decodeHeader(row.value), bucket.trimmed, now);
    bytes += headerBytes + (entry.body?.bytes.length ?? 0);
    if (bytes > limit.bytes && entries.length > 0) break;
    entries.push(entry);
  }
  return entries;
}

/** The device's own body, else the shared one; its own messages come back as headers. */
function seenBy(rows: ReadRows, device: DeviceId, header: Header, trimmed: bigint, now: number): ReadEntry {
  if (header.device === device && !isControl(header.kind)) return { header };
  if (header.bodyExpiresMs !== 0 && header.bodyExpiresMs <= now) return isFor(device, header) ? { header, gone: "expired" } : { header };
  const body = readBody(rows, header.seq, device);
  if (body !== undefined) return { header, body: { type: body.type, bytes: body.bytes } };
  if (header.seq <= trimmed && !isControl(header.kind) && isFor(device, header)) return { header, gone: "trimmed" };
  return { header };
}

function readBody(rows: ReadRows, seq: bigint, device: DeviceId): StoredBody | undefined {
  const value = rows.get(bodyRow(seq, device)) ?? rows.get(bodyRow(seq, "shared"));
  return value && decodeBody(value);
}

/** As far as the header tells; who belonged to the roster then is for the reader to fold. */
function isFor(device: DeviceId, header: Header): boolean {
  return header.scope === "all" || header.targets.includes(device);
}
