import { isHandle } from "../../lib/handle.js";
import { limits } from "../../lib/limits.js";
import type { DeviceId, LinkId } from "../../lib/ids.js";
import { hermod } from "../../protos/gen/hermod.js";
import type { Answer, ToAccount } from "../../protos/messages.js";
import { bounds } from "../../protos/signed/bounds.js";
import { judgeVersion, type ListState } from "../../protos/signed/device-chain.js";
import type { ListedDevice } from "../../protos/signed/device-list.js";
import { isComplete, judgeKeyUpload, type KeyUpload, type SignedKey } from "../../protos/signed/keys.js";
import { readSigned } from "../../protos/signed/signed.js";
import { refuse, type Claim, type SignatureCheck, type Verdict } from "../../protos/signed/verdict.js";
import type { AccountId } from "../../lib/ids.js";
import type { WriteOutcome } from "../ports.js";
import { credentialHolds, credentialOf, secretBytesLength } from "./credential.js";
import { problem } from "./flows.js";
import { ask, type Flow, type Part } from "./messages.js";
import type { AccountDevice, AccountFields } from "./ports.js";
import { headOf, type Account } from "./state.js";

/*
 * account(pending) → handle → invite → keys → active (cluster.md §7). Every step may be repeated, so a client whose answer was lost sends
 * the same registration again and gets the same answer, wherever the first one ended.
 */

type Register = Extract<ToAccount, { type: "register" }>;

/** What a device brings that is added to an account: all its public keys, checked in form, and the signatures that make them true. */
export interface NewDevice {
  readonly listed: ListedDevice;
  readonly upload: KeyUpload;
  readonly checks: readonly SignatureCheck[];
}

/** Version 1 of this very account, in form. */
export function firstVersionOf(account: AccountId, message: Pick<Register, "list">): Verdict<Claim<ListState>> {
  const signed = readSigned(message.list, bounds.listBodyBytesMax);
  if (signed.error !== undefined) return signed;
  const first = judgeVersion(undefined, signed.ok);
  if (first.error !== undefined) return first;
  return first.ok.value.account === account ? first : refuse("bad-device-list", "another account's first version");
}

/** The first key upload of a device that a list adds: it must give all that a bundle needs. */
export function newDeviceOf(listed: ListedDevice, keys: Uint8Array, secret: Uint8Array): Verdict<NewDevice> {
  if (secret.length !== secretBytesLength) return refuse("bad-request", "a credential has 32 bytes");
  const signed = readSigned(keys, bounds.keysBodyBytesMax);
  if (signed.error !== undefined) return signed;
  const upload = judgeKeyUpload(signed.ok, listed.identityKey);
  if (upload.error !== undefined) return upload;
  if (!isComplete(upload.ok.value)) return refuse("bad-request", "the first upload has a signed and a last-resort prekey");
  return { ok: { listed, upload: upload.ok.value, checks: upload.ok.checks } };
}

/** The row of a device that is added now. */
export function rowOf({ listed, upload }: NewDevice, secret: Uint8Array, salt: Uint8Array, nowMs: number): AccountDevice {
  return {
    id: listed.id,
    identityKey: listed.identityKey,
    registrationId: listed.registrationId,
    credential: credentialOf(secret, salt),
    addedMs: nowMs,
    lastSeenMs: 0,
    revoked: false,
    revokeTold: false,
    upload: upload.upload,
    signedPrekey: encodeKey(upload.signedPrekey),
    lastResortKyber: encodeKey(upload.lastResortKyber),
  };
}

export function encodeKey(key: SignedKey | undefined): Uint8Array {
  return key === undefined ? new Uint8Array(0) : hermod.v1.SignedPublicKey.encode(key).finish();
}

/** Puts a device's one-time keys. Ids at or below the highest that was ever there are ignored, so it may be repeated. */
export function* putOneTime(state: Account, upload: KeyUpload, room: { readonly ec: number; readonly kyber: number }): Part<WriteOutcome> {
  const uploadedMs = state.now.wallMs;
  const noSignature = new Uint8Array(0);
  const ec = upload.oneTimeEc.slice(0, Math.max(0, room.ec)).map(({ id, key }) => ({ id, key, signature: noSignature }));
  const kyber = upload.oneTimeKyber.slice(0, Math.max(0, room.kyber));
  if (ec.length > 0) {
    const outcome = yield* ask({ type: "put-prekeys", device: upload.device, kind: "ec", keys: ec, uploadedMs });
    if (outcome !== "applied") return outcome;
  }
  if (kyber.length === 0) return "applied";
  return yield* ask({ type: "put-prekeys", device: upload.device, kind: "kyber", keys: kyber, uploadedMs });
}

export const freshPools = { ec: limits.oneTimePrekeysMax, kyber: limits.oneTimePrekeysMax };

/** How signatures that do not hold, or could not be looked at, are answered. */
export function signatureProblem(outcome: "wrong" | "overloaded" | "failed"): Answer {
  if (outcome === "wrong") return problem("bad-signature");
  return problem(outcome === "overloaded" ? "overloaded" : "internal", limits.redeliverMinMs);
}

