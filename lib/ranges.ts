import { limits } from "./limits.js";

/** A range of sequences, both ends included; from ≤ to. */
export interface SequenceRange {
  readonly from: bigint;
  readonly to: bigint;
}

/**
 * A list of ranges in order, apart from each other by at least one sequence. It stands for what a watermark does *not* cover, so where it
 * must be shortened it grows: the two nearest ranges become one. A list claims at least what was put into it, never less.
 */
export type Ranges = readonly SequenceRange[];

export const noRanges: Ranges = [];

/** What either list covers. */
export function mergeRanges(one: Ranges, other: Ranges, max: number = limits.exceptRangesMax): Ranges {
  if (one.length === 0 && other.length <= max) return other;
  if (other.length === 0 && one.length <= max) return one;
  const sorted = [...one, ...other].sort((a, b) => (a.from < b.from ? -1 : a.from > b.from ? 1 : 0));
  const merged: SequenceRange[] = [];
  for (const range of sorted) {
    const last = merged.at(-1);
    if (last === undefined || range.from > last.to + 1n) merged.push(range);
    else if (range.to > last.to) merged[merged.length - 1] = { from: last.from, to: range.to };
  }
  return shortened(merged, max);
}

/** The list with one range more. */
export function addRange(ranges: Ranges, range: SequenceRange, max: number = limits.exceptRangesMax): Ranges {
  return mergeRanges(ranges, [range], max);
}

/** What both lists cover. */
export function intersectRanges(one: Ranges, other: Ranges, max: number = limits.exceptRangesMax): Ranges {
  const both: SequenceRange[] = [];
  let left = 0;
  let right = 0;
  while (left < one.length && right < other.length) {
    const a = one[left]!;
    const b = other[right]!;
    const from = a.from > b.from ? a.from : b.from;
    const to = a.to < b.to ? a.to : b.to;
    if (from <= to) both.push({ from, to });
    if (a.to < b.to) left++;
    else right++;
  }
  return shortened(both, max);
}

/** What the first list covers and the second does not. */
export function subtractRanges(from: Ranges, taken: Ranges, max: number = limits.exceptRangesMax): Ranges {
  const rest: SequenceRange[] = [];
  for (const range of from) {
    let begin = range.from;
    for (const hole of taken) {
      if (hole.to < begin || hole.from > range.to) continue;
      if (hole.from > begin) rest.push({ from: begin, to: hole.from - 1n });
      begin = hole.to + 1n;
    }
    if (begin <= range.to) rest.push({ from: begin, to: range.to });
  }
  return shortened(rest, max);
}

export function containsSequence(ranges: Ranges, seq: bigint): boolean {
  return ranges.some(({ from, to }) => from <= seq && seq <= to);
}

/** Whether a list from the wire has the form that the functions here make and rely on. */
export function areRanges(ranges: Ranges, max: number = limits.exceptRangesMax): boolean {
  if (ranges.length > max) return false;
  return ranges.every(({ from, to }, index) => from >= 1n && from <= to && (index === 0 || from > ranges[index - 1]!.to + 1n));
}

/** Joins the nearest neighbours, in place, until no more than `max` are left. */
function shortened(ranges: SequenceRange[], max: number): Ranges {
  while (ranges.length > max) {
    let nearest = 1;
    for (let index = 2; index < ranges.length; index++) if (gapBefore(ranges, index) < gapBefore(ranges, nearest)) nearest = index;
    ranges.splice(nearest - 1, 2, { from: ranges[nearest - 1]!.from, to: ranges[nearest]!.to });
  }
  return ranges;
}

function gapBefore(ranges: Ranges, index: number): bigint {
  return ranges[index]!.from - ranges[index - 1]!.to;
}
