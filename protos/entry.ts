import type { AccountId, ConversationId, DeviceId, MessageId } from "../lib/ids.js";
import type { BodyType, EntryKind, Scope } from "./kinds.js";

/** Role of a member. */
export type Role = "owner" | "admin" | "member";
export type ConversationType = "direct" | "group" | "self";

export interface EntryReference {
  readonly account: AccountId;
  readonly id: MessageId;
  readonly seq: bigint;
}

/** What a control entry does to the roster, with the devices that the server resolved when it sequenced it. */
export interface ControlChange {
  readonly op: "add" | "remove" | "role" | "devices";
  readonly account: AccountId;
  readonly role?: Role;
  readonly listVersion?: number;
  readonly listHash?: Uint8Array;
  /** By rank; for `add` and `devices`. */
  readonly devices?: readonly DeviceId[];
}

export interface Control {
  /** Of the roster after this entry. */
  readonly rosterHash: Uint8Array;
  /** Genesis only. */
  readonly type?: ConversationType;
  readonly changes: readonly ControlChange[];
  readonly membershipVersion: number;
}

/** An entry's readable part: one per sequence, outlives its bodies, never expires. */
export interface Header {
  readonly seq: bigint;
  /** The log epoch (activation) that wrote it. */
  readonly epoch: bigint;
  readonly account: AccountId;
  readonly device: DeviceId;
  /** 0 for control entries. */
  readonly counter: bigint;
  readonly id: MessageId;
  readonly kind: EntryKind;
  readonly scope: Scope;
  /** Devices with a body; only for scope `subset`. */
  readonly targets: readonly DeviceId[];
  readonly rosterSeq: bigint;
  readonly rosterHash: Uint8Array;
  readonly timeMs: number;
  /** SHA-256 of the envelope's raw bytes; of the signed or told body for control entries. */
  readonly hash: Uint8Array;
  readonly refersTo?: EntryReference;
  /** Sequence of the control entry before; 0n: none. */
  readonly previousControl: bigint;
  readonly commitment?: Uint8Array;
  readonly frankTag?: Uint8Array;
  /** Wall clock; 0: never. */
  readonly bodyExpiresMs: number;
  readonly control?: Control;
}

/** One ciphertext (or signed bytes) of an entry: shared by all, or one device's. */
export interface BodySlot {
  readonly slot: "shared" | DeviceId;
  readonly type: BodyType;
  readonly bytes: Uint8Array;
}

export interface Entry {
  readonly header: Header;
  readonly bodies: readonly BodySlot[];
}

/** What one device reads of an entry: the header and at most one body. `gone`: there was a body for it, and it is no more. */
export interface ReadEntry {
  readonly header: Header;
  readonly body?: { readonly type: BodyType; readonly bytes: Uint8Array };
  readonly gone?: "expired" | "trimmed";
}

/** A send, parsed once at the gateway; `hash` is over the raw bytes, so a retry is recognised by its bytes. */
export interface Envelope {
  readonly conversation: ConversationId;
  readonly counter: bigint;
  readonly id: MessageId;
  readonly kind: EntryKind;
  readonly scope: Scope;
  readonly rosterSeq: bigint;
  readonly rosterHash: Uint8Array;
  readonly refersTo?: EntryReference;
  readonly timerMs: number;
  readonly urgent: boolean;
  readonly commitment?: Uint8Array;
  readonly bodies: readonly BodySlot[];
  readonly hash: Uint8Array;
  /** Of the raw envelope. */
  readonly bytes: number;
}
