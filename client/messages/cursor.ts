import { limits } from "../../lib/limits.js";
import type { SequenceSpan } from "../store/ports.js";

/** What a delivery, skip or missed is to a conversation's cursor. */
export type Place =
  /** It comes next: what it says is stored and the cursor moves to its end. */
  | "next"
  /** Everything it says is known. */
  | "duplicate"
  /** Something between the cursor and it has not come: dropped, and fetched from the cursor on. */
  | "early";

/** Stored iff prev ≤ last < seq. `through` is the last sequence that the frame speaks of (a skip's `to`). */
export function placeOf(last: bigint, prev: bigint, through: bigint): Place {
  if (through <= last) return "duplicate";
  return prev <= last ? "next" : "early";
}

/** Adds a span to what acks leave out. Never shrinks; above the bound the nearest two are joined, so that nothing ticks that must not. */
export function addExcept(spans: readonly SequenceSpan[], added: SequenceSpan): readonly SequenceSpan[] {
  const sorted = [...spans, added].sort((a, b) => (a.from < b.from ? -1 : a.from > b.from ? 1 : 0));
  const joined: SequenceSpan[] = [];
  for (const span of sorted) {
    const before = joined.at(-1);
    if (before !== undefined && span.from <= before.to + 1n) {
      joined[joined.length - 1] = { from: before.from, to: span.to > before.to ? span.to : before.to };
    } else joined.push(span);
  }
  while (joined.length > limits.exceptRangesMax) joinNearest(joined);
  return joined;
}

function joinNearest(spans: SequenceSpan[]): void {
  let nearest = 0;
  let distance: bigint | undefined;
  for (let index = 0; index + 1 < spans.length; index++) {
    const gap = spans[index + 1]!.from - spans[index]!.to;
    if (distance === undefined || gap < distance) {
      distance = gap;
      nearest = index;
    }
  }
  spans.splice(nearest, 2, { from: spans[nearest]!.from, to: spans[nearest + 1]!.to });
}

export function covers(spans: readonly SequenceSpan[], seq: bigint): boolean {
  return spans.some((span) => span.from <= seq && seq <= span.to);
}
