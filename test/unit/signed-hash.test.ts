import { createHash, createHmac, hkdfSync } from "node:crypto";
import { expect, test } from "vitest";
import { idBytes, idOf, type AccountId, type ConversationId, type DeviceId } from "../../lib/ids.js";
import { derive, domains, hash, hmac, signedMessage, u32, u64 } from "../../protos/signed/hash.js";
import {
  accountIdOf,
  chainIdOf,
  compareBytes,
  compareIds,
  deviceIdOf,
  directIdOf,
  groupIdOf,
  linkDigitsOf,
  linkIdOf,
  linkMacHolds,
  linkMacOf,
  selfIdOf,
} from "../../protos/signed/ids.js";
import { recoveryBackupKey, recoverySigningSeed } from "../../protos/signed/recovery.js";
import { filled, keyOf } from "./signed-fixtures.js";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const sha256 = (...parts: readonly (Uint8Array | string)[]): Uint8Array => {
  const sha = createHash("sha256");
  for (const part of parts) sha.update(part);
  return sha.digest();
};
const account = (byte: number): AccountId => idOf(filled(16, byte));
const device = idOf<DeviceId>(filled(16, 0xd0));
const chat = idOf<ConversationId>(filled(16, 0xc0));
const key = keyOf("a device").public;

test("a hash is SHA-256 over the domain, a zero byte and the parts", () => {
  const expected = sha256("hermod/device/1\0", filled(3, 1), filled(2, 2));
  expect(hex(hash(domains.device, filled(3, 1), filled(2, 2)))).toBe(hex(expected));
});

test("one body gives another hash in every domain", () => {
  const hashes = Object.values(domains).map((domain) => hex(hash(domain, filled(4, 7))));
  expect(new Set(hashes).size).toBe(hashes.length);
});

test("a signed message is the domain, a zero byte and the body", () => {
  expect(hex(signedMessage(domains.keys, filled(2, 0xab)))).toBe(hex(Buffer.from("hermod/keys/1\0\xab\xab", "latin1")));
});

test("integers are big-endian, and one that does not fit throws instead of wrapping", () => {
  expect(hex(u32(0x01020304))).toBe("01020304");
  expect(hex(u64(0x0102030405060708n))).toBe("0102030405060708");
  expect(hex(u64(2n ** 64n - 1n))).toBe("ffffffffffffffff");
  for (const bad of [-1, 1.5, 2 ** 32, NaN]) expect(() => u32(bad)).toThrow(RangeError);
  for (const bad of [-1n, 2n ** 64n]) expect(() => u64(bad)).toThrow(RangeError);
});

test("keys are derived by HKDF without salt, MACs are HMAC-SHA256 over the parts", () => {
  expect(hex(derive(filled(32, 1), domains.backup, 32))).toBe(
    hex(new Uint8Array(hkdfSync("sha256", filled(32, 1), "", "hermod/backup/1", 32))),
  );
  expect(hex(hmac(filled(32, 1), filled(1, 2), filled(1, 3)))).toBe(
    createHmac("sha256", filled(32, 1))
      .update(new Uint8Array([2, 3]))
      .digest("hex"),
  );
});

test("each id is the hash that it should be", () => {
  const first = filled(32, 0x77);
  expect(hex(idBytes(deviceIdOf(key)))).toBe(hex(sha256("hermod/device/1\0", key).subarray(0, 16)));
  expect(hex(idBytes(accountIdOf(first, 9)))).toBe(`09${"77".repeat(15)}`);
  expect(hex(idBytes(groupIdOf(filled(5, 5), 3)))).toBe(`03${hex(sha256("hermod/genesis/1\0", filled(5, 5)).subarray(0, 15))}`);
  expect(hex(idBytes(selfIdOf(account(4))))).toBe(`04${hex(sha256("hermod/self/1\0", filled(16, 4)).subarray(0, 15))}`);
  expect(hex(idBytes(linkIdOf(filled(32, 6))))).toBe(hex(sha256("hermod/link-id/1\0", filled(32, 6)).subarray(0, 16)));
});

