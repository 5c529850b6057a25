import fc from "fast-check";
import { expect, test } from "vitest";
import { contentBytesMax, pad, paddedSizes, unpad } from "../../client/cipher/padding.js";
import { limits } from "../../lib/limits.js";

test("sizes go in steps of 160 bytes to 4 KiB, then by about a fifth, to a bound", () => {
  const even = paddedSizes.filter((size) => size <= 4_096);
  expect(even).toEqual(Array.from({ length: 25 }, (_, index) => 160 * (index + 1)));
  for (const [index, size] of paddedSizes.entries()) {
    const before = paddedSizes[index - 1];
    if (before === undefined || before < 4_000) continue;
    expect(size % 16).toBe(0);
    expect(size / before).toBeGreaterThanOrEqual(1.2);
    expect(size / before).toBeLessThan(1.25);
  }
  expect(paddedSizes.at(-1)).toBeLessThanOrEqual(limits.paddedBytesMax);
  expect(paddedSizes.at(-1)! * 1.25).toBeGreaterThan(limits.paddedBytesMax);
  expect(contentBytesMax).toBe(paddedSizes.at(-1)! - 1);
});

test("content comes back as it was, and only its size class shows", () => {
  const content = fc.uint8Array({ maxLength: 6_000 });
  fc.assert(
    fc.property(content, (bytes) => {
      const padded = pad(bytes);
      expect(paddedSizes).toContain(padded.length);
      expect(padded.length).toBe(paddedSizes.find((size) => size > bytes.length));
      expect(unpad(padded)).toEqual(bytes);
    }),
  );
});

test("ten thousand texts of everyday length show in at most a handful of lengths", () => {
  const lengths = new Map<number, number>();
  for (let index = 0; index < 10_000; index++) {
    const size = pad(new Uint8Array(1 + ((index * 7_919) % 700))).length;
    lengths.set(size, (lengths.get(size) ?? 0) + 1);
  }
  expect([...lengths.keys()].sort((a, b) => a - b)).toEqual([160, 320, 480, 640, 800]);
  for (const [size, count] of lengths) if (size < 800) expect(count).toBeGreaterThan(2_000);
});

test("content at the edges of a size takes the right one", () => {
  expect([0, 159, 160, 319, 4_000].map((length) => pad(new Uint8Array(length)).length)).toEqual([160, 160, 320, 320, 4_800]);
});

test("refuses content above the table", () => {
  expect(pad(new Uint8Array(contentBytesMax))).toHaveLength(contentBytesMax + 1);
  expect(() => pad(new Uint8Array(contentBytesMax + 1))).toThrow(expect.objectContaining({ code: "too-large" }));
});

const at = (length: number, ...marks: [number, number][]): Uint8Array => {
  const bytes = new Uint8Array(length);
  for (const [index, value] of marks) bytes[index] = value;
  return bytes;
};
test.each([
  { name: "nothing", bytes: new Uint8Array(0) },
  { name: "no mark", bytes: at(160) },
  { name: "another mark", bytes: at(160, [10, 0x81]) },
  { name: "bytes behind the mark", bytes: at(160, [10, 0x80], [11, 1]) },
  { name: "a length that is not in the table", bytes: at(161, [10, 0x80]) },
  { name: "a size larger than needed", bytes: at(320, [10, 0x80]) },
])("refuses padding with $name", ({ bytes }) => {
  expect(unpad(bytes)).toBeUndefined();
});
