import type { ConversationId } from "../../lib/ids.js";
import { limits } from "../../lib/limits.js";
import type { Turn } from "./messages.js";
import { newReplay, type Chat, type Device } from "./state.js";
import { giveBack } from "./window.js";

/** The chat of a conversation, made when there is none. Its row is read only when a session needs to know what the device has. */
export function chatOf(state: Device, id: ConversationId): Chat {
  const known = state.chats.get(id);
  if (known !== undefined) return known;
  if (state.chats.size >= state.sweepAt) forgetQuiet(state);
  const none = { delivered: 0n, read: 0n, except: [] };
  const mark = state.marks.get(id);
  const chat: Chat = {
    id,
    row: "unread",
    ...none,
    durable: none,
    told: { delivered: 0n, read: 0n },
    writeDueMs: 0,
    acked: 0n,
    pushed: 0n,
    handed: 0n,
    heard: mark?.heard ?? 0n,
    ...(mark?.head === undefined ? {} : { head: mark.head }),
    looking: false,
    member: false,
    flow: "behind",
    queued: false,
    announce: false,
    open: [],
    arrivals: [],
    acks: [],
    window: [],
    rewind: false,
    replay: newReplay(++state.tickets),
    reads: [],
  };
  state.chats.set(id, chat);
  return chat;
}

export function needRow(chat: Chat, turn: Turn): void {
  if (chat.row !== "unread") return;
  chat.row = "reading";
  turn.effects.push({ type: "read-row", conversation: chat.id });
}

/** A serial look at the head of the log: may the mark go, does an ack lie. */
export function look(chat: Chat, turn: Turn): void {
  if (chat.looking) return;
  chat.looking = true;
  const hint = chat.heard > chat.delivered ? chat.heard : chat.delivered;
  turn.effects.push({ type: "look", conversation: chat.id, why: "chat", ticket: 0, hint });
}

/** Something lies between what was handed over and what is there: it comes by replay. */
export function fallBehind(state: Device, chat: Chat): void {
  if (chat.flow === "live") chat.flow = "behind";
  const session = state.session;
  if (session?.started !== true || chat.flow === "replaying" || chat.queued) return;
  chat.queued = true;
  session.owed.push({ conversation: chat.id, newestMs: Infinity });
}

/** Everything behind `position` is handed over again, read from the log anew. */
export function rewind(state: Device, chat: Chat, position: bigint): void {
  const session = state.session;
  if (session !== undefined) giveBack(session, chat);
  chat.pushed = position;
  chat.replay = newReplay(++state.tickets);
  if (chat.flow !== "replaying") fallBehind(state, chat);
}

/** Whether the row lacks something that the client said. */
export function isDirty(chat: Chat): boolean {
  const { durable } = chat;
  return chat.delivered !== durable.delivered || chat.read !== durable.read || chat.except !== durable.except;
}

/** Whether a receipt is on its way to the row or to the conversation. */
export function isTelling(chat: Chat): boolean {
  return isDirty(chat) || chat.writing !== undefined || chat.telling !== undefined;
}

/** Whether this chat could be made again from its mark and its row without a loss. */
function isQuiet(state: Device, chat: Chat): boolean {
  if (chat.open.length > 0 || chat.arrivals.length > 0 || chat.acks.length > 0 || chat.window.length > 0 || chat.reads.length > 0)
    return false;
  if (isTelling(chat) || chat.wanted !== undefined || chat.looking || chat.row === "reading") return false;
  if (state.session === undefined) return true;
  return chat.flow === "live" && chat.pushed === chat.acked && !state.marks.has(chat.id) && !state.session.syncing.has(chat.id);
}

/** Keeps memory to what is under way. Quiet chats are cheap to make again, so all of them go at once. */
export function forgetQuiet(state: Device): void {
  for (const chat of state.chats.values()) if (isQuiet(state, chat)) forget(state, chat);
  state.sweepAt = Math.max(limits.quietChatsKept, state.chats.size * 2);
}

function forget(state: Device, chat: Chat): void {
  state.chats.delete(chat.id);
  state.clearWanted.delete(chat);
  state.raiseWanted.delete(chat);
}
