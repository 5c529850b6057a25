import {
  DecryptionErrorMessage,
  ErrorCode,
  IdentityKeyPair,
  KEMKeyPair,
  KEMPublicKey,
  KyberPreKeyRecord,
  LibSignalErrorBase,
  PreKeyBundle,
  PreKeyRecord,
  PrivateKey,
  processPreKeyBundle,
  PublicKey,
  signalDecrypt,
  signalDecryptPreKey,
  signalEncrypt,
  CiphertextMessageType,
  SignedPreKeyRecord,
} from "@signalapp/libsignal-client";
import { assert } from "../../lib/assert.js";
import { sameBytes } from "../../lib/bytes.js";
import type { Clock } from "../../lib/clock.js";
import type { DeviceId } from "../../lib/ids.js";
import type { Rand } from "../../lib/random.js";
import { bounds } from "../../protos/signed/bounds.js";
import { domains, signedMessage, type Domain } from "../../protos/signed/hash.js";
import { deviceIdOf } from "../../protos/signed/ids.js";
import { isPublicKey } from "../../protos/signed/public-key.js";
import { decodeRow, encodeRow } from "../store/codec.js";
import {
  addressOf,
  Identity,
  KyberKeys,
  native,
  type Noted,
  OneTimeKeys,
  sessionKey,
  sessionRecord,
  Sessions,
  SignedKeys,
  watched,
} from "./libsignal-stores.js";
import { nativeType, parse, type Parsed } from "./libsignal-wire.js";
import { KeyedMutex } from "./mutex.js";
import { Overlay } from "./overlay.js";
import { pad, unpad } from "./padding.js";
import type {
  Cipher,
  Decryption,
  Encryption,
  LocalIdentity,
  PairwiseBody,
  PrekeyBundle,
  RecoverySigner,
  SessionState,
  SignedBytes,
  UploadRequest,
} from "./ports.js";
import { forgetOld, type KeyMaker, makeUploadBody, signedPrekeyMadeMs } from "./prekeys.js";
import { compareScannable, safetyNumber } from "./safety-number.js";
import { aheadOf, noteRead, noteSent, talkOf } from "./talk.js";

/** The cipher over libsignal: PQXDH and the Double Ratchet. Its rows: `identity`, `session/…`, `talk/…`, `prekeys`, `prekey/…`, `seen/…`. */
export function libsignalCipher(ports: { readonly clock: Clock; readonly rand: Rand }): Cipher {
  return new LibsignalCipher(ports.clock, ports.rand);
}

interface IdentityRow {
  readonly pair: Uint8Array;
  readonly registrationId: number;
}

interface Own extends LocalIdentity {
  readonly pair: IdentityKeyPair;
}

const identityRowKey = "identity";

class LibsignalCipher implements Cipher {
  readonly locks = new KeyedMutex();
  readonly safetyNumber = safetyNumber;
  readonly compareScannable = compareScannable;
  readonly #clock: Clock;
  readonly #rand: Rand;
  /** The identity as read last: parsing it costs a point multiplication. */
  #parsed: { readonly row: Uint8Array; readonly own: Own } | undefined;

  constructor(clock: Clock, rand: Rand) {
    this.#clock = clock;
    this.#rand = rand;
  }

