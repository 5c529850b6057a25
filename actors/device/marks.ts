import { limits } from "../../lib/limits.js";
import { fallBehind, look } from "./chats.js";
import type { Turn } from "./messages.js";
import { covers, minOf, type Chat, type Device, type Mark } from "./state.js";
import { ensureTold } from "./telling.js";

/** Asks for a durable mark from there on. Where one is durable already nothing is written; after a clearing one it is. */
export function wantMark(state: Device, chat: Chat, from: bigint): void {
  if (covers(state.marks.get(chat.id), from)) return;
  chat.wanted = chat.wanted === undefined ? from : minOf(chat.wanted, from);
  state.wantedMarks.add(chat);
}

/** One write in flight per device, under (epoch, ver); what is wanted meanwhile is the next. */
export function issueWrite(state: Device, turn: Turn): void {
  if (state.write !== undefined || state.revoked || (state.phase !== "ready" && state.phase !== "draining")) return;
  if (state.revokers.size > 0) {
    state.write = { set: [], clear: [], revoked: true };
    turn.effects.push({ type: "change", epoch: state.epoch, ver: state.ver, changes: { set: [], clear: [], revoked: true } });
    return;
  }
  const set = [...marksToSet(state), ...marksToRaise(state)].slice(0, limits.marksPerWriteMax);
  const clear = marksToClear(state, limits.marksPerWriteMax - set.length);
  if (set.length === 0 && clear.length === 0) return;
  state.write = { set, clear, revoked: false };
  turn.effects.push({ type: "change", epoch: state.epoch, ver: state.ver, changes: { set, clear } });
}

function marksToSet(state: Device): { conversation: Chat["id"]; from: bigint }[] {
  const set: { conversation: Chat["id"]; from: bigint }[] = [];
  for (const chat of state.wantedMarks) {
    if (set.length >= limits.marksPerWriteMax) break;
    state.wantedMarks.delete(chat);
    const from = chat.wanted;
    delete chat.wanted;
    if (from === undefined || covers(state.marks.get(chat.id), from)) {
      // Nothing to write, and nothing wanted any more: that alone may let the mark go.
      state.touched.add(chat);
      continue;
    }
    for (const open of chat.open) open.inWrite = true;
    set.push({ conversation: chat.id, from });
  }
  return set;
}

/** What lies below the new `from` is acked, durable and told; the old mark is the lower one, so the new one holds whatever becomes of the write. */
function marksToRaise(state: Device): { conversation: Chat["id"]; from: bigint }[] {
  const set: { conversation: Chat["id"]; from: bigint }[] = [];
  for (const chat of state.raiseWanted) {
    state.raiseWanted.delete(chat);
    const mark = state.marks.get(chat.id);
    if (mark?.phase !== "durable" || !mayRaise(chat, mark)) continue;
    mark.from = chat.acked + 1n;
    set.push({ conversation: chat.id, from: mark.from });
    if (set.length >= limits.marksPerWriteMax / 2) break;
  }
  return set;
}

function marksToClear(state: Device, atMost: number): Chat["id"][] {
  const clear: Chat["id"][] = [];
  for (const chat of state.clearWanted) {
    if (clear.length >= atMost) break;
    state.clearWanted.delete(chat);
    const mark = state.marks.get(chat.id);
    if (mark === undefined || !mayClear(chat, mark)) continue;
    mark.phase = "clearing";
    clear.push(chat.id);
  }
  return clear;
}

/** All that must hold before a mark goes. */
function mayClear(chat: Chat, mark: Mark): boolean {
  const nothingWaits = chat.open.length === 0 && chat.arrivals.length === 0 && chat.wanted === undefined;
  const allAcked = mark.head !== undefined && chat.acked >= mark.head && chat.acked >= mark.heard && chat.acked >= chat.heard;
  return mark.phase === "durable" && chat.row === "read" && nothingWaits && allAcked && receiptTold(chat);
}

function mayRaise(chat: Chat, mark: Mark): boolean {
  return receiptTold(chat) && chat.wanted === undefined && chat.acked + 1n - mark.from >= limits.raiseMarkAfter;
}

/** The conversation has heard what the row holds, and the row holds what was acked. */
function receiptTold(chat: Chat): boolean {
  return chat.told.delivered >= chat.acked;
}

/** Looks whether a chat's mark may go, and sees to what is missing for it. */
export function considerClear(state: Device, chat: Chat, turn: Turn): void {
  const mark = state.marks.get(chat.id);
  if (mark?.phase !== "durable" || chat.row !== "read") return;
  if (mayClear(chat, mark)) {
    state.clearWanted.add(chat);
    return;
  }
  if (mayRaise(chat, mark)) state.raiseWanted.add(chat);
  if (chat.acked < mark.heard || chat.acked < chat.heard || chat.open.length > 0) return;
  if (!receiptTold(chat)) ensureTold(state, chat, turn);
  else if (mark.head === undefined) look(chat, turn);
  else if (chat.acked < mark.head && chat.pushed < mark.head && chat.flow === "live") fallBehind(state, chat);
}
