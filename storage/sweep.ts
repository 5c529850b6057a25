import { limits } from "../lib/limits.js";
import { tableOf } from "./keys.js";
import type { Partition, ReadRows, Rows } from "./partitions.js";
import { encodeBucket } from "./records/log.js";
import type { Store } from "./settle.js";
import { endIntent, firstIntent, issuedMs, sliceOf } from "./tables/intent-slices.js";
import { LeasesTable } from "./tables/leases.js";
import { linkRow, readLink } from "./tables/links.js";
import { bucketRow, firstBodyRow, readBucket, readHeaders } from "./tables/log-rows.js";

/** Where a sweep goes on; undefined: a round is over. */
export type SweepPosition = Partition | undefined;

/**
 * Removes what expired: bodies, link offers, whole slices of intents. Readers do not see them any more, so a sweep only gives room back and
 * no outcome depends on it. Looks at `sweepPartitionsMax` partitions a call, each in its own write: call it hourly from undefined until it
 * returns undefined.
 */
export async function sweep(store: Store, after: SweepPosition): Promise<SweepPosition> {
  const names = await store.partitions.names(after, limits.sweepPartitionsMax);
  const now = store.clock.now();
  for (const name of names) {
    const expire = expiry(name, now);
    if (expire === undefined) continue;
    if (!(await store.partitions.read(name, expire.isDue))) continue;
    if (tableOf(name) === "intents" && !(await isBehindLowWater(store, name))) continue;
    await store.partitions.write(name, expire.remove);
  }
  return names.length < limits.sweepPartitionsMax ? undefined : names.at(-1);
}

/**
 * However old it is: a slice from the low-water on may name fan-out that nobody has finished, and recovery, which reads slices until the
 * first empty one, would stop at it.
 */
async function isBehindLowWater(store: Store, name: Partition): Promise<boolean> {
  const { shard, epoch, slice } = sliceOf(name);
  const low = (await new LeasesTable(store).read(shard))?.intentLow;
  return low !== undefined && (epoch < low.epoch || (epoch === low.epoch && slice < low.slice));
}

interface Expiry {
  readonly isDue: (rows: ReadRows) => boolean;
  readonly remove: (rows: Rows) => void;
}

function expiry(name: Partition, now: number): Expiry | undefined {
  switch (tableOf(name)) {
    case "log":
      return bodies(now);
    case "links":
      return {
        isDue: (rows) => (readLink(rows)?.expiresMs ?? Infinity) <= now,
        // Looked at again: between the two an offer under the same id may have been opened afresh.
        remove: (rows) => {
          if ((readLink(rows)?.expiresMs ?? Infinity) <= now) rows.remove(linkRow);
        },
      };
    case "intents":
      // A slice is open for minutes and kept for weeks: its first intent is as old as its last.
      return {
        isDue: (rows) => rows.range(firstIntent, endIntent, 1).some((row) => issuedMs(row.value) <= now - limits.retentionMs),
        remove: (rows) => {
          rows.removeRange(firstIntent, endIntent);
        },
      };
    default:
      return undefined;
  }
}

/** Bodies by the hint of their bucket. Static cells that conditions read stay as they are. */
function bodies(now: number): Expiry {
  return {
    isDue: (rows) => {
      const due = readBucket(rows)?.bodiesExpireMs ?? 0;
      return due !== 0 && due <= now;
    },
    remove: (rows) => {
      const bucket = readBucket(rows);
      if (bucket === undefined) return;
      let next = 0;
      for (const { seq, bodyExpiresMs } of readHeaders(rows, lastBucket(bucket.lastSeq), 1n, bucket.lastSeq, 1 << limits.bucketBits)) {
        if (bodyExpiresMs === 0) continue;
        if (bodyExpiresMs <= now) rows.removeRange(firstBodyRow(seq), firstBodyRow(seq + 1n));
        else if (next === 0 || bodyExpiresMs < next) next = bodyExpiresMs;
      }
      rows.put(bucketRow, encodeBucket({ ...bucket, bodiesExpireMs: next }));
    },
  };
}

/** A bucket that holds bodies holds its own head. */
function lastBucket(lastSeq: bigint): bigint {
  return lastSeq === 0n ? 0n : (lastSeq - 1n) >> BigInt(limits.bucketBits);
}
