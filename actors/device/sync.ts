import type { ConversationId } from "../../lib/ids.js";
import { limits } from "../../lib/limits.js";
import type { ReceiptNotice } from "../../protos/messages.js";
import { chatOf, fallBehind, look, needRow, rewind } from "./chats.js";
import { wantMark } from "./marks.js";
import type { SyncState, Turn } from "./messages.js";
import { isKnown, onAck } from "./receipts.js";
import { announce } from "./replay.js";
import { start, strange } from "./sessions.js";
import { isPresent, maxOf, type Chat, type Device, type Session, type SyncItem } from "./state.js";
import { wakeAt } from "./wake.js";

/** A page of the chats that the device doubts. What it is owed the marks say already; a page adds receipts and corrects a cursor. */
export function onSyncState(state: Device, page: SyncState, turn: Turn): void {
  if (!isPresent(state, page.from)) {
    strange(state, page.from, turn);
    return;
  }
  const session = state.session!;
  const { chats, readPending } = page;
  if (chats.length > limits.syncChatsMax || readPending.length > limits.syncChatsMax) {
    turn.effects.push({ type: "refuse", to: page.from, code: "bad-request" });
    return;
  }
  if (session.syncQueue.length + chats.length > session.syncQueue.max) {
    turn.effects.push({ type: "refuse", to: page.from, code: "overloaded" });
    return;
  }
  for (const { conversation, last, full } of chats) session.syncQueue.push({ conversation, last, full, looked: false });
  for (const { conversation, through } of readPending) {
    onAck(state, { type: "ack", from: { ...page.from, requestId: 0 }, conversation, through, status: "read", except: [] }, turn);
    if (state.session !== session) return;
  }
  if (page.more) return;
  session.liveOwed = true;
  session.syncRequest = page.from.requestId;
  start(state, turn);
}

/** A few named chats at a time; `live` once nothing is left. */
export function pumpSync(state: Device, turn: Turn): void {
  const session = state.session;
  if (session === undefined) return;
  while (session.syncing.size < limits.syncingAtOnce && session.syncQueue.length > 0) {
    const item = session.syncQueue.shift()!;
    if (session.syncing.has(item.conversation)) continue;
    session.syncing.set(item.conversation, item);
    proceed(state, session, item, turn);
  }
  if (!session.liveOwed || !isDone(session)) return;
  session.liveOwed = false;
  const { foreign } = session;
  session.foreign = [];
  // In frames that any client takes: the ids of 20,000 chats are more than one may hold.
  for (let at = 0; at < foreign.length; at += limits.syncChatsMax) {
    const what = { type: "problem", code: "not-a-member", conversations: foreign.slice(at, at + limits.syncChatsMax) } as const;
    turn.effects.push({ type: "push", session: session.ref, what });
  }
  turn.effects.push({ type: "push", session: session.ref, what: { type: "live", requestId: session.syncRequest } });
  session.syncRequest = 0;
}

function isDone(session: Session): boolean {
  const drained = session.started && session.sorted && session.owed.length === 0 && session.replaying.size === 0;
  return drained && session.syncQueue.length === 0 && session.syncing.size === 0;
}

/** Goes on with a named chat after its row was read, or its head. */
export function syncOn(state: Device, conversation: ConversationId, turn: Turn): void {
  const session = state.session;
  const item = session?.syncing.get(conversation);
  if (session !== undefined && item !== undefined && item.askedMs === undefined) proceed(state, session, item, turn);
}

/** A cursor is never believed above what was handed out; below what was acked only with `full`, from a store that was set back. */
function proceed(state: Device, session: Session, item: SyncItem, turn: Turn): void {
  const chat = chatOf(state, item.conversation);
  if (chat.row !== "read") {
    needRow(chat, turn);
    return;
  }
  if (isKnown(state, chat) && item.last > highestKnown(chat)) {
    if (!item.looked) {
      item.looked = true;
      look(chat, turn);
      return;
    }
    const what = { type: "problem", code: "bad-cursor", conversations: [chat.id] } as const;
    turn.effects.push({ type: "push", session: session.ref, what });
  } else if (item.full && item.last < chat.acked) setBack(state, chat, item.last);
  item.askedMs = turn.nowMs;
  turn.effects.push({ type: "ask-receipts", conversation: chat.id, account: session.account });
  wakeAt(state, turn, turn.nowMs + limits.receiptsWaitMs);
}

function highestKnown(chat: Chat): bigint {
  return maxOf(maxOf(chat.handed, chat.delivered), maxOf(chat.heard, chat.head ?? 0n));
}

function setBack(state: Device, chat: Chat, last: bigint): void {
  chat.acked = last < 0n ? 0n : last;
  wantMark(state, chat, chat.acked + 1n);
  rewind(state, chat, chat.acked);
}

export function onReceipts(state: Device, conversation: ConversationId, notices: readonly ReceiptNotice[], turn: Turn): void {
  const session = state.session;
  if (session === undefined) return;
  for (const notice of notices) turn.effects.push({ type: "push", session: session.ref, what: { type: "receipt", conversation, notice } });
  const item = session.syncing.get(conversation);
  if (item?.askedMs !== undefined) finish(state, session, item, turn);
}

/** Of a chat that has to do with this device something is known here: then it was a member once and is told so by its log. */
export function onNotAMember(state: Device, conversation: ConversationId, turn: Turn): void {
  const session = state.session;
  const item = session?.syncing.get(conversation);
  if (session === undefined || item?.askedMs === undefined) return;
  const chat = state.chats.get(conversation);
  if (chat !== undefined && isKnown(state, chat)) finish(state, session, item, turn);
  else {
    session.syncing.delete(conversation);
    session.foreign.push(conversation);
  }
}

/** The named chat's receipts are out, or waited for long enough. */
export function finish(state: Device, session: Session, item: SyncItem, turn: Turn): void {
  session.syncing.delete(item.conversation);
  const chat = chatOf(state, item.conversation);
  chat.announce = true;
  if (chat.flow === "live") announce(session, chat, turn);
  else fallBehind(state, chat);
}
