/**
 * The kernel that a store brings: ordered rows in partitions, and nothing that spans two of them. Every port is written once over it
 * (storage/tables), so a store is complete when its kernel is, and no adapter can join two partitions (cluster.md rule 8).
 */

/** Name of a partition: its table's byte, then its key (storage/keys.ts). At most `partitionBytesMax`. */
export type Partition = Uint8Array;

export interface Row {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** The rows of one partition, in the order of their keys' bytes. What comes out must not be changed. */
export interface ReadRows {
  get(key: Uint8Array): Uint8Array | undefined;
  /** Rows with from ≤ key < to, at most `limit`, ascending. */
  range(from: Uint8Array, to: Uint8Array, limit: number): Row[];
  /** As `range`, keys alone. */
  keys(from: Uint8Array, to: Uint8Array, limit: number): Uint8Array[];
}

/** The rows of one partition inside a write. Reads show what was there before it; what is written is there when the work has returned. */
export interface Rows extends ReadRows {
  /** The kernel keeps `value`: do not change it afterwards. */
  put(key: Uint8Array, value: Uint8Array): void;
  remove(key: Uint8Array): void;
  /** Removes rows with from ≤ key < to that were there before this write. */
  removeRange(from: Uint8Array, to: Uint8Array): void;
}

export interface Partitions {
  /**
   * One atomic, durable write of one partition: reads, decides, writes. Synchronous work, so nothing comes between. Many writes may share
   * one commit, each with its own outcome. Resolves when it is on disk. A work that throws writes nothing and rejects with its own error;
   * any other rejection says that it is *unknown* whether and when the write applies.
   */
  write<T>(partition: Partition, work: (rows: Rows) => T): Promise<T>;
  /** A serial read of one partition: it sees every write that was answered before it began. Rejects when the store cannot answer. */
  read<T>(partition: Partition, work: (rows: ReadRows) => T): Promise<T>;
  /** Names of the partitions after `after` (undefined: from the first), ascending, at most `limit`: for sweeping and verifying. */
  names(after: Partition | undefined, limit: number): Promise<Partition[]>;
  /** False below the disk reserve: what may be refused is refused then (appends); marks, receipts and fences go on. */
  hasRoom(): boolean;
  /** Waits for the writes under way; everything after it rejects. */
  close(): Promise<void>;
}

/** Longest name of a partition, so that name, row key and their framing fit a key of any store. */
export const partitionBytesMax = 255;
/** Longest key of a row. */
export const rowKeyBytesMax = 255;
