import {
  CiphertextMessageType,
  DecryptionErrorMessage,
  ErrorCode,
  IdentityKeyPair,
  KEMKeyPair,
  KEMPublicKey,
  KyberPreKeyRecord,
  LibSignalErrorBase,
  PreKeyBundle,
  PreKeyRecord,
  PreKeySignalMessage,
  PrivateKey,
  processPreKeyBundle,
  PublicKey,
  SessionRecord,
  signalDecrypt,
  signalDecryptPreKey,
  signalEncrypt,
  SignalMessage,
  SignedPreKeyRecord,
} from "@signalapp/libsignal-client";
import { sameBytes } from "../../lib/bytes.js";
import type { Clock } from "../../lib/clock.js";
import type { Rand } from "../../lib/random.js";
import { PairwiseCipher } from "./cipher.js";
import { addressOf, Identity, KyberKeys, native, type Noted, OneTimeKeys, Sessions, SignedKeys } from "./libsignal-stores.js";
import { nativeType, placeOf } from "./libsignal-wire.js";
import type { Cipher, PairwiseBody, PrekeyBundle } from "./ports.js";
import type { KeyMaker } from "./prekeys.js";
import type { Ends, Opened, Primitives } from "./primitives.js";
import { compareScannable, safetyNumber } from "./safety-number.js";

/** The cipher over libsignal: PQXDH and the Double Ratchet. */
export function libsignalCipher(ports: { readonly clock: Clock; readonly rand: Rand }): Cipher {
  return new PairwiseCipher(new Libsignal(), ports.clock, ports.rand);
}

class Libsignal implements Primitives {
  readonly placeOf = placeOf;
  readonly safetyNumber = safetyNumber;
  readonly compareScannable = compareScannable;
  /** The pair as read last: reading it costs a point multiplication, and a process has one. */
  #parsed: { readonly bytes: Uint8Array; readonly pair: IdentityKeyPair } | undefined;

  makePair(): Uint8Array {
    return IdentityKeyPair.generate().serialize();
  }

  pairOfSeed(seed: Uint8Array): Uint8Array {
    const key = PrivateKey.deserialize(native(seed));
    return new IdentityKeyPair(key.getPublicKey(), key).serialize();
  }

  publicKeyOf(pair: Uint8Array): Uint8Array {
    return this.#pair(pair).publicKey.serialize();
  }

  sign(pair: Uint8Array, message: Uint8Array): Uint8Array {
    return this.#pair(pair).privateKey.sign(native(message));
  }

  verifies(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
    return PublicKey.deserialize(native(publicKey)).verify(native(message), native(signature));
  }

