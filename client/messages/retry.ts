import { sameBytes } from "../../lib/bytes.js";
import { idBytes, idOf, type DeviceId, type MessageId } from "../../lib/ids.js";
import { limits } from "../../lib/limits.js";
import { hermod } from "../../protos/gen/hermod.js";
import { bounds } from "../../protos/signed/bounds.js";
import { domains } from "../../protos/signed/hash.js";
import { judgeRetry, type RetryReason, type RetryRequest } from "../../protos/signed/retry.js";
import { hasDevice, type Roster } from "../../protos/signed/roster.js";
import { readSigned, writeSigned } from "../../protos/signed/signed.js";
import { settle } from "../../protos/signed/verdict.js";
import { Overlay } from "../cipher/overlay.js";
import type { UndecryptableReason } from "../cipher/ports.js";
import type { ClientContext } from "../context.js";
import { HermodError } from "../errors.js";
import type { InboxRow, OutboxRow, Reads, Transaction } from "../store/ports.js";
import { encodePart } from "./content.js";
import type { Entry } from "./entry.js";
import type { Rosters } from "./rosters.js";
import { appendSend, type NewSend } from "./sender.js";

const reasonOf: Readonly<Record<UndecryptableReason | "none", RetryReason>> = {
  "no-session": "no-session",
  "bad-mac": "bad-mac",
  "duplicate": "bad-mac",
  "malformed": "bad-mac",
  "none": "none",
};

/** A signed request to send an entry again. Undefined when it was asked for often enough, or by whom it was sent is not there any more. */
export function retryRequest(
  context: ClientContext,
  reads: Reads,
  entry: Entry,
  reason: UndecryptableReason | "none",
  newest: Roster | undefined,
): NewSend | undefined {
  const asked = reads.retries.get("asked", entry.chat, entry.seq, entry.device)?.count ?? 0;
  if (asked >= limits.retriesPerEntryMax) return undefined;
  if (newest === undefined || !hasDevice(newest, entry.sender, entry.device)) return undefined;
  const pairwise =
    entry.body?.type === "whisper" || entry.body?.type === "prekey" ? { type: entry.body.type, bytes: entry.body.bytes } : undefined;
  const error = pairwise === undefined ? undefined : context.cipher.retryError(pairwise);
  const body = hermod.v1.RetryRequest.encode({
    format: 1,
    chat: idBytes(entry.chat),
    requester: idBytes(context.self.device),
    senderDevice: idBytes(entry.device),
    seq: entry.seq,
    counter: entry.counter,
    clientMsgId: idBytes(entry.messageId),
    reason: reasonOf[reason],
    error: error ?? new Uint8Array(0),
  }).finish();
  const signature = context.cipher.sign(new Overlay(reads.cipherRows), domains.retry, body);
  const signed = writeSigned({ body, by: [{ signer: context.self.device, signature }] });
  const messageId = idOf<MessageId>(context.rand.bytes(16));
  return { chat: entry.chat, messageId, kind: "retry-request", targets: [entry.device], content: encodePart({ retry: { signed } }) };
}

/** Puts the request into the outbox and counts it, in the transaction that stores the placeholder. */
export function commitRetryRequest(
  tx: Transaction,
  context: ClientContext,
  entry: Entry,
  request: NewSend | undefined,
): OutboxRow | undefined {
  if (request === undefined) return undefined;
  const count = (tx.retries.get("asked", entry.chat, entry.seq, entry.device)?.count ?? 0) + 1;
  tx.retries.put({ direction: "asked", chat: entry.chat, seq: entry.seq, device: entry.device, count, lastMs: context.clock.now() });
  return appendSend(tx, request, context.clock.now());
}

/** A request that may be answered, with the own entry that it asks for. */
export interface Answerable {
  readonly request: RetryRequest;
  readonly original: InboxRow;
}

/**
 * Whether a retry request is to be answered: signed by the device that sent it, about an own entry by its sequence, counter and id, from
 * a device that the entry was for and that still belongs to the conversation.
 *
 * @returns why not, as text, or what to answer
 */
