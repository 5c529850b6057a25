import { assert } from "../../lib/assert.js";
import { sameBytes } from "../../lib/bytes.js";
import type { Clock } from "../../lib/clock.js";
import type { Rand } from "../../lib/random.js";
import { bounds } from "../../protos/signed/bounds.js";
import { deviceIdOf } from "../../protos/signed/ids.js";
import { decodeRow, encodeRow } from "../store/codec.js";
import { PairwiseCipher } from "./cipher.js";
import { archive, type FakeSession, type FakeState, isUsable, noSession, received, stateOf, withCurrent } from "./fake-ratchet.js";
import {
  digest,
  type FakeFirst,
  type FakeMessage,
  macOf,
  ratchetKeyLength,
  readError,
  readMessage,
  writeError,
  writeMessage,
} from "./fake-wire.js";
import type { Cipher, FingerprintSide, PairwiseBody, PrekeyBundle, SafetyNumber } from "./ports.js";
import { type KeyMaker, prekeyRecord, useKyber, useOneTimeEc } from "./prekeys.js";
import { type Ends, type Opened, type Primitives, sessionKey } from "./primitives.js";
import type { Place } from "./talk.js";

/**
 * A cipher for simulations: the state machine and the lengths of the real one, without its arithmetic. It hides nothing and anybody can
 * forge its signatures. All randomness comes from `rand`, so a seed determines every byte.
 */
export function fakeCipher(ports: { readonly clock: Clock; readonly rand: Rand }): Cipher {
  return new PairwiseCipher(new Fake(ports.rand), ports.clock, ports.rand);
}

const kyberType = 8;
const scannableLength = 74;

class Fake implements Primitives {
  readonly #rand: Rand;

  constructor(rand: Rand) {
    this.#rand = rand;
  }

  makePair(): Uint8Array {
    return this.#rand.bytes(32);
  }

  pairOfSeed(seed: Uint8Array): Uint8Array {
    return digest("seed", seed);
  }

  /** In the form of a real key: type byte, and small enough for every check. */
  publicKeyOf(pair: Uint8Array): Uint8Array {
    const bytes = digest("public", pair);
    bytes[31] = (bytes[31] ?? 0) & 0x3f;
    return Uint8Array.of(5, ...bytes);
  }

  sign(pair: Uint8Array, message: Uint8Array): Uint8Array {
    return signatureBy(this.publicKeyOf(pair), message);
  }

  verifies(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
    return sameBytes(signatureBy(publicKey, message), signature);
  }

