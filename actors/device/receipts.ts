import { limits } from "../../lib/limits.js";
import { addRange, mergeRanges, type Ranges, type SequenceRange } from "../../lib/ranges.js";
import type { AccountId, ConversationId } from "../../lib/ids.js";
import { settle } from "./acceptance.js";
import { chatOf, look, needRow, rewind } from "./chats.js";
import type { Ack, Turn } from "./messages.js";
import { dismiss, strange } from "./sessions.js";
import { isPresent, maxOf, minOf, type Chat, type Device } from "./state.js";
import { tell, writeRow } from "./telling.js";
import { release } from "./window.js";

/** Sequences are signed in stores that know no other integers; nothing honest comes near. */
const sequenceMax = (1n << 63n) - 1n;

/** The client's word that it has stored everything through a sequence. Only the present session's word counts. */
export function onAck(state: Device, ack: Ack, turn: Turn): void {
  if (!isPresent(state, ack.from)) {
    strange(state, ack.from, turn);
    return;
  }
  if (!isWellFormed(ack)) {
    refuseCursor(state, ack, turn);
    return;
  }
  state.account = ack.from.account;
  const chat = chatOf(state, ack.conversation);
  if (chat.row === "read") judgeAck(state, chat, ack, turn);
  else {
    needRow(chat, turn);
    waitFor(chat, ack, turn);
  }
}

function isWellFormed({ through, except }: Ack): boolean {
  if (through < 0n || through > sequenceMax || except.length > limits.exceptRangesMax) return false;
  return except.every(({ from, to }) => from >= 1n && from <= to && to <= through);
}

/**
 * Up to what was handed out an ack is taken as it is. Above it, the client may have stored more before its owner was lost, whose memory
 * of that is gone: then the log decides, its head and, where nothing else speaks for the device, its members. Beyond that it lies.
 */
export function judgeAck(state: Device, chat: Chat, ack: Ack, turn: Turn): void {
  const { through } = ack;
  const inLog = chat.head !== undefined && through <= chat.head && isKnown(state, chat);
  if (through <= chat.handed || through <= chat.delivered || inLog) take(state, chat, ack, turn);
  else {
    waitFor(chat, ack, turn);
    look(chat, turn);
  }
}

/** After a look at the head. */
export function judgeWaitingAcks(state: Device, chat: Chat, head: bigint, turn: Turn): void {
  const acks = chat.acks;
  chat.acks = [];
  for (const ack of acks) {
    if (state.session === undefined) return;
    if (ack.through > head) refuseCursor(state, ack, turn);
    else if (isKnown(state, chat)) take(state, chat, ack, turn);
    else {
      if (chat.acks.length === 0) askMembership(state.session.account, chat, ack.through, head, turn);
      chat.acks.push(ack);
    }
  }
}

function askMembership(account: AccountId, chat: Chat, at: bigint, head: bigint, turn: Turn): void {
  turn.effects.push({ type: "entitle", conversation: chat.id, account, why: "ack", ticket: 0, at, head });
}

/** After a walk along the log's control entries. */
export function onAckEntitled(state: Device, conversation: ConversationId, member: boolean, turn: Turn): void {
  const chat = state.chats.get(conversation);
  if (chat === undefined) return;
  chat.member = member;
  const acks = chat.acks;
  chat.acks = [];
  for (const ack of acks) {
    if (state.session === undefined) return;
    if (member) judgeAck(state, chat, ack, turn);
    else refuseCursor(state, ack, turn);
  }
}

/** Whether anything says that this device has to do with the conversation. */
export function isKnown(state: Device, chat: Chat): boolean {
  return chat.member || state.marks.has(chat.id) || chat.delivered > 0n || chat.handed > 0n || chat.heard > 0n;
}

