import fc from "fast-check";
import { expect, test } from "vitest";
import { BoundedQueue } from "../../lib/bounded.js";
import { idOf, type ConversationId } from "../../lib/ids.js";
import { LruMap } from "../../lib/lru-map.js";
import { shardOf, xxh32 } from "../../lib/xxh32.js";

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);

/** xxHash's own sanity buffer: the upper byte of a number that is squared at each step. */
function sanityBuffer(length: number): Uint8Array {
  let state = 2_654_435_761;
  return Uint8Array.from({ length }, () => {
    const byte = state >>> 24;
    state = Math.imul(state, state) >>> 0;
    return byte;
  });
}
const prime = 2_654_435_761;

const golden: { name: string; bytes: Uint8Array; seed?: number; sum: number }[] = [
  { name: "nothing", bytes: ascii(""), sum: 0x02cc5d05 },
  { name: "nothing, seeded", bytes: ascii(""), seed: prime, sum: 0x36b78ae7 },
  { name: "a", bytes: ascii("a"), sum: 0x550d7456 },
  { name: "abc", bytes: ascii("abc"), sum: 0x32d153ff },
  { name: "39 bytes", bytes: ascii("Nobody inspects the spammish repetition"), sum: 0xe2293b2f },
  { name: "1 byte of the sanity buffer", bytes: sanityBuffer(1), sum: 0xb85cbee5 },
  { name: "1 byte of the sanity buffer, seeded", bytes: sanityBuffer(1), seed: prime, sum: 0xd5845d64 },
  { name: "14 bytes of the sanity buffer", bytes: sanityBuffer(14), sum: 0xe5aa0ab4 },
  { name: "14 bytes of the sanity buffer, seeded", bytes: sanityBuffer(14), seed: prime, sum: 0x4481951d },
  { name: "101 bytes of the sanity buffer", bytes: sanityBuffer(101), sum: 0x1f1aa412 },
  { name: "101 bytes of the sanity buffer, seeded", bytes: sanityBuffer(101), seed: prime, sum: 0x498ec8e2 },
];
test.each(golden)("xxHash32 of $name is its published sum", ({ bytes, seed, sum }) => {
  expect(xxh32(bytes, seed)).toBe(sum);
});

test("a view into a larger buffer hashes as its own bytes do", () => {
  const large = new Uint8Array([9, 9, 9, ...sanityBuffer(101)]);
  expect(xxh32(large.subarray(3))).toBe(0x1f1aa412);
});

const chat = idOf<ConversationId>(new Uint8Array(16).fill(7));

test("a shard follows from kind and id alone, the same in every build", () => {
  expect(shardOf("conversation", chat, 1_024)).toBe(
    xxh32(new Uint8Array([...ascii("conversation"), 0, ...new Uint8Array(16).fill(7)])) % 1_024,
  );
  expect([shardOf("conversation", chat, 1_024), shardOf("device", chat, 1_024), shardOf("account", chat, 1_024)]).toMatchInlineSnapshot(`
    [
      107,
      676,
      517,
    ]
  `);
});

test("ids spread evenly over shards", () => {
  const counts = new Array<number>(64).fill(0);
  for (let index = 0; index < 6_400; index++) {
    const bytes = new Uint8Array(16);
    new DataView(bytes.buffer).setUint32(12, index);
    counts[shardOf("device", idOf(bytes), 64)]!++;
  }
  expect(Math.min(...counts)).toBeGreaterThan(60);
  expect(Math.max(...counts)).toBeLessThan(150);
});

test("a bounded queue is a list that refuses when it is full", () => {
  const moves = fc.array(fc.oneof(fc.constant("shift" as const), fc.nat()), { maxLength: 300 });
  fc.assert(
    fc.property(moves, fc.integer({ min: 1, max: 9 }), (plan, max) => {
      const queue = new BoundedQueue<number>(max);
      const model: number[] = [];
      for (const move of plan) {
        if (move === "shift") expect(queue.shift()).toBe(model.shift());
        else {
          expect(queue.push(move)).toBe(model.length < max);
          if (model.length < max) model.push(move);
        }
        expect(queue.length).toBe(model.length);
      }
    }),
  );
});

test("a long queue lets go of what went through it", () => {
  const queue = new BoundedQueue<number>(5_000);
  for (let index = 0; index < 4_000; index++) queue.push(index);
  for (let index = 0; index < 3_000; index++) expect(queue.shift()).toBe(index);
  for (let index = 4_000; index < 8_000; index++) expect(queue.push(index)).toBe(true);
  expect(queue.push(0)).toBe(false);
  for (let index = 3_000; index < 8_000; index++) expect(queue.shift()).toBe(index);
  expect([queue.length, queue.shift()]).toEqual([0, undefined]);
});

test("a bounded map puts out what was used longest ago", () => {
  const map = new LruMap<string, number>(2);
  expect(map.set("a", 1)).toBeUndefined();
  expect(map.set("b", 2)).toBeUndefined();
  expect(map.get("a")).toBe(1);
  expect(map.set("c", 3)).toEqual(["b", 2]);
  expect(map.get("b")).toBeUndefined();
  expect(map.set("a", 4)).toBeUndefined();
  expect([...map.entries()]).toEqual([
    ["c", 3],
    ["a", 4],
  ]);
  expect(map.delete("c")).toBe(true);
  expect(map.size).toBe(1);
  map.clear();
  expect([map.size, map.delete("a")]).toEqual([0, false]);
});

test("a map without room keeps nothing", () => {
  const map = new LruMap<string, number>(0);
  expect(map.set("a", 1)).toEqual(["a", 1]);
  expect(map.size).toBe(0);
});
