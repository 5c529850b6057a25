import { limits } from "../../lib/limits.js";
import { chatOf, needRow } from "./chats.js";
import type { DeviceNews, Turn } from "./messages.js";
import { maxOf, type Chat, type Device, type Session } from "./state.js";
import { framesOf, smallFrameBytes } from "./views.js";
import { fits, take } from "./window.js";
import { wakeAt } from "./wake.js";

/** Replay of what is owed: a few conversations at a time, the one with the newest entry first, each until it is live. */
export function pumpReplay(state: Device, turn: Turn): void {
  const session = state.session;
  if (session?.started !== true || state.phase !== "ready") return;
  lookOn(state, session, turn);
  for (const chat of session.replaying) advance(state, session, chat, turn);
  while (session.sorted && session.owed.length > 0 && session.replaying.size < limits.replaysAtOnce && fits(session, smallFrameBytes)) {
    const { conversation, newestMs } = session.owed.pop()!;
    const known = state.chats.get(conversation);
    if (known === undefined && !state.marks.has(conversation)) continue;
    const chat = known ?? chatOf(state, conversation);
    chat.queued = false;
    if (newestMs !== Infinity) chat.announce = true;
    beginReplay(state, session, chat, turn);
  }
}

function beginReplay(state: Device, session: Session, chat: Chat, turn: Turn): void {
  if (chat.flow === "replaying") return;
  if (chat.flow === "live") {
    announce(session, chat, turn);
    return;
  }
  chat.flow = "replaying";
  session.replaying.add(chat);
  needRow(chat, turn);
  advance(state, session, chat, turn);
}

/** Heads of what is owed, a few at a time; when all are known, the newest goes first. */
function lookOn(state: Device, session: Session, turn: Turn): void {
  if (session.sorted) return;
  while (session.looks < limits.looksAtOnce && session.unseen.length > 0) {
    const conversation = session.unseen.pop()!;
    const mark = state.marks.get(conversation);
    if (mark === undefined) continue;
    session.looks++;
    const hint = maxOf(mark.heard, mark.from - 1n);
    turn.effects.push({ type: "look", conversation, why: "start", ticket: session.ticket, hint });
  }
  if (session.looks > 0 || session.unseen.length > 0) return;
  session.owed.sort((a, b) => (a.newestMs < b.newestMs ? -1 : a.newestMs > b.newestMs ? 1 : 0));
  session.sorted = true;
}

/** Takes one chat as far as it goes without waiting: frames that were read, then the next question or read, or the cutover. */
function advance(state: Device, session: Session, chat: Chat, turn: Turn): void {
  const { replay } = chat;
  if (chat.row !== "read" || replay.busy) return;
  for (;;) {
    if (!pushBuffer(state, session, chat, turn)) return;
    const mark = state.marks.get(chat.id);
    const target = maxOf(chat.heard, maxOf(mark?.heard ?? 0n, mark?.head ?? 0n));
    if (chat.pushed >= target) {
      cutOver(state, session, chat, turn);
      return;
    }
    if (!fits(session, smallFrameBytes)) return;
    if (replay.entitled === undefined) {
      ask(state, session, chat, target, turn);
      return;
    }
    const next = chat.pushed + 1n;
    if (replay.entitled || replay.next === next) {
      readOn(session, chat, turn);
      return;
    }
    // Only as far as was asked about: the log may have gone on since.
    skipOver(chat, replay.next === undefined ? replay.until : replay.next - 1n);
  }
}

/** Nothing lies between what was handed over and what is there: from now on entries are pushed as they come. */
function cutOver(state: Device, session: Session, chat: Chat, turn: Turn): void {
  chat.flow = "live";
  session.replaying.delete(chat);
  announce(session, chat, turn);
  state.touched.add(chat);
}

export function announce(session: Session, chat: Chat, turn: Turn): void {
  if (!chat.announce || session.syncing.has(chat.id)) return;
  chat.announce = false;
  turn.effects.push({ type: "push", session: session.ref, what: { type: "caught-up", conversation: chat.id } });
}

