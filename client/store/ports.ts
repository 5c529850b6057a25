import type { AccountId, ConversationId, DeviceId, MessageId } from "../../lib/ids.js";
import type {
  ChainRow,
  ChatRow,
  ContactRow,
  ControlRow,
  EvidenceRow,
  IdentityRow,
  InboxRow,
  OutboxRow,
  ReceiptRow,
  RetryRow,
  RosterRow,
} from "./rows.js";

export type * from "./rows.js";

/**
 * Everything a device knows, in one place that one process holds. Reads are synchronous and see committed state, or inside a
 * transaction its own writes too. Rows are copied in and out: a row in hand never changes.
 */
export interface Store extends Reads {
  /** How often this store was opened, this time included; durable, and smaller again only in a store that was set back. */
  readonly generation: bigint;
  /**
   * Runs `work` in one transaction: all of its writes are durable when this returns, or none if `work` throws (the error goes on to
   * the caller). `work` is synchronous; a promise as its result, a nested call and a use of `tx` after the end are programming errors.
   */
  transact<Result>(work: (tx: Transaction) => Result): Result;
  /** Calls back after each commit that wrote something, with the names of the tables written. The listener must not throw or write. */
  onCommit(listener: (tables: ReadonlySet<TableName>) => void): () => void;
  /** Gives the store free for another process. Twice is harmless; every other call after it throws `stopped`. */
  close(): void;
}

export interface Reads {
  readonly identity: IdentityReads;
  readonly values: ValueReads;
  readonly chains: ChainReads;
  readonly evidence: EvidenceReads;
  readonly contacts: ContactReads;
  readonly blocks: BlockReads;
  readonly cipherRows: CipherRowReads;
  readonly chats: ChatReads;
  readonly controls: ControlReads;
  readonly receipts: ReceiptReads;
  readonly outbox: OutboxReads;
  readonly inbox: InboxReads;
  readonly counters: CounterReads;
  readonly cursors: CursorReads;
  readonly pendingReads: PendingReadReads;
  readonly retries: RetryReads;
}

export interface Transaction extends Reads {
  readonly identity: IdentityWrites;
  readonly values: ValueWrites;
  readonly chains: ChainWrites;
  readonly evidence: EvidenceWrites;
  readonly contacts: ContactWrites;
  readonly blocks: BlockWrites;
  readonly cipherRows: CipherRowWrites;
  readonly chats: ChatWrites;
  readonly controls: ControlWrites;
  readonly receipts: ReceiptWrites;
  readonly outbox: OutboxWrites;
  readonly inbox: InboxWrites;
  readonly counters: CounterWrites;
  readonly cursors: CursorWrites;
  readonly pendingReads: PendingReadWrites;
  readonly retries: RetryWrites;
}

export type TableName = keyof Reads;

export interface IdentityReads {
  get(): IdentityRow | undefined;
}
export interface IdentityWrites extends IdentityReads {
  put(row: IdentityRow): void;
}

declare const valueType: unique symbol;
/** Name of a small value with its type: `const conn = valueKey<bigint>("conn")`. Each name is declared once, beside its owner. */
export interface ValueKey<Value> {
  readonly name: string;
  readonly [valueType]?: Value;
}
export function valueKey<Value>(name: string): ValueKey<Value> {
  return { name };
}

/** Small state without a table of its own: connection count, upload number, registration secrets. Plain data only. */
export interface ValueReads {
  get<Value>(key: ValueKey<Value>): Value | undefined;
  /** Names that begin with `prefix`, in order. */
  names(prefix: string): string[];
}
export interface ValueWrites extends ValueReads {
  put<Value>(key: ValueKey<Value>, value: Value): void;
  delete(key: ValueKey<unknown>): void;
}

/** Device-list chains: what is remembered of each account, and every signed version. */
export interface ChainReads {
  get(account: AccountId): ChainRow | undefined;
  all(): ChainRow[];
  /** Encoded `Signed` of one version. */
  version(account: AccountId, version: number): Uint8Array | undefined;
  /** Versions from `from` on, ascending. */
  versions(account: AccountId, from: number, limit: number): { readonly version: number; readonly signed: Uint8Array }[];
}
export interface ChainWrites extends ChainReads {
  /** Throws if the version moves back: a chain only grows. */
  put(row: ChainRow): void;
  /** Keeps one version. Other bytes for a kept version are a programming error: a fork goes to `evidence`. */
  putVersion(account: AccountId, version: number, signed: Uint8Array): void;
}

export interface EvidenceReads {
  /** All about an account or conversation (any text), oldest first. */
  about(about: string, limit: number): EvidenceRow[];
}
export interface EvidenceWrites extends EvidenceReads {
  add(row: EvidenceRow): void;
}

export interface ContactReads {
  get(account: AccountId): ContactRow | undefined;
  byHandle(handle: string): ContactRow | undefined;
  all(): ContactRow[];
}
export interface ContactWrites extends ContactReads {
  /** A handle belongs to one contact: who had it before loses it. */
  put(row: ContactRow): void;
  delete(account: AccountId): void;
}

export interface BlockReads {
  has(account: AccountId): boolean;
  all(): AccountId[];
}
export interface BlockWrites extends BlockReads {
  add(account: AccountId): void;
  delete(account: AccountId): void;
}

/** The cipher's own table: key → bytes. Read and written through an `Overlay` only (client/cipher/overlay.ts). */
export interface CipherRowReads {
  get(key: string): Uint8Array | undefined;
  /** Keys that begin with `prefix`, in order. */
  keys(prefix: string): string[];
}
export interface CipherRowWrites extends CipherRowReads {
  put(key: string, bytes: Uint8Array): void;
  delete(key: string): void;
}

