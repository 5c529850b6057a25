import { timingSafeEqual } from "node:crypto";
import { assert } from "../../lib/assert.js";
import { idBytes, idBytesLength, idOf, regionOf, type AccountId, type ConversationId, type DeviceId, type LinkId } from "../../lib/ids.js";
import { derive, domains, hash, hmac, u32, u64 } from "./hash.js";

/*
 * Ids are proven, not chosen: each is a hash of what it names, so nobody can put another key, chain or genesis under an id that is known
 * already. Every receiver computes them again and never takes one from the wire.
 */

/** Of a device: its 33-byte identity key decides. A key that was removed from a list never returns, so neither does its id. */
export function deviceIdOf(identityKey: Uint8Array): DeviceId {
  return idOf(hash(domains.device, identityKey).subarray(0, idBytesLength));
}

/** Of an account: region byte ‖ 15 bytes of the listHash of version 1. */
export function accountIdOf(firstListHash: Uint8Array, region: number): AccountId {
  return inRegion(region, firstListHash);
}

/** Of a group: region byte ‖ 15 bytes of H of the genesis body. */
export function groupIdOf(genesisBody: Uint8Array, region: number): ConversationId {
  return inRegion(region, hash(domains.genesis, genesisBody));
}

/** Of the one direct conversation that two accounts can have; it lives in the region of the smaller account. */
export function directIdOf(one: AccountId, other: AccountId): ConversationId {
  assert(one !== other, "a direct conversation needs two accounts");
  const [smaller, larger] = compareIds(one, other) < 0 ? [one, other] : [other, one];
  return inRegion(regionOf(smaller), hash(domains.direct, idBytes(smaller), idBytes(larger)));
}

/** Of an account's conversation with itself. */
export function selfIdOf(account: AccountId): ConversationId {
  return inRegion(regionOf(account), hash(domains.self, idBytes(account)));
}

/** Order of ids by their bytes, which is not the order of their texts: base32 puts its digits behind its letters. */
export function compareIds(one: AccountId | DeviceId, other: AccountId | DeviceId): number {
  return compareBytes(idBytes(one), idBytes(other));
}

/** Unsigned, byte by byte; a prefix is smaller than what it begins. */
export function compareBytes(one: Uint8Array, other: Uint8Array): number {
  const length = Math.min(one.length, other.length);
  for (let index = 0; index < length; index++) {
    const difference = one[index]! - other[index]!;
    if (difference !== 0) return difference;
  }
  return one.length - other.length;
}

/**
 * Of a sender-key chain, as libsignal's distribution id: a UUID text of 16 raw bytes, whose version bits mean nothing. `lastRemovalSeq` is
 * Roster.lastRemovalSeq, so a chain from before a removal can never be named after it.
 */
export function chainIdOf(chat: ConversationId, device: DeviceId, lastRemovalSeq: bigint, rotation: number): string {
  const bytes = hash(domains.chain, idBytes(chat), idBytes(device), u64(lastRemovalSeq), u32(rotation)).subarray(0, 16);
  const hex = Buffer.from(bytes).toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** Name of a link offer at the server, which never learns the secret of the QR code. */
export function linkIdOf(secret: Uint8Array): LinkId {
  return idOf(hash(domains.linkId, secret).subarray(0, idBytesLength));
}

/**
 * The 5 digits that both devices show while one is linked: the first 5 bytes of H('hermod/link-show/1', identity key) as a big-endian
 * number, its last 5 decimal digits, zeros kept. People compare them; nothing else rests on them.
 */
export function linkDigitsOf(identityKey: Uint8Array): string {
  const bytes = hash(domains.linkShow, identityKey);
  let number = 0;
  for (const byte of bytes.subarray(0, 5)) number = number * 256 + byte;
  return String(number % 100_000).padStart(5, "0");
}

/** HMAC(HKDF(secret, 'hermod/link-mac/1', 32), 'approve' ‖ list body): the new device's proof that the list came from who saw its QR code. */
export function linkMacOf(secret: Uint8Array, listBody: Uint8Array): Uint8Array {
  return hmac(derive(secret, domains.linkMac, 32), approve, listBody);
}

/** In constant time. */
export function linkMacHolds(secret: Uint8Array, listBody: Uint8Array, mac: Uint8Array): boolean {
  const expected = linkMacOf(secret, listBody);
  return mac.length === expected.length && timingSafeEqual(mac, expected);
}

const approve = new TextEncoder().encode("approve");

function inRegion<Id extends AccountId | ConversationId>(region: number, digest: Uint8Array): Id {
  assert(Number.isInteger(region) && region >= 0 && region <= 255, "a region is one byte");
  const bytes = new Uint8Array(idBytesLength);
  bytes[0] = region;
  bytes.set(digest.subarray(0, idBytesLength - 1), 1);
  return idOf<Id>(bytes);
}
