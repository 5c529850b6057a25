import type { ErrorCode } from "../../lib/errors.js";
import { settleAll } from "./acceptance.js";
import { isTelling } from "./chats.js";
import type { Turn } from "./messages.js";
import type { Device } from "./state.js";

/** Idle. Whoever is connected, or owed an answer or an acceptance, keeps its actor; marks are durable, so all else may be forgotten. */
export function passivate(state: Device, turn: Turn): void {
  if (state.phase === "ready" && state.session === undefined && !hasWork(state)) end(state, "draining", turn);
}

/** This node gives the device up: what nobody accepted becomes a mark, and when that is durable the actor ends. */
export function drain(state: Device, turn: Turn): void {
  if (state.phase === "loading") {
    end(state, "draining", turn);
    return;
  }
  state.phase = "draining";
  settleAll(state, turn);
}

export function endIfDrained(state: Device, turn: Turn): void {
  if (state.phase === "draining" && !hasWork(state)) end(state, "draining", turn);
}

/** Whoever waits is told; what was pushed and not acked is pushed again by the next activation, to a session that attaches anew. */
export function end(state: Device, code: ErrorCode, turn: Turn): void {
  for (const to of state.waiters()) turn.effects.push({ type: "refuse", to, code });
  // An attach is answered by being the session; one that still waits has to come anew.
  for (const mail of state.waiting)
    if (mail.type === "attach") turn.effects.push({ type: "close", session: mail.session, reason: "draining" });
  if (state.session !== undefined) turn.effects.push({ type: "close", session: state.session.ref, reason: "draining" });
  state.phase = "stopped";
  turn.effects.push({ type: "end" });
}

/** Anything unaccepted, unwritten or untold. A drained actor leaves telling to the conversation, which reads the row when it is activated. */
export function hasWork(state: Device): boolean {
  if (state.write !== undefined || state.wantedMarks.size > 0 || state.fetches.length > 0 || state.revokers.size > 0) return true;
  const draining = state.phase === "draining";
  for (const chat of state.chats.values()) {
    if (chat.open.length > 0 || chat.arrivals.length > 0 || chat.writing !== undefined) return true;
    if (draining ? chat.delivered > chat.durable.delivered || chat.read > chat.durable.read : isTelling(chat)) return true;
  }
  return false;
}
