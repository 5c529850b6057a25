import { limits } from "../../lib/limits.js";
import type { TokenBucket } from "../../lib/token-bucket.js";
import type { AccountId, ConversationId, DeviceId, MessageId } from "../../lib/ids.js";
import type { Entry, Header } from "../../protos/entry.js";
import type { ReplyTo, ToConversation, Watermarks } from "../../protos/messages.js";
import type { EntitledInterval } from "../../protos/signed/entitlement.js";
import type { Roster } from "../../protos/signed/roster.js";
import type { ErrorCode } from "../../lib/errors.js";
import type { BucketState } from "./ports.js";

/** The first answer to a send, kept for its retries. */
export interface StoredSend {
  readonly counter: bigint;
  readonly id: MessageId;
  readonly hash: Uint8Array;
  readonly seq: bigint;
  readonly timeMs: number;
}

/** What a refusal says beside its code. */
export interface RefusalDetails {
  readonly counter?: bigint;
  readonly expected?: bigint;
  readonly storedId?: MessageId;
  readonly retryAfterMs?: number;
}

/** Control entries that somebody asked for, or lacks. The shell reads them from the log, as many as a page holds. */
export interface RosterAnswer {
  /** Of the send that named an older roster; absent: a page of fetchRoster. */
  readonly mismatchAt?: bigint;
  readonly rosterSeq: bigint;
  readonly seqs: readonly bigint[];
}

/** One delivery that a device's actor has not accepted. */
export interface OpenDelivery {
  readonly seq: bigint;
  readonly prev: bigint;
  readonly from: bigint;
}

/** What the conversation knows of one device that is or was in it. */
export interface DeviceFold {
  readonly id: DeviceId;
  readonly account: AccountId;
  /** In which it is entitled to entries, oldest first. */
  intervals: EntitledInterval[];
  /** Newest durable sequence that held something for it. */
  held: bigint;
  /** Newest durable sequence that its actor was asked to accept. */
  loud: bigint;
  /** Counter of its newest send; sequenced, so perhaps still on its way to the log. */
  counter: bigint;
  /** Its newest sends, by counter, at most limits.recentSendsPerDevice. */
  recent: StoredSend[];
  /** In order of sequence. */
  open: OpenDelivery[];
  watermarks: Watermarks;
  /** Its actor said that it was unlinked: nothing more is delivered to it. */
  gone: boolean;
  /** Not known to be offline: it hears of receipts. */
  attentive: boolean;
  /** It has missed notices, or asked for all. */
  wantsAll: boolean;
}

/** An entry that some device or account has not accepted yet. */
export interface OpenEntry {
  readonly seq: bigint;
  readonly header: Header;
  /** Undefined: its bodies are read from the log for the next try. */
  entry: Entry | undefined;
  bytes: number;
  /** Devices and accounts that have not answered. */
  left: number;
  /** Accounts that were not told yet that they are in. */
  joins: Set<AccountId> | undefined;
  dueMs: number;
  delayMs: number;
}

/** An entry that has its sequence and waits for the log, with those who wait for it. */
export interface PendingEntry {
  readonly entry: Entry;
  readonly bytes: number;
  /** Requests that are answered by `sent`. */
  readonly askers: ReplyTo[];
  /** An account that is answered by `told-heard`. */
  readonly told?: { readonly account: AccountId; readonly version: number };
  /** Control entries: the roster before it, should it never be written. */
  readonly before?: { readonly roster: Roster | undefined };
}

/** An answer that leaves once its sequence is durable. */
export interface GatedAnswer {
  readonly seq: bigint;
  readonly to: ReplyTo;
  /** One of three: a refusal, the control entries that a refused send lacked, or `sent`. */
  readonly code?: ErrorCode;
  readonly details?: RefusalDetails;
  readonly roster?: RosterAnswer;
  readonly send?: StoredSend;
}

/** A `sent` that waits for its intent. */
export interface AwaitingIntent {
  readonly to: ReplyTo;
  readonly send: StoredSend;
  readonly existing: boolean;
}

/** How far an activation has come. */
export interface Loading {
  /** Mail that came meanwhile, in order, at most limits.conversationWaitingMax. */
  waiting: ToConversation[];
  stage: "hint" | "probe" | "fence" | "read" | "headers" | "pause";
  tries: number;
  /** Newest bucket found so far. */
  head: { readonly bucket: bigint; readonly cells: BucketState } | undefined;
  /** What the last fence tried to write: found in the log, it is ours, since nobody else uses that epoch. */
  tried: { readonly bucket: bigint; readonly epoch: bigint; readonly lastSeq: bigint } | undefined;
  /** The snapshot covers the log through here. */
  through: bigint;
  /** The header that is read next. */
  nextHeader: bigint;
  headersDone: boolean;
  watermarks: ReadonlyMap<DeviceId, Watermarks> | undefined;
}

