import { describe, expect, test } from "vitest";
import { libsignalCipher } from "../../client/cipher/libsignal.js";
import { Overlay } from "../../client/cipher/overlay.js";
import type { Cipher, Decryption, Encryption, LocalIdentity, PairwiseBody, PrekeyBundle } from "../../client/cipher/ports.js";
import { MemoryDisk, openMemoryStore } from "../../client/store/memory.js";
import type { Store } from "../../client/store/ports.js";
import type { Clock } from "../../lib/clock.js";
import { systemClock } from "../../lib/clock.js";
import { limits } from "../../lib/limits.js";
import { systemRand } from "../../lib/random.js";
import { hermod } from "../../protos/gen/hermod.js";
import { domains, signedMessage } from "../../protos/signed/hash.js";
import { deviceIdOf } from "../../protos/signed/ids.js";
import { isPublicKey } from "../../protos/signed/public-key.js";

const day = 86_400_000;
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const bytes = (words: string): Uint8Array => new TextEncoder().encode(words);

/** A device: its cipher over its own store. Every operation is one overlay, one transaction. */
class Device {
  readonly cipher: Cipher;
  readonly disk = new MemoryDisk();
  readonly store: Store = openMemoryStore(this.disk);
  readonly self: LocalIdentity;
  upload: hermod.v1.KeyUpload;
  #uploads = 0n;

  constructor(make: () => Cipher, oneTime = 3) {
    this.cipher = make();
    this.self = this.commit((overlay) => this.cipher.createIdentity(overlay));
    this.upload = this.makeKeys(oneTime);
  }

  commit<Result>(work: (overlay: Overlay) => Result): Result {
    const overlay = this.overlay();
    const result = work(overlay);
    this.flush(overlay);
    return result;
  }

  overlay(): Overlay {
    return new Overlay(this.store.cipherRows);
  }

  flush(overlay: Overlay): void {
    this.store.transact((tx) => {
      overlay.flush(tx.cipherRows);
    });
  }

