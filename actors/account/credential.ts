import { createHash, timingSafeEqual } from "node:crypto";

export const secretBytesLength = 32;
const saltBytesLength = 16;
const storedBytesLength = saltBytesLength + 32;

/** What is stored of a credential: salt ‖ SHA-256(salt ‖ secret). The secret has 256 random bits, so no slow hash is needed. */
export function credentialOf(secret: Uint8Array, salt: Uint8Array): Uint8Array {
  const stored = new Uint8Array(storedBytesLength);
  stored.set(salt.subarray(0, saltBytesLength));
  stored.set(createHash("sha256").update(stored.subarray(0, saltBytesLength)).update(secret).digest(), saltBytesLength);
  return stored;
}

/** No secret hashes to it. Compared where there is no device, so that its absence costs what its presence does. */
const nobody = new Uint8Array(storedBytesLength);

/** Whether this is the secret, in constant time; against nothing when there is no credential. */
export function credentialHolds(stored: Uint8Array | undefined, secret: Uint8Array): boolean {
  const known = stored?.length === storedBytesLength ? stored : nobody;
  const offered = credentialOf(secret, known);
  return timingSafeEqual(offered, known) && known !== nobody && secret.length === secretBytesLength;
}
