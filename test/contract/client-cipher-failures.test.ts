import { IdentityKeyPair, KEMPublicKey, PreKeyBundle, processPreKeyBundle, PublicKey, signalEncrypt } from "@signalapp/libsignal-client";
import { describe, expect, test } from "vitest";
import { addressOf, Identity, native, Sessions } from "../../client/cipher/libsignal-stores.js";
import { Overlay } from "../../client/cipher/overlay.js";
import { pad } from "../../client/cipher/padding.js";
import type { PairwiseBody, PrekeyBundle } from "../../client/cipher/ports.js";
import { decodeRow } from "../../client/store/codec.js";
import { bytes, ciphers, Device, pairOf, talkingPair } from "./cipher-device.js";

describe.each(ciphers)("cipher: $name", ({ make }) => {
  const pair = (oneTime = 3) => pairOf(make, oneTime);
  const talking = () => talkingPair(make);

  describe("what does not open", () => {
    test("says why, and changes nothing", async () => {
      const [ann, bob] = await talking();
      const carol = new Device(make);
      const body = await ann.send(bob, "for bob");
      const spoiled = { ...body, bytes: body.bytes.map((byte, index) => (index === body.bytes.length - 1 ? byte ^ 1 : byte)) };
      expect(await carol.read(ann, body)).toBe("undecryptable no-session");
      expect(await bob.read(ann, spoiled)).toBe("undecryptable bad-mac");
      expect(await bob.read(ann, { type: "prekey", bytes: body.bytes })).toBe("undecryptable malformed");
      for (const junk of [new Uint8Array(0), new Uint8Array([0x44]), new Uint8Array(300).fill(0x44)]) {
        for (const type of ["whisper", "prekey"] as const)
          expect(await bob.read(ann, { type, bytes: junk })).toBe("undecryptable malformed");
      }
      expect(await bob.read(ann, body)).toBe("for bob");
    });

    test("a message of one device is none of another's", async () => {
      const [ann, bob] = await talking();
      const carol = new Device(make);
      const first = await carol.send(bob, "I am ann", bob.bundle(1));
      expect((await bob.open(ann, first)).type).toBe("undecryptable");
      expect(await bob.read(carol, first)).toBe("I am ann");
    });

    test("a bundle that must not be used gives no ciphertext", async () => {
      const [ann, bob] = pair();
      const carol = new Device(make);
      const good = bob.bundle();
      const flipped = (of: Uint8Array) => of.map((byte, index) => (index === 5 ? byte ^ 1 : byte));
      const bad: [PrekeyBundle | undefined, string][] = [
        [undefined, "missing"],
        [{ ...good, identityKey: carol.self.identityKey }, "bad-key"],
        [{ ...good, oneTime: { id: 1, key: new Uint8Array(33) } }, "bad-key"],
        [{ ...good, signedPrekey: { ...good.signedPrekey, key: Uint8Array.of(5, ...new Uint8Array(32)) } }, "bad-key"],
        [{ ...good, kyber: { ...good.kyber, key: good.kyber.key.slice(1) } }, "bad-key"],
        [{ ...good, signedPrekey: { ...good.signedPrekey, signature: flipped(good.signedPrekey.signature) } }, "bad-signature"],
        [{ ...good, kyber: { ...good.kyber, signature: flipped(good.kyber.signature) } }, "bad-signature"],
        [{ ...good, kyber: carol.bundle().kyber }, "bad-signature"],
      ];
      for (const [bundle, reason] of bad) expect(await ann.encrypt(bob, "x", bundle)).toEqual({ type: "no-bundle", reason });
      expect(ann.hasSession(bob)).toBe(false);
      expect(await bob.read(ann, await ann.send(bob, "x", good))).toBe("x");
    });

    test("a store that fails is the store's error, never an undecryptable message or a bad bundle", async () => {
      const [ann, bob] = await talking();
      const body = await ann.send(bob, "x");
      const carol = new Device(make);
      for (const reads of [0, 1, 2]) {
        const failing = (of: Device) => {
          let left = reads;
          const get = (key: string): Uint8Array | undefined => {
            if (key.startsWith("session/") && left-- === 0) throw new Error("the disk is broken");
            return of.store.cipherRows.get(key);
          };
          return new Overlay({ get, keys: () => [] });
        };
        const outcomes = [
          bob.cipher.decryptFrom(failing(bob), ann.self.device, body),
          bob.cipher.encryptFor(failing(bob), ann.self.device, undefined, bytes("x")),
          carol.cipher.encryptFor(failing(carol), bob.self.device, bob.bundle(1), bytes("x")),
        ];
        // An operation that reads its session less often than that goes well.
        for (const outcome of await Promise.allSettled(outcomes)) {
          if (outcome.status === "rejected") expect(outcome.reason).toMatchObject({ message: "the disk is broken" });
          else expect([reads > 0, ["encrypted", "decrypted"]]).toEqual([true, expect.arrayContaining([outcome.value.type])]);
        }
      }
      expect(await bob.read(ann, body)).toBe("x");
    });
  });

  describe("retry", () => {
    test("a request for the current state resets it once; the next send needs a bundle", async () => {
      const [ann, bob] = await talking();
      const lost = await ann.send(bob, "lost");
      const error = bob.cipher.retryError(lost)!;
      const reset = () => ann.commit((overlay) => ann.cipher.resetOnRetry(overlay, bob.self.device, error));
      expect(reset()).toBe("reset");
      expect(reset()).toBe("kept");
      expect(await ann.encrypt(bob, "again")).toEqual({ type: "no-bundle", reason: "missing" });
      const fresh = await ann.send(bob, "again", bob.bundle(1));
      expect(reset()).toBe("kept");
      expect([await bob.read(ann, fresh), await bob.read(ann, lost)]).toEqual(["again", "lost"]);
    });

    test("works for a first message whose session was never known", async () => {
      const [ann, bob] = pair();
      const first = await ann.send(bob, "first", bob.bundle());
      const error = bob.cipher.retryError(first)!;
      expect(ann.commit((overlay) => ann.cipher.resetOnRetry(overlay, bob.self.device, error))).toBe("reset");
    });

    test("an old state's request, a stranger's and junk change nothing", async () => {
      const [ann, bob] = await talking();
      const old = await ann.send(bob, "old");
      await bob.read(ann, old);
      await ann.read(bob, await bob.send(ann, "turn"));
      await bob.read(ann, await ann.send(bob, "newer"));
      const reset = (error: Uint8Array, device = bob.self.device) => ann.cipher.resetOnRetry(ann.overlay(), device, error);
      expect(reset(bob.cipher.retryError(old)!)).toBe("kept");
      expect(reset(bob.cipher.retryError(await ann.send(bob, "x"))!, new Device(make).self.device)).toBe("kept");
      expect(reset(new Uint8Array(40).fill(3))).toBe("malformed");
      expect(bob.cipher.retryError({ type: "whisper", bytes: new Uint8Array(40) })).toBeUndefined();
    });
  });
});

