import type { Verdict } from "../settle.js";

/** Static cells of a partition that one actor writes under (epoch, ver). */
export interface Version {
  readonly epoch: bigint;
  readonly ver: bigint;
}

/** IF (epoch, ver) = expected, or IF NOT EXISTS when nothing is expected. */
export function holds(cells: Version | undefined, expected: Version | undefined): boolean {
  return cells?.epoch === expected?.epoch && cells?.ver === expected?.ver;
}

/** An epoch is one activation's alone: where it stands, that activation wrote it. */
export function judgeFence(cells: Version | undefined, expected: Version | undefined, epoch: bigint): Verdict {
  if (cells?.epoch === epoch && cells.ver === (expected?.ver ?? 0n)) return "applied";
  return holds(cells, expected) ? "again" : "refused";
}

/** Under my epoch ver moves by my writes alone, one at a time: ver + 1 is mine. */
export function judgeChange(cells: Version | undefined, epoch: bigint, ver: bigint): Verdict {
  if (cells?.epoch !== epoch) return "refused";
  if (cells.ver === ver + 1n) return "applied";
  return cells.ver === ver ? "again" : "refused";
}
