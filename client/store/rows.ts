import type { AccountId, ConversationId, DeviceId, MessageId } from "../../lib/ids.js";

/** Where this installation stands on its way into an account. */
export interface IdentityRow {
  readonly how: "register" | "link" | "recover";
  /** `drawn`: keys and credential exist and may have reached the server; the same request is sent again until its answer came. */
  readonly stage: "drawn" | "registered" | "revoked";
  readonly device: DeviceId;
  /** 32 bytes, drawn and stored here before they are sent. */
  readonly credential: Uint8Array;
  /** Known once the genesis is made (register), or the approval came (link, recover). */
  readonly account?: AccountId;
  readonly handle?: string;
  /** The registering request exactly as it is sent again after a lost answer; gone at `registered`. */
  readonly request?: Uint8Array;
  readonly servers: readonly string[];
}

/** A version of a device list that two people compared; it carries on along the chain. */
export interface VerifiedList {
  readonly rootKey: Uint8Array;
  readonly version: number;
  readonly listHash: Uint8Array;
}

/** What is remembered of an account's device lists: the highest verified version. Never moves back. */
export interface ChainRow {
  readonly account: AccountId;
  readonly version: number;
  readonly listHash: Uint8Array;
  readonly rootKey: Uint8Array;
  readonly verified?: VerifiedList;
  /** A device was removed by neither itself nor one before it since the lists were compared. */
  readonly verifyAgain: boolean;
  /** Two bodies for one version were shown: nothing is sent to this account until the user decides. The proof is in `evidence`. */
  readonly forked: boolean;
}

/** Proof kept of something that must not happen: signed bytes that contradict each other. */
export interface EvidenceRow {
  readonly about: string;
  readonly what: "list-forked" | "list-invalid" | "roster-forked" | "entry-refused";
  readonly detail: string;
  readonly proofs: readonly Uint8Array[];
  readonly atMs: number;
}

export interface ContactRow {
  readonly account: AccountId;
  readonly handle?: string;
  readonly name?: string;
  readonly profileKey?: Uint8Array;
  readonly addedMs: number;
}

/** A conversation's small, often written state; its fold is kept apart (`RosterRow`). */
export interface ChatRow {
  readonly chat: ConversationId;
  readonly type: "direct" | "group" | "self";
  /** The other account of a direct conversation. */
  readonly peer?: AccountId;
  /** Highest sequence stored without a gap: a delivery is stored iff prev ≤ last < seq. */
  readonly last: bigint;
  /** Highest sequence that was acked as DELIVERED. */
  readonly acked: bigint;
  /** Highest sequence that this account has read, on whichever of its devices. */
  readonly readThrough: bigint;
  /** Counter of this device's next send here. */
  readonly nextCounter: bigint;
  /** Counter of this device's newest stored entry of scope `all` here; 0: none. */
  readonly previousAll: bigint;
  /** What acks must leave out; at most limits.exceptRangesMax, never shrinks. */
  readonly except: readonly SequenceSpan[];
  readonly createdMs: number;
  /** Server's time of the newest entry, for lists. */
  readonly changedMs: number;
}

export interface SequenceSpan {
  readonly from: bigint;
  readonly to: bigint;
}

/** The verified fold of a conversation's control entries; the fold itself is whatever protos/signed/roster.ts makes it. */
export interface RosterRow {
  readonly chat: ConversationId;
  readonly rosterSeq: bigint;
  readonly rosterHash: Uint8Array;
  /** Plain data (records, arrays, Map, Set, bigint, bytes): copied in and out, so nobody shares it. */
  readonly fold: unknown;
}

/** A control entry as it came: the evidence from which the fold can be computed again. */
export interface ControlRow {
  readonly chat: ConversationId;
  readonly seq: bigint;
  readonly kind: number;
  /** The encoded `Deliver` frame's body bytes (Signed, or Told). */
  readonly body: Uint8Array;
  readonly rosterHash: Uint8Array;
  /** Raw `Deliver`, for a later verification from the start. */
  readonly deliver: Uint8Array;
}

/** How far an account, or one own device, has come. Watermarks only grow. */
export interface ReceiptRow {
  readonly chat: ConversationId;
  readonly account: AccountId;
  readonly device?: DeviceId;
  readonly deliveredThrough: bigint;
  readonly readThrough: bigint;
  readonly except: readonly SequenceSpan[];
}

export type OutboxState = "queued" | "sending" | "sent" | "failed";

/** A durable send. `queued`: no counter, no ciphertext. `sending`: both, committed together. */
export interface OutboxRow {
  readonly chat: ConversationId;
  readonly messageId: MessageId;
  readonly state: OutboxState;
  readonly kind: number;
  readonly scope: number;
  /** Encoded part of Content without context: that one is made with the counter. Never changes after the first transmission. */
  readonly content: Uint8Array;
  /** Scope subset only. */
  readonly targets?: readonly DeviceId[];
  readonly refersTo?: EntryReference;
  readonly counter?: bigint;
  /** Encoded Envelope: the bytes that travel, and travel again. */
  readonly envelope?: Uint8Array;
  readonly rosterSeq?: bigint;
  /** Was on the wire at least once, under whatever counter. */
  readonly transmitted: boolean;
  readonly seq?: bigint;
  readonly serverMs?: number;
  /** Code of lib/errors.ts, of a row that failed. */
  readonly code?: string;
  readonly queuedMs: number;
  /** What the writer wants to find again (history, reply); plain data. */
  readonly note?: unknown;
}

export interface EntryReference {
  readonly account: AccountId;
  readonly messageId: MessageId;
  readonly seq: bigint;
}

/**
 * `read`: content is there. `refused`: decrypted, then a check failed. `undecryptable`: a placeholder that a resend may fill.
 * `staged`: kept as ciphertext, waits for a predecessor. `missed`: the server says that it is lost. `own`: this device's own.
 * `control`: a genesis, membership or devices entry.
 */
export type InboxState = "read" | "refused" | "undecryptable" | "staged" | "missed" | "own" | "control";

/** One entry as this device has it. Key: (chat, seq). */
export interface InboxRow {
  readonly chat: ConversationId;
  readonly seq: bigint;
  readonly state: InboxState;
  readonly kind: number;
  readonly scope: number;
  readonly sender: AccountId;
  readonly device: DeviceId;
  readonly messageId: MessageId;
  readonly counter: bigint;
  readonly rosterSeq: bigint;
  readonly rosterHash: Uint8Array;
  readonly serverMs: number;
  readonly refersTo?: EntryReference;
  /** Unpadded Content. */
  readonly content?: Uint8Array;
  /** Of a refused, undecryptable or missed entry. */
  readonly reason?: string;
  /** Ciphertext of a staged entry, and of an undecryptable one while a retry may need it. */
  readonly body?: { readonly type: number; readonly bytes: Uint8Array };
  readonly storedMs: number;
  /**
   * Place in the order in which readers of the inbox see it, over all conversations; given by the store. Absent while staged.
   * A filled placeholder arrives anew.
   */
  readonly arrival?: bigint;
}

/** How often an entry was asked for again (`asked`), or sent again to a device (`answered`). */
export interface RetryRow {
  readonly direction: "asked" | "answered";
  readonly chat: ConversationId;
  readonly seq: bigint;
  readonly device: DeviceId;
  readonly count: number;
  readonly lastMs: number;
}
