import type { RootDatabase } from "lmdb";
import type { Partition, ReadRows, Row } from "../partitions.js";

export type Database = RootDatabase<Buffer, Buffer>;

/**
 * What all keys of a partition begin with: table byte ‖ length of the rest of its name ‖ the rest. With the length no partition's prefix
 * is the beginning of another's, so no row key reaches out of its partition.
 */
export function prefixOf(partition: Partition): Buffer {
  const prefix = Buffer.allocUnsafe(partition.length + 1);
  prefix[0] = partition[0]!;
  prefix[1] = partition.length - 1;
  prefix.set(partition.subarray(1), 2);
  return prefix;
}

/** Name of the partition that a stored key belongs to. */
export function partitionOfKey(key: Uint8Array): Partition {
  const partition = Buffer.allocUnsafe(key[1]! + 1);
  partition[0] = key[0]!;
  partition.set(key.subarray(2, key[1]! + 2), 1);
  return partition;
}

/** The first key behind all that begin with `prefix`. */
export function behind(prefix: Uint8Array): Buffer {
  const next = Buffer.from(prefix);
  for (let at = next.length - 1; at >= 0; at--) {
    if (next[at]! < 255) {
      next[at]!++;
      return next.subarray(0, at + 1);
    }
  }
  throw new RangeError("nothing is behind this prefix");
}

/** One partition's rows as the database's present transaction shows them: inside a write the write's, else a snapshot of what is committed. */
export class LmdbRows implements ReadRows {
  private readonly database: Database;
  private readonly prefix: Buffer;

  constructor(database: Database, prefix: Buffer) {
    this.database = database;
    this.prefix = prefix;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return this.database.get(this.stored(key));
  }

  range(from: Uint8Array, to: Uint8Array, limit: number): Row[] {
    const rows: Row[] = [];
    for (const { key, value } of this.database.getRange({ start: this.stored(from), end: this.stored(to), limit })) {
      rows.push({ key: key.subarray(this.prefix.length), value });
    }
    return rows;
  }

  keys(from: Uint8Array, to: Uint8Array, limit: number): Uint8Array[] {
    const keys: Uint8Array[] = [];
    for (const key of this.database.getKeys({ start: this.stored(from), end: this.stored(to), limit })) {
      keys.push(key.subarray(this.prefix.length));
    }
    return keys;
  }

  /** The row's key in the database. */
  stored(key: Uint8Array): Buffer {
    const stored = Buffer.allocUnsafe(this.prefix.length + key.length);
    stored.set(this.prefix);
    stored.set(key, this.prefix.length);
    return stored;
  }
}