export function* register(state: Account, message: Register): Flow {
  yield* ask({ type: "lock", name: "list" });
  if (!isHandle(message.handle)) return problem("bad-handle");
  const first = firstVersionOf(state.id, message);
  if (first.error !== undefined) return problem(first.error);
  const listed = first.ok.value.devices[0]!;
  const device = newDeviceOf(listed, message.keys, message.secret);
  if (device.error !== undefined) return problem(device.error);

  const { fields } = state;
  // Who shows the public first version without the secret of its device is not who registered it.
  if (fields !== undefined && !credentialHolds(state.devices.get(listed.id)?.credential, message.secret)) return problem("unauthenticated");
  if (fields?.state === "active") return registered(state, listed.id);
  if (message.inviteNeeded && message.invite === undefined) return problem("invite-needed");
  if (fields !== undefined && fields.handle !== message.handle) {
    const released = yield* ask({ type: "release-handle", handle: fields.handle });
    if (released === "unsure") return problem("unsure", limits.redeliverMinMs);
  }
  // The release of a handle that was given up may still be on its way, so it is never claimed again.
  if (isGivenUp(fields) && fields?.handle === message.handle) return problem("handle-taken");

  const verified = yield* ask({ type: "verify", checks: [...first.ok.checks, ...device.ok.checks] });
  if (verified.outcome !== "hold") return signatureProblem(verified.outcome);
  if (fields?.handle !== message.handle) yield* writePending(state, message, first.ok.value, device.ok, verified.salt);
  return yield* completeRegistration(state, message, device.ok);
}

function* writePending(state: Account, message: Register, first: ListState, device: NewDevice, salt: Uint8Array): Part<void> {
  const nowMs = state.now.wallMs;
  const { version: head, listHash: headHash } = first;
  const fields: AccountFields = { state: "pending", handle: message.handle, createdMs: nowMs, head, headHash, usedLinks: [] as LinkId[] };
  const row = rowOf(device, message.secret, salt, nowMs);
  yield* ask({
    type: "write",
    build: () => ({ account: fields, version: { number: 1, signed: message.list, storedMs: nowMs }, devices: [row] }),
  });
  state.chain = first;
}

function* completeRegistration(state: Account, message: Register, device: NewDevice): Flow {
  const claimed = yield* claimHandle(message.handle);
  if (claimed !== "applied") return problem(claimed === "refused" ? "handle-taken" : "unsure");
  if (message.inviteNeeded) {
    const used = yield* ask({ type: "use-invite", invite: message.invite! });
    if (used === "refused") {
      // Without an invite nobody keeps a handle for an hour.
      yield* giveUpHandle(state);
      return problem("invite-needed");
    }
    if (used === "unsure") return problem("unsure", limits.redeliverMinMs);
  }
  const put = yield* putOneTime(state, device.upload, freshPools);
  if (put !== "applied") return problem("unsure", limits.redeliverMinMs);
  yield* ask({ type: "write", build: () => ({ account: { ...state.fields!, state: "active" } }) });
  return registered(state, device.listed.id);
}

/** Another account's handle is asked for once more: the other may be a registration that nobody finished, which gives it up when it is woken. */
function* claimHandle(handle: string): Part<WriteOutcome> {
  const first = yield* ask({ type: "claim-handle", handle });
  if (first !== "refused") return first;
  const holder = yield* ask({ type: "read-handle", handle });
  if (holder !== undefined) {
    yield* ask({ type: "emit", effects: [{ type: "tell", mail: { kind: "account", id: holder, message: { type: "resume-work" } } }] });
    yield* ask({ type: "sleep", ms: limits.handleAgainMs });
  }
  return yield* ask({ type: "claim-handle", handle });
}

/** Lets go of the handle. Where the outcome is unknown the release may apply late, so this account never claims that handle again. */
function* giveUpHandle(state: Account): Part<void> {
  const released = yield* ask({ type: "release-handle", handle: state.fields!.handle });
  if (released === "unsure") yield* ask({ type: "write", build: () => ({ account: { ...state.fields!, createdMs: 0 } }) });
}

/** A registration that was begun and never finished keeps its handle for an hour. */
export function* giveUpRegistration(state: Account): Flow {
  yield* ask({ type: "lock", name: "list" });
  if (isOverdue(state)) yield* giveUpHandle(state);
  return undefined;
}

/** Given up counts too: the release may not have come through. */
export function isOverdue(state: Account): boolean {
  return state.fields?.state === "pending" && state.now.wallMs - state.fields.createdMs >= limits.pendingAccountMs;
}

function isGivenUp(fields: AccountFields | undefined): boolean {
  return fields?.state === "pending" && fields.createdMs === 0;
}

function registered(state: Account, device: DeviceId): Answer {
  return { type: "registered", account: headOf(state).account, device, handle: state.fields!.handle };
}
