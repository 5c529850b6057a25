import type { ErrorCode } from "../lib/errors.js";
import type { AccountId, ConversationId, DeviceId, MessageId } from "../lib/ids.js";
import type { ConnectionState } from "./connection/ports.js";

/** Why an entry that came is not shown as a message (a reader's checks, in their order). */
export interface RefusedEntry {
  readonly chatId: ConversationId;
  readonly seq: bigint;
  readonly senderDevice: DeviceId;
  readonly reason: string;
}

/** Hints: the store is the truth, and a listener that misses one can read everything again from there. */
export type ClientEvent =
  | { readonly type: "state"; readonly state: ConnectionState }
  | { readonly type: "message"; readonly chatId: ConversationId; readonly id: MessageId; readonly seq: bigint }
  | { readonly type: "message-state"; readonly chatId: ConversationId; readonly id: MessageId }
  | { readonly type: "chat"; readonly chatId: ConversationId }
  /** Another device, or a removal, on a contact's list: the cause is in its version. */
  | { readonly type: "devices-changed"; readonly account: AccountId; readonly version: number; readonly cause: string }
  /** The own list has a new device or lost one. */
  | {
      readonly type: "own-devices-changed";
      readonly version: number;
      readonly added: readonly DeviceId[];
      readonly removed: readonly DeviceId[];
    }
  /** A verified contact must be verified again. */
  | { readonly type: "verification-lost"; readonly account: AccountId; readonly version: number }
  /** Security: something that no honest server or member does. Sending to the account stops for `list-forked`. */
  | {
      readonly type: "alarm";
      readonly code: ErrorCode;
      readonly account?: AccountId;
      readonly chatId?: ConversationId;
      readonly detail: string;
    }
  | { readonly type: "entry-refused"; readonly entry: RefusedEntry }
  /** A handle answers with another account than before: a new conversation begins, nothing is merged. */
  | { readonly type: "handle-moved"; readonly handle: string; readonly before: AccountId; readonly now: AccountId }
  | { readonly type: "linked"; readonly account: AccountId }
  | { readonly type: "sync-done" }
  | { readonly type: "problem"; readonly code: ErrorCode; readonly message: string };