  createIdentity(overlay: Overlay): LocalIdentity {
    assert(overlay.get(identityRowKey) === undefined, "a second identity in one store");
    const registrationId = 1 + this.#rand.below(bounds.registrationIdMax);
    const row: IdentityRow = { pair: IdentityKeyPair.generate().serialize(), registrationId };
    overlay.put(identityRowKey, encodeRow(row));
    return publicSide(this.#own(overlay));
  }

  identity(overlay: Overlay): LocalIdentity | undefined {
    return overlay.get(identityRowKey) === undefined ? undefined : publicSide(this.#own(overlay));
  }

  makeUpload(overlay: Overlay, request: UploadRequest): SignedBytes {
    const own = this.#own(overlay);
    const body = makeUploadBody(overlay, keyMaker(own.pair.privateKey), own.device, request);
    return { body, signature: this.sign(overlay, domains.keys, body) };
  }

  signedPrekeyMadeMs(overlay: Overlay): number | undefined {
    return signedPrekeyMadeMs(overlay);
  }

  forgetOldPrekeys(overlay: Overlay, nowMs: number): number {
    return forgetOld(overlay, nowMs);
  }

  sign(overlay: Overlay, domain: Domain, body: Uint8Array): Uint8Array {
    return this.#own(overlay).pair.privateKey.sign(native(signedMessage(domain, body)));
  }

  readonly verify = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean => {
    if (!isPublicKey(publicKey) || signature.length !== bounds.signatureBytes) return false;
    return PublicKey.deserialize(native(publicKey)).verify(native(message), native(signature));
  };

  recoverySigner(seed: Uint8Array): RecoverySigner {
    const key = PrivateKey.deserialize(native(seed));
    return {
      publicKey: key.getPublicKey().serialize(),
      sign: (domain, body) => key.sign(native(signedMessage(domain, body))),
    };
  }

  hasSession(overlay: Overlay, device: DeviceId): boolean {
    return sessionRecord(overlay, device)?.hasCurrentState(this.#now()) ?? false;
  }

  session(overlay: Overlay, device: DeviceId): SessionState | undefined {
    return overlay.get(sessionKey(device)) === undefined ? undefined : talkOf(overlay, device);
  }

  async encryptFor(overlay: Overlay, device: DeviceId, bundle: PrekeyBundle | undefined, plaintext: Uint8Array): Promise<Encryption> {
    const own = this.#own(overlay);
    const padded = pad(plaintext);
    const noted: Noted = {};
    const draft = new Overlay(watched(overlay, noted));
    const parties = [
      addressOf(device),
      addressOf(own.device),
      new Sessions(draft, device),
      new Identity(own.pair, own.registrationId),
    ] as const;
    if (!this.hasSession(overlay, device)) {
      const ready = readBundle(device, bundle);
      if (typeof ready === "string") return { type: "no-bundle", reason: ready };
      try {
        await processPreKeyBundle(ready, ...parties, this.#now());
      } catch {
        if (noted.fault !== undefined) throw noted.fault;
        return { type: "no-bundle", reason: "bad-signature" };
      }
    }
    const message = await signalEncrypt(native(padded), ...parties, this.#now());
    noteSent(draft, device);
    draft.flush(overlay);
    const type = message.type() === Number(CiphertextMessageType.PreKey) ? "prekey" : "whisper";
    return { type: "encrypted", body: { type, bytes: message.serialize() } };
  }

  async decryptFrom(overlay: Overlay, device: DeviceId, body: PairwiseBody): Promise<Decryption> {
    const parsed = parse(body);
    if (parsed === undefined) return { type: "undecryptable", reason: "malformed" };
    if (body.type === "whisper" && overlay.get(sessionKey(device)) === undefined) return { type: "undecryptable", reason: "no-session" };
    const noted: Noted = {};
    const draft = new Overlay(watched(overlay, noted));
    let padded: Uint8Array;
    try {
      padded = await this.#open(draft, device, parsed, noted);
    } catch (error) {
      if (noted.fault !== undefined) throw noted.fault;
      return { type: "undecryptable", reason: reasonOf(error, noted) };
    }
    noteRead(draft, device, body.type, parsed.place);
    draft.flush(overlay);
    const plaintext = unpad(padded);
    return plaintext === undefined ? { type: "refused", reason: "bad-padding" } : { type: "decrypted", plaintext };
  }

  ahead(overlay: Overlay, device: DeviceId, body: PairwiseBody): number | undefined {
    const parsed = parse(body);
    return parsed === undefined ? undefined : aheadOf(overlay, device, parsed.place);
  }

  retryError(body: PairwiseBody): Uint8Array | undefined {
    if (parse(body) === undefined) return undefined;
    return DecryptionErrorMessage.forOriginal(native(body.bytes), nativeType(body), 0, 1).serialize();
  }

  resetOnRetry(overlay: Overlay, device: DeviceId, error: Uint8Array): "reset" | "kept" | "malformed" {
    const ratchetKey = ratchetKeyOf(error);
    if (ratchetKey === undefined) return "malformed";
    const record = sessionRecord(overlay, device);
    if (!record?.currentRatchetKeyMatches(ratchetKey)) return "kept";
    record.archiveCurrentState();
    overlay.put(sessionKey(device), record.serialize());
    return "reset";
  }

  async #open(overlay: Overlay, device: DeviceId, parsed: Parsed, noted: Noted): Promise<Uint8Array> {
    const own = this.#own(overlay);
    const parties = [
      addressOf(device),
      addressOf(own.device),
      new Sessions(overlay, device),
      new Identity(own.pair, own.registrationId),
    ] as const;
    if (parsed.message.type === "whisper") return signalDecrypt(parsed.message.whisper, ...parties);
    const keys = [new OneTimeKeys(overlay, noted), new SignedKeys(overlay, noted), new KyberKeys(overlay, noted)] as const;
    return signalDecryptPreKey(parsed.message.prekey, ...parties, ...keys);
  }

  #own(overlay: Overlay): Own {
    const row = overlay.get(identityRowKey);
    assert(row !== undefined, "no identity in this store");
    if (this.#parsed !== undefined && sameBytes(this.#parsed.row, row)) return this.#parsed.own;
    const { pair, registrationId } = decodeRow(row) as IdentityRow;
    const parsed = IdentityKeyPair.deserialize(native(pair));
    const identityKey = parsed.publicKey.serialize();
    const own: Own = { device: deviceIdOf(identityKey), identityKey, registrationId, pair: parsed };
    this.#parsed = { row, own };
    return own;
  }

  #now(): Date {
    return new Date(this.#clock.now());
  }
}

function publicSide({ device, identityKey, registrationId }: Own): LocalIdentity {
  return { device, identityKey, registrationId };
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

/** libsignal's form of a bundle; a word where it must not be used. libsignal verifies the signatures, but takes any 33 bytes as a key. */
function readBundle(device: DeviceId, bundle: PrekeyBundle | undefined): PreKeyBundle | "missing" | "bad-key" {
  if (bundle === undefined) return "missing";
  const { identityKey, signedPrekey, oneTime, kyber } = bundle;
  const keys = [identityKey, signedPrekey.key, ...(oneTime === undefined ? [] : [oneTime.key])];
  if (!keys.every(isPublicKey) || deviceIdOf(identityKey) !== device) return "bad-key";
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
      publicKey(identityKey),
      kyber.id,
      KEMPublicKey.deserialize(native(kyber.key)),
      native(kyber.signature),
    );
  } catch {
    return "bad-key"; // a Kyber key of the wrong length or type
  }
}

/** libsignal says "duplicate" also of messages never read; whoever has not stored the entry treats it as lost. Its texts are never looked at. */
function reasonOf(error: unknown, noted: Noted): "no-session" | "duplicate" | "bad-mac" {
  if (noted.why === "key-gone") return "no-session";
  if (noted.why === "replayed") return "duplicate";
  return error instanceof LibSignalErrorBase && error.code === ErrorCode.DuplicatedMessage ? "duplicate" : "bad-mac";
}

function ratchetKeyOf(error: Uint8Array): PublicKey | undefined {
  try {
    return DecryptionErrorMessage.deserialize(native(error)).ratchetKey();
  } catch {
    return undefined; // not such a message
  }
}
