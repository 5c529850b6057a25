import { idOf, isIdBytes, type AccountId, type ConversationId, type DeviceId, type MessageId } from "../../lib/ids.js";
import type { hermod } from "../../protos/gen/hermod.js";
import { bodyTypeOf, kindOf, scopeOf, type BodyType, type EntryKind, type Scope } from "../../protos/kinds.js";
import type { EntryReference } from "../store/ports.js";
import { readReference } from "./content.js";

/** A `deliver` frame with its ids read: one entry as the server shows it to this device. */
export interface Entry {
  readonly chat: ConversationId;
  readonly seq: bigint;
  readonly prev: bigint;
  readonly sender: AccountId;
  readonly device: DeviceId;
  readonly kind: EntryKind;
  readonly scope: Scope;
  readonly messageId: MessageId;
  readonly counter: bigint;
  readonly serverMs: number;
  readonly rosterSeq: bigint;
  readonly rosterHash: Uint8Array;
  readonly refersTo?: EntryReference;
  /** Absent for the device's own entries. */
  readonly body?: EntryBody;
  /** SHA-256 of the stored envelope. */
  readonly hash: Uint8Array;
}

export interface EntryBody {
  readonly type: BodyType;
  readonly bytes: Uint8Array;
}

const noId = new Uint8Array(16);

/** Undefined when an id is not one, or a word is unknown. Control entries of the server have no sender and no id: those read as zeros. */
export function readEntry(frame: hermod.v1.Deliver): Entry | undefined {
  const sender = frame.senderAccount.length === 0 ? noId : frame.senderAccount;
  const device = frame.senderDevice.length === 0 ? noId : frame.senderDevice;
  const id = frame.clientMsgId.length === 0 ? noId : frame.clientMsgId;
  const kind = kindOf(frame.kind);
  if (![frame.chatId, sender, device, id].every(isIdBytes) || frame.seq === 0n || kind === undefined) return undefined;
  const type = frame.body === null ? undefined : bodyTypeOf(frame.body.type);
  const refersTo = readReference(frame.refersTo);
  return {
    chat: idOf<ConversationId>(frame.chatId),
    seq: frame.seq,
    prev: frame.prev,
    sender: idOf<AccountId>(sender),
    device: idOf<DeviceId>(device),
    kind,
    scope: scopeOf(frame.scope) ?? "subset",
    messageId: idOf<MessageId>(id),
    counter: frame.counter,
    serverMs: Number(frame.serverTsMs),
    rosterSeq: frame.rosterSeq,
    rosterHash: new Uint8Array(frame.rosterHash),
    ...(refersTo === undefined ? {} : { refersTo }),
    ...(frame.body === null || type === undefined ? {} : { body: { type, bytes: new Uint8Array(frame.body.bytes) } }),
    hash: new Uint8Array(frame.hash),
  };
}
