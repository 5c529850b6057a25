import { limits } from "../../lib/limits.js";
import type { SequenceRange } from "../../protos/messages.js";

/**
 * Adds a range to what a watermark leaves out. Never shrinks; above the bound the two nearest are joined, so that nothing is said to be
 * delivered that is not. The same list comes back when nothing changes.
 */
export function addRange(ranges: readonly SequenceRange[], added: SequenceRange): readonly SequenceRange[] {
  if (ranges.some(({ from, to }) => from <= added.from && added.to <= to)) return ranges;
  const sorted = [...ranges, added].sort((a, b) => (a.from < b.from ? -1 : a.from > b.from ? 1 : 0));
  const joined: SequenceRange[] = [];
  for (const range of sorted) {
    const before = joined.at(-1);
    if (before !== undefined && range.from <= before.to + 1n) {
      joined[joined.length - 1] = { from: before.from, to: range.to > before.to ? range.to : before.to };
    } else joined.push(range);
  }
  while (joined.length > limits.exceptRangesMax) joinNearest(joined);
  return joined;
}

function joinNearest(ranges: SequenceRange[]): void {
  let nearest = 0;
  for (let index = 1; index + 1 < ranges.length; index++) if (gap(ranges, index) < gap(ranges, nearest)) nearest = index;
  ranges.splice(nearest, 2, { from: ranges[nearest]!.from, to: ranges[nearest + 1]!.to });
}

function gap(ranges: readonly SequenceRange[], index: number): bigint {
  return ranges[index + 1]!.from - ranges[index]!.to;
}