  keyMaker(pair: Uint8Array): KeyMaker {
    const ec = (): Uint8Array => this.publicKeyOf(this.#rand.bytes(32));
    const signed = (key: Uint8Array) => ({ record: key.slice(0, 33), key, signature: this.sign(pair, key) });
    return {
      oneTimeEc: () => {
        const key = ec();
        return { record: key, key };
      },
      signedEc: () => signed(ec()),
      kyber: () => {
        const key = new Uint8Array(bounds.kyberKeyBytes);
        key[0] = kyberType;
        key.set(this.#rand.bytes(32), 1);
        return signed(key);
      },
    };
  }

  isUsable(session: Uint8Array, nowMs: number): boolean {
    return isUsable(decodeRow(session) as FakeSession, nowMs);
  }

  async start(ends: Ends, bundle: PrekeyBundle): Promise<"started" | "bad-key" | "bad-signature"> {
    const { signedPrekey, kyber, identityKey } = bundle;
    if (kyber.key.length !== bounds.kyberKeyBytes || kyber.key[0] !== kyberType) return "bad-key";
    if (![signedPrekey, kyber].every(({ key, signature }) => this.verifies(identityKey, key, signature))) return "bad-signature";
    const first: FakeFirst = {
      registrationId: ends.own.registrationId,
      oneTimeId: bundle.oneTime?.id ?? 0,
      signedId: signedPrekey.id,
      kyberId: kyber.id,
      baseKey: this.publicKeyOf(this.#rand.bytes(32)),
      identityKey: ends.own.identityKey,
    };
    const state: FakeState = { ...this.#begin(first, ends.nowMs), first };
    save(ends, withCurrent(load(ends) ?? noSession, state));
    return "started";
  }

  async encrypt(ends: Ends, padded: Uint8Array): Promise<PairwiseBody> {
    const session = load(ends);
    const state = session?.current;
    assert(session !== undefined && state !== undefined, "encrypts without a session");
    const message = { session: state.id, ratchetKey: state.key, counter: state.counter, padded };
    const mac = macOf(message, ends.own.device, ends.device);
    save(ends, { ...session, current: { ...state, counter: state.counter + 1 } });
    return writeMessage({ ...message, mac }, state.first);
  }

  placeOf(body: PairwiseBody): Place | undefined {
    const message = readMessage(body)?.message;
    return message === undefined ? undefined : { ratchetKey: message.ratchetKey, counter: message.counter };
  }

  async open(ends: Ends, body: PairwiseBody): Promise<Opened> {
    const read = readMessage(body);
    assert(read !== undefined, "opens what has no place");
    const { message, first } = read;
    if (!sameBytes(macOf(message, ends.device, ends.own.device), message.mac)) return failed("bad-mac");
    const session = load(ends) ?? noSession;
    const state = stateOf(session, (other) => sameBytes(other.id, message.session));
    if (state !== undefined) return this.#take(ends, session, state, message);
    if (first === undefined || deviceIdOf(first.identityKey) !== ends.device) return failed("bad-mac");
    return this.#answer(ends, session, message, first);
  }

  retryError(body: PairwiseBody): Uint8Array {
    const place = this.placeOf(body);
    assert(place !== undefined, "asks again for what has no place");
    return writeError(place.ratchetKey);
  }

  ratchetKeyOf(error: Uint8Array): Uint8Array | undefined {
    return readError(error);
  }

  archived(session: Uint8Array, ratchetKey: Uint8Array): Uint8Array | undefined {
    const record = decodeRow(session) as FakeSession;
    return record.current !== undefined && sameBytes(record.current.key, ratchetKey) ? encodeRow(archive(record)) : undefined;
  }

  safetyNumber(own: FingerprintSide, their: FingerprintSide): SafetyNumber {
    const [ours, theirs] = [sideDigest(own), sideDigest(their)];
    const digits = [digitsOf(ours), digitsOf(theirs)].sort().join("");
    const scannable = new Uint8Array(scannableLength);
    scannable.set(ours);
    scannable.set(theirs, 32);
    return { digits, scannable };
  }

  compareScannable(own: FingerprintSide, their: FingerprintSide, scanned: Uint8Array): "same" | "different" | "malformed" {
    if (scanned.length !== scannableLength) return "malformed";
    return sameBytes(this.safetyNumber(their, own).scannable, scanned) ? "same" : "different";
  }

  /** A first message of a session that is not known: its keys must all be here, and are used up by it. */
  #answer(ends: Ends, session: FakeSession, message: FakeMessage, first: FakeFirst): Opened {
    const has = (pool: "ec" | "signed" | "kyber", id: number) => prekeyRecord(ends.rows, pool, id) !== undefined;
    if (!has("signed", first.signedId) || !has("kyber", first.kyberId)) return failed("no-session");
    if (first.oneTimeId !== 0 && !has("ec", first.oneTimeId)) return failed("no-session");
    const opened = this.#take(ends, session, this.#begin(first, ends.nowMs), message);
    if (opened.type === "failed") return opened;
    if (first.oneTimeId !== 0) useOneTimeEc(ends.rows, first.oneTimeId);
    return useKyber(ends.rows, first.kyberId, first.signedId, first.baseKey) ? opened : failed("duplicate");
  }

  #take(ends: Ends, session: FakeSession, state: FakeState, message: FakeMessage): Opened {
    const next = received(state, message.ratchetKey, message.counter, this.#rand.bytes(ratchetKeyLength));
    if (next === "duplicate") return failed("duplicate");
    if (next === "too-far") return failed("bad-mac");
    save(ends, withCurrent(session, next));
    return { type: "opened", padded: message.padded };
  }

  #begin(first: FakeFirst, nowMs: number): FakeState {
    const id = digest("session", first.baseKey, first.identityKey).slice(0, 16);
    return { id, key: this.#rand.bytes(ratchetKeyLength), counter: 0, chains: [], sinceMs: nowMs };
  }
}

function load(ends: Ends): FakeSession | undefined {
  const bytes = ends.rows.get(sessionKey(ends.device));
  return bytes === undefined ? undefined : (decodeRow(bytes) as FakeSession);
}

function save(ends: Ends, session: FakeSession): void {
  ends.rows.put(sessionKey(ends.device), encodeRow(session));
}

function failed(reason: "no-session" | "duplicate" | "bad-mac"): Opened {
  return { type: "failed", reason };
}

function signatureBy(publicKey: Uint8Array, message: Uint8Array): Uint8Array {
  return Uint8Array.of(...digest("signature", publicKey, message), ...digest("signature again", publicKey, message));
}

function sideDigest(side: FingerprintSide): Uint8Array {
  return digest("side", side.rootKey, side.identifier);
}

function digitsOf(bytes: Uint8Array): string {
  return Array.from(bytes.subarray(0, 30), (byte) => String(byte % 10)).join("");
}
