import { createHash, createHmac, hkdfSync } from "node:crypto";

/**
 * Every domain that a hash, a signature or a derived key of format 1 is bound to. A domain belongs to one kind of object, so bytes that
 * were made for one purpose never pass for another.
 */
export const domains = {
  device: "hermod/device/1",
  devices: "hermod/devices/1",
  genesis: "hermod/genesis/1",
  membership: "hermod/membership/1",
  told: "hermod/told/1",
  roster: "hermod/roster/1",
  direct: "hermod/direct/1",
  self: "hermod/self/1",
  chain: "hermod/chain/1",
  keys: "hermod/keys/1",
  retry: "hermod/retry/1",
  linkId: "hermod/link-id/1",
  linkMac: "hermod/link-mac/1",
  linkShow: "hermod/link-show/1",
  recoverySign: "hermod/recovery-sign/1",
  backup: "hermod/backup/1",
} as const;

export type Domain = (typeof domains)[keyof typeof domains];

export const hashBytesLength = 32;
export const noHash = new Uint8Array(hashBytesLength);

const prefixes = new Map<string, Uint8Array>(Object.values(domains).map((domain) => [domain, new TextEncoder().encode(`${domain}\0`)]));

function prefixOf(domain: Domain): Uint8Array {
  return prefixes.get(domain)!;
}

/**
 * H(domain, parts…) = SHA-256(utf8(domain) ‖ 0x00 ‖ parts…). Parts are not delimited: every domain has at most one part without a fixed
 * length, and that one is last.
 */
export function hash(domain: Domain, ...parts: readonly Uint8Array[]): Uint8Array {
  const sha = createHash("sha256").update(prefixOf(domain));
  for (const part of parts) sha.update(part);
  return new Uint8Array(sha.digest());
}

/** What a signature of a body covers: utf8(domain) ‖ 0x00 ‖ body. */
export function signedMessage(domain: Domain, body: Uint8Array): Uint8Array {
  const prefix = prefixOf(domain);
  const message = new Uint8Array(prefix.length + body.length);
  message.set(prefix);
  message.set(body, prefix.length);
  return message;
}

/** HKDF-SHA256 without salt; the domain is the info. */
export function derive(secret: Uint8Array, domain: Domain, length: number): Uint8Array {
  return new Uint8Array(hkdfSync("sha256", secret, new Uint8Array(0), domain, length));
}

export function hmac(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array {
  const mac = createHmac("sha256", key);
  for (const part of parts) mac.update(part);
  return new Uint8Array(mac.digest());
}

/** Big-endian, 4 bytes. Throws on a value that does not fit, so that nothing is hashed by its remainder. */
export function u32(value: number): Uint8Array {
  if (!Number.isInteger(value) || value < 0 || value > 0xffff_ffff) throw new RangeError(`not a u32: ${value}`);
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}

/** Big-endian, 8 bytes. Throws on a value that does not fit. */
export function u64(value: bigint): Uint8Array {
  if (value < 0n || value > 0xffff_ffff_ffff_ffffn) throw new RangeError(`not a u64: ${value}`);
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, value);
  return bytes;
}
