import { idOf, isIdBytes, type DeviceId } from "../../lib/ids.js";
import { hermod } from "../gen/hermod.js";
import { bounds } from "./bounds.js";
import { domains } from "./hash.js";
import { deviceIdOf } from "./ids.js";
import { isPublicKey } from "./public-key.js";
import { openBody, signaturesBy, type SignedObject } from "./signed.js";
import { refuse, type Claim, type Refusal, type SignatureCheck, type Verdict } from "./verdict.js";

export interface OneTimeKey {
  readonly id: number;
  readonly key: Uint8Array;
}

export interface SignedKey extends OneTimeKey {
  readonly signature: Uint8Array;
}

/** Public keys of one device. A part that is absent stays as it was; a device's first upload must be complete. */
export interface KeyUpload {
  readonly device: DeviceId;
  /** Grows with every upload of the device. */
  readonly upload: bigint;
  readonly signedPrekey: SignedKey | undefined;
  readonly lastResortKyber: SignedKey | undefined;
  /** By id, at most 100. */
  readonly oneTimeEc: readonly OneTimeKey[];
  /** By id, at most 100. */
  readonly oneTimeKyber: readonly SignedKey[];
}

/** The type byte of Kyber-1024, which libsignal puts in front. */
const kyberTypeByte = 8;

/**
 * A key upload and all its signature checks: of the upload, of the signed prekey and of each Kyber key, all by the identity key. There may
 * be 103 of them, so they belong in a worker thread and behind the rate limit.
 *
 * Whether `upload` grows is the caller's question.
 *
 * @param identityKey of the uploading device, from its account's list
 */
export function judgeKeyUpload(object: SignedObject, identityKey: Uint8Array): Verdict<Claim<KeyUpload>> {
  const opened = openBody(object.body, bounds.keysBodyBytesMax, "bad-request", (bytes) => hermod.v1.KeyUpload.decode(bytes));
  if (opened.error !== undefined) return opened;
  const wire = opened.ok;
  const device = deviceIdOf(identityKey);
  if (!isIdBytes(wire.device) || idOf<DeviceId>(wire.device) !== device) return refuse("bad-request", "keys of another device");
  if (wire.upload < 1n) return refuse("bad-request", "uploads count from 1");
  const problem = sizeProblem(wire) ?? keysProblem(wire, identityKey);
  if (problem !== undefined) return problem;
  const own = signaturesBy(object, domains.keys, new Map([[device, identityKey]]));
  if (own.error !== undefined) return own;
  const value: KeyUpload = {
    device,
    upload: wire.upload,
    signedPrekey: wire.signedPrekey ? signedKeyOf(wire.signedPrekey) : undefined,
    lastResortKyber: wire.lastResortKyber ? signedKeyOf(wire.lastResortKyber) : undefined,
    oneTimeEc: wire.oneTimeEc.map(({ id, key }) => ({ id, key: new Uint8Array(key) })),
    oneTimeKyber: wire.oneTimeKyber.map(signedKeyOf),
  };
  return { ok: { value, checks: [...own.ok, ...keyChecks(value, identityKey)] } };
}

/** Whether an upload gives all that a bundle needs for ever. */
export function isComplete(upload: KeyUpload): boolean {
  return upload.signedPrekey !== undefined && upload.lastResortKyber !== undefined;
}

function sizeProblem(wire: hermod.v1.KeyUpload): Refusal | undefined {
  const { oneTimeEc, oneTimeKyber } = wire;
  if (oneTimeEc.length > bounds.oneTimeKeysMax || oneTimeKyber.length > bounds.oneTimeKeysMax) {
    return refuse("too-large", "at most 100 one-time keys of a kind");
  }
  const empty = oneTimeEc.length === 0 && oneTimeKyber.length === 0 && !wire.signedPrekey && !wire.lastResortKyber;
  return empty ? refuse("bad-request", "no keys") : undefined;
}

/** Kyber keys share one space of ids with the last-resort key: a message names the id alone. EC prekeys are two kinds, told apart. */
function keysProblem(wire: hermod.v1.KeyUpload, identityKey: Uint8Array): Refusal | undefined {
  const signedEc = wire.signedPrekey ? [wire.signedPrekey] : [];
  const lastResort = wire.lastResortKyber ? [wire.lastResortKyber] : [];
  const ec = [...signedEc, ...wire.oneTimeEc];
  const kyber = [...lastResort, ...wire.oneTimeKyber];
  if (![wire.oneTimeEc, wire.oneTimeKyber].every(isSortedById)) return refuse("bad-request", "keys are sorted by id, each once");
  if ([...ec, ...kyber].some(({ id }) => id < 1)) return refuse("bad-request", "key ids count from 1");
  if (lastResort.some(({ id }) => wire.oneTimeKyber.some((key) => key.id === id))) return refuse("bad-request", "Kyber ids are used once");
  if (!ec.every(({ key }) => isPublicKey(key))) return refuse("bad-key", "an EC prekey is no key");
  if (!kyber.every(({ key }) => key.length === bounds.kyberKeyBytes && key[0] === kyberTypeByte)) {
    return refuse("bad-key", "a Kyber prekey has 1,569 bytes and type 8");
  }
  const texts = [identityKey, ...[...ec, ...kyber].map(({ key }) => key)].map((key) => Buffer.from(key).toString("base64"));
  if (new Set(texts).size !== texts.length) return refuse("bad-key", "one key in two places");
  const signed = [...signedEc, ...kyber];
  return signed.every(({ signature }) => signature.length === bounds.signatureBytes)
    ? undefined
    : refuse("bad-signature", "a signature has 64 bytes");
}

function isSortedById(keys: readonly { readonly id: number }[]): boolean {
  return keys.every(({ id }, index) => index === 0 || keys[index - 1]!.id < id);
}

/** As libsignal signs prekeys: the serialized key alone, without a domain. */
function keyChecks(upload: KeyUpload, identityKey: Uint8Array): SignatureCheck[] {
  const signed = [upload.signedPrekey, upload.lastResortKyber, ...upload.oneTimeKyber].filter((key) => key !== undefined);
  return signed.map(({ key, signature }) => ({ publicKey: identityKey, message: key, signature }));
}

function signedKeyOf({ id, key, signature }: hermod.v1.SignedPublicKey.$Properties): SignedKey {
  return { id: id ?? 0, key: new Uint8Array(key ?? []), signature: new Uint8Array(signature ?? []) };
}