/** Acks are cumulative: of too many the oldest is answered by those behind it. */
function waitFor(chat: Chat, ack: Ack, turn: Turn): void {
  chat.acks.push(ack);
  if (chat.acks.length <= limits.acksWaitingMax) return;
  const { from, except } = chat.acks.shift()!;
  // Its exceptions are its own: what the next one covers without them would tick.
  chat.acks[0] = { ...chat.acks[0]!, except: mergeRanges(chat.acks[0]!.except, except) };
  if (from.requestId !== 0) turn.effects.push({ type: "refuse", to: from, code: "overloaded" });
}

function refuseCursor(state: Device, ack: Ack, turn: Turn): void {
  if (ack.from.requestId !== 0) turn.effects.push({ type: "refuse", to: ack.from, code: "bad-cursor" });
  dismiss(state, "bad-cursor", turn);
}

function take(state: Device, chat: Chat, ack: Ack, turn: Turn): void {
  const { through } = ack;
  for (const range of ack.except) if (!includes(chat.except, range)) chat.except = addRange(chat.except, range);
  chat.delivered = maxOf(chat.delivered, through);
  if (ack.status === "read") {
    chat.read = maxOf(chat.read, through);
    answerRead(chat, ack, turn);
  }
  if (through > chat.acked) {
    chat.acked = through;
    if (through > chat.pushed) rewind(state, chat, through);
    if (state.session !== undefined) release(state.session, chat, turn);
  }
  state.touched.add(chat);
  writeRow(state, chat, turn);
}

/** The same list stays where nothing is new, so that a repeated ack writes nothing. */
function includes(ranges: Ranges, range: SequenceRange): boolean {
  return ranges.some(({ from, to }) => from <= range.from && range.to <= to);
}

/** `readStored` says that the row holds it: before that the client asks again. */
function answerRead(chat: Chat, ack: Ack, turn: Turn): void {
  if (chat.durable.read >= ack.through) storedRead(chat, ack.from.requestId === 0 ? undefined : ack.from, ack.from, ack.through, turn);
  else if (chat.reads.length < limits.readsWaitingMax) chat.reads.push({ to: ack.from, through: ack.through });
  else if (ack.from.requestId !== 0) turn.effects.push({ type: "refuse", to: ack.from, code: "overloaded" });
}

function storedRead(chat: Chat, to: Ack["from"] | undefined, session: Ack["from"], through: bigint, turn: Turn): void {
  const conversation = chat.id;
  if (to !== undefined) turn.effects.push({ type: "read-stored", to, conversation, through });
  else turn.effects.push({ type: "push", session, what: { type: "read-stored", conversation, through } });
}

/** Durable: READ acks are answered, and the conversation is told. Not known: written again, it is the same register. */
export function onRowWritten(state: Device, conversation: ConversationId, durable: boolean, turn: Turn): void {
  const chat = state.chats.get(conversation);
  if (chat?.writing === undefined) return;
  const written = chat.writing;
  delete chat.writing;
  if (durable) {
    chat.durable = written;
    const reads = chat.reads;
    chat.reads = reads.filter(({ through }) => through > written.read);
    for (const { to, through } of reads)
      if (through <= written.read) storedRead(chat, to.requestId === 0 ? undefined : to, to, through, turn);
    delete chat.telling;
    tell(state, chat, turn);
  } else chat.writeDueMs = turn.nowMs + limits.readRetryMs;
  writeRow(state, chat, turn);
}

/** The conversation knows what is durable: only now is a delivery accepted as acked, or a mark cleared. */
export function onReceiptHeard(state: Device, conversation: ConversationId, delivered: bigint, read: bigint, turn: Turn): void {
  const chat = state.chats.get(conversation);
  if (chat === undefined) return;
  chat.told.delivered = maxOf(chat.told.delivered, minOf(delivered, chat.durable.delivered));
  chat.told.read = maxOf(chat.told.read, minOf(read, chat.durable.read));
  if (chat.told.delivered >= chat.durable.delivered && chat.told.read >= chat.durable.read) delete chat.telling;
  settle(state, chat, turn);
  state.touched.add(chat);
}
