import type { BoundedQueue } from "../../lib/bounded.js";
import type { AccountId, ConversationId, DeviceId } from "../../lib/ids.js";
import type { Asker, ReplyTo, SequenceRange, SessionRef, Watermarks } from "../../protos/messages.js";
import type { Ack, DeviceEffect, DeviceMail, PushedEntries, ToldDelivery } from "./messages.js";

/** `draining`: no new sessions, everything unaccepted becomes a mark, then it ends. */
export type Phase = "loading" | "ready" | "draining" | "stopped";

/** "All that the log entitles this device to, from here on." Kept for every owed conversation, loaded as a chat or not. */
export interface Mark {
  from: bigint;
  /** A clearing mark covers nothing: its end may be durable already. */
  phase: "durable" | "clearing";
  /** Highest sequence that a delivery of this activation named. */
  heard: bigint;
  /** Head of the log by a serial read that began after this activation's fence. */
  head?: bigint;
}

/** A delivery that this actor has not taken responsibility for. Holds no body: what cannot be pushed now is read from the log. */
export interface OpenDelivery {
  readonly seq: bigint;
  readonly from: bigint;
  readonly activation: bigint;
  readonly sinceMs: number;
  /** Was here when the mark write in flight was issued: its outcome proves ownership later than the delivery. */
  inWrite: boolean;
}

/** Where a conversation stands in the present session. `live`: everything up to `pushed` was handed over, and what comes next may be pushed. */
export type Flow = "behind" | "replaying" | "live";

/** One conversation that has something under way. What is merely owed is a mark alone. */
export interface Chat {
  readonly id: ConversationId;
  /** Whether the receipt row was read: before that nobody knows what the device has. Offline nobody needs to know. */
  row: "unread" | "reading" | "read";
  /** Watermarks as they are to be; `durable` as the row has them; `told` as the conversation has heard them. */
  delivered: bigint;
  read: bigint;
  except: readonly SequenceRange[];
  durable: Watermarks;
  told: { delivered: bigint; read: bigint };
  /** What the row's write in flight holds. */
  writing?: Watermarks;
  writeDueMs: number;
  /** Present while the conversation is being told; when it is told again, and after what pause then. */
  telling?: { dueMs: number; pauseMs: number };
  /** All up to here is with the client, as far as this session believes. Below `delivered` only when the client said that its store was set back. */
  acked: bigint;
  /** Everything up to here was handed to the present session. */
  pushed: bigint;
  /** Highest sequence handed out in any way: an ack above it needs a look at the log. */
  handed: bigint;
  heard: bigint;
  /** Of the log, by a serial read of this activation. */
  head?: bigint;
  looking: boolean;
  /** The log says that this device belongs to the conversation, or did: asked only when nothing else says so. */
  member: boolean;
  flow: Flow;
  /** In the session's list of what is owed. */
  queued: boolean;
  /** `caughtUp` is owed once it is live. */
  announce: boolean;
  open: OpenDelivery[];
  /** Came before the row was read, with their bodies. */
  arrivals: ToldDelivery[];
  /** Acks that wait for the row or for a look at the head. */
  acks: Ack[];
  /** Pushed and not acked. */
  window: { readonly seq: bigint; readonly bytes: number }[];
  /** Lowest `from` that a mark has to cover and no write has been issued for. */
  wanted?: bigint;
  /** Once the mark is durable, what was pushed and not acked is pushed again. */
  rewind: boolean;
  replay: Replay;
  /** READ acks to answer once the row holds them. */
  reads: { readonly to: Asker; readonly through: bigint }[];
}

/** Replay of one conversation: one read at a time, answers of older reads are thrown away. */
export interface Replay {
  ticket: number;
  busy: boolean;
  /** Membership just behind `pushed`; undefined: not looked up. */
  entitled?: boolean;
  /** While not entitled: the next sequence at which it is again, if there is one up to the head. */
  next?: bigint;
  /** The head up to which that was asked. */
  until: bigint;
  /** Read and not pushed yet. */
  buffer: readonly PushedEntries[];
  at: number;
}

export interface SyncItem {
  readonly conversation: ConversationId;
  readonly last: bigint;
  readonly full: boolean;
  /** The cursor was held against the head of the log. */
  looked: boolean;
  /** When the conversation was asked for its receipts; undefined: not yet. */
  askedMs?: number;
}

export interface Session {
  readonly ref: SessionRef;
  readonly account: AccountId;
  readonly conn: bigint;
  /** Pushes begin: after the last page of syncState, or after a pause when none comes (the session was attached again). */
  started: boolean;
  startDueMs: number;
  /** A `live` is owed, in answer to that request; 0 when none asked for it. */
  liveOwed: boolean;
  syncRequest: number;
  /** Marked conversations whose head is still to be looked up, and how many looks are under way. */
  unseen: ConversationId[];
  looks: number;
  /** Of this start: answers of an older one do not count. */
  ticket: number;
  sorted: boolean;
  /** Owed conversations; the last one is the next. */
  owed: { readonly conversation: ConversationId; readonly newestMs: number }[];
  replaying: Set<Chat>;
  syncQueue: BoundedQueue<SyncItem>;
  syncing: Map<ConversationId, SyncItem>;
  foreign: ConversationId[];
  windowEntries: number;
  windowBytes: number;
  /** Since when something lies with the client and no ack made progress; Infinity: nothing does. */
  stalledMs: number;
}

