import { idOf, isIdBytes, type AccountId, type ConversationId, type DeviceId } from "../lib/ids.js";
import { limits } from "../lib/limits.js";
import { parseEnvelope } from "../protos/envelope.js";
import { hermod } from "../protos/gen/hermod.js";
import type { Asker, Mail, SequenceRange } from "../protos/messages.js";
import { checkFields } from "../protos/wire.js";

/** What one frame of an authenticated device asks for. */
export type Request =
  /** To one actor, which answers by itself. `cost` says which limit of the session it takes from. */
  | { readonly type: "mail"; readonly mail: Mail; readonly cost: "send" | "page" | "none" }
  /** To several accounts, whose answers become one. */
  | { readonly type: "gather"; readonly what: "prekeys" | "devices"; readonly mails: readonly Mail[]; readonly more: boolean }
  | { readonly type: "refused"; readonly code: "bad-frame" | "bad-request" | "unknown-frame" | "too-large" | "forbidden-kind" };

/** READ; DELIVERED and RECEIVED mean the same to the server. */
const readStatus: number = hermod.v1.AckStatus.ACK_STATUS_READ;

type Frame = hermod.v1.ClientFrame;
const refused = (code: "bad-frame" | "bad-request" | "unknown-frame" | "too-large" | "forbidden-kind"): Request => ({
  type: "refused",
  code,
});

/** Fields of a frame's top level, and of one message inside: `syncState` with 2,000 chats is the widest. */
const fieldsMax = 4_096;

/** Decodes a frame within bounds; undefined when it is not one. Copies nothing: `bytes` must stay. */
export function decodeFrame(bytes: Uint8Array): Frame | undefined {
  if (!checkFields(bytes, fieldsMax)) return undefined;
  try {
    return hermod.v1.ClientFrame.decode(bytes);
  } catch {
    return undefined;
  }
}

/** Turns a frame into mail for actors; nothing is looked up, only form is checked. */
export function requestOf(
  frame: Frame,
  who: { readonly gateway: string; readonly socket: number; readonly account: AccountId; readonly device: DeviceId },
): Request {
  const from: Asker = { ...who, requestId: frame.requestId };
  if (frame.sendMessage) return sendOf(frame.sendMessage, from);
  if (frame.messageAck) return ackOf(frame.messageAck, from);
  if (frame.syncState) return syncOf(frame.syncState, from);
  if (frame.fetch) return fetchOf(frame.fetch, from);
  if (frame.fetchRoster) return rosterOf(frame.fetchRoster, from);
  if (frame.nack) return nackOf(frame.nack, from);
  if (frame.createChat) return account(from, { type: "create-chat", from, genesis: frame.createChat.genesis });
  if (frame.changeDevices) return account(from, { type: "change-devices", from, signed: frame.changeDevices.signed });
  if (frame.putKeys) return account(from, { type: "put-keys", from, signed: frame.putKeys.signed });
  if (frame.fetchPrekeys) return prekeysOf(frame.fetchPrekeys, from);
  if (frame.fetchDevices) return devicesOf(frame.fetchDevices, from);
  return refused("unknown-frame");
}

function account(from: Asker, message: Extract<Mail, { kind: "account" }>["message"]): Request {
  return { type: "mail", mail: { kind: "account", id: from.account, message }, cost: "page" };
}

function sendOf(frame: hermod.v1.SendMessage, from: Asker): Request {
  if (frame.envelope.length > limits.entryBytesMax) return refused("too-large");
  const envelope = parseEnvelope(frame.envelope);
  if (envelope === undefined) return refused("bad-request");
  return {
    type: "mail",
    mail: { kind: "conversation", id: envelope.conversation, message: { type: "send", from, envelope } },
    cost: "send",
  };
}

function ackOf(frame: hermod.v1.MessageAck, from: Asker): Request {
  const conversation = conversationOf(frame.chatId);
  const except = rangesOf(frame.except);
  if (conversation === undefined || except === undefined || Number(frame.status) === 0) return refused("bad-request");
  const status = Number(frame.status) === readStatus ? "read" : "delivered";
  return {
    type: "mail",
    mail: { kind: "device", id: from.device, message: { type: "ack", from, conversation, through: frame.through, status, except } },
    cost: "none",
  };
}

