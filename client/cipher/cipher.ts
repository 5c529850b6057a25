import { assert } from "../../lib/assert.js";
import type { Clock } from "../../lib/clock.js";
import type { DeviceId } from "../../lib/ids.js";
import type { Rand } from "../../lib/random.js";
import { bounds } from "../../protos/signed/bounds.js";
import { domains, signedMessage, type Domain } from "../../protos/signed/hash.js";
import { deviceIdOf } from "../../protos/signed/ids.js";
import { isPublicKey } from "../../protos/signed/public-key.js";
import { decodeRow, encodeRow } from "../store/codec.js";
import type { CipherRowReads } from "../store/ports.js";
import { KeyedMutex } from "./mutex.js";
import { Overlay } from "./overlay.js";
import { pad, unpad } from "./padding.js";
import type {
  Cipher,
  Decryption,
  Encryption,
  FingerprintSide,
  LocalIdentity,
  PairwiseBody,
  PrekeyBundle,
  RecoverySigner,
  SafetyNumber,
  SessionState,
  SignedBytes,
  UploadRequest,
} from "./ports.js";
import { forgetOld, makeUploadBody, signedPrekeyMadeMs } from "./prekeys.js";
import { type Ends, type Opened, type Own, type Primitives, sessionKey } from "./primitives.js";
import { aheadOf, forgetUnread, noteRead, noteSent, talkOf } from "./talk.js";

interface IdentityRow {
  readonly pair: Uint8Array;
  readonly registrationId: number;
}

/** Why the rows below an operation could not be read. libsignal hides what its stores throw, so it is noted on the way. */
interface Fault {
  error?: Error;
}

const identityRowKey = "identity";

/**
 * The rules of a cipher over somebody's arithmetic. Its rows: `identity`, `session/…`, `talk/…`, `prekeys`, `prekey/…`, `seen/…`. Each
 * operation works on a draft over the caller's overlay, so that one that fails leaves nothing behind.
 */
export class PairwiseCipher implements Cipher {
  readonly locks = new KeyedMutex();
  readonly #primitives: Primitives;
  readonly #clock: Clock;
  readonly #rand: Rand;

  constructor(primitives: Primitives, clock: Clock, rand: Rand) {
    this.#primitives = primitives;
    this.#clock = clock;
    this.#rand = rand;
  }