export type Phase = "loading" | "ready" | "draining" | "ended";

/**
 * One activation's view of one conversation: a cache of the log and what is in flight. A class only so that the runtime can ask who
 * waits (`waiters`) when it must drop a state that threw; all decisions are functions beside it.
 */
export class Conversation {
  readonly id: ConversationId;
  phase: Phase = "loading";
  shardEpoch = 0n;
  /** Of this activation: what its writes bear and its deliveries are keyed by. */
  epoch = 0n;
  loading: Loading | undefined;

  // what the log has
  /** Newest sequence that the log confirmed. */
  durable = 0n;
  /** As the newest bucket's static cells have it. */
  fannedStored = 0n;
  trimmed = 0n;
  masked = 0n;
  /** The bucket that durable + 1 belongs to bears this activation's epoch. */
  bucketOpen = false;
  opening = false;

  // what is sequenced (the log's fold, and what is on its way to it)
  roster: Roster | undefined = undefined;
  /** Sequences of all control entries. */
  controls: bigint[] = [];
  genesis: StoredSend | undefined = undefined;
  readonly devices = new Map<DeviceId, DeviceFold>();
  readonly rates = new Map<AccountId, TokenBucket>();

  // on the way to the log
  appending: PendingEntry[] = [];
  waiting: PendingEntry[] = [];
  waitingBytes = 0;
  batches = 0n;
  gated: GatedAnswer[] = [];

  // on the way to devices
  /** The low-water may pass this conversation. */
  clean = true;
  intent: "none" | "issuing" | "durable" = "none";
  awaitingIntent: AwaitingIntent[] = [];
  /** By sequence, in order. */
  readonly open = new Map<bigint, OpenEntry>();
  openBytes = 0;
  /** A read of bodies for redelivery is under way. */
  rereading = false;
  /** Newest entry of scope `all` that a client sent: only these tick. */
  lastTick = 0n;

  /** When the runtime was asked to tick next. */
  wakeMs = Infinity;

  // receipts
  readonly changedReceipts = new Set<DeviceId>();
  receiptsDueMs = 0;
  /** What others were told last of an account. */
  readonly toldReceipts = new Map<AccountId, Watermarks>();

  // maintenance
  writing: "fanned" | "snapshot" | "trim-headers" | "trim-probe" | "trim" | undefined = undefined;
  passivating = false;
  /** What passivation tries once. */
  fannedTried = false;
  trimTried = false;
  drainUntilMs = 0;
  snapshotThrough = 0n;
  snapshotVersion = 0n;
  snapshotMs = 0;
  /** A version that another activation holds, or a write that failed: none is written again in this activation. */
  snapshotLost = false;
  trimDueMs = 0;
  trimCheckMs = 0;
  trimThrough = 0n;

  constructor(id: ConversationId) {
    this.id = id;
  }

  /** Everybody who is owed an answer. */
  waiters(): readonly ReplyTo[] {
    const found: ReplyTo[] = [];
    for (const message of this.loading?.waiting ?? []) if ("from" in message) found.push(message.from);
    for (const pending of this.appending) found.push(...pending.askers);
    for (const pending of this.waiting) found.push(...pending.askers);
    for (const { to } of this.gated) found.push(to);
    for (const { to } of this.awaitingIntent) found.push(to);
    return found;
  }
}

/** The sequence that the next entry gets. */
export function nextSeq(state: Conversation): bigint {
  return state.durable + BigInt(state.appending.length + state.waiting.length) + 1n;
}

/** The newest sequence up to which all devices have accepted what there was for them. */
export function fannedThrough(state: Conversation): bigint {
  for (const seq of state.open.keys()) return seq - 1n;
  return state.durable;
}

export function bucketOf(seq: bigint): bigint {
  return (seq - 1n) >> BigInt(limits.bucketBits);
}

/** First sequence of a bucket. */
export function bucketStart(bucket: bigint): bigint {
  return (bucket << BigInt(limits.bucketBits)) + 1n;
}

/** Last sequence of a bucket. */
export function bucketEnd(bucket: bigint): bigint {
  return (bucket + 1n) << BigInt(limits.bucketBits);
}

export const noWatermarks: Watermarks = { delivered: 0n, read: 0n, except: [] };

/** The fold of a device, made at its first mention. */
export function deviceFold(state: Conversation, id: DeviceId, account: AccountId): DeviceFold {
  let device = state.devices.get(id);
  if (device === undefined) {
    device = {
      id,
      account,
      intervals: [],
      held: 0n,
      loud: 0n,
      counter: 0n,
      recent: [],
      open: [],
      watermarks: noWatermarks,
      gone: false,
      attentive: true,
      wantsAll: false,
    };
    state.devices.set(id, device);
  }
  return device;
}
