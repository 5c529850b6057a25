import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeRow, encodeRow } from "../../client/store/codec.js";
import { free, ordered } from "../../client/store/keys.js";

const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constantFrom(null, true, false, 0, -0, Infinity),
    fc.double({ noNaN: true }),
    fc.bigInt(),
    fc.string({ unit: "grapheme" }),
    fc.uint8Array({ maxLength: 300 }),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(fc.string(), tie("value"), { maxKeys: 4, noNullPrototype: true }),
    fc.array(fc.tuple(fc.string(), tie("value")), { maxLength: 3 }).map((pairs) => new Map(pairs)),
    fc.array(fc.bigInt(), { maxLength: 3 }).map((items) => new Set(items)),
  ),
}));

test("plain data comes back as it was, and shares no memory", () => {
  fc.assert(
    fc.property(value, (given) => {
      expect(decodeRow(encodeRow(given))).toEqual(given);
    }),
  );
  const row = { bytes: new Uint8Array([1, 2]) };
  const bytes = encodeRow(row);
  const read = decodeRow(bytes) as typeof row;
  bytes.fill(0);
  expect(read).toEqual(row);
});

test("an undefined field is an absent one, and a foreign __proto__ stays a field", () => {
  expect(Object.keys(decodeRow(encodeRow({ a: undefined, b: 1 })) as object)).toEqual(["b"]);
  const odd = decodeRow(encodeRow(JSON.parse('{"__proto__": 1}'))) as object;
  expect(Object.getPrototypeOf(odd)).toBe(Object.prototype);
});

test.each([
  { name: "a function", given: () => undefined },
  { name: "a symbol", given: Symbol("x") },
  { name: "an object of a class", given: new Date(0) },
  { name: "what contains itself", given: loop() },
])("refuses $name", ({ given }) => {
  expect(() => encodeRow(given)).toThrow("mistake");
});

test("bytes that are no row are a mistake, never half a row", () => {
  const good = encodeRow({ a: [1n, "x", new Uint8Array(3)] });
  for (let length = 0; length < good.length; length++) expect(() => decodeRow(good.subarray(0, length))).toThrow();
  expect(() => decodeRow(Uint8Array.of(...good, 0))).toThrow();
  expect(() => decodeRow(Uint8Array.of(2, ...good.subarray(1)))).toThrow("version");
});

test("keys sort by number, and free text cannot leave its place", () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (a, b) => {
      expect(ordered(a) < ordered(b)).toBe(a < b);
    }),
  );
  fc.assert(fc.property(fc.string({ unit: "grapheme" }), (text) => /^[\x21-\x7d]*$/.test(free(text)) && !free(text).includes("/")));
  expect(() => ordered(-1n)).toThrow();
  expect(() => ordered(2n ** 64n)).toThrow();
});

function loop(): unknown {
  const list: unknown[] = [];
  list.push(list);
  return list;
}