export interface FetchJob {
  readonly from: Asker;
  readonly conversation: ConversationId;
  readonly ticket: number;
  readonly first: bigint;
  last: bigint;
  /** The next sequence to be sent. */
  at: bigint;
  head: bigint;
  entitled: boolean;
  /** Of what was sent. */
  bytes: number;
}

/** What the write in flight does. */
export interface Write {
  readonly set: readonly { readonly conversation: ConversationId; readonly from: bigint }[];
  readonly clear: readonly ConversationId[];
  readonly revoked: boolean;
}

/** State of a device's actor: a cache of its row, the present session, and what is under way. */
export interface Device {
  readonly id: DeviceId;
  phase: Phase;
  shardEpoch: bigint;
  epoch: bigint;
  ver: bigint;
  attempts: number;
  /** A load is to be tried again at the next tick. */
  loadLater: boolean;
  revoked: boolean;
  /** Accounts that wait for `revoked-durable`. */
  revokers: Set<AccountId>;
  /** Learned from the first session; needed to tell receipts and to fold membership. */
  account?: AccountId;
  /** Mail that came while loading. */
  waiting: DeviceMail[];
  marks: Map<ConversationId, Mark>;
  chats: Map<ConversationId, Chat>;
  /** Chats beyond which quiet ones are forgotten. */
  sweepAt: number;
  session?: Session;
  conn: bigint;
  tickets: number;
  write?: Write;
  /** Chats whose mark may perhaps go now; looked through at the end of each step. */
  touched: Set<Chat>;
  wantedMarks: Set<Chat>;
  clearWanted: Set<Chat>;
  raiseWanted: Set<Chat>;
  openCount: number;
  arrivalBytes: number;
  fetches: FetchJob[];
  /** Reads that failed, to be tried again. */
  retries: { readonly dueMs: number; readonly effect: DeviceEffect }[];
  /** When the runtime will wake this actor; Infinity: it will not. */
  wakeMs: number;
  waiters(): readonly ReplyTo[];
  /** Whom a host that drops this state has to close, since pushes to it have ended. */
  attached(): SessionRef | undefined;
}

export function createDevice(id: DeviceId): Device {
  const device: Device = {
    id,
    phase: "loading",
    shardEpoch: 0n,
    epoch: 0n,
    ver: 0n,
    attempts: 0,
    loadLater: false,
    revoked: false,
    revokers: new Set(),
    waiting: [],
    marks: new Map(),
    chats: new Map(),
    sweepAt: 256,
    conn: 0n,
    tickets: 0,
    touched: new Set(),
    wantedMarks: new Set(),
    clearWanted: new Set(),
    raiseWanted: new Set(),
    openCount: 0,
    arrivalBytes: 0,
    fetches: [],
    retries: [],
    wakeMs: Infinity,
    waiters: () => waitersOf(device),
    attached: () => device.session?.ref ?? device.waiting.findLast((mail) => mail.type === "attach")?.session,
  };
  return device;
}

function waitersOf(device: Device): ReplyTo[] {
  const waiters: ReplyTo[] = [];
  for (const message of device.waiting) if ("from" in message && message.from.requestId !== 0) waiters.push(message.from);
  for (const job of device.fetches) waiters.push(job.from);
  for (const chat of device.chats.values()) {
    for (const { to } of chat.reads) if (to.requestId !== 0) waiters.push(to);
    for (const { from } of chat.acks) if (from.requestId !== 0) waiters.push(from);
  }
  return waiters;
}

export function newReplay(ticket: number): Replay {
  return { ticket, busy: false, until: 0n, buffer: [], at: 0 };
}

export const maxOf = (a: bigint, b: bigint): bigint => (a > b ? a : b);
export const minOf = (a: bigint, b: bigint): bigint => (a < b ? a : b);

/** Whether a message comes over the session that is attached now. */
export function isPresent(state: Device, ref: SessionRef): boolean {
  const present = state.session?.ref;
  return present !== undefined && sameSession(present, ref);
}

export function sameSession(a: SessionRef, b: SessionRef): boolean {
  return a.socket === b.socket && a.gateway === b.gateway;
}

/** Whether a durable mark holds this sequence. The one place that says so: a clearing mark covers nothing. */
export function covers(mark: Mark | undefined, seq: bigint): boolean {
  return mark?.phase === "durable" && mark.from <= seq;
}
