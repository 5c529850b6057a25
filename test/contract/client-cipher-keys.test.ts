import { describe, expect, test } from "vitest";
import { Overlay } from "../../client/cipher/overlay.js";
import { openMemoryStore } from "../../client/store/memory.js";
import { limits } from "../../lib/limits.js";
import { domains, signedMessage } from "../../protos/signed/hash.js";
import { deviceIdOf } from "../../protos/signed/ids.js";
import { isPublicKey } from "../../protos/signed/public-key.js";
import { bytes, ciphers, day, Device, pairOf } from "./cipher-device.js";

describe.each(ciphers)("cipher: $name", ({ make }) => {
  const pair = (oneTime = 3) => pairOf(make, oneTime);

  describe("identity and signatures", () => {
    test("a device's id is its key's, the identity lasts, and there is only one", () => {
      const ann = new Device(make);
      expect(ann.self.device).toBe(deviceIdOf(ann.self.identityKey));
      expect(isPublicKey(ann.self.identityKey)).toBe(true);
      expect(ann.self.registrationId).toBeGreaterThan(0);
      expect(ann.self.registrationId).toBeLessThanOrEqual(16_380);
      expect(make().identity(ann.overlay())).toEqual(ann.self);
      expect(make().identity(new Overlay(openMemoryStore().cipherRows))).toBeUndefined();
      expect(() => ann.cipher.createIdentity(ann.overlay())).toThrow("mistake");
    });

    test("a signature holds for its key, its domain and its body only", () => {
      const [ann, bob] = pair();
      const body = bytes("body");
      const signature = ann.cipher.sign(ann.overlay(), domains.retry, body);
      const verify = (key: Uint8Array, domain: typeof domains.retry | typeof domains.keys, of: Uint8Array, by = signature) =>
        bob.cipher.verify(key, signedMessage(domain, of), by);
      expect(signature).toHaveLength(64);
      expect(verify(ann.self.identityKey, domains.retry, body)).toBe(true);
      expect(verify(bob.self.identityKey, domains.retry, body)).toBe(false);
      expect(verify(ann.self.identityKey, domains.keys, body)).toBe(false);
      expect(verify(ann.self.identityKey, domains.retry, bytes("bodx"))).toBe(false);
      expect(verify(ann.self.identityKey, domains.retry, body, signature.slice(1))).toBe(false);
      expect(verify(new Uint8Array(33), domains.retry, body)).toBe(false);
      expect(
        verify(
          Uint8Array.from(ann.self.identityKey, (byte, index) => (index === 32 ? byte | 128 : byte)),
          domains.retry,
          body,
        ),
      ).toBe(false);
    });

    test("a recovery key signs what anybody verifies, and 32 bytes always give the same key", () => {
      const cipher = make();
      const seed = new Uint8Array(32).fill(9);
      const signer = cipher.recoverySigner(seed);
      expect(cipher.recoverySigner(seed).publicKey).toEqual(signer.publicKey);
      expect(isPublicKey(signer.publicKey)).toBe(true);
      expect(cipher.verify(signer.publicKey, signedMessage(domains.devices, seed), signer.sign(domains.devices, seed))).toBe(true);
    });
  });

  describe("prekeys", () => {
    test("an upload has what was asked for, ids only grow, and rotation makes new long-lived keys", () => {
      const ann = new Device(make, 2);
      const first = ann.upload;
      const more = ann.makeKeys(2);
      const rotated = ann.makeKeys(0, true, 2_000);
      expect([first.oneTimeEc.length, first.oneTimeKyber.length, rotated.oneTimeEc.length]).toEqual([2, 2, 0]);
      expect([...first.oneTimeEc, ...more.oneTimeEc].map((key) => key.id)).toEqual([1, 2, 3, 4]);
      expect(more.signedPrekey).toEqual(first.signedPrekey);
      expect(more.lastResortKyber).toEqual(first.lastResortKyber);
      expect(rotated.signedPrekey.id).toBeGreaterThan(first.signedPrekey.id);
      const kyber = [first.lastResortKyber, ...first.oneTimeKyber, ...more.oneTimeKyber, rotated.lastResortKyber].map((key) => key.id);
      expect(new Set(kyber).size).toBe(kyber.length);
      expect(first.oneTimeEc.every((key) => isPublicKey(key.key))).toBe(true);
      for (const { key, signature } of [first.signedPrekey, first.lastResortKyber, ...first.oneTimeKyber]) {
        expect(ann.cipher.verify(ann.self.identityKey, key, signature)).toBe(true);
      }
      expect(first.lastResortKyber.key).toHaveLength(1_569);
      expect(ann.cipher.signedPrekeyMadeMs(ann.overlay())).toBe(2_000);
    });

    test("a one-time key opens one first message and no second", async () => {
      const [ann, bob] = pair();
      const carol = new Device(make);
      const stolen = bob.bundle(1);
      const first = await ann.send(bob, "mine", stolen);
      const second = await carol.send(bob, "mine too", stolen);
      expect(await bob.read(ann, first)).toBe("mine");
      expect(await bob.read(carol, second)).toBe("undecryptable no-session");
    });

    test("a last-resort key opens many first messages, and the same one never twice", async () => {
      const bob = new Device(make, 0);
      const others = [new Device(make), new Device(make)];
      for (const [index, other] of others.entries()) {
        const body = await other.send(bob, `hello ${index}`, bob.lastResortBundle());
        expect(await bob.read(other, body)).toBe(`hello ${index}`);
        // The session is lost, as in a store that forgot it: only the seen base key tells the replay.
        bob.commit((overlay) => {
          overlay.delete(`session/${other.self.device}`);
        });
        expect(await bob.read(other, body)).toBe("undecryptable duplicate");
      }
    });

    test("old private halves open first messages until they are forgotten; the newest are never forgotten", async () => {
      const [ann, bob] = pair();
      const [early, late] = [bob.bundle(0), bob.bundle(1)];
      bob.makeKeys(1, true, 7 * day);
      expect(await bob.read(ann, await ann.send(bob, "in time", early))).toBe("in time");
      const forget = (nowMs: number) => bob.commit((overlay) => bob.cipher.forgetOldPrekeys(overlay, nowMs));
      expect(forget(limits.prekeyPrivateKeptMs)).toBe(0);
      expect(forget(limits.prekeyPrivateKeptMs + 1_000)).toBe(2 + 4);
      const carol = new Device(make);
      expect(await bob.read(carol, await carol.send(bob, "too late", late))).toBe("undecryptable no-session");
      expect(forget(1_000 * day)).toBe(2);
      const dave = new Device(make);
      expect(await bob.read(dave, await dave.send(bob, "last resort", bob.lastResortBundle()))).toBe("last resort");
    });
  });

  describe("safety number", () => {
    test("both sides see the same digits, and a scan tells right from wrong", () => {
      const [ann, bob] = pair();
      const side = (device: Device) => ({ identifier: bytes(device.self.device), rootKey: device.self.identityKey });
      const [ours, theirs] = [ann.cipher.safetyNumber(side(ann), side(bob)), bob.cipher.safetyNumber(side(bob), side(ann))];
      expect(ours.digits).toBe(theirs.digits);
      expect(ours.digits).toMatch(/^\d{60}$/);
      const carol = new Device(make);
      expect(ann.cipher.safetyNumber(side(ann), side(carol)).digits).not.toBe(ours.digits);
      expect(ann.cipher.compareScannable(side(ann), side(bob), theirs.scannable)).toBe("same");
      expect(ann.cipher.compareScannable(side(ann), side(carol), theirs.scannable)).toBe("different");
      expect(ann.cipher.compareScannable(side(ann), side(bob), new Uint8Array(20))).toBe("malformed");
    });
  });
});