  createIdentity(overlay: Overlay): LocalIdentity {
    assert(overlay.get(identityRowKey) === undefined, "a second identity in one store");
    const registrationId = 1 + this.#rand.below(bounds.registrationIdMax);
    overlay.put(identityRowKey, encodeRow({ pair: this.#primitives.makePair(), registrationId } satisfies IdentityRow));
    return publicSide(this.#own(overlay));
  }

  identity(overlay: Overlay): LocalIdentity | undefined {
    return overlay.get(identityRowKey) === undefined ? undefined : publicSide(this.#own(overlay));
  }

  makeUpload(overlay: Overlay, request: UploadRequest): SignedBytes {
    const own = this.#own(overlay);
    const body = makeUploadBody(overlay, this.#primitives.keyMaker(own.pair), own.device, request);
    return { body, signature: this.sign(overlay, domains.keys, body) };
  }

  signedPrekeyMadeMs(overlay: Overlay): number | undefined {
    return signedPrekeyMadeMs(overlay);
  }

  forgetOldPrekeys(overlay: Overlay, nowMs: number): number {
    return forgetOld(overlay, nowMs);
  }

  sign(overlay: Overlay, domain: Domain, body: Uint8Array): Uint8Array {
    return this.#primitives.sign(this.#own(overlay).pair, signedMessage(domain, body));
  }

  readonly verify = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean =>
    isPublicKey(publicKey) && signature.length === bounds.signatureBytes && this.#primitives.verifies(publicKey, message, signature);

  recoverySigner(seed: Uint8Array): RecoverySigner {
    const pair = this.#primitives.pairOfSeed(seed);
    return {
      publicKey: this.#primitives.publicKeyOf(pair),
      sign: (domain, body) => this.#primitives.sign(pair, signedMessage(domain, body)),
    };
  }

  hasSession(overlay: Overlay, device: DeviceId): boolean {
    const session = overlay.get(sessionKey(device));
    return session !== undefined && this.#primitives.isUsable(session, this.#clock.now());
  }

  session(overlay: Overlay, device: DeviceId): SessionState | undefined {
    return overlay.get(sessionKey(device)) === undefined ? undefined : talkOf(overlay, device);
  }

  async encryptFor(overlay: Overlay, device: DeviceId, bundle: PrekeyBundle | undefined, plaintext: Uint8Array): Promise<Encryption> {
    const padded = pad(plaintext);
    const fault: Fault = {};
    const ends = this.#ends(overlay, device, fault);
    if (!this.hasSession(overlay, device)) {
      const problem = bundle === undefined ? "missing" : await this.#start(ends, bundle, fault);
      if (problem !== undefined) return { type: "no-bundle", reason: problem };
    }
    const body = await this.#primitives.encrypt(ends, padded).catch((error: unknown) => {
      throw fault.error ?? error;
    });
    noteSent(ends.rows, device);
    ends.rows.flush(overlay);
    return { type: "encrypted", body };
  }

  async decryptFrom(overlay: Overlay, device: DeviceId, body: PairwiseBody): Promise<Decryption> {
    const place = this.#primitives.placeOf(body);
    if (place === undefined) return { type: "undecryptable", reason: "malformed" };
    // Nothing can be told from the error later on, so this is looked at before.
    if (body.type === "whisper" && overlay.get(sessionKey(device)) === undefined) return { type: "undecryptable", reason: "no-session" };
    const fault: Fault = {};
    const ends = this.#ends(overlay, device, fault);
    const opened: Opened = await this.#primitives.open(ends, body);
    if (fault.error !== undefined) throw fault.error;
    if (opened.type === "failed") return { type: "undecryptable", reason: opened.reason };
    noteRead(ends.rows, device, body.type, place);
    ends.rows.flush(overlay);
    const plaintext = unpad(opened.padded);
    return plaintext === undefined ? { type: "refused", reason: "bad-padding" } : { type: "decrypted", plaintext };
  }

  ahead(overlay: Overlay, device: DeviceId, body: PairwiseBody): number | undefined {
    const place = this.#primitives.placeOf(body);
    return place === undefined ? undefined : aheadOf(overlay, device, place);
  }

  forgetUnread(overlay: Overlay, device: DeviceId): void {
    forgetUnread(overlay, device);
  }

  retryError(body: PairwiseBody): Uint8Array | undefined {
    return this.#primitives.placeOf(body) === undefined ? undefined : this.#primitives.retryError(body);
  }

  resetOnRetry(overlay: Overlay, device: DeviceId, error: Uint8Array): "reset" | "kept" | "malformed" {
    const ratchetKey = this.#primitives.ratchetKeyOf(error);
    if (ratchetKey === undefined) return "malformed";
    const session = overlay.get(sessionKey(device));
    const archived = session === undefined ? undefined : this.#primitives.archived(session, ratchetKey);
    if (archived === undefined) return "kept";
    overlay.put(sessionKey(device), archived);
    return "reset";
  }

  safetyNumber(own: FingerprintSide, their: FingerprintSide): SafetyNumber {
    return this.#primitives.safetyNumber(own, their);
  }

  compareScannable(own: FingerprintSide, their: FingerprintSide, scanned: Uint8Array): "same" | "different" | "malformed" {
    return this.#primitives.compareScannable(own, their, scanned);
  }

  async #start(ends: Ends, bundle: PrekeyBundle, fault: Fault): Promise<"bad-key" | "bad-signature" | undefined> {
    const { identityKey, signedPrekey, oneTime } = bundle;
    const keys = [identityKey, signedPrekey.key, ...(oneTime === undefined ? [] : [oneTime.key])];
    if (!keys.every(isPublicKey) || deviceIdOf(identityKey) !== ends.device) return "bad-key";
    const started = await this.#primitives.start(ends, bundle);
    if (fault.error !== undefined) throw fault.error;
    return started === "started" ? undefined : started;
  }

  #ends(overlay: Overlay, device: DeviceId, fault: Fault): Ends {
    return { rows: new Overlay(watched(overlay, fault)), own: this.#own(overlay), device, nowMs: this.#clock.now() };
  }

  #own(overlay: Overlay): Own {
    const row = overlay.get(identityRowKey);
    assert(row !== undefined, "no identity in this store");
    const { pair, registrationId } = decodeRow(row) as IdentityRow;
    const identityKey = this.#primitives.publicKeyOf(pair);
    return { device: deviceIdOf(identityKey), identityKey, registrationId, pair };
  }
}

function publicSide({ device, identityKey, registrationId }: Own): LocalIdentity {
  return { device, identityKey, registrationId };
}

/** The same rows; a read that throws (the store was closed, its disk is broken) is noted. */
function watched(rows: CipherRowReads, fault: Fault): CipherRowReads {
  const watch = <Result>(read: () => Result): Result => {
    try {
      return read();
    } catch (error) {
      fault.error = error instanceof Error ? error : new Error("the store failed", { cause: error });
      throw error;
    }
  };
  return { get: (key) => watch(() => rows.get(key)), keys: (prefix) => watch(() => rows.keys(prefix)) };
}
