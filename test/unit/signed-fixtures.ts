import { PrivateKey, PublicKey } from "@signalapp/libsignal-client";
import { createHash } from "node:crypto";
import { idOf, type AccountId, type DeviceId } from "../../lib/ids.js";
import { signedMessage, type Domain } from "../../protos/signed/hash.js";
import { deviceIdOf } from "../../protos/signed/ids.js";
import type { SignedObject, Signer } from "../../protos/signed/signed.js";
import type { Verdict, Verify } from "../../protos/signed/verdict.js";

type Bytes = Uint8Array<ArrayBuffer>;

/** The real thing: libsignal decides what holds. */
export const verify: Verify = (publicKey, message, signature) =>
  PublicKey.deserialize(publicKey as Bytes).verify(message as Bytes, signature as Bytes);

export interface TestKey {
  readonly private: PrivateKey;
  readonly public: Uint8Array;
  readonly id: DeviceId;
  readonly signer: Signer;
}

/** A key pair that is the same in every run: the private half is a hash of its name. */
export function keyOf(name: string, signer?: "recovery"): TestKey {
  const secret = PrivateKey.deserialize(new Uint8Array(createHash("sha256").update(name).digest()));
  const publicKey = secret.getPublicKey().serialize();
  const id = deviceIdOf(publicKey);
  return { private: secret, public: publicKey, id, signer: signer ?? id };
}

export function signWith(key: TestKey, domain: Domain, body: Uint8Array): Uint8Array {
  return key.private.sign(signedMessage(domain, body) as Bytes);
}

export function signed(domain: Domain, body: Uint8Array, ...keys: readonly TestKey[]): SignedObject {
  return { body, by: keys.map((key) => ({ signer: key.signer, signature: signWith(key, domain, body) })) };
}

/** An id of one repeated byte, so that tests can order accounts at sight. */
export function id<Id extends AccountId | DeviceId>(byte: number): Id {
  return idOf<Id>(new Uint8Array(16).fill(byte));
}

export function filled(length: number, byte: number): Uint8Array {
  return new Uint8Array(length).fill(byte);
}

/** "ok", or the error code. */
export function brief(verdict: Verdict<unknown>): string {
  return verdict.error ?? "ok";
}

/** The value of a verdict that a test needs before it comes to its point. */
export function must<T>(verdict: Verdict<T>): T {
  if (verdict.error !== undefined) throw new Error(`${verdict.error}: ${verdict.detail}`);
  return verdict.ok;
}
