import { idBytes } from "./ids.js";

const prime1 = 0x9e3779b1;
const prime2 = 0x85ebca77;
const prime3 = 0xc2b2ae3d;
const prime4 = 0x27d4eb2f;
const prime5 = 0x165667b1;

const rotate = (value: number, bits: number): number => (value << bits) | (value >>> (32 - bits));
const round = (sum: number, lane: number): number => Math.imul(rotate((sum + Math.imul(lane, prime2)) | 0, 13), prime1);

/** xxHash32 (Collet), seed 0 by default. Our own, with golden vectors in the tests: a hash that differs between builds is a double activation. */
export function xxh32(bytes: Uint8Array, seed = 0): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = bytes.length;
  let at = 0;
  let sum: number;
  if (length >= 16) {
    let a = (seed + prime1 + prime2) | 0;
    let b = (seed + prime2) | 0;
    let c = seed | 0;
    let d = (seed - prime1) | 0;
    for (; at + 16 <= length; at += 16) {
      a = round(a, view.getUint32(at, true));
      b = round(b, view.getUint32(at + 4, true));
      c = round(c, view.getUint32(at + 8, true));
      d = round(d, view.getUint32(at + 12, true));
    }
    sum = (rotate(a, 1) + rotate(b, 7) + rotate(c, 12) + rotate(d, 18)) | 0;
  } else {
    sum = (seed + prime5) | 0;
  }
  sum = (sum + length) | 0;
  for (; at + 4 <= length; at += 4) sum = Math.imul(rotate((sum + Math.imul(view.getUint32(at, true), prime3)) | 0, 17), prime4);
  for (; at < length; at++) sum = Math.imul(rotate((sum + Math.imul(bytes[at]!, prime5)) | 0, 11), prime1);
  sum = Math.imul(sum ^ (sum >>> 15), prime2);
  sum = Math.imul(sum ^ (sum >>> 13), prime3);
  return (sum ^ (sum >>> 16)) >>> 0;
}

/** shard = xxh32(kind ‖ 0 ‖ id) mod `shards` (cluster.md §1). `id` is the text of a 16-byte id. */
export function shardOf(kind: string, id: string, shards: number): number {
  const name = new TextEncoder().encode(kind);
  const key = new Uint8Array(name.length + 17);
  key.set(name);
  key.set(idBytes(id as never), name.length + 1);
  return xxh32(key) % shards;
}
