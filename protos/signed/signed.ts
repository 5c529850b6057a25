import type { ErrorCode } from "../../lib/errors.js";
import { idBytes, idOf, isIdBytes, type DeviceId } from "../../lib/ids.js";
import { hermod } from "../gen/hermod.js";
import { bounds } from "./bounds.js";
import { signedMessage, type Domain } from "./hash.js";
import { isPublicKey } from "./public-key.js";
import { refuse, type SignatureCheck, type Verdict } from "./verdict.js";

/** Who signed: a device by its id, or an account's recovery key (16 zero bytes on the wire). */
export type Signer = DeviceId | "recovery";

/** A signed object as it travels: raw body and 1 to 3 signatures by different signers. */
export interface SignedObject {
  readonly body: Uint8Array;
  readonly by: readonly { readonly signer: Signer; readonly signature: Uint8Array }[];
}

const recoverySigner = new Uint8Array(16);

export function signerBytes(signer: Signer): Uint8Array {
  return signer === "recovery" ? recoverySigner : idBytes(signer);
}

/** The signer that 16 bytes name; undefined for any other length. */
export function signerOf(bytes: Uint8Array): Signer | undefined {
  if (!isIdBytes(bytes)) return undefined;
  return bytes.every((byte) => byte === 0) ? "recovery" : idOf<DeviceId>(bytes);
}

/** Reads a Signed from the wire. Form only: nothing is verified, and the body is not opened. */
export function readSigned(bytes: Uint8Array, bodyBytesMax: number): Verdict<SignedObject> {
  if (bytes.length > bodyBytesMax + bounds.signedOverheadBytesMax) return refuse("too-large", "a signed object is too large");
  const wire = decoded(bytes, (raw) => hermod.v1.Signed.decode(raw));
  if (wire === undefined) return refuse("bad-request", "not a Signed");
  if (wire.by.length < 1 || wire.by.length > bounds.signaturesMax) return refuse("bad-signature", "a Signed has 1 to 3 signatures");
  const by: { signer: Signer; signature: Uint8Array }[] = [];
  for (const entry of wire.by) {
    const signer = signerOf(entry.signer);
    if (signer === undefined) return refuse("bad-signature", "a signer has 16 bytes");
    if (entry.signature.length !== bounds.signatureBytes) return refuse("bad-signature", "a signature has 64 bytes");
    if (by.some((other) => other.signer === signer)) return refuse("bad-signature", "a signer signs once");
    by.push({ signer, signature: new Uint8Array(entry.signature) });
  }
  return { ok: { body: new Uint8Array(wire.body), by } };
}

/** The wire form of a signed object. The body goes out as it is. */
export function writeSigned(object: SignedObject): Uint8Array {
  const by = object.by.map(({ signer, signature }) => ({ signer: signerBytes(signer), signature }));
  return hermod.v1.Signed.encode({ body: object.body, by }).finish();
}

/**
 * The checks of a body that exactly these keys must have signed: one missing, one too many or one by anybody else is refused, so that a
 * signed object never carries a signature that nobody looked at.
 */
export function signaturesBy(
  object: SignedObject,
  domain: Domain,
  keys: ReadonlyMap<Signer, Uint8Array>,
): Verdict<readonly SignatureCheck[]> {
  const message = signedMessage(domain, object.body);
  const checks: SignatureCheck[] = [];
  for (const [signer, publicKey] of keys) {
    const found = object.by.filter((entry) => entry.signer === signer);
    if (found.length !== 1) return refuse("bad-signature", `needs one signature of ${signer}`);
    const signature = found[0]!.signature;
    if (signature.length !== bounds.signatureBytes) return refuse("bad-signature", "a signature has 64 bytes");
    if (!isPublicKey(publicKey)) return refuse("bad-key", `the key of ${signer} is not a public key`);
    checks.push({ publicKey, message, signature });
  }
  if (object.by.length !== keys.size) return refuse("bad-signature", "a signature by someone who has no say in this");
  return { ok: checks };
}

/**
 * Opens a body of format 1. The format is read before anything else is decoded: a body of a newer format is `update-needed`, never half
 * read. `malformed` is the code for bytes that are no such body.
 */
export function openBody<Body extends { format: number }>(
  body: Uint8Array,
  bytesMax: number,
  malformed: ErrorCode,
  decode: (bytes: Uint8Array) => Body,
): Verdict<Body> {
  if (body.length > bytesMax) return refuse("too-large", "a body is too large");
  if (body.length < 2 || body[0] !== formatTag || body[1] === 0) return refuse(malformed, "a body begins with its format");
  if (body[1] !== 1) return refuse("update-needed", "a newer format");
  const message = decoded(body, decode);
  return message?.format === 1 ? { ok: message } : refuse(malformed, "not such a body");
}

/** Field 1, varint. */
const formatTag = 0x08;

function decoded<Message>(bytes: Uint8Array, decode: (bytes: Uint8Array) => Message): Message | undefined {
  try {
    return decode(bytes);
  } catch {
    return undefined; // the decoder throws at malformed bytes and at nothing else
  }
}
