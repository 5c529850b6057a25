import { limits } from "../../lib/limits.js";
import type { Moment, WriteOutcome } from "../ports.js";
import { giveUp } from "./answers.js";
import { dropWaiting } from "./batch.js";
import type { Effect } from "./messages.js";
import { flushReceipts } from "./receipts.js";
import { snapshotOf } from "./snapshot.js";
import { bucketOf, fannedThrough, type Conversation } from "./state.js";
import { startTrim } from "./trimming.js";
import { wake } from "./wake.js";

/*
 * What a conversation does besides its messages: it says when it is clean, writes its fold from time to time, trims, and ends in order.
 * None of these writes matters to safety; one is under way at a time.
 */

/** After each message: whatever has become possible. */
export function carryOn(state: Conversation, now: Moment, effects: Effect[]): void {
  becomeClean(state, effects);
  if (state.writing !== undefined) return;
  if (state.passivating || state.phase === "draining") close(state, now, effects);
  else if (snapshotDue(state, now)) saveSnapshot(state, now, effects);
  else if (now.monoMs >= state.trimCheckMs) startTrim(state, now, effects);
}

/** Nothing is on the way to the log, and no delivery is open. */
function isIdle(state: Conversation): boolean {
  return (
    state.appending.length === 0 &&
    state.waiting.length === 0 &&
    !state.opening &&
    state.gated.length === 0 &&
    state.awaitingIntent.length === 0 &&
    state.open.size === 0
  );
}

/** An intent that is still on its way would speak of an earlier slice than the next append needs: it is waited for. */
function becomeClean(state: Conversation, effects: Effect[]): void {
  if (state.clean || state.intent === "issuing" || !isIdle(state)) return;
  state.clean = true;
  state.intent = "none";
  effects.push({ type: "clean" });
}

/** Idle for long. A conversation with open work stays. */
export function onPassivate(state: Conversation, now: Moment, effects: Effect[]): void {
  if (state.phase !== "ready" || !isIdle(state) || !state.clean) return;
  flushReceipts(state, now, effects, true);
  state.passivating = true;
  state.fannedTried = false;
  state.trimTried = false;
}

/** The node goes away. What has not been given to the log is refused; what has is waited for; deliveries get a little time. */
export function onDrain(state: Conversation, now: Moment, effects: Effect[]): void {
  if (state.phase === "draining" || state.phase === "ended") return;
  if (state.phase === "loading") {
    giveUp(state, "draining", effects);
    return;
  }
  state.phase = "draining";
  state.fannedTried = false;
  state.trimTried = true;
  state.drainUntilMs = now.monoMs + limits.drainWaitMs;
  dropWaiting(state, state.waiting, "draining", effects);
  flushReceipts(state, now, effects, true);
  wake(state, state.drainUntilMs, effects);
}

/** The last writes, each tried once, then the end. */
function close(state: Conversation, now: Moment, effects: Effect[]): void {
  if (!isIdle(state) || !state.clean) {
    if (state.phase !== "draining") state.passivating = false;
    else if (now.monoMs >= state.drainUntilMs && state.appending.length === 0) giveUp(state, "draining", effects);
    else if (now.monoMs < state.drainUntilMs)
      wake(state, state.drainUntilMs, effects); // an earlier tick may have taken its place
    else wake(state, state.drainUntilMs, effects);
    return;
  }
  const fanned = fannedThrough(state);
  if (fanned > state.fannedStored && !state.fannedTried) {
    state.fannedTried = true;
    state.writing = "fanned";
    const newest = state.bucketOpen ? state.durable + 1n : state.durable;
    effects.push({ type: "save-fanned", bucket: bucketOf(newest), epoch: state.epoch, lastSeq: state.durable, fanned });
    return;
  }
  if (!state.trimTried) {
    state.trimTried = true;
    if (startTrim(state, now, effects)) return;
  }
  if (state.durable > state.snapshotThrough && !state.snapshotLost) {
    saveSnapshot(state, now, effects);
    return;
  }
  state.phase = "ended";
  effects.push({ type: "ended" });
}

export function onFannedSaved(state: Conversation, fanned: bigint, outcome: WriteOutcome): void {
  state.writing = undefined;
  if (outcome === "applied" && fanned > state.fannedStored) state.fannedStored = fanned;
}

/** Only a fold that is all in the log may be stored. */
function snapshotDue(state: Conversation, now: Moment): boolean {
  const behind = state.durable - state.snapshotThrough;
  if (behind === 0n || state.snapshotLost || state.roster === undefined || state.roster.seq > state.durable) return false;
  return behind >= BigInt(limits.snapshotEveryAppends) || now.wallMs - state.snapshotMs >= limits.snapshotEveryMs;
}

function saveSnapshot(state: Conversation, now: Moment, effects: Effect[]): void {
  state.writing = "snapshot";
  effects.push({ type: "save-snapshot", version: state.snapshotVersion, through: state.durable, snapshot: snapshotOf(state, now) });
}

export function onSnapshotSaved(state: Conversation, through: bigint, outcome: WriteOutcome, now: Moment): void {
  state.writing = undefined;
  if (outcome !== "applied") {
    state.snapshotLost = true;
    return;
  }
  state.snapshotVersion++;
  state.snapshotThrough = through;
  state.snapshotMs = now.wallMs;
}
