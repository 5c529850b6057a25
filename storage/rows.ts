import { assert } from "../lib/assert.js";
import { rowKeyBytesMax, type ReadRows, type Row, type Rows } from "./partitions.js";

/** What a write did to its partition, in order. A change without a value removes. */
export interface RowChange {
  readonly key: Uint8Array;
  readonly value: Uint8Array | undefined;
}

/** Rows of a write: reads go through to what is there, changes are collected, so that a work that throws leaves nothing behind. */
export class CollectedRows implements Rows {
  readonly changes: RowChange[] = [];

  private readonly before: ReadRows;

  constructor(before: ReadRows) {
    this.before = before;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return this.before.get(key);
  }

  range(from: Uint8Array, to: Uint8Array, limit: number): Row[] {
    return this.before.range(from, to, limit);
  }

  keys(from: Uint8Array, to: Uint8Array, limit: number): Uint8Array[] {
    return this.before.keys(from, to, limit);
  }

  put(key: Uint8Array, value: Uint8Array): void {
    assert(key.length <= rowKeyBytesMax, `a row's key has ${key.length} bytes`);
    this.changes.push({ key, value });
  }

  remove(key: Uint8Array): void {
    this.changes.push({ key, value: undefined });
  }

  removeRange(from: Uint8Array, to: Uint8Array): void {
    for (const key of this.before.keys(from, to, Number.MAX_SAFE_INTEGER)) this.changes.push({ key, value: undefined });
  }
}
