import { StoreError } from "../errors.js";
import type { Partition, Partitions, ReadRows, Row, Rows } from "../partitions.js";
import { CollectedRows } from "../rows.js";

/** What stays when a memory store is closed: give it to the next one, as a directory is opened again. */
export class MemoryDisk {
  /** Name of a partition → its rows. */
  readonly partitions = new Map<string, MemoryRows>();
}

/** The reference kernel: everything in one process's memory. A write applies at once and is answered in a later microtask. */
export function memoryPartitions(disk = new MemoryDisk(), hasRoom: () => boolean = () => true): Partitions {
  let open = true;
  const ask = async <T>(work: () => T): Promise<T> => {
    if (!open) throw new StoreError("stopped", "the store is closed");
    return work();
  };
  return {
    write: <T>(partition: Partition, work: (rows: Rows) => T) => ask(() => write(disk, text(partition), work)),
    read: <T>(partition: Partition, work: (rows: ReadRows) => T) =>
      ask(() => work(disk.partitions.get(text(partition)) ?? new MemoryRows())),
    names: (after, limit) => ask(() => names(disk, after, limit)),
    hasRoom,
    close: async () => {
      open = false;
    },
  };
}

function write<T>(disk: MemoryDisk, name: string, work: (rows: Rows) => T): T {
  const there = disk.partitions.get(name) ?? new MemoryRows();
  const rows = new CollectedRows(there);
  const result = work(rows);
  for (const { key, value } of rows.changes) {
    if (value === undefined) there.remove(key);
    else there.put(key, value);
  }
  if (there.size > 0) disk.partitions.set(name, there);
  else disk.partitions.delete(name);
  return result;
}

function names(disk: MemoryDisk, after: Partition | undefined, limit: number): Partition[] {
  const from = after && framed(text(after));
  return [...disk.partitions.keys()]
    .filter((name) => from === undefined || framed(name) > from)
    .sort((one, other) => (framed(one) < framed(other) ? -1 : 1))
    .slice(0, limit)
    .map(bytes);
}

/** By table, then by length, then by bytes: the order in which LMDB has them too. */
function framed(name: string): string {
  return name.slice(0, 1) + String.fromCharCode(name.length) + name.slice(1);
}

/** One character per byte, so that the order of texts is that of bytes. */
function text(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString("latin1");
}

function bytes(key: string): Uint8Array {
  return Buffer.from(key, "latin1");
}

/** Rows in two parallel arrays, sorted by key: appending at the end, the usual case, costs nothing more. */
class MemoryRows implements ReadRows {
  private readonly sorted: string[] = [];
  private readonly values: Uint8Array[] = [];

  get size(): number {
    return this.sorted.length;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    const name = text(key);
    const at = this.place(name);
    return this.sorted[at] === name ? this.values[at] : undefined;
  }

  range(from: Uint8Array, to: Uint8Array, limit: number): Row[] {
    const rows: Row[] = [];
    const end = text(to);
    for (let at = this.place(text(from)); at < this.sorted.length && rows.length < limit && this.sorted[at]! < end; at++) {
      rows.push({ key: bytes(this.sorted[at]!), value: this.values[at]! });
    }
    return rows;
  }

  keys(from: Uint8Array, to: Uint8Array, limit: number): Uint8Array[] {
    return this.range(from, to, limit).map((row) => row.key);
  }

  put(key: Uint8Array, value: Uint8Array): void {
    const name = text(key);
    const at = this.place(name);
    if (this.sorted[at] === name) this.values[at] = value;
    else if (at === this.sorted.length) {
      this.sorted.push(name);
      this.values.push(value);
    } else {
      this.sorted.splice(at, 0, name);
      this.values.splice(at, 0, value);
    }
  }

  remove(key: Uint8Array): void {
    const name = text(key);
    const at = this.place(name);
    if (this.sorted[at] !== name) return;
    this.sorted.splice(at, 1);
    this.values.splice(at, 1);
  }

  /** Where `name` is, or would be. */
  private place(name: string): number {
    let low = 0;
    let high = this.sorted.length;
    if (high > 0 && this.sorted[high - 1]! < name) return high;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.sorted[middle]! < name) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
