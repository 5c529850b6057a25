import type { ErrorCode } from "../lib/errors.js";
import type { AccountId, ConversationId, DeviceId } from "../lib/ids.js";
import type { BodySlot, ConversationType, Envelope, Header, Role } from "./entry.js";
import type { hermod } from "./gen/hermod.js";

/**
 * What gateways and actors say to each other. Plain data: in a cluster the same messages travel as cluster.proto.
 * Nothing here is a promise of delivery; who needs an answer repeats until it has one.
 */

/** One authenticated socket (or poll) at one life of one gateway. Never reused. */
export interface SessionRef {
  readonly gateway: string;
  readonly socket: number;
}

/** Where an answer goes: a session's request, or a question that the gateway itself asked (`socket` 0). */
export interface ReplyTo extends SessionRef {
  readonly requestId: number;
}

/** An authenticated device that asks. The gateway vouches for account and device. */
export interface Asker extends ReplyTo {
  readonly account: AccountId;
  readonly device: DeviceId;
}

export type ServerFrame = hermod.v1.ServerFrame.$Properties;

/** What a gateway gets for a question. `frame` goes to the client as it is. */
export type Answer =
  | { readonly type: "frame"; readonly frame: ServerFrame }
  | {
      readonly type: "problem";
      readonly code: ErrorCode;
      readonly retryAfterMs?: number;
      readonly remediation?: string;
      readonly details?: Partial<hermod.v1.Problem.$Properties>;
    }
  | { readonly type: "authenticated"; readonly account: AccountId; readonly device: DeviceId }
  | { readonly type: "registered"; readonly account: AccountId; readonly device: DeviceId; readonly handle: string }
  | { readonly type: "linked"; readonly account: AccountId; readonly device: DeviceId; readonly version: number }
  | { readonly type: "approved"; readonly version: number }
  /** recover on a list that moved: the chain to rebase on. */
  | { readonly type: "list-conflict"; readonly chain: readonly Uint8Array[] };

/** A range of sequences, both ends included. */
export interface SequenceRange {
  readonly from: bigint;
  readonly to: bigint;
}

export interface Watermarks {
  readonly delivered: bigint;
  readonly read: bigint;
  readonly except: readonly SequenceRange[];
}

/** The signed genesis with what the account actor resolved and checked. */
export interface CheckedGenesis {
  readonly conversation: ConversationId;
  readonly type: ConversationType;
  /** Encoded Signed. */
  readonly signed: Uint8Array;
  /** H('hermod/genesis/1', body). */
  readonly hash: Uint8Array;
  readonly members: readonly {
    readonly account: AccountId;
    readonly role: Role;
    readonly listVersion: number;
    readonly listHash: Uint8Array;
    readonly devices: readonly DeviceId[];
  }[];
}

export type ToConversation =
  | { readonly type: "send"; readonly from: Asker; readonly envelope: Envelope }
  | { readonly type: "create"; readonly from: Asker; readonly genesis: CheckedGenesis }
  /** An account's list moved. Answered to the account by `told-heard` once the devices entry is durable (or was already). */
  | {
      readonly type: "told";
      readonly account: AccountId;
      readonly version: number;
      readonly listHash: Uint8Array;
      readonly devices: readonly DeviceId[];
    }
  | { readonly type: "fetch-roster"; readonly from: Asker; readonly fromSeq: bigint }
  /** A device's actor took responsibility for the deliveries in this range (those that were made to it). */
  | {
      readonly type: "accepted";
      readonly activation: bigint;
      readonly device: DeviceId;
      readonly range: SequenceRange;
      readonly how: "acked" | "marked" | "covered" | "gone";
    }
  /** A durable receipt row was written by the device's actor; answered by `receipt-heard`. */
  | { readonly type: "receipt"; readonly account: AccountId; readonly device: DeviceId; readonly watermarks: Watermarks }
  /** A device that syncs wants what it may have missed: answered by `receipts`, or `not-a-member`. */
  | { readonly type: "receipts-wanted"; readonly account: AccountId; readonly device: DeviceId }
  /** The account has this conversation in its durable list now (or had it already): `joined` need not be repeated. */
  | { readonly type: "joined-heard"; readonly account: AccountId }
  /** Recovery of a shard: activate, compare fanned with the head, deliver the difference. */
  | { readonly type: "recover" };

/** One entry on its way to one device. */
export interface Delivery {
  readonly header: Header;
  /** Newest earlier sequence that held something for this device (its own entries hold nothing for it); 0n: none. */
  readonly prev: bigint;
  /** Where a mark made for this delivery starts. Below prev + 1 when quiet entries, for which nobody was asked, lie between. */
  readonly from: bigint;
  /** Absent: what there was for this device is gone already (expired); the log says so. */
  readonly body?: BodySlot;
}

export type ReceiptNotice = { readonly account: AccountId; readonly device?: DeviceId; readonly watermarks: Watermarks };

