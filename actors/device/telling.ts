import { limits } from "../../lib/limits.js";
import { isDirty } from "./chats.js";
import type { Turn } from "./messages.js";
import type { Chat, Device } from "./state.js";
import { wakeAt } from "./wake.js";

/** Writes the receipt row if it lacks something: one write under way per chat, five a second. */
export function writeRow(state: Device, chat: Chat, turn: Turn): void {
  if (chat.writing !== undefined || !isDirty(chat)) return;
  if (turn.nowMs < chat.writeDueMs) {
    wakeAt(state, turn, chat.writeDueMs);
    return;
  }
  const watermarks = { delivered: chat.delivered, read: chat.read, except: chat.except };
  chat.writing = watermarks;
  chat.writeDueMs = turn.nowMs + limits.receiptWriteEveryMs;
  turn.effects.push({ type: "write-row", conversation: chat.id, watermarks });
}

/** Tells the conversation what is durable, until it answers. Nothing that is not in the row is ever told. */
export function tell(state: Device, chat: Chat, turn: Turn): void {
  if (state.account === undefined) return;
  const pauseMs = Math.min(limits.redeliverMaxMs, chat.telling === undefined ? limits.redeliverMinMs : chat.telling.pauseMs * 2);
  chat.telling = { dueMs: turn.nowMs + pauseMs, pauseMs };
  turn.effects.push({ type: "tell-receipt", conversation: chat.id, account: state.account, watermarks: chat.durable });
  wakeAt(state, turn, chat.telling.dueMs);
}

/** An earlier activation wrote the row; whether the conversation has heard of it, nobody knows. A write under way is told when it is durable. */
export function ensureTold(state: Device, chat: Chat, turn: Turn): void {
  if (chat.telling !== undefined || chat.writing !== undefined || isDirty(chat)) return;
  if (chat.told.delivered < chat.durable.delivered) tell(state, chat, turn);
}
