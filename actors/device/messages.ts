import type { CloseReason } from "../../protos/close-codes.js";
import type { ErrorCode } from "../../lib/errors.js";
import type { AccountId, ConversationId } from "../../lib/ids.js";
import type { BodyType } from "../../protos/kinds.js";
import type { Header, ReadEntry } from "../../protos/entry.js";
import type { ReceiptNotice, ReplyTo, SequenceRange, ServerFrame, SessionRef, ToDevice, Watermarks } from "../../protos/messages.js";
import type { WriteOutcome } from "../ports.js";
import type { DeviceChanges, DeviceRow } from "./ports.js";

export type DeviceMail = ToDevice;
export type ToldDelivery = Extract<ToDevice, { type: "deliver" }>;
export type Ack = Extract<ToDevice, { type: "ack" }>;
export type Attach = Extract<ToDevice, { type: "attach" }>;
export type SyncState = Extract<ToDevice, { type: "sync-state" }>;
export type FetchRange = Extract<ToDevice, { type: "fetch" }>;

/** Answers of effects. */
export type DeviceNews =
  | { readonly type: "loaded"; readonly row: DeviceRow | undefined }
  | { readonly type: "load-failed" }
  | { readonly type: "fenced"; readonly outcome: WriteOutcome; readonly row: DeviceRow | undefined }
  | { readonly type: "changed"; readonly outcome: WriteOutcome }
  | { readonly type: "row-read"; readonly conversation: ConversationId; readonly watermarks: Watermarks | undefined }
  | { readonly type: "row-written"; readonly conversation: ConversationId; readonly durable: boolean }
  /** Head of a log by a serial read (0n: there is no such log) and the time of its newest entry. */
  | {
      readonly type: "looked";
      readonly conversation: ConversationId;
      readonly why: LookWhy;
      readonly ticket: number;
      readonly head: bigint;
      readonly newestMs: number;
    }
  | {
      readonly type: "entitled";
      readonly conversation: ConversationId;
      readonly why: "replay" | "fetch" | "ack";
      readonly ticket: number;
      readonly entitled: boolean;
      /** Not entitled now: the next sequence, up to the head that was named, at which it is. */
      readonly next?: bigint;
    }
  | {
      readonly type: "slice-read";
      readonly conversation: ConversationId;
      readonly why: "replay" | "fetch";
      readonly ticket: number;
      readonly from: bigint;
      readonly entries: readonly ReadEntry[];
    }
  /** A read did not come about; it is tried again. */
  | { readonly type: "failed"; readonly effect: DeviceEffect };

export type FromHost =
  | { readonly type: "start"; readonly shardEpoch: bigint }
  | { readonly type: "tick" }
  | { readonly type: "passivate" }
  | { readonly type: "drain" };

export type DeviceMessage = DeviceMail | DeviceNews | FromHost;

/** `start`: the order of a drain; `chat`: may its mark go, is an ack or cursor beyond the log; `fetch`: where does the log end. */
export type LookWhy = "start" | "chat" | "fetch";

export type MissedReason = "retention" | "expired" | "trimmed";

/** What goes to the client in order; the shell makes frames of it. */
export type Pushed =
  | {
      readonly type: "deliver";
      readonly conversation: ConversationId;
      readonly header: Header;
      readonly body?: { readonly type: BodyType; readonly bytes: Uint8Array };
      readonly prev: bigint;
      readonly replay: boolean;
    }
  | { readonly type: "skip"; readonly conversation: ConversationId; readonly from: bigint; readonly to: bigint; readonly prev: bigint }
  | {
      readonly type: "missed";
      readonly conversation: ConversationId;
      readonly from: bigint;
      readonly to: bigint;
      readonly prev: bigint;
      readonly why: MissedReason;
    }
  | { readonly type: "receipt"; readonly conversation: ConversationId; readonly notice: ReceiptNotice }
  | { readonly type: "caught-up"; readonly conversation: ConversationId }
  | { readonly type: "read-stored"; readonly conversation: ConversationId; readonly through: bigint }
  | { readonly type: "live"; readonly requestId: number }
  /** Foreign and unknown chats alike, or a cursor beyond the log. */
  | { readonly type: "problem"; readonly code: ErrorCode; readonly conversations: readonly ConversationId[] }
  | { readonly type: "frame"; readonly frame: ServerFrame };

/** One frame of a replay or fetch, and what it takes of the window. */
export interface PushedEntries {
  readonly what: Pushed;
  readonly through: bigint;
  readonly bytes: number;
}

export type DeviceEffect =
  | { readonly type: "load" }
  | { readonly type: "fence"; readonly row: DeviceRow | undefined; readonly epoch: bigint }
  | { readonly type: "change"; readonly epoch: bigint; readonly ver: bigint; readonly changes: DeviceChanges }
  | { readonly type: "read-row"; readonly conversation: ConversationId }
  | { readonly type: "write-row"; readonly conversation: ConversationId; readonly watermarks: Watermarks }
  /** `hint`: a sequence that is known to be in the log; 0n: none. */
  | { readonly type: "look"; readonly conversation: ConversationId; readonly why: LookWhy; readonly ticket: number; readonly hint: bigint }
  | {
      readonly type: "entitle";
      readonly conversation: ConversationId;
      readonly account: AccountId;
      readonly why: "replay" | "fetch" | "ack";
      readonly ticket: number;
      readonly at: bigint;
      readonly head: bigint;
    }
  | {
      readonly type: "read-slice";
      readonly conversation: ConversationId;
      readonly why: "replay" | "fetch";
      readonly ticket: number;
      readonly from: bigint;
      readonly entries: number;
      readonly bytes: number;
    }
  | { readonly type: "push"; readonly session: SessionRef; readonly what: Pushed }
  | { readonly type: "refuse"; readonly to: ReplyTo; readonly code: ErrorCode; readonly retryAfterMs?: number }
  | { readonly type: "read-stored"; readonly to: ReplyTo; readonly conversation: ConversationId; readonly through: bigint }
  | {
      readonly type: "fetched";
      readonly to: ReplyTo;
      readonly conversation: ConversationId;
      readonly first: bigint;
      readonly last: bigint;
    }
  | { readonly type: "close"; readonly session: SessionRef; readonly reason: CloseReason }
  | {
      readonly type: "accept";
      readonly conversation: ConversationId;
      readonly activation: bigint;
      readonly range: SequenceRange;
      /** `covered` leaves through the alive gate: nothing was written to prove that this node still owns the device. */
      readonly how: "acked" | "marked" | "covered" | "gone";
    }
  | {
      readonly type: "tell-receipt";
      readonly conversation: ConversationId;
      readonly account: AccountId;
      readonly watermarks: Watermarks;
    }
  | { readonly type: "ask-receipts"; readonly conversation: ConversationId; readonly account: AccountId }
  | { readonly type: "tell-revoked"; readonly account: AccountId }
  | { readonly type: "tell-seen"; readonly account: AccountId }
  | { readonly type: "note-nack"; readonly conversation: ConversationId; readonly seq: bigint; readonly reason: string }
  | { readonly type: "wake"; readonly atMs: number }
  | { readonly type: "end" };

/** What one step gathers: the moment it happens at, and what is to be done outside. */
export interface Turn {
  readonly nowMs: number;
  readonly effects: DeviceEffect[];
}
