import fc from "fast-check";
import { expect, test } from "vitest";
import {
  addRange,
  areRanges,
  containsSequence,
  intersectRanges,
  mergeRanges,
  noRanges,
  subtractRanges,
  type Ranges,
} from "../../lib/ranges.js";

/** "1-3 7-7" and back. */
function list(text: string): Ranges {
  return text === "" ? noRanges : text.split(" ").map((part) => ({ from: BigInt(part.split("-")[0]!), to: BigInt(part.split("-")[1]!) }));
}
const text = (ranges: Ranges): string => ranges.map(({ from, to }) => `${from}-${to}`).join(" ");

const cases: { name: string; made: Ranges; expected: string }[] = [
  { name: "adds into nothing", made: addRange(noRanges, { from: 3n, to: 5n }), expected: "3-5" },
  { name: "keeps order", made: addRange(list("7-8"), { from: 1n, to: 2n }), expected: "1-2 7-8" },
  { name: "joins what touches", made: addRange(list("1-2 5-6"), { from: 3n, to: 4n }), expected: "1-6" },
  { name: "joins what overlaps", made: addRange(list("1-5"), { from: 3n, to: 9n }), expected: "1-9" },
  { name: "swallows what lies inside", made: addRange(list("2-3 5-6"), { from: 1n, to: 9n }), expected: "1-9" },
  { name: "does not shrink by a smaller one", made: addRange(list("1-9"), { from: 3n, to: 4n }), expected: "1-9" },
  { name: "merges two lists", made: mergeRanges(list("1-2 9-9"), list("4-5 10-11")), expected: "1-2 4-5 9-11" },
  { name: "intersects", made: intersectRanges(list("1-5 8-9"), list("3-8")), expected: "3-5 8-8" },
  { name: "intersects with nothing", made: intersectRanges(list("1-5"), noRanges), expected: "" },
  { name: "subtracts from the middle", made: subtractRanges(list("1-9"), list("3-4 6-6")), expected: "1-2 5-5 7-9" },
  { name: "subtracts ends", made: subtractRanges(list("3-9"), list("1-4 8-12")), expected: "5-7" },
  { name: "subtracts all", made: subtractRanges(list("3-9"), list("1-20")), expected: "" },
  {
    name: "joins the nearest when there are too many",
    made: addRange(list("1-1 10-10 12-12"), { from: 30n, to: 30n }, 3),
    expected: "1-1 10-12 30-30",
  },
];
test.each(cases)("$name", ({ made, expected }) => {
  expect(text(made)).toBe(expected);
});

test.each([
  { ranges: "1-2 4-5", is: true },
  { ranges: "", is: true },
  { ranges: "1-2 3-4", is: false },
  { ranges: "4-5 1-2", is: false },
  { ranges: "3-2", is: false },
  { ranges: "0-2", is: false },
])("knows the form: '$ranges'", ({ ranges, is }) => {
  expect(areRanges(list(ranges))).toBe(is);
});

test("knows how many are too many", () => {
  const many = Array.from({ length: 17 }, (_, index) => ({ from: BigInt(index * 2 + 1), to: BigInt(index * 2 + 1) }));
  expect(areRanges(many)).toBe(false);
  expect(areRanges(many.slice(1))).toBe(true);
});

const top = 60;
const range = fc
  .tuple(fc.integer({ min: 1, max: top }), fc.integer({ min: 0, max: 6 }))
  .map(([from, more]) => ({ from: BigInt(from), to: BigInt(Math.min(top, from + more)) }));
const ranges = fc.array(range, { maxLength: 20 }).map((all) => all.reduce<Ranges>((made, each) => addRange(made, each, 99), noRanges));
const members = (of: Ranges): boolean[] => Array.from({ length: top }, (_, index) => containsSequence(of, BigInt(index + 1)));

test("are sets of sequences", () => {
  fc.assert(
    fc.property(ranges, ranges, (one, other) => {
      const [inOne, inOther] = [members(one), members(other)];
      expect(members(mergeRanges(one, other, 99))).toEqual(inOne.map((is, index) => is || inOther[index]));
      expect(members(intersectRanges(one, other, 99))).toEqual(inOne.map((is, index) => is && inOther[index]));
      expect(members(subtractRanges(one, other, 99))).toEqual(inOne.map((is, index) => is && !inOther[index]));
      expect(areRanges(mergeRanges(one, other, 99), 99)).toBe(true);
    }),
  );
});

test("a bounded list keeps its bound and covers all that it stands for", () => {
  fc.assert(
    fc.property(ranges, ranges, fc.integer({ min: 1, max: 5 }), (one, other, max) => {
      for (const operation of [mergeRanges, intersectRanges, subtractRanges]) {
        const short = operation(one, other, max);
        expect(areRanges(short, max)).toBe(true);
        const covered = members(short);
        for (const [index, is] of members(operation(one, other, 99)).entries()) if (is) expect(covered[index]).toBe(true);
      }
    }),
  );
});