test("a direct conversation has one id, whoever asks, in the region of the account that is smaller by its bytes", () => {
  // 0xd0 begins with base32 "2", 0x10 with "c": as texts they stand the other way round.
  const [small, large] = [account(0x10), account(0xd0)];
  const expected = `10${hex(sha256("hermod/direct/1\0", filled(16, 0x10), filled(16, 0xd0)).subarray(0, 15))}`;
  expect(small > large).toBe(true);
  expect(hex(idBytes(directIdOf(small, large)))).toBe(expected);
  expect(directIdOf(large, small)).toBe(directIdOf(small, large));
  expect(() => directIdOf(small, small)).toThrow("two accounts");
});

test("ids and bytes are ordered unsigned, a prefix first", () => {
  expect(compareIds(account(0x10), account(0xd0))).toBeLessThan(0);
  expect(compareIds(device, device)).toBe(0);
  expect(compareBytes(filled(0, 0), filled(1, 0))).toBeLessThan(0);
  expect(compareBytes(filled(2, 255), filled(1, 255))).toBeGreaterThan(0);
});

test("a chain's id is a UUID text that moves with removals and rotations", () => {
  const bytes = sha256("hermod/chain/1\0", filled(16, 0xc0), filled(16, 0xd0), u64(5n), u32(2)).subarray(0, 16);
  const uuid = chainIdOf(chat, device, 5n, 2);
  expect(uuid).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  expect(uuid.replaceAll("-", "")).toBe(hex(bytes));
  expect(new Set([uuid, chainIdOf(chat, device, 6n, 2), chainIdOf(chat, device, 5n, 3)]).size).toBe(3);
});

test("a link shows five digits, and its MAC binds the body to the secret", () => {
  const [secret, body] = [filled(32, 8), filled(20, 9)];
  expect(linkDigitsOf(key)).toMatch(/^[0-9]{5}$/);
  const number = BigInt(`0x${hex(sha256("hermod/link-show/1\0", key).subarray(0, 5))}`);
  expect(linkDigitsOf(key)).toBe((number % 100_000n).toString().padStart(5, "0"));
  const mac = linkMacOf(secret, body);
  expect(linkMacHolds(secret, body, mac)).toBe(true);
  expect(linkMacHolds(filled(32, 1), body, mac)).toBe(false);
  expect(linkMacHolds(secret, filled(20, 1), mac)).toBe(false);
  expect(linkMacHolds(secret, body, mac.subarray(1))).toBe(false);
});

test("the recovery secret gives two unrelated keys, and only a whole secret does", () => {
  const secret = filled(32, 3);
  const expected = (info: string): string => hex(new Uint8Array(hkdfSync("sha256", secret, "", info, 32)));
  expect(hex(recoverySigningSeed(secret))).toBe(expected("hermod/recovery-sign/1"));
  expect(hex(recoveryBackupKey(secret))).toBe(expected("hermod/backup/1"));
  expect(() => recoverySigningSeed(secret.subarray(1))).toThrow("32 bytes");
  expect(() => recoveryBackupKey(filled(33, 1))).toThrow("32 bytes");
});

// Bytes that must never change within format 1: other people's stores and other versions of this program hold them.
test("golden values of format 1", () => {
  expect({
    device: deviceIdOf(key),
    direct: directIdOf(account(1), account(2)),
    self: selfIdOf(account(1)),
    group: groupIdOf(filled(8, 1), 0),
    chain: chainIdOf(chat, device, 1n, 0),
    link: linkIdOf(filled(32, 1)),
    digits: linkDigitsOf(key),
    mac: hex(linkMacOf(filled(32, 1), filled(8, 1))),
  }).toMatchInlineSnapshot(`
    {
      "chain": "37fe47a9-26b0-baac-e8f1-90849d419a6a",
      "device": "sqya7vjmyo6ywdwmir7d46lk6e",
      "digits": "59415",
      "direct": "ahne35znoevuz2wp6b6hbdceua",
      "group": "aarg6kbyjsldjzequbbpcdpahq",
      "link": "ijtgoew2x7tocmuaijucezof3y",
      "mac": "a59c35a03b52b456dbccfa013ca951ab6a778c45afe7eedbe9d67a33c571ae58",
      "self": "ag4evtdrnsy45i4s4dvomgc3vq",
    }
  `);
});