export interface ChatReads {
  get(chat: ConversationId): ChatRow | undefined;
  all(): ChatRow[];
  /** The direct conversation with an account. */
  direct(peer: AccountId): ChatRow | undefined;
  /** The self conversation. */
  self(): ChatRow | undefined;
  roster(chat: ConversationId): RosterRow | undefined;
}
export interface ChatWrites extends ChatReads {
  /** Throws if `last`, `acked` or `readThrough` moves back. */
  put(row: ChatRow): void;
  /** Throws if the fold moves back. */
  putRoster(row: RosterRow): void;
}

export interface ControlReads {
  /** Control entries from sequence `from` on, ascending. */
  list(chat: ConversationId, from: bigint, limit: number): ControlRow[];
  get(chat: ConversationId, seq: bigint): ControlRow | undefined;
}
export interface ControlWrites extends ControlReads {
  put(row: ControlRow): void;
}

export interface ReceiptReads {
  of(chat: ConversationId): ReceiptRow[];
  get(chat: ConversationId, account: AccountId, device?: DeviceId): ReceiptRow | undefined;
}
export interface ReceiptWrites extends ReceiptReads {
  put(row: ReceiptRow): void;
}

/** Sends in their order, per conversation. Rows that are `sent` or `failed` leave the order and are found by their id. */
export interface OutboxReads {
  get(chat: ConversationId, messageId: MessageId): OutboxRow | undefined;
  /** `queued` and `sending` rows in the order of sending. */
  pending(chat: ConversationId, limit: number): OutboxRow[];
  /** Conversations that have pending rows. */
  pendingChats(): ConversationId[];
  /** Every row of a conversation, by message id: for searches by `seq` use the inbox. */
  failed(chat: ConversationId, limit: number): OutboxRow[];
}
export interface OutboxWrites extends OutboxReads {
  /** Adds a row behind all pending ones of its conversation. Throws if the message id is taken. */
  append(row: OutboxRow): void;
  /** Adds a row in front of all pending ones (distributions). Throws if the message id is taken. */
  prepend(row: OutboxRow): void;
  /** Changes a row in its place. A `failed` row that becomes `queued` again goes to the end. */
  update(row: OutboxRow): void;
  delete(chat: ConversationId, messageId: MessageId): void;
}

export interface InboxReads {
  get(chat: ConversationId, seq: bigint): InboxRow | undefined;
  /** By who wrote it and the id that they gave it: ids are the writers' and unique per account only. */
  byMessage(chat: ConversationId, sender: AccountId, messageId: MessageId): InboxRow | undefined;
  /** A conversation's rows, newest first, below `before` (undefined: from the end). One page of what a person reads. */
  history(chat: ConversationId, before: bigint | undefined, limit: number): InboxRow[];
  /** A conversation's rows from `from` on, ascending. */
  list(chat: ConversationId, from: bigint, limit: number): InboxRow[];
  /** What arrived after `arrival`, in the order of arrival, over all conversations. Staged rows have not arrived. */
  arrivedAfter(arrival: bigint, limit: number): InboxRow[];
  /** The newest arrival; 0: nothing yet. */
  lastArrival(): bigint;
  /** Staged rows of one sending device, or of the whole conversation, ascending. */
  staged(chat: ConversationId, device: DeviceId | undefined, limit: number): InboxRow[];
  stagedChats(): ConversationId[];
}
export interface InboxWrites extends InboxReads {
  /**
   * Adds or changes the row at (chat, seq). It gets an arrival when it is new and not staged, when it was staged before, and when
   * a placeholder (`undecryptable`) is filled; else it keeps the one it had. `arrival` of the row given is ignored.
   */
  put(row: InboxRow): InboxRow;
  delete(chat: ConversationId, seq: bigint): void;
}

/** Highest counter accepted per (conversation, sending device): our own table of duplicates. 0: none yet. */
export interface CounterReads {
  highest(chat: ConversationId, device: DeviceId): bigint;
}
export interface CounterWrites extends CounterReads {
  /** Throws if it does not grow. */
  accept(chat: ConversationId, device: DeviceId, counter: bigint): void;
}

/** Named readers of the inbox: each has its own durable place. */
export interface CursorReads {
  /** Arrival up to which `name` has confirmed. */
  get(name: string): bigint | undefined;
}
export interface CursorWrites extends CursorReads {
  /** Only moves forward; a lower one is ignored. */
  put(name: string, arrival: bigint): void;
}

/** READ watermarks that the server has not confirmed yet. */
export interface PendingReadReads {
  all(): { readonly chat: ConversationId; readonly through: bigint }[];
}
export interface PendingReadWrites extends PendingReadReads {
  /** Keeps the higher of the two. */
  put(chat: ConversationId, through: bigint): void;
  /** Clears what `readStored` confirmed: only if nothing higher is pending. */
  confirm(chat: ConversationId, through: bigint): void;
}

export interface RetryReads {
  get(direction: RetryRow["direction"], chat: ConversationId, seq: bigint, device: DeviceId): RetryRow | undefined;
  /** When a session with a device was last reset on its request. */
  lastResetMs(device: DeviceId): number | undefined;
}
export interface RetryWrites extends RetryReads {
  put(row: RetryRow): void;
  putReset(device: DeviceId, atMs: number): void;
}
