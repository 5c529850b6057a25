import { BoundedQueue } from "../../lib/bounded.js";
import type { ConversationId } from "../../lib/ids.js";
import { limits } from "../../lib/limits.js";
import type { CloseReason } from "../../protos/close-codes.js";
import type { Asker, ServerFrame, SessionRef } from "../../protos/messages.js";
import { settle } from "./acceptance.js";
import { fallBehind, needRow } from "./chats.js";
import { releaseArrivals } from "./deliveries.js";
import type { Attach, Turn } from "./messages.js";
import { isPresent, newReplay, sameSession, type Chat, type Device, type Session } from "./state.js";
import { wakeAt } from "./wake.js";

/**
 * The highest `conn` wins: the device counts its connections durably, so an equal or lower one is older, or a copied store. The same
 * socket again is the same session after a break between gateway and owner: pushes may have been lost, so all above acked goes out again.
 */
export function onAttach(state: Device, attach: Attach, turn: Turn): void {
  const { session: ref, account, conn } = attach;
  const refusal = refusalOf(state, attach);
  if (refusal !== undefined) {
    turn.effects.push({ type: "close", session: ref, reason: refusal });
    return;
  }
  const before = state.session;
  const again = before !== undefined && sameSession(before.ref, ref);
  if (before !== undefined && !again) turn.effects.push({ type: "close", session: before.ref, reason: "replaced" });
  state.conn = conn;
  state.account = account;
  state.session = newSession(ref, attach, ++state.tickets, turn);
  state.fetches = [];
  for (const chat of state.chats.values()) reset(state, chat);
  if (attach.synced === true || (again && before.started)) start(state, turn);
  else wakeAt(state, turn, state.session.startDueMs);
  turn.effects.push({ type: "tell-seen", account });
}

function refusalOf(state: Device, { session, conn }: Attach): CloseReason | undefined {
  if (state.revoked) return "revoked";
  if (state.phase === "draining") return "draining";
  if (isPresent(state, session)) return undefined;
  return conn <= state.conn ? "replaced" : undefined;
}

function newSession(ref: SessionRef, { account, conn }: Attach, ticket: number, turn: Turn): Session {
  return {
    ref,
    account,
    conn,
    started: false,
    startDueMs: turn.nowMs + limits.syncGraceMs,
    liveOwed: true,
    syncRequest: 0,
    unseen: [],
    looks: 0,
    ticket,
    sorted: false,
    owed: [],
    replaying: new Set(),
    syncQueue: new BoundedQueue(limits.conversationsPerAccountMax),
    syncing: new Map(),
    foreign: [],
    windowEntries: 0,
    windowBytes: 0,
    stalledMs: Infinity,
  };
}

/** Nothing that was pushed counts for another session: all above acked is handed over again. */
function reset(state: Device, chat: Chat): void {
  chat.window = [];
  chat.pushed = chat.acked;
  chat.handed = chat.acked;
  chat.queued = false;
  chat.announce = false;
  chat.rewind = false;
  chat.acks = [];
  chat.reads = [];
  chat.replay = newReplay(++state.tickets);
  chat.flow = chat.row !== "read" || state.marks.has(chat.id) || chat.heard > chat.acked ? "behind" : "live";
}

/** Pushes begin. What is owed the marks say: each one's head is looked up, for the order and for the day when it may go. */
export function start(state: Device, turn: Turn): void {
  const session = state.session;
  if (session === undefined || session.started) return;
  session.started = true;
  session.unseen = [...state.marks.keys()];
  for (const chat of state.chats.values()) {
    if (chat.row === "unread" && chat.open.length > 0) needRow(chat, turn);
    if (chat.flow === "behind" && chat.row === "read") fallBehind(state, chat);
  }
}

export function onDetach(state: Device, ref: SessionRef, turn: Turn): void {
  if (!isPresent(state, ref)) return;
  if (state.account !== undefined) turn.effects.push({ type: "tell-seen", account: state.account });
  leave(state, turn);
}

/** Closes the present session. */
export function dismiss(state: Device, reason: CloseReason, turn: Turn): void {
  if (state.session === undefined) return;
  turn.effects.push({ type: "close", session: state.session.ref, reason });
  leave(state, turn);
}

/** Nobody is there to ack what was pushed: it becomes marks. */
function leave(state: Device, turn: Turn): void {
  delete state.session;
  state.fetches = [];
  for (const chat of state.chats.values()) {
    reset(state, chat);
    releaseArrivals(state, chat, turn);
    settle(state, chat, turn);
  }
}

/** A socket that is not the present session speaks: an older one was closed already; one that nobody attached here has to come anew. */
export function strange(state: Device, from: Asker, turn: Turn): void {
  if (from.requestId !== 0) turn.effects.push({ type: "refuse", to: from, code: state.session === undefined ? "draining" : "replaced" });
  if (state.session === undefined) turn.effects.push({ type: "close", session: from, reason: state.revoked ? "revoked" : "draining" });
}

export function onNack(state: Device, from: Asker, conversation: ConversationId, seq: bigint, reason: string, turn: Turn): void {
  if (isPresent(state, from)) turn.effects.push({ type: "note-nack", conversation, seq, reason });
  else strange(state, from, turn);
}

/** For a live session only. */
export function onNotice(state: Device, frame: ServerFrame, turn: Turn): void {
  if (state.session !== undefined) turn.effects.push({ type: "push", session: state.session.ref, what: { type: "frame", frame } });
}
