import { assert } from "../../lib/assert.js";
import { derive, domains } from "./hash.js";

/** The recovery secret: drawn at registration, shown once, kept by nobody but its owner. */
export const recoverySecretBytes = 32;

/** Seed of the recovery signing key, for libsignal's `PrivateKey.deserialize`. Its public half stands in every list version. */
export function recoverySigningSeed(secret: Uint8Array): Uint8Array {
  return derive(whole(secret), domains.recoverySign, 32);
}

/** Key that backups are encrypted under. Says nothing about the signing key. */
export function recoveryBackupKey(secret: Uint8Array): Uint8Array {
  return derive(whole(secret), domains.backup, 32);
}

function whole(secret: Uint8Array): Uint8Array {
  assert(secret.length === recoverySecretBytes, "a recovery secret has 32 bytes");
  return secret;
}