  makeKeys(oneTime: number, rotate = false, nowMs = 1_000): hermod.v1.KeyUpload {
    const signed = this.commit((overlay) =>
      this.cipher.makeUpload(overlay, { upload: ++this.#uploads, nowMs, rotate, oneTimeEc: oneTime, oneTimeKyber: oneTime }),
    );
    expect(this.cipher.verify(this.self.identityKey, signedMessage(domains.keys, signed.body), signed.signature)).toBe(true);
    return (this.upload = hermod.v1.KeyUpload.decode(signed.body));
  }

  /** The bundle that a server would hand out: the n-th one-time keys, or the last-resort one. */
  bundle(oneTime: number | undefined = 0): PrekeyBundle {
    const ec = this.upload.oneTimeEc[oneTime];
    return this.bundleOf(this.upload.oneTimeKyber[oneTime] ?? this.upload.lastResortKyber!, ec);
  }

  lastResortBundle(): PrekeyBundle {
    return this.bundleOf(this.upload.lastResortKyber!, undefined);
  }

  private bundleOf(kyber: hermod.v1.SignedPublicKey.$Properties, ec: hermod.v1.PublicKeyEntry.$Properties | undefined): PrekeyBundle {
    const signed = this.upload.signedPrekey!;
    return {
      ...this.self,
      signedPrekey: { id: signed.id, key: signed.key, signature: signed.signature },
      kyber: { id: kyber.id!, key: kyber.key!, signature: kyber.signature! },
      ...(ec === undefined ? {} : { oneTime: { id: ec.id!, key: ec.key! } }),
    };
  }

  async encrypt(to: Device, words: string, bundle?: PrekeyBundle): Promise<Encryption> {
    return this.cipher.locks.hold([to.self.device], async () => {
      const overlay = this.overlay();
      const result = await this.cipher.encryptFor(overlay, to.self.device, bundle, bytes(words));
      this.flush(overlay);
      return result;
    });
  }

  async send(to: Device, words: string, bundle?: PrekeyBundle): Promise<PairwiseBody> {
    const result = await this.encrypt(to, words, bundle);
    expect(result.type).toBe("encrypted");
    return (result as Extract<Encryption, { type: "encrypted" }>).body;
  }

  async open(from: Device, body: PairwiseBody, commit = true): Promise<Decryption> {
    return this.cipher.locks.hold([from.self.device], async () => {
      const overlay = this.overlay();
      const result = await this.cipher.decryptFrom(overlay, from.self.device, body);
      if (result.type === "undecryptable") expect(overlay.isDirty).toBe(false);
      if (commit) this.flush(overlay);
      return result;
    });
  }

  async read(from: Device, body: PairwiseBody, commit = true): Promise<string> {
    const result = await this.open(from, body, commit);
    return result.type === "decrypted" ? text(result.plaintext) : `${result.type} ${result.reason}`;
  }

  ahead(from: Device, body: PairwiseBody): number | undefined {
    return this.cipher.ahead(this.overlay(), from.self.device, body);
  }

  hasSession(to: Device): boolean {
    return this.cipher.hasSession(this.overlay(), to.self.device);
  }
}

const shifted = { ms: 0 };
const clock: Clock = { ...systemClock(), now: () => systemClock().now() + shifted.ms };

describe.each([{ name: "libsignal", make: () => libsignalCipher({ clock, rand: systemRand() }) }])("cipher: $name", ({ make }) => {
  const pair = (oneTime = 3): [Device, Device] => [new Device(make, oneTime), new Device(make, oneTime)];

  /** Both have read the other: no more PreKey messages. */
  async function talking(): Promise<[Device, Device]> {
    const [ann, bob] = pair();
    await bob.read(ann, await ann.send(bob, "hello", bob.bundle()));
    await ann.read(bob, await bob.send(ann, "hello yourself"));
    return [ann, bob];
  }

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
      expect(rotated.signedPrekey!.id).toBeGreaterThan(first.signedPrekey!.id);
      const kyber = [first.lastResortKyber!, ...first.oneTimeKyber, ...more.oneTimeKyber, rotated.lastResortKyber!].map((key) => key.id);
      expect(new Set(kyber).size).toBe(kyber.length);
      expect(first.oneTimeEc.every((key) => isPublicKey(key.key))).toBe(true);
      for (const { key, signature } of [first.signedPrekey!, first.lastResortKyber!, ...first.oneTimeKyber]) {
        expect(ann.cipher.verify(ann.self.identityKey, key, signature)).toBe(true);
      }
      expect(first.lastResortKyber!.key).toHaveLength(1_569);
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

  describe("sessions", () => {
    test("the first message starts a session, and the answer ends the long form", async () => {
      const [ann, bob] = pair();
      expect(ann.hasSession(bob)).toBe(false);
      const first = await ann.send(bob, "one", bob.bundle());
      const again = await ann.send(bob, "two");
      expect([first.type, again.type]).toEqual(["prekey", "prekey"]);
      expect([await bob.read(ann, first), await bob.read(ann, again)]).toEqual(["one", "two"]);
      const answer = await bob.send(ann, "three");
      expect([answer.type, await ann.read(bob, answer)]).toEqual(["whisper", "three"]);
      expect((await ann.send(bob, "four")).type).toBe("whisper");
      expect([ann.hasSession(bob), bob.hasSession(ann)]).toEqual([true, true]);
    });

    test("both may start at once", async () => {
      const [ann, bob] = pair();
      const [fromAnn, fromBob] = [await ann.send(bob, "a", bob.bundle()), await bob.send(ann, "b", ann.bundle())];
      expect([await ann.read(bob, fromBob), await bob.read(ann, fromAnn)]).toEqual(["b", "a"]);
      for (let turn = 0; turn < 4; turn++) {
        const [one, other] = [await ann.send(bob, `a${turn}`), await bob.send(ann, `b${turn}`)];
        expect([await bob.read(ann, one), await ann.read(bob, other)]).toEqual([`a${turn}`, `b${turn}`]);
      }
      expect([(await ann.send(bob, "x")).type, (await bob.send(ann, "y")).type]).toEqual(["whisper", "whisper"]);
    });

    test("messages may come in any order, over turns of the ratchet", async () => {
      const [ann, bob] = await talking();
      const early = [await ann.send(bob, "0"), await ann.send(bob, "1"), await ann.send(bob, "2")];
      expect(await ann.read(bob, await bob.send(ann, "turn"))).toBe("turn");
      const late = [await ann.send(bob, "3"), await ann.send(bob, "4")];
      for (const [index, body] of [late[1]!, early[2]!, late[0]!, early[0]!, early[1]!].entries()) {
        expect(await bob.read(ann, body)).toBe(["4", "2", "3", "0", "1"][index]);
      }
    });

    test("a message read once is a duplicate, whoever asks", async () => {
      const [ann, bob] = await talking();
      const body = await ann.send(bob, "once");
      expect(await bob.read(ann, body)).toBe("once");
      expect(await bob.read(ann, body)).toBe("undecryptable duplicate");
    });

    test("a reading that was not committed can be repeated, also of a first message", async () => {
      const [ann, bob] = pair();
      const first = await ann.send(bob, "first", bob.bundle());
      for (let attempt = 0; attempt < 3; attempt++) expect(await bob.read(ann, first, false)).toBe("first");
      expect(bob.hasSession(ann)).toBe(false);
      expect(await bob.read(ann, first)).toBe("first");
      const next = await ann.send(bob, "next");
      for (let attempt = 0; attempt < 3; attempt++) expect(await bob.read(ann, next, false)).toBe("next");
      expect(await bob.read(ann, next)).toBe("next");
    });

    test("ten at once under the mutex never share a key; without it they would", async () => {
      const [ann, bob] = await talking();
      const places = (bodies: PairwiseBody[]) => new Set(bodies.map((body) => bob.ahead(ann, body))).size;
      const at = Array.from({ length: 10 }, (_, index) => index);
      const guarded = await Promise.all(at.map((index) => ann.send(bob, `m${index}`)));
      expect(places(guarded)).toBe(10);
      const bare = async (index: number): Promise<PairwiseBody> => {
        const overlay = ann.overlay();
        const result = await ann.cipher.encryptFor(overlay, bob.self.device, undefined, bytes(`m${index}`));
        ann.flush(overlay);
        return (result as Extract<Encryption, { type: "encrypted" }>).body;
      };
      expect(places(await Promise.all(at.map(bare)))).toBeLessThan(10);
      expect(await Promise.all(guarded.map((body) => bob.read(ann, body)))).toEqual(at.map((index) => `m${index}`));
    });

    test("a bundle over a lost session starts a new one; what the old one sent is still read", async () => {
      const [ann, bob] = await talking();
      const old = await ann.send(bob, "old");
      ann.commit((overlay) => {
        overlay.delete(`session/${bob.self.device}`);
      });
      expect(await bob.read(ann, await ann.send(bob, "new", bob.bundle(1)))).toBe("new");
      expect(await bob.read(ann, old)).toBe("old");
    });

    test("counts what was never answered, and forgets it with the first answer", async () => {
      const [ann, bob] = pair();
      const unanswered = () => bob.cipher.session(bob.overlay(), ann.self.device)?.unansweredPrekeys;
      expect(unanswered()).toBeUndefined();
      for (let count = 1; count <= 2; count++) {
        await bob.read(ann, await ann.send(bob, "hello?", bob.bundle()));
        expect(unanswered()).toBe(count);
      }
      await bob.send(ann, "");
      expect(unanswered()).toBe(0);
    });

    test("a session that nobody answered for 30 days needs a bundle again", async () => {
      const [ann, bob] = pair();
      await ann.send(bob, "hello?", bob.bundle());
      shifted.ms = 31 * day;
      try {
        expect(ann.hasSession(bob)).toBe(false);
        expect(await ann.encrypt(bob, "?")).toEqual({ type: "no-bundle", reason: "missing" });
        expect(await bob.read(ann, await ann.send(bob, "again", bob.bundle(1)))).toBe("again");
      } finally {
        shifted.ms = 0;
      }
    });

    test("content is padded, its length comes back, and too much of it is refused", async () => {
      const [ann, bob] = await talking();
      for (const words of ["", "x", "y".repeat(159), "z".repeat(5_000)])
        expect(await bob.read(ann, await ann.send(bob, words))).toBe(words);
      await expect(ann.send(bob, "z".repeat(limits.paddedBytesMax))).rejects.toMatchObject({ code: "too-large" });
      expect(await bob.read(ann, await ann.send(bob, "goes on"))).toBe("goes on");
    });
  });

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

    test("a store that fails is the store's error, never an undecryptable message", async () => {
      const [ann, bob] = await talking();
      const body = await ann.send(bob, "x");
      const overlay = bob.overlay();
      bob.store.close();
      await expect(bob.cipher.decryptFrom(overlay, ann.self.device, body)).rejects.toMatchObject({ code: "stopped" });
    });
  });

  describe("staging", () => {
    test("says how many keys would lie unused, whatever the order of reading", async () => {
      const [ann, bob] = await talking();
      const bodies: PairwiseBody[] = [];
      for (let number = 0; number < 8; number++) bodies.push(await ann.send(bob, `${number}`));
      const ahead = () => bodies.map((body) => bob.ahead(ann, body));
      expect(ahead()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
      await bob.read(ann, bodies[5]!);
      expect(ahead()).toEqual([0, 0, 0, 0, 0, 0, 5, 6]);
      await bob.read(ann, bodies[0]!);
      expect(ahead()).toEqual([0, 0, 0, 0, 0, 0, 4, 5]);
      expect(bob.ahead(ann, { type: "whisper", bytes: new Uint8Array(9) })).toBeUndefined();
    });

    test("also of first messages", async () => {
      const [ann, bob] = pair();
      const bodies = [await ann.send(bob, "0", bob.bundle()), await ann.send(bob, "1"), await ann.send(bob, "2")];
      expect(bodies.map((body) => bob.ahead(ann, body))).toEqual([0, 1, 2]);
    });

    test("up to the limit and beyond it everything stays readable", async () => {
      const [ann, bob] = await talking();
      const bodies: PairwiseBody[] = [];
      for (let number = 0; number <= limits.ratchetAheadMax; number++) bodies.push(await ann.send(bob, `${number}`));
      expect(await bob.read(ann, bodies.at(-1)!)).toBe(`${limits.ratchetAheadMax}`);
      for (const index of [0, 250, 499]) expect(await bob.read(ann, bodies[index]!)).toBe(`${index}`);
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
