import { limits } from "../../lib/limits.js";
import type { Turn } from "./messages.js";
import type { Chat, Device, Session } from "./state.js";
import { wakeAt } from "./wake.js";

/** An entry larger than what is left goes only into an empty window. */
export function fits(session: Session, bytes: number): boolean {
  if (session.windowEntries === 0) return true;
  return session.windowEntries < limits.windowEntries && session.windowBytes + bytes <= limits.windowBytes;
}

export function take(state: Device, session: Session, chat: Chat, seq: bigint, bytes: number, turn: Turn): void {
  if (session.stalledMs === Infinity) session.stalledMs = turn.nowMs;
  session.windowEntries++;
  session.windowBytes += bytes;
  chat.window.push({ seq, bytes });
  wakeAt(state, turn, session.stalledMs + limits.noAckCloseMs);
}

/** The client has stored everything up to `acked`. */
export function release(session: Session, chat: Chat, turn: Turn): void {
  let count = 0;
  while (count < chat.window.length && chat.window[count]!.seq <= chat.acked) session.windowBytes -= chat.window[count++]!.bytes;
  chat.window.splice(0, count);
  session.windowEntries -= count;
  session.stalledMs = session.windowEntries === 0 ? Infinity : turn.nowMs;
}

/** What was pushed counts no longer: it will be pushed again. The client is no less late for that. */
export function giveBack(session: Session, chat: Chat): void {
  for (const { bytes } of chat.window) session.windowBytes -= bytes;
  session.windowEntries -= chat.window.length;
  chat.window = [];
}
