import { expect } from "vitest";
import { fakeCipher } from "../../client/cipher/fake.js";
import { libsignalCipher } from "../../client/cipher/libsignal.js";
import { Overlay } from "../../client/cipher/overlay.js";
import type { Cipher, Decryption, Encryption, LocalIdentity, PairwiseBody, PrekeyBundle } from "../../client/cipher/ports.js";
import { MemoryDisk, openMemoryStore } from "../../client/store/memory.js";
import type { Store } from "../../client/store/ports.js";
import type { Clock } from "../../lib/clock.js";
import { systemClock } from "../../lib/clock.js";
import { systemRand } from "../../lib/random.js";
import { hermod } from "../../protos/gen/hermod.js";
import { domains, signedMessage } from "../../protos/signed/hash.js";

export const day = 86_400_000;
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
export const bytes = (words: string): Uint8Array => new TextEncoder().encode(words);

/** A device: its cipher over its own store. Every operation is one overlay, one transaction. */
export class Device {
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
    return this.bundleOf(this.upload.oneTimeKyber[oneTime] ?? this.upload.lastResortKyber, ec);
  }

  lastResortBundle(): PrekeyBundle {
    return this.bundleOf(this.upload.lastResortKyber, undefined);
  }

  private bundleOf(kyber: hermod.v1.SignedPublicKey.$Properties, ec: hermod.v1.PublicKeyEntry.$Properties | undefined): PrekeyBundle {
    const signed = this.upload.signedPrekey;
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

/** What all devices' clocks are ahead by. */
export const shifted = { ms: 0 };
const clock: Clock = { ...systemClock(), now: () => systemClock().now() + shifted.ms };

/** The adapters of the port, each of which every suite runs against. */
export const ciphers: { name: string; make: () => Cipher }[] = [
  { name: "libsignal", make: () => libsignalCipher({ clock, rand: systemRand() }) },
  { name: "fake", make: () => fakeCipher({ clock, rand: systemRand() }) },
];

export function pairOf(make: () => Cipher, oneTime = 3): [Device, Device] {
  return [new Device(make, oneTime), new Device(make, oneTime)];
}

/** Two devices that have read each other: no more PreKey messages. */
export async function talkingPair(make: () => Cipher): Promise<[Device, Device]> {
  const [ann, bob] = pairOf(make);
  await bob.read(ann, await ann.send(bob, "hello", bob.bundle()));
  await ann.read(bob, await bob.send(ann, "hello yourself"));
  return [ann, bob];
}
