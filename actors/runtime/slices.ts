import { assert } from "../../lib/assert.js";
import { limits } from "../../lib/limits.js";

/**
 * The intents of one shard under one epoch (cluster.md §6): which slice is open, what was issued in it, and how far the low-water may go.
 * Pure bookkeeping; actors/runtime/intents.ts writes.
 */
export interface Slices {
  readonly epoch: bigint;
  /** The open slice, counted by the owner from 0: never by a clock, so that no slice is skipped by a pause. */
  present: number;
  openedMs: number;
  /** Conversations for which an intent was issued, per slice from the low-water on. */
  readonly issued: Map<number, Map<string, "issued" | "durable">>;
  /** Conversations with something in flight, unaccepted, or with a receipt that is not durable. */
  readonly dirty: Set<string>;
  /** Conversations named by intents of earlier epochs that have not been found clean yet; the low-water stays behind them. */
  readonly recovering: Set<string>;
  recovered: boolean;
  low: number;
}

export function createSlices(epoch: bigint, monoMs: number): Slices {
  return {
    epoch,
    present: 0,
    openedMs: monoMs,
    issued: new Map([[0, new Map<string, "issued" | "durable">()]]),
    dirty: new Set(),
    recovering: new Set(),
    recovered: false,
    low: 0,
  };
}

/** Whether an intent of this conversation is durable in the open slice; only then may the next one be left out. */
export function isDurable(slices: Slices, conversation: string): boolean {
  return slices.issued.get(slices.present)?.get(conversation) === "durable";
}

/** Opens the next slice when the present one is old or full and is known to hold at least one durable intent: slices are dense. */
export function turnSlice(slices: Slices, monoMs: number): void {
  const present = slices.issued.get(slices.present)!;
  if (monoMs - slices.openedMs < limits.sliceOpenMs && present.size < limits.sliceIntentsMax) return;
  if (![...present.values()].includes("durable")) return;
  slices.present++;
  slices.openedMs = monoMs;
  slices.issued.set(slices.present, new Map());
}

/** Notes that an intent is being written into the open slice. */
export function issue(slices: Slices, conversation: string): number {
  slices.issued.get(slices.present)!.set(conversation, "issued");
  return slices.present;
}

/** The write of an intent was confirmed. Its slice may be closed by now; it stays the one that the intent is in. */
export function confirmed(slices: Slices, slice: number, conversation: string): void {
  slices.issued.get(slice)?.set(conversation, "durable");
}

/**
 * The first slice that may still be open: everything before it is closed, and every conversation for which an intent was *issued* in it is
 * clean. Undefined while conversations of earlier epochs are not all recovered: then the low-water may not enter this epoch.
 */
export function lowWater(slices: Slices): number | undefined {
  if (!slices.recovered || slices.recovering.size > 0) return undefined;
  while (slices.low < slices.present) {
    const issued = slices.issued.get(slices.low);
    assert(issued !== undefined, "a slice above the low-water was forgotten");
    for (const conversation of issued.keys()) if (slices.dirty.has(conversation)) return slices.low;
    slices.issued.delete(slices.low);
    slices.low++;
  }
  return slices.low;
}
