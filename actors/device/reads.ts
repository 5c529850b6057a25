import type { ConversationId } from "../../lib/ids.js";
import { limits } from "../../lib/limits.js";
import type { Watermarks } from "../../protos/messages.js";
import { settle } from "./acceptance.js";
import { fallBehind } from "./chats.js";
import { releaseArrivals } from "./deliveries.js";
import { onFetchEntitled, onFetchLooked, onFetchSlice } from "./fetch.js";
import type { DeviceEffect, DeviceNews, Turn } from "./messages.js";
import { judgeAck, judgeWaitingAcks, onAckEntitled } from "./receipts.js";
import { onReplayEntitled, onReplaySlice } from "./replay.js";
import { maxOf, minOf, type Device } from "./state.js";
import { syncOn } from "./sync.js";
import { ensureTold } from "./telling.js";
import { wakeAt } from "./wake.js";

/** What the device has acked, and with its mark: from where on it is handed the rest. */
export function onRowRead(state: Device, conversation: ConversationId, row: Watermarks | undefined, turn: Turn): void {
  const chat = state.chats.get(conversation);
  if (chat?.row !== "reading") return;
  chat.row = "read";
  if (row !== undefined) {
    chat.durable = row;
    chat.delivered = row.delivered;
    chat.read = row.read;
    chat.except = row.except;
  }
  const mark = state.marks.get(conversation);
  chat.acked = mark === undefined ? chat.delivered : minOf(mark.from - 1n, chat.delivered);
  chat.pushed = chat.acked;
  chat.handed = maxOf(chat.handed, chat.acked);
  const waits = chat.open.some(({ seq }) => seq > chat.acked);
  if (chat.open.length > 0) ensureTold(state, chat, turn);
  if (chat.flow !== "replaying") {
    chat.flow = mark === undefined && !waits ? "live" : "behind";
    if (chat.flow === "behind") fallBehind(state, chat);
  }
  const acks = chat.acks;
  chat.acks = [];
  for (const ack of acks) if (state.session !== undefined) judgeAck(state, chat, ack, turn);
  releaseArrivals(state, chat, turn);
  settle(state, chat, turn);
  syncOn(state, conversation, turn);
  state.touched.add(chat);
}

/** A head by a serial read that began after this activation's fence. Heads only grow. */
export function onLooked(state: Device, news: Extract<DeviceNews, { type: "looked" }>, turn: Turn): void {
  const { conversation, head } = news;
  const mark = state.marks.get(conversation);
  if (mark !== undefined) mark.head = maxOf(mark.head ?? 0n, head);
  const chat = state.chats.get(conversation);
  if (chat !== undefined) {
    chat.head = maxOf(chat.head ?? 0n, head);
    state.touched.add(chat);
  }
  const { session } = state;
  if (news.why === "fetch") onFetchLooked(state, news.ticket, head, turn);
  else if (news.why === "start") {
    if (session?.ticket !== news.ticket) return;
    session.looks--;
    session.owed.push({ conversation, newestMs: news.newestMs });
  } else if (chat !== undefined) {
    chat.looking = false;
    judgeWaitingAcks(state, chat, head, turn);
    syncOn(state, conversation, turn);
  }
}

export function onEntitled(state: Device, news: Extract<DeviceNews, { type: "entitled" }>, turn: Turn): void {
  if (news.why === "fetch") onFetchEntitled(state, news, turn);
  else if (news.why === "ack") onAckEntitled(state, news.conversation, news.entitled || news.next !== undefined, turn);
  else onReplayEntitled(state, news);
}

export function onSlice(state: Device, news: Extract<DeviceNews, { type: "slice-read" }>, turn: Turn): void {
  if (news.why === "fetch") onFetchSlice(state, news, turn);
  else onReplaySlice(state, news, turn);
}

/** The store did not answer a read. It is asked again; an answer that nobody waits for any more is passed over by its ticket. */
export function onFailed(state: Device, effect: DeviceEffect, turn: Turn): void {
  state.retries.push({ dueMs: turn.nowMs + limits.readRetryMs, effect });
  wakeAt(state, turn, turn.nowMs + limits.readRetryMs);
}
