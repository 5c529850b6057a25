import {
  Aci,
  IdentityChange,
  type IdentityKeyPair,
  IdentityKeyStore,
  KyberPreKeyRecord,
  KyberPreKeyStore,
  PreKeyRecord,
  PreKeyStore,
  type PrivateKey,
  ProtocolAddress,
  type PublicKey,
  SessionRecord,
  SessionStore,
  SignedPreKeyRecord,
  SignedPreKeyStore,
} from "@signalapp/libsignal-client";
import { assert } from "../../lib/assert.js";
import { idBytes, type DeviceId } from "../../lib/ids.js";
import { deviceIdOf } from "../../protos/signed/ids.js";
import type { Overlay } from "./overlay.js";
import { prekeyRecord, useKyber, useOneTimeEc } from "./prekeys.js";
import { sessionKey } from "./primitives.js";

/** libsignal's types insist on an ArrayBuffer below; ours never sit on a shared one. */
export function native(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes as Uint8Array<ArrayBuffer>;
}

export function addressOf(device: DeviceId): ProtocolAddress {
  return ProtocolAddress.new(Aci.fromUuidBytes(idBytes(device)), 1);
}

/** Why one of our stores threw. libsignal turns every throw into the same error, so it is noted here. */
export interface Noted {
  why?: "key-gone" | "replayed";
}

/** The session with one device; libsignal asks for no other in one call. */
export class Sessions extends SessionStore {
  readonly #overlay: Overlay;
  readonly #device: DeviceId;
  readonly #name: string;

  constructor(overlay: Overlay, device: DeviceId) {
    super();
    this.#overlay = overlay;
    this.#device = device;
    this.#name = addressOf(device).name();
  }

  override async saveSession(address: ProtocolAddress, record: SessionRecord): Promise<void> {
    assert(address.name() === this.#name, "a session with another device");
    this.#overlay.put(sessionKey(this.#device), record.serialize());
  }

  override async getSession(address: ProtocolAddress): Promise<SessionRecord | null> {
    assert(address.name() === this.#name, "a session with another device");
    const bytes = this.#overlay.get(sessionKey(this.#device));
    return bytes === undefined ? null : SessionRecord.deserialize(native(bytes));
  }

  override async getExistingSessions(): Promise<SessionRecord[]> {
    throw new Error("mistake: sealed sender is not used");
  }
}

/** Own identity, and the rule that makes trust-on-first-use unnecessary: an address is the hash of its key. */
export class Identity extends IdentityKeyStore {
  readonly #pair: IdentityKeyPair;
  readonly #registrationId: number;

  constructor(pair: IdentityKeyPair, registrationId: number) {
    super();
    this.#pair = pair;
    this.#registrationId = registrationId;
  }

  override async getIdentityKey(): Promise<PrivateKey> {
    return this.#pair.privateKey;
  }

  /** Without this one libsignal computes the public half again for each call. */
  override async getIdentityKeyPair(): Promise<IdentityKeyPair> {
    return this.#pair;
  }

  override async getLocalRegistrationId(): Promise<number> {
    return this.#registrationId;
  }

  override async saveIdentity(): Promise<IdentityChange> {
    return IdentityChange.NewOrUnchanged;
  }

  override async isTrustedIdentity(address: ProtocolAddress, key: PublicKey): Promise<boolean> {
    return address.name() === addressOf(deviceIdOf(key.serialize())).name();
  }

  override async getIdentity(): Promise<PublicKey | null> {
    return null;
  }
}

export class OneTimeKeys extends PreKeyStore {
  readonly #overlay: Overlay;
  readonly #noted: Noted;

  constructor(overlay: Overlay, noted: Noted) {
    super();
    this.#overlay = overlay;
    this.#noted = noted;
  }

  override async savePreKey(): Promise<void> {
    assert(false, "keys are made by prekeys.ts");
  }

  override async getPreKey(id: number): Promise<PreKeyRecord> {
    return PreKeyRecord.deserialize(native(present(prekeyRecord(this.#overlay, "ec", id), this.#noted)));
  }

  override async removePreKey(id: number): Promise<void> {
    useOneTimeEc(this.#overlay, id);
  }
}

export class SignedKeys extends SignedPreKeyStore {
  readonly #overlay: Overlay;
  readonly #noted: Noted;

  constructor(overlay: Overlay, noted: Noted) {
    super();
    this.#overlay = overlay;
    this.#noted = noted;
  }

  override async saveSignedPreKey(): Promise<void> {
    assert(false, "keys are made by prekeys.ts");
  }

  override async getSignedPreKey(id: number): Promise<SignedPreKeyRecord> {
    return SignedPreKeyRecord.deserialize(native(present(prekeyRecord(this.#overlay, "signed", id), this.#noted)));
  }
}

export class KyberKeys extends KyberPreKeyStore {
  readonly #overlay: Overlay;
  readonly #noted: Noted;

  constructor(overlay: Overlay, noted: Noted) {
    super();
    this.#overlay = overlay;
    this.#noted = noted;
  }

  override async saveKyberPreKey(): Promise<void> {
    assert(false, "keys are made by prekeys.ts");
  }

  override async getKyberPreKey(id: number): Promise<KyberPreKeyRecord> {
    return KyberPreKeyRecord.deserialize(native(present(prekeyRecord(this.#overlay, "kyber", id), this.#noted)));
  }

  override async markKyberPreKeyUsed(id: number, signedId: number, baseKey: PublicKey): Promise<void> {
    if (useKyber(this.#overlay, id, signedId, baseKey.serialize())) return;
    this.#noted.why = "replayed";
    throw new Error("this first message was read before");
  }
}

function present(record: Uint8Array | undefined, noted: Noted): Uint8Array {
  if (record !== undefined) return record;
  noted.why = "key-gone";
  throw new Error("this key is gone");
}
