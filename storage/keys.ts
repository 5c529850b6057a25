import { assert } from "../lib/assert.js";
import { partitionBytesMax, type Partition } from "./partitions.js";

/** First byte of a partition's name. A number is never given to another table. */
export const tables = {
  format: 1,
  clusterConfig: 2,
  leases: 3,
  intents: 4,
  canary: 5,
  log: 10,
  conversationStates: 11,
  receipts: 12,
  deviceStates: 20,
  accounts: 30,
  handles: 31,
  invites: 32,
  links: 33,
  prekeys: 34,
  workList: 35,
} as const;

export type Table = keyof typeof tables;

const names = new Map<number, Table>(Object.entries(tables).map(([name, byte]) => [byte, name as Table]));

/** Table of a partition, or undefined for one that this version does not know. */
export function tableOf(partition: Partition): Table | undefined {
  return names.get(partition[0] ?? 0);
}

/** Name of a partition: table byte ‖ key. */
export function partitionOf(table: Table, ...key: readonly Uint8Array[]): Partition {
  const partition = joined(tables[table], key);
  assert(partition.length <= partitionBytesMax, `a partition's name has ${partition.length} bytes`);
  return partition;
}

/** Key of a row: a byte for its sort ‖ what tells it from the others of that sort. */
export function rowKey(sort: number, ...parts: readonly Uint8Array[]): Uint8Array {
  return joined(sort, parts);
}

function joined(first: number, parts: readonly Uint8Array[]): Uint8Array {
  let length = 1;
  for (const part of parts) length += part.length;
  const bytes = Buffer.allocUnsafe(length);
  bytes[0] = first;
  let at = 1;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** Big-endian, so that byte order is number order. */
export function uint64(value: bigint): Uint8Array {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeBigUInt64BE(value);
  return bytes;
}

export function uint32(value: number): Uint8Array {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

export function readUint64(bytes: Uint8Array, at: number): bigint {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).readBigUInt64BE(at);
}

export function readUint32(bytes: Uint8Array, at: number): number {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).readUInt32BE(at);
}