export type ToDevice =
  /** `synced`: this socket has sent the last page of its syncState before (it is attached again); pushes begin at once. */
  | {
      readonly type: "attach";
      readonly session: SessionRef;
      readonly account: AccountId;
      readonly conn: bigint;
      readonly synced?: boolean;
    }
  | { readonly type: "detach"; readonly session: SessionRef }
  /** `activation` is the conversation's log epoch: answers name it. */
  | {
      readonly type: "deliver";
      readonly conversation: ConversationId;
      readonly activation: bigint;
      readonly delivery: Delivery;
    }
  | { readonly type: "receipts"; readonly conversation: ConversationId; readonly notices: readonly ReceiptNotice[] }
  | { readonly type: "receipt-heard"; readonly conversation: ConversationId; readonly delivered: bigint; readonly read: bigint }
  | { readonly type: "not-a-member"; readonly conversation: ConversationId }
  | {
      readonly type: "ack";
      readonly from: Asker;
      readonly conversation: ConversationId;
      readonly through: bigint;
      readonly status: "delivered" | "read";
      readonly except: readonly SequenceRange[];
    }
  | { readonly type: "nack"; readonly from: Asker; readonly conversation: ConversationId; readonly seq: bigint; readonly reason: string }
  | {
      readonly type: "sync-state";
      readonly from: Asker;
      readonly chats: readonly { readonly conversation: ConversationId; readonly last: bigint; readonly full: boolean }[];
      readonly readPending: readonly { readonly conversation: ConversationId; readonly through: bigint }[];
      readonly more: boolean;
    }
  | { readonly type: "fetch"; readonly from: Asker; readonly conversation: ConversationId; readonly range: SequenceRange }
  /** From the account: this device was unlinked. Answered by `revoked-durable`. */
  | { readonly type: "revoke"; readonly account: AccountId }
  /** For a live session only; lost otherwise. */
  | { readonly type: "notice"; readonly frame: ServerFrame };

export type ToAccount =
  | {
      readonly type: "register";
      readonly to: ReplyTo;
      readonly handle: string;
      readonly list: Uint8Array;
      readonly keys: Uint8Array;
      readonly secret: Uint8Array;
      readonly invite?: string;
      readonly inviteNeeded: boolean;
    }
  | { readonly type: "authenticate"; readonly to: ReplyTo; readonly device: DeviceId; readonly secret: Uint8Array }
  | { readonly type: "create-chat"; readonly from: Asker; readonly genesis: Uint8Array }
  | { readonly type: "change-devices"; readonly from: Asker; readonly signed: Uint8Array }
  | { readonly type: "put-keys"; readonly from: Asker; readonly signed: Uint8Array }
  /** Asked of the target account; the asker's own limits were taken by its gateway session. */
  | { readonly type: "fetch-prekeys"; readonly from: Asker; readonly devices: readonly DeviceId[] }
  | { readonly type: "fetch-devices"; readonly from: Asker; readonly fromVersion: number }
  | {
      readonly type: "approve-link";
      readonly from: Asker;
      readonly link: Uint8Array;
      readonly body: Uint8Array;
      readonly signer: Uint8Array;
      readonly signature: Uint8Array;
      readonly mac: Uint8Array;
    }
  | {
      readonly type: "complete-link";
      readonly to: ReplyTo;
      readonly link: Uint8Array;
      readonly list: Uint8Array;
      readonly keys: Uint8Array;
      readonly secret: Uint8Array;
    }
  | {
      readonly type: "recover-device";
      readonly to: ReplyTo;
      readonly list: Uint8Array;
      readonly keys: Uint8Array;
      readonly secret: Uint8Array;
    }
  /** One account asks another for its head; answered by `described`. */
  | { readonly type: "describe"; readonly account: AccountId; readonly question: number; readonly fromVersion: number }
  | { readonly type: "described"; readonly account: AccountId; readonly question: number; readonly head?: AccountHead }
  /** A conversation added this account with that list version. Repeated until `joined-heard`; an account with a newer list also answers by `told`. */
  | { readonly type: "joined"; readonly conversation: ConversationId; readonly version: number }
  | { readonly type: "told-heard"; readonly conversation: ConversationId; readonly version: number }
  | { readonly type: "revoked-durable"; readonly device: DeviceId }
  /** A device was seen (attach, detach); written lazily. */
  | { readonly type: "seen"; readonly device: DeviceId }
  /** Start-up: this account stands in the work list of its shard. */
  | { readonly type: "resume-work" };

export interface AccountHead {
  readonly version: number;
  readonly listHash: Uint8Array;
  readonly devices: readonly DeviceId[];
  /** Encoded Signed versions from the asked one on, ≤ 64 KiB. */
  readonly versions: readonly Uint8Array[];
}

export type ActorKind = "conversation" | "device" | "account";

/** Where a message for an actor goes and what it says. */
export type Mail =
  | { readonly kind: "conversation"; readonly id: ConversationId; readonly message: ToConversation }
  | { readonly kind: "device"; readonly id: DeviceId; readonly message: ToDevice }
  | { readonly kind: "account"; readonly id: AccountId; readonly message: ToAccount };