function syncOf(frame: hermod.v1.SyncState, from: Asker): Request {
  if (frame.chats.length > limits.syncChatsMax || frame.readPending.length > limits.syncChatsMax) return refused("bad-request");
  const chats = [];
  for (const { chatId, last, full } of frame.chats) {
    const conversation = conversationOf(chatId);
    if (conversation === undefined) return refused("bad-request");
    chats.push({ conversation, last, full });
  }
  const readPending = [];
  for (const { chatId, through } of frame.readPending) {
    const conversation = conversationOf(chatId);
    if (conversation === undefined) return refused("bad-request");
    readPending.push({ conversation, through });
  }
  return {
    type: "mail",
    mail: { kind: "device", id: from.device, message: { type: "sync-state", from, chats, readPending, more: frame.more } },
    cost: "page",
  };
}

function fetchOf(frame: hermod.v1.Fetch, from: Asker): Request {
  const conversation = conversationOf(frame.chatId);
  const { from: first, to } = frame;
  if (conversation === undefined || first < 1n || to < first || to - first >= BigInt(limits.fetchEntriesMax)) return refused("bad-request");
  return {
    type: "mail",
    mail: { kind: "device", id: from.device, message: { type: "fetch", from, conversation, range: { from: first, to } } },
    cost: "page",
  };
}

function rosterOf(frame: hermod.v1.FetchRoster, from: Asker): Request {
  const conversation = conversationOf(frame.chatId);
  if (conversation === undefined || frame.fromSeq < 1n) return refused("bad-request");
  return {
    type: "mail",
    mail: { kind: "conversation", id: conversation, message: { type: "fetch-roster", from, fromSeq: frame.fromSeq } },
    cost: "page",
  };
}

function nackOf(frame: hermod.v1.Nack, from: Asker): Request {
  const conversation = conversationOf(frame.chatId);
  if (conversation === undefined || frame.reason.length > 64) return refused("bad-request");
  return {
    type: "mail",
    mail: { kind: "device", id: from.device, message: { type: "nack", from, conversation, seq: frame.seq, reason: frame.reason } },
    cost: "page",
  };
}

/** As many accounts as surely fit one answer; the asker asks again for the rest (`more`). */
const accountsPerGather = Math.floor(limits.bundlesPerAnswerMax / limits.devicesPerAccountMax);

function prekeysOf(frame: hermod.v1.FetchPrekeys, from: Asker): Request {
  const accounts = idsOf<AccountId>(frame.accounts, limits.accountsPerRequestMax);
  const devices = idsOf<DeviceId>(frame.devices, limits.accountsPerRequestMax * limits.devicesPerAccountMax);
  if (accounts === undefined || devices === undefined || accounts.length === 0) return refused("bad-request");
  const asked = accounts.slice(0, accountsPerGather);
  const mails = asked.map((id): Mail => ({ kind: "account", id, message: { type: "fetch-prekeys", from, devices } }));
  return { type: "gather", what: "prekeys", mails, more: asked.length < accounts.length };
}

function devicesOf(frame: hermod.v1.FetchDevices, from: Asker): Request {
  if (frame.accounts.length === 0 || frame.accounts.length > limits.accountsPerRequestMax) return refused("bad-request");
  const mails: Mail[] = [];
  const named = new Set<AccountId>();
  for (const { account, fromVersion } of frame.accounts) {
    if (!isIdBytes(account)) return refused("bad-request");
    const id = idOf<AccountId>(account);
    // Named again it would only be answered again: a small question for a large answer.
    if (named.has(id)) continue;
    named.add(id);
    mails.push({ kind: "account", id, message: { type: "fetch-devices", from, fromVersion } });
  }
  return { type: "gather", what: "devices", mails, more: false };
}

function conversationOf(bytes: Uint8Array): ConversationId | undefined {
  return isIdBytes(bytes) ? idOf<ConversationId>(bytes) : undefined;
}

function idsOf<Id extends AccountId | DeviceId>(list: readonly Uint8Array[], max: number): Id[] | undefined {
  if (list.length > max || !list.every(isIdBytes)) return undefined;
  return [...new Set(list.map((bytes) => idOf<Id>(bytes)))];
}

function rangesOf(ranges: readonly hermod.v1.SequenceRange[]): readonly SequenceRange[] | undefined {
  if (ranges.length > limits.exceptRangesMax) return undefined;
  return ranges.every(({ from, to }) => from >= 1n && from <= to) ? ranges.map(({ from, to }) => ({ from, to })) : undefined;
}
