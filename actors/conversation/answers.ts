import type { ErrorCode } from "../../lib/errors.js";
import { limits } from "../../lib/limits.js";
import type { ReplyTo } from "../../protos/messages.js";
import type { Moment } from "../ports.js";
import type { Effect } from "./messages.js";
import { fannedThrough, type Conversation, type GatedAnswer, type PendingEntry, type RefusalDetails, type StoredSend } from "./state.js";
import { wake } from "./wake.js";

/*
 * What leaves, and when. `sent`, first or repeated, needs three things: the entry is durable, an intent of this shard epoch is durable for
 * the conversation (not when all devices have accepted it), and a read of the alive gate that starts after both (the shell does that).
 */

export function problem(to: ReplyTo, code: ErrorCode, effects: Effect[], details?: RefusalDetails): void {
  const refused: Effect = details === undefined ? { type: "refused", to, code } : { type: "refused", to, code, details };
  // Final, and a past owner may not have heard who was added since.
  if (code === "not-a-member") whenAlive(refused, effects);
  else effects.push(refused);
}

/** What a past owner must not say: it may have slept through whatever makes it wrong. */
export function whenAlive(then: Effect, effects: Effect[]): void {
  effects.push({ type: "when-alive", then });
}

/** Answers `sent` for something durable, now or once its intent is. */
export function answerSent(state: Conversation, to: ReplyTo, send: StoredSend, existing: boolean, effects: Effect[]): void {
  if (state.intent === "durable" || send.seq <= fannedThrough(state)) {
    effects.push({ type: "sent", to, send, existing });
  } else if (state.awaitingIntent.length < limits.conversationWaitingMax) {
    state.awaitingIntent.push({ to, send, existing });
    becomeDirty(state, effects);
  } else {
    problem(to, "overloaded", effects, { counter: send.counter });
  }
}

/** A refusal that rests on an entry which is still on its way to the log waits for it (output gate). */
export function gate(state: Conversation, answer: GatedAnswer, effects: Effect[]): void {
  if (answer.seq <= state.durable) release(state, answer, effects);
  else if (state.gated.length < limits.conversationWaitingMax) state.gated.push(answer);
  else problem(answer.to, "overloaded", effects, answer.details);
}

/** A refusal by the roster as it is sequenced. */
export function refuseByRoster(state: Conversation, to: ReplyTo, code: ErrorCode, effects: Effect[], details?: RefusalDetails): void {
  gate(state, { seq: state.roster?.seq ?? 0n, to, code, ...(details === undefined ? {} : { details }) }, effects);
}

function release(state: Conversation, answer: GatedAnswer, effects: Effect[]): void {
  if (answer.roster !== undefined) effects.push({ type: "send-roster", to: answer.to, answer: answer.roster });
  else if (answer.send !== undefined) answerSent(state, answer.to, answer.send, true, effects);
  else problem(answer.to, answer.code ?? "internal", effects, answer.details);
}

/** What waited for sequences that are durable now. */
export function releaseGated(state: Conversation, effects: Effect[]): void {
  if (state.gated.length === 0) return;
  const ready = state.gated.filter(({ seq }) => seq <= state.durable);
  if (ready.length === 0) return;
  state.gated = state.gated.filter(({ seq }) => seq > state.durable);
  for (const answer of ready) release(state, answer, effects);
}

/** From here on the low-water may not pass this conversation. An intent is asked for once until it is clean again. */
export function becomeDirty(state: Conversation, effects: Effect[]): void {
  if (state.clean) {
    state.clean = false;
    effects.push({ type: "dirty" });
  }
  if (state.intent === "none") {
    state.intent = "issuing";
    effects.push({ type: "issue-intent" });
  }
}

export function onIntentDurable(state: Conversation, effects: Effect[]): void {
  state.intent = "durable";
  flushAwaiting(state, effects);
}

/** The port has given up for now; a tick asks again. */
export function onIntentFailed(state: Conversation, now: Moment, effects: Effect[]): void {
  state.intent = "none";
  wake(state, now.monoMs + limits.redeliverMinMs, effects);
}

export function retryIntent(state: Conversation, effects: Effect[]): void {
  if (!state.clean && state.intent === "none") becomeDirty(state, effects);
}

/** Sends whose answer waits for nothing any more. */
export function flushAwaiting(state: Conversation, effects: Effect[]): void {
  if (state.awaitingIntent.length === 0) return;
  if (state.intent === "durable") {
    for (const { to, send, existing } of state.awaitingIntent) effects.push({ type: "sent", to, send, existing });
    state.awaitingIntent = [];
    return;
  }
  const through = fannedThrough(state);
  if (state.awaitingIntent[0]!.send.seq > through && state.awaitingIntent.every(({ send }) => send.seq > through)) return;
  const still = state.awaitingIntent.filter(({ send }) => send.seq > through);
  for (const { to, send, existing } of state.awaitingIntent) if (send.seq <= through) effects.push({ type: "sent", to, send, existing });
  state.awaitingIntent = still;
}

/** Answers everybody who waits for these entries. */
export function refusePending(pending: readonly PendingEntry[], code: ErrorCode, effects: Effect[]): void {
  for (const { askers, entry } of pending) {
    for (const to of askers) problem(to, code, effects, { counter: entry.header.counter });
  }
}

/**
 * Ends this activation because it no longer knows what the log holds, or is not its owner. Nobody who waits is left to a time-out. If
 * something may still be owed to devices, the conversation asks to be activated again: that one fences, reads the log and knows.
 */
export function giveUp(state: Conversation, code: ErrorCode, effects: Effect[]): void {
  if (state.phase === "ended") return;
  refusePending(state.appending, code, effects);
  refusePending(state.waiting, code, effects);
  for (const { to, details } of state.gated) problem(to, code, effects, details);
  for (const { to, send } of state.awaitingIntent) problem(to, code, effects, { counter: send.counter });
  for (const message of state.loading?.waiting ?? []) if ("from" in message) problem(message.from, code, effects);
  state.appending = [];
  state.waiting = [];
  state.waitingBytes = 0;
  state.gated = [];
  state.awaitingIntent = [];
  state.loading = undefined;
  state.phase = "ended";
  if (!state.clean) effects.push({ type: "tell", mail: { kind: "conversation", id: state.id, message: { type: "recover" } } });
  effects.push({ type: "ended" });
}
