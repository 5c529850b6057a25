import { limits } from "../../lib/limits.js";
import { wantMark } from "./marks.js";
import type { Turn } from "./messages.js";
import { dismiss, start } from "./sessions.js";
import type { Chat, Device } from "./state.js";
import { finish } from "./sync.js";
import { tell, writeRow } from "./telling.js";
import { wakeAt } from "./wake.js";

/** Everything that is due. One timer per device: whoever waits for something later asks again. */
export function onTick(state: Device, turn: Turn): void {
  state.wakeMs = Infinity;
  if (state.phase === "loading") {
    if (state.loadLater) turn.effects.push({ type: "load" });
    state.loadLater = false;
    return;
  }
  retryReads(state, turn);
  watchSession(state, turn);
  for (const chat of state.chats.values()) watchChat(state, chat, turn);
}

function retryReads(state: Device, turn: Turn): void {
  const retries = state.retries;
  if (retries.length === 0) return;
  state.retries = retries.filter(({ dueMs }) => dueMs > turn.nowMs);
  for (const { dueMs, effect } of retries) {
    if (dueMs <= turn.nowMs) turn.effects.push(effect);
    else wakeAt(state, turn, dueMs);
  }
}

/** Something lies with the client, and no ack comes: it is closed, not waited for, and gets everything when it comes back. */
function watchSession(state: Device, turn: Turn): void {
  const { session } = state;
  if (session === undefined) return;
  if (!session.started) {
    if (turn.nowMs >= session.startDueMs) start(state, turn);
    else wakeAt(state, turn, session.startDueMs);
  }
  for (const item of session.syncing.values()) {
    if (item.askedMs === undefined) continue;
    const dueMs = item.askedMs + limits.receiptsWaitMs;
    if (turn.nowMs >= dueMs) finish(state, session, item, turn);
    else wakeAt(state, turn, dueMs);
  }
  if (session.stalledMs === Infinity) return;
  const closeMs = session.stalledMs + limits.noAckCloseMs;
  if (turn.nowMs >= closeMs) dismiss(state, "slow-consumer", turn);
  else wakeAt(state, turn, closeMs);
}

function watchChat(state: Device, chat: Chat, turn: Turn): void {
  writeRow(state, chat, turn);
  if (chat.telling !== undefined) {
    if (turn.nowMs >= chat.telling.dueMs) tell(state, chat, turn);
    else wakeAt(state, turn, chat.telling.dueMs);
  }
  for (const { seq, from, sinceMs } of chat.open) {
    if (seq <= chat.acked) continue;
    const lateMs = sinceMs + limits.ackWaitMs;
    if (turn.nowMs < lateMs) wakeAt(state, turn, lateMs);
    else {
      chat.rewind = state.session !== undefined;
      wantMark(state, chat, from);
    }
  }
}