export function judgeRequest(context: ClientContext, rosters: Rosters, entry: Entry): Answerable | string {
  const object = readSigned(entry.body?.bytes ?? new Uint8Array(0), bounds.retryBodyBytesMax);
  if (object.error !== undefined) return object.detail;
  const newest = rosters.newest(entry.chat);
  const member = newest?.members.get(entry.sender);
  if (newest === undefined || member === undefined || !hasDevice(newest, entry.sender, entry.device))
    return "not in the conversation any more";
  const key = context.chains.at(entry.sender, member.listVersion)?.devices.find((device) => device.id === entry.device)?.identityKey;
  if (key === undefined) return "no identity key";
  const judged = settle(judgeRetry(object.ok, entry.device, key), context.cipher.verify);
  if (judged.error !== undefined) return judged.detail;
  const request = judged.ok;
  if (request.chat !== entry.chat || request.senderDevice !== context.self.device) return "about an entry of another";
  const original = context.store.inbox.get(request.chat, request.seq);
  assertAcknowledged(context, request, original);
  const same = original?.state === "own" && original.counter === request.counter && original.messageId === request.clientMsgId;
  if (!same || original.content === undefined) return "no such entry";
  return wasRecipient(context, rosters, entry, original) ? { request, original } : "never was a recipient";
}

/** The request may overtake the acknowledgement (a lost socket): it comes again, and is answered once the entry's place is known. */
function assertAcknowledged(context: ClientContext, request: RetryRequest, original: InboxRow | undefined): void {
  const row = original === undefined ? context.store.outbox.get(request.chat, request.clientMsgId) : undefined;
  if (row?.state === "sending" && row.counter === request.counter) {
    throw new HermodError("overloaded", { message: "the entry that is asked for is not acknowledged yet" });
  }
}

function wasRecipient(context: ClientContext, rosters: Rosters, entry: Entry, original: InboxRow): boolean {
  const then = rosters.before(original.chat, original.seq);
  if (then === undefined || !hasDevice(then, entry.sender, entry.device)) return false;
  const targets = context.store.outbox.get(original.chat, original.messageId)?.targets;
  return targets === undefined || targets.includes(entry.device);
}

/** Answers in the caller's transaction; the caller holds the mutex of the requesting device, whose session `overlay` may put away. */
export function commitAnswer(
  tx: Transaction,
  context: ClientContext,
  overlay: Overlay,
  device: DeviceId,
  answer: Answerable,
): OutboxRow | undefined {
  const { request, original } = answer;
  const nowMs = context.clock.now();
  const count = tx.retries.get("answered", original.chat, original.seq, device)?.count ?? 0;
  if (count >= limits.retriesPerEntryMax || original.content === undefined) return undefined;
  const lastReset = tx.retries.lastResetMs(device);
  if (request.error.length > 0 && (lastReset === undefined || nowMs - lastReset >= limits.sessionResetEveryMs)) {
    if (context.cipher.resetOnRetry(overlay, device, request.error) === "reset") tx.retries.putReset(device, nowMs);
  }
  tx.retries.put({ direction: "answered", chat: original.chat, seq: original.seq, device, count: count + 1, lastMs: nowMs });
  const send: NewSend = {
    chat: original.chat,
    messageId: idOf<MessageId>(context.rand.bytes(16)),
    kind: "resend",
    targets: [device],
    refersTo: { account: context.self.account, messageId: original.messageId, seq: original.seq },
    content: encodePart({ resend: { original: original.content, originalSeq: original.seq } }),
  };
  return appendSend(tx, send, nowMs);
}

/** Whether a resend names this placeholder: same sending device, and the reference outside the ciphertext says the same as the one inside. */
export function fills(entry: Entry, originalSeq: bigint, placeholder: InboxRow | undefined): placeholder is InboxRow {
  if (placeholder?.state !== "undecryptable") return false;
  if (placeholder.device !== entry.device || placeholder.sender !== entry.sender) return false;
  return entry.refersTo?.seq === originalSeq && sameBytes(idBytes(entry.refersTo.messageId), idBytes(placeholder.messageId));
}
