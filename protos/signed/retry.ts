import { idOf, isIdBytes, type ConversationId, type DeviceId, type MessageId } from "../../lib/ids.js";
import { hermod } from "../gen/hermod.js";
import { bounds } from "./bounds.js";
import { domains } from "./hash.js";
import { openBody, signaturesBy, type SignedObject } from "./signed.js";
import { refuse, type Claim, type Verdict } from "./verdict.js";

const reasons = ["no-session", "bad-mac", "chain-lost", "none"] as const;

/** Why a body could not be read. `none`: there was none for this device. */
export type RetryReason = (typeof reasons)[number];

/** A device asks another to send one entry again. */
export interface RetryRequest {
  readonly chat: ConversationId;
  readonly requester: DeviceId;
  readonly senderDevice: DeviceId;
  readonly seq: bigint;
  readonly counter: bigint;
  readonly clientMsgId: MessageId;
  readonly reason: RetryReason;
  /** libsignal's DecryptionErrorMessage; empty unless the body was pairwise. */
  readonly error: Uint8Array;
}

/**
 * A retry request and the check of its one signature, by the requesting device. Whether that device was entitled to the entry, and how
 * often it may ask, is the answering client's question.
 *
 * @param requester a device in the roster, which the request must name
 * @param identityKey of that device, from its account's list
 */
export function judgeRetry(object: SignedObject, requester: DeviceId, identityKey: Uint8Array): Verdict<Claim<RetryRequest>> {
  const read = readRetry(object.body);
  if (read.error !== undefined) return read;
  if (read.ok.requester !== requester) return refuse("bad-request", "a request in another device's name");
  const checks = signaturesBy(object, domains.retry, new Map([[requester, identityKey]]));
  return checks.error === undefined ? { ok: { value: read.ok, checks: checks.ok } } : checks;
}

export function readRetry(body: Uint8Array): Verdict<RetryRequest> {
  const opened = openBody(body, bounds.retryBodyBytesMax, "bad-request", (bytes) => hermod.v1.RetryRequest.decode(bytes));
  if (opened.error !== undefined) return opened;
  const wire = opened.ok;
  if (![wire.chat, wire.requester, wire.senderDevice, wire.clientMsgId].every(isIdBytes)) return refuse("bad-request", "ids have 16 bytes");
  if (wire.seq < 1n || wire.counter < 1n) return refuse("bad-request", "sequences and counters count from 1");
  const reason = reasons.find((word) => word === wire.reason);
  if (reason === undefined) return refuse("bad-request", "no such reason");
  if (wire.error.length > bounds.retryErrorBytesMax) return refuse("too-large", "the error is too large");
  if (wire.error.length > 0 && (reason === "chain-lost" || reason === "none")) {
    return refuse("bad-request", "only a pairwise body leaves an error");
  }
  const request = {
    chat: idOf<ConversationId>(wire.chat),
    requester: idOf<DeviceId>(wire.requester),
    senderDevice: idOf<DeviceId>(wire.senderDevice),
    seq: wire.seq,
    counter: wire.counter,
    clientMsgId: idOf<MessageId>(wire.clientMsgId),
    reason,
    error: new Uint8Array(wire.error),
  };
  return request.requester === request.senderDevice ? refuse("bad-request", "nobody asks itself") : { ok: request };
}