/** What a modified client can send: libsignal without our rules, under any device's address. */
async function rawFirst(from: Device, as: Device, to: Device, plaintext: Uint8Array): Promise<PairwiseBody> {
  const rows = from.overlay();
  const { pair } = decodeRow(rows.get("identity")!) as { pair: Uint8Array };
  const identity = new Identity(IdentityKeyPair.deserialize(native(pair)), 1);
  const ends = [addressOf(to.self.device), addressOf(as.self.device), new Sessions(rows, to.self.device), identity] as const;
  const { signedPrekey, kyber, oneTime, identityKey } = to.bundle();
  const key = (of: Uint8Array) => PublicKey.deserialize(native(of));
  const signed = [signedPrekey.id, key(signedPrekey.key), native(signedPrekey.signature)] as const;
  const kem = [kyber.id, KEMPublicKey.deserialize(native(kyber.key)), native(kyber.signature)] as const;
  await processPreKeyBundle(PreKeyBundle.new(1, 1, oneTime!.id, key(oneTime!.key), ...signed, key(identityKey), ...kem), ...ends);
  const message = await signalEncrypt(native(plaintext), ...ends);
  return { type: "prekey", bytes: message.serialize() };
}

test("libsignal: a sender that claims another's address is found out by its key", async () => {
  const make = ciphers[0]!.make;
  const [ann, bob] = pairOf(make);
  const mallory = new Device(make);
  const body = await rawFirst(mallory, ann, bob, pad(bytes("I am ann")));
  expect(await bob.read(ann, body)).toBe("undecryptable bad-mac");
  expect(await bob.read(mallory, body)).toBe("undecryptable bad-mac");
});

test("libsignal: content without padding is refused once, and the ratchet has moved", async () => {
  const make = ciphers[0]!.make;
  const [mallory, bob] = pairOf(make);
  const body = await rawFirst(mallory, mallory, bob, bytes("no padding"));
  expect(await bob.read(mallory, body)).toBe("refused bad-padding");
  expect(await bob.read(mallory, body)).toBe("undecryptable duplicate");
});