  keyMaker(pair: Uint8Array): KeyMaker {
    return keyMaker(this.#pair(pair).privateKey);
  }

  isUsable(session: Uint8Array, nowMs: number): boolean {
    return SessionRecord.deserialize(native(session)).hasCurrentState(new Date(nowMs));
  }

  async start(ends: Ends, bundle: PrekeyBundle): Promise<"started" | "bad-key" | "bad-signature"> {
    const read = readBundle(bundle);
    if (read === undefined) return "bad-key";
    try {
      await processPreKeyBundle(read, ...this.#parties(ends), new Date(ends.nowMs));
      return "started";
    } catch {
      return "bad-signature"; // the keys were read already; what is left to fail is one of the two signatures
    }
  }

  async encrypt(ends: Ends, padded: Uint8Array): Promise<PairwiseBody> {
    const message = await signalEncrypt(native(padded), ...this.#parties(ends), new Date(ends.nowMs));
    const type = message.type() === Number(CiphertextMessageType.PreKey) ? "prekey" : "whisper";
    return { type, bytes: message.serialize() };
  }

  async open(ends: Ends, body: PairwiseBody): Promise<Opened> {
    const noted: Noted = {};
    const bytes = native(body.bytes);
    const parties = this.#parties(ends);
    const keys = [new OneTimeKeys(ends.rows, noted), new SignedKeys(ends.rows, noted), new KyberKeys(ends.rows, noted)] as const;
    try {
      const padded =
        body.type === "whisper"
          ? await signalDecrypt(SignalMessage.deserialize(bytes), ...parties)
          : await signalDecryptPreKey(PreKeySignalMessage.deserialize(bytes), ...parties, ...keys);
      return { type: "opened", padded };
    } catch (error) {
      return { type: "failed", reason: reasonOf(error, noted) };
    }
  }

  retryError(body: PairwiseBody): Uint8Array {
    return DecryptionErrorMessage.forOriginal(native(body.bytes), nativeType(body), 0, 1).serialize();
  }

  ratchetKeyOf(error: Uint8Array): Uint8Array | undefined {
    try {
      return DecryptionErrorMessage.deserialize(native(error)).ratchetKey()?.serialize();
    } catch {
      return undefined; // not such a message
    }
  }

  archived(session: Uint8Array, ratchetKey: Uint8Array): Uint8Array | undefined {
    const record = SessionRecord.deserialize(native(session));
    if (!record.currentRatchetKeyMatches(PublicKey.deserialize(native(ratchetKey)))) return undefined;
    record.archiveCurrentState();
    return record.serialize();
  }

  #parties(ends: Ends) {
    const { own, device, rows } = ends;
    return [
      addressOf(device),
      addressOf(own.device),
      new Sessions(rows, device),
      new Identity(this.#pair(own.pair), own.registrationId),
    ] as const;
  }

  #pair(bytes: Uint8Array): IdentityKeyPair {
    if (this.#parsed !== undefined && sameBytes(this.#parsed.bytes, bytes)) return this.#parsed.pair;
    const pair = IdentityKeyPair.deserialize(native(bytes));
    this.#parsed = { bytes, pair };
    return pair;
  }
}

function keyMaker(identity: PrivateKey): KeyMaker {
  return {
    oneTimeEc: (id) => {
      const key = PrivateKey.generate();
      const publicKey = key.getPublicKey();
      return { record: PreKeyRecord.new(id, publicKey, key).serialize(), key: publicKey.serialize() };
    },
    signedEc: (id, nowMs) => {
      const key = PrivateKey.generate();
      const publicKey = key.getPublicKey();
      const signature = identity.sign(publicKey.serialize());
      return { record: SignedPreKeyRecord.new(id, nowMs, publicKey, key, signature).serialize(), key: publicKey.serialize(), signature };
    },
    kyber: (id, nowMs) => {
      const pair = KEMKeyPair.generate();
      const key = pair.getPublicKey().serialize();
      const signature = identity.sign(key);
      return { record: KyberPreKeyRecord.new(id, nowMs, pair, signature).serialize(), key, signature };
    },
  };
}

/** libsignal's form of a bundle; undefined: a key that it cannot read, such as a Kyber key of another length. */
function readBundle(bundle: PrekeyBundle): PreKeyBundle | undefined {
  const { signedPrekey, oneTime, kyber } = bundle;
  const publicKey = (bytes: Uint8Array) => PublicKey.deserialize(native(bytes));
  try {
    return PreKeyBundle.new(
      bundle.registrationId,
      1,
      oneTime?.id ?? null,
      oneTime === undefined ? null : publicKey(oneTime.key),
      signedPrekey.id,
      publicKey(signedPrekey.key),
      native(signedPrekey.signature),
      publicKey(bundle.identityKey),
      kyber.id,
      KEMPublicKey.deserialize(native(kyber.key)),
      native(kyber.signature),
    );
  } catch {
    return undefined; // reading has no other way to fail
  }
}

/** libsignal says "duplicate" also of messages never read; whoever has not stored the entry treats it as lost. Its texts are never looked at. */
function reasonOf(error: unknown, noted: Noted): "no-session" | "duplicate" | "bad-mac" {
  if (noted.why === "key-gone") return "no-session";
  if (noted.why === "replayed") return "duplicate";
  return error instanceof LibSignalErrorBase && error.code === ErrorCode.DuplicatedMessage ? "duplicate" : "bad-mac";
}