function ask(state: Device, session: Session, chat: Chat, target: bigint, turn: Turn): void {
  chat.replay.busy = true;
  chat.replay.until = target;
  const { ticket } = chat.replay;
  const at = chat.pushed + 1n;
  turn.effects.push({ type: "entitle", conversation: chat.id, account: session.account, why: "replay", ticket, at, head: target });
}

function readOn(session: Session, chat: Chat, turn: Turn): void {
  chat.replay.busy = true;
  const entries = Math.min(limits.sliceEntries, Math.max(1, limits.windowEntries - session.windowEntries));
  const { ticket } = chat.replay;
  const from = chat.pushed + 1n;
  turn.effects.push({ type: "read-slice", conversation: chat.id, why: "replay", ticket, from, entries, bytes: limits.sliceBytes });
}

/** Sequences outside the device's intervals are not even read. */
function skipOver(chat: Chat, to: bigint): void {
  const { replay } = chat;
  const from = chat.pushed + 1n;
  const what = { type: "skip", conversation: chat.id, from, to, prev: chat.pushed } as const;
  replay.buffer = [{ what, through: to, bytes: smallFrameBytes }];
  replay.at = 0;
  if (replay.next === undefined) delete replay.entitled;
}

/** False: the window is full, and frames are left. */
function pushBuffer(state: Device, session: Session, chat: Chat, turn: Turn): boolean {
  const { replay } = chat;
  while (replay.at < replay.buffer.length) {
    const frame = replay.buffer[replay.at]!;
    if (!fits(session, frame.bytes)) return false;
    replay.at++;
    chat.pushed = frame.through;
    chat.handed = maxOf(chat.handed, frame.through);
    take(state, session, chat, frame.through, frame.bytes, turn);
    turn.effects.push({ type: "push", session: session.ref, what: frame.what });
  }
  replay.buffer = [];
  replay.at = 0;
  return true;
}

export function onReplayEntitled(state: Device, news: Extract<DeviceNews, { type: "entitled" }>): void {
  const replay = state.chats.get(news.conversation)?.replay;
  if (replay?.ticket !== news.ticket) return;
  replay.busy = false;
  replay.entitled = news.entitled;
  if (news.next === undefined) delete replay.next;
  else replay.next = news.next;
}

/** Entries that were read; what is not there yet, though a delivery or the head named it, is read again a little later. */
export function onReplaySlice(state: Device, news: Extract<DeviceNews, { type: "slice-read" }>, turn: Turn): void {
  const chat = state.chats.get(news.conversation);
  if (chat?.replay.ticket !== news.ticket || state.account === undefined) return;
  const { replay } = chat;
  const entries = withoutGaps(news);
  if (entries.length === 0) {
    const { conversation, ticket, from } = news;
    const effect = {
      type: "read-slice",
      conversation,
      why: "replay",
      ticket,
      from,
      entries: limits.sliceEntries,
      bytes: limits.sliceBytes,
    } as const;
    state.retries.push({ dueMs: turn.nowMs + limits.readRetryMs, effect });
    wakeAt(state, turn, turn.nowMs + limits.readRetryMs);
    return;
  }
  const { frames, entitled } = framesOf(chat.id, entries, replay.entitled === true, state.account, state.id);
  replay.busy = false;
  replay.buffer = frames;
  replay.at = 0;
  delete replay.next;
  // Whether the device comes back later is asked of the log, so that nothing between is read.
  if (entitled) replay.entitled = true;
  else delete replay.entitled;
}

/** The longest run of sequences from the one that was asked for: a hole is never passed over. */
export function withoutGaps({ from, entries }: Extract<DeviceNews, { type: "slice-read" }>): typeof entries {
  let count = 0;
  while (count < entries.length && entries[count]!.header.seq === from + BigInt(count)) count++;
  return count === entries.length ? entries : entries.slice(0, count);
}
