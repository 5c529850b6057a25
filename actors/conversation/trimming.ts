import { limits } from "../../lib/limits.js";
import type { Header } from "../../protos/entry.js";
import type { Moment, WriteOutcome } from "../ports.js";
import type { Effect } from "./messages.js";
import type { BucketState } from "./ports.js";
import { bucketEnd, bucketOf, type Conversation } from "./state.js";

/**
 * Removes bodies that every device has: those not above the floor and older than a day, within one bucket per run. Which is safe at any
 * time and by anybody: the floor rests on durable receipts, which only grow.
 *
 * @returns whether a run has begun
 */
export function startTrim(state: Conversation, now: Moment, effects: Effect[]): boolean {
  state.trimCheckMs = now.monoMs + limits.trimEveryMs;
  const floor = trimFloor(state);
  if (floor <= state.trimmed || now.wallMs < state.trimDueMs) return false;
  const from = state.trimmed + 1n;
  const bucket = bucketOf(from);
  const end = bucketEnd(bucket);
  state.writing = "trim-headers";
  effects.push({ type: "read-headers", bucket, from, to: end < floor ? end : floor });
  return true;
}

/**
 * The lowest durable `delivered` over all devices that are or were entitled. A device that has everything there was for it holds nothing
 * back, however long ago that was; an unlinked one never will.
 */
export function trimFloor(state: Conversation): bigint {
  let floor = state.durable;
  for (const device of state.devices.values()) {
    if (device.gone || device.intervals.length === 0 || device.watermarks.delivered >= device.held) continue;
    if (device.watermarks.delivered < floor) floor = device.watermarks.delivered;
  }
  return floor;
}

export function onTrimHeaders(state: Conversation, headers: readonly Header[], now: Moment, effects: Effect[]): void {
  const oldest = now.wallMs - limits.trimAfterMs;
  let through = state.trimmed;
  for (const header of headers) {
    if (header.timeMs > oldest) {
      state.trimDueMs = header.timeMs + limits.trimAfterMs;
      break;
    }
    through = header.seq;
  }
  if (through === state.trimmed) {
    state.writing = undefined;
    return;
  }
  state.trimThrough = through;
  state.writing = "trim-probe";
  effects.push({ type: "probe", bucket: bucketOf(through) });
}

/** An older bucket bears the epoch of whoever wrote it last; a newer one than ours means that this activation is over. */
export function onTrimProbed(state: Conversation, found: BucketState | undefined, effects: Effect[]): void {
  state.writing = undefined;
  if (found === undefined || found.epoch > state.epoch) return;
  state.writing = "trim";
  effects.push({ type: "trim", bucket: bucketOf(state.trimThrough), epoch: found.epoch, through: state.trimThrough });
}

export function onBodiesTrimmed(state: Conversation, through: bigint, outcome: WriteOutcome): void {
  state.writing = undefined;
  if (outcome === "applied" && through > state.trimmed) state.trimmed = through;
}
