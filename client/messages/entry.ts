import { idOf, isIdBytes, type AccountId, type ConversationId, type DeviceId, type MessageId } from "../../lib/ids.js";
import { hermod } from "../../protos/gen/hermod.js";
import type { EntryReference } from "../store/ports.js";
import { readReference } from "./content.js";

export const EntryKind = hermod.v1.EntryKind;
export const Scope = hermod.v1.Scope;
export const BodyType = hermod.v1.BodyType;

/** A `deliver` frame with its ids read: one entry as the server shows it to this device. */
export interface Entry {
  readonly chat: ConversationId;
  readonly seq: bigint;
  readonly prev: bigint;
  readonly sender: AccountId;
  readonly device: DeviceId;
  readonly kind: number;
  readonly scope: number;
  readonly messageId: MessageId;
  readonly counter: bigint;
  readonly serverMs: number;
  readonly rosterSeq: bigint;
  readonly rosterHash: Uint8Array;
  readonly refersTo?: EntryReference;
  /** Absent for the device's own entries. */
  readonly body?: { readonly type: number; readonly bytes: Uint8Array };
  /** SHA-256 of the stored envelope. */
  readonly hash: Uint8Array;
}

const noId = new Uint8Array(16);

/** Undefined when an id is not one. Control entries of the server have no sender and no id: those read as zeros. */
export function readEntry(frame: hermod.v1.Deliver): Entry | undefined {
  const sender = frame.senderAccount.length === 0 ? noId : frame.senderAccount;
  const device = frame.senderDevice.length === 0 ? noId : frame.senderDevice;
  const id = frame.clientMsgId.length === 0 ? noId : frame.clientMsgId;
  if (![frame.chatId, sender, device, id].every(isIdBytes) || frame.seq === 0n) return undefined;
  const refersTo = readReference(frame.refersTo);
  return {
    chat: idOf<ConversationId>(frame.chatId),
    seq: frame.seq,
    prev: frame.prev,
    sender: idOf<AccountId>(sender),
    device: idOf<DeviceId>(device),
    kind: frame.kind,
    scope: frame.scope,
    messageId: idOf<MessageId>(id),
    counter: frame.counter,
    serverMs: Number(frame.serverTsMs),
    rosterSeq: frame.rosterSeq,
    rosterHash: new Uint8Array(frame.rosterHash),
    ...(refersTo === undefined ? {} : { refersTo }),
    ...(frame.body === null ? {} : { body: { type: frame.body.type, bytes: new Uint8Array(frame.body.bytes) } }),
    hash: new Uint8Array(frame.hash),
  };
}

/** Entries that change the fold of a conversation; they have no counter and are never encrypted. */
export function isControl(kind: number): boolean {
  return kind === EntryKind.ENTRY_KIND_GENESIS || kind === EntryKind.ENTRY_KIND_MEMBERSHIP || kind === EntryKind.ENTRY_KIND_DEVICES;
}

/** What a person reads, as opposed to what devices tell each other. */
export function isForPeople(kind: number): boolean {
  return kind === EntryKind.ENTRY_KIND_MESSAGE;
}
