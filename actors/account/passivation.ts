import { limits } from "../../lib/limits.js";
import { levelOf, type Bucket } from "./buckets.js";
import { giveUp, problem } from "./flows.js";
import type { AccountEffect } from "./messages.js";
import type { Account } from "./state.js";

/**
 * Nobody asked for a while. Not while something is on its way, and not before every limit has forgotten: a limit that an idle minute
 * resets is none.
 */
export function passivate(state: Account): AccountEffect[] {
  if (state.phase !== "ready" || isBusy(state) || isLimiting(state)) return [];
  return giveUp(state, "draining"); // nobody waits
}

/** The node goes away: what has not begun is refused, what is being written is waited for. */
export function drain(state: Account): AccountEffect[] {
  state.draining = true;
  if (state.phase === "loading") return giveUp(state, "draining");
  return [];
}

/** Ends once a drained account has nothing under way that someone waits for. The host's own deadline bounds the wait. */
export function leaveDrained(state: Account): AccountEffect[] {
  if (!state.draining || state.writing !== undefined || state.writes.length > 0) return [];
  const effects: AccountEffect[] = [];
  for (const running of [...state.flows.values()]) {
    const { waits, to } = running;
    if (waits?.type === "port" && to !== undefined) return []; // answered within the adapter's deadline
    if (to !== undefined)
      effects.push({ type: "answer", to, answer: problem(waits?.type === "until-revoked" ? "timeout" : "draining", 500) });
    state.flows.delete(running.id);
  }
  return [...effects, ...giveUp(state, "draining")];
}

function isBusy(state: Account): boolean {
  const { work } = state;
  if (state.flows.size > 0 || state.writing !== undefined) return true;
  return work.revoking.size > 0 || work.telling.size > 0 || work.untold.length > 0;
}

function isLimiting(state: Account): boolean {
  const monoMs = state.now.monoMs;
  const isFull = (bucket: Bucket, max: number, refillMs: number): boolean => levelOf(bucket, max, refillMs, monoMs) >= max;
  if (!isFull(state.newContacts, limits.newContactsPerHour, 3_600_000 / limits.newContactsPerHour)) return true;
  if (!isFull(state.links, limits.linkBucket, limits.linkRefillMs)) return true;
  if (!isFull(state.listTries, limits.listTriesBucket, limits.listTriesRefillMs)) return true;
  if (!isFull(state.keysOut, limits.prekeysPerTargetBucket, limits.prekeysPerTargetRefillMs)) return true;
  for (const bucket of state.uploads.values()) if (!isFull(bucket, limits.keyUploadBucket, limits.keyUploadRefillMs)) return true;
  for (const bucket of state.requesters.values()) {
    if (!isFull(bucket, limits.prekeyFetchBucket, limits.prekeyFetchRefillMs)) return true;
  }
  return false;
}
