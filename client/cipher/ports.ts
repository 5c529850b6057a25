import type { DeviceId } from "../../lib/ids.js";
import type { Domain } from "../../protos/signed/hash.js";
import type { Verify } from "../../protos/signed/verdict.js";
import type { Overlay } from "./overlay.js";

/** Type of a pairwise body; the numbers of `BodyType` on the wire are the caller's. */
export type PairwiseType = "whisper" | "prekey";

export interface PairwiseBody {
  readonly type: PairwiseType;
  readonly bytes: Uint8Array;
}

/** This device's public side. The private half never leaves the cipher's rows. */
export interface LocalIdentity {
  readonly device: DeviceId;
  /** 33 bytes. */
  readonly identityKey: Uint8Array;
  readonly registrationId: number;
}

export interface SignedPublic {
  readonly id: number;
  readonly key: Uint8Array;
  readonly signature: Uint8Array;
}

/** A device's bundle. `identityKey` comes from the verified device list, never from the server's answer. */
export interface PrekeyBundle {
  readonly device: DeviceId;
  readonly identityKey: Uint8Array;
  readonly registrationId: number;
  readonly signedPrekey: SignedPublic;
  /** One-time or last-resort. */
  readonly kyber: SignedPublic;
  readonly oneTime?: { readonly id: number; readonly key: Uint8Array };
}

export interface UploadRequest {
  /** Number of this upload; grows. */
  readonly upload: bigint;
  readonly nowMs: number;
  /** Make a new signed prekey and last-resort Kyber key; else the newest ones are uploaded again. The first upload always makes them. */
  readonly rotate: boolean;
  /** New one-time keys of each kind, at most limits.oneTimePrekeysMax. */
  readonly oneTimeEc: number;
  readonly oneTimeKyber: number;
}

export interface SignedBytes {
  readonly body: Uint8Array;
  readonly signature: Uint8Array;
}

export type UndecryptableReason =
  /** There is no session with this device, or the key that its PreKey message names is gone. */
  | "no-session"
  /** Not a message of that type at all. */
  | "malformed"
  /** libsignal's "duplicate", which it says also of messages never read. */
  | "duplicate"
  /** Any other failure: wrong MAC, lost chain, too far ahead. */
  | "bad-mac";

export type Decryption =
  | { readonly type: "decrypted"; readonly plaintext: Uint8Array }
  /** Decrypted, but the padding is malformed: the ratchet has moved and the overlay is to be committed. */
  | { readonly type: "refused"; readonly reason: "bad-padding" }
  /** Nothing was changed. */
  | { readonly type: "undecryptable"; readonly reason: UndecryptableReason };

export type Encryption =
  | ({ readonly type: "encrypted" } & { readonly body: PairwiseBody })
  /** There is no session and the bundle is missing or does not verify: the device gets a body of type none. */
  | { readonly type: "no-bundle"; readonly reason: "missing" | "bad-key" | "bad-signature" };

export interface SessionState {
  /** PreKey messages of the device since our last message to it. At 2: answer once with an empty `sync` body. */
  readonly unansweredPrekeys: number;
}

export interface RecoverySigner {
  /** 33 bytes: the list's `recovery_key`. */
  readonly publicKey: Uint8Array;
  sign(domain: Domain, body: Uint8Array): Uint8Array;
}

export interface FingerprintSide {
  /** account ‖ listHash */
  readonly identifier: Uint8Array;
  /** Root key of the list, 33 bytes. */
  readonly rootKey: Uint8Array;
}

export interface SafetyNumber {
  /** 60 digits. */
  readonly digits: string;
  readonly scannable: Uint8Array;
}

/**
 * End-to-end encryption between devices. Every operation reads and writes an `Overlay`; nothing is durable, and no ciphertext may
 * leave the process, before the caller has flushed that overlay in its transaction. Whoever encrypts or decrypts holds the mutex of
 * the remote device (`locks`) from before the overlay is made until after the commit.
 */
export interface Cipher {
  readonly locks: Locks;

  /** Makes this device's keys. Once per store: throws if there are some. */
  createIdentity(overlay: Overlay): LocalIdentity;
  identity(overlay: Overlay): LocalIdentity | undefined;

  /** Makes prekeys and the signed `KeyUpload` (domain hermod/keys/1). Flush before it is sent. */
  makeUpload(overlay: Overlay, request: UploadRequest): SignedBytes;
  /** Age of the newest signed prekey's making; undefined: none yet. The caller rotates after 7 days. */
  signedPrekeyMadeMs(overlay: Overlay): number | undefined;
  /** Removes private halves that were replaced longer ago than limits.prekeyPrivateKeptMs, and one-time keys of that age. Count of removed. */
  forgetOldPrekeys(overlay: Overlay, nowMs: number): number;

  /** Signs utf8(domain) ‖ 0 ‖ body with this device's identity key; 64 bytes. */
  sign(overlay: Overlay, domain: Domain, body: Uint8Array): Uint8Array;
  /** Verifies what `signedMessage(domain, body)` covers. False for a wrong signature and for a key that fails the public-key check; never throws. */
  readonly verify: Verify;
  /** The recovery key's signing half, from the 32-byte seed that HKDF(secret, 'hermod/recovery-sign/1') gave. */
  recoverySigner(seed: Uint8Array): RecoverySigner;

  hasSession(overlay: Overlay, device: DeviceId): boolean;
  session(overlay: Overlay, device: DeviceId): SessionState | undefined;
  /** Pads and encrypts. A bundle is used only where there is no session. */
  encryptFor(overlay: Overlay, device: DeviceId, bundle: PrekeyBundle | undefined, plaintext: Uint8Array): Promise<Encryption>;
  /** Decrypts and unpads. Anything but `undecryptable` has moved the ratchet: commit it. */
  decryptFrom(overlay: Overlay, device: DeviceId, body: PairwiseBody): Promise<Decryption>;
  /** How many messages of this device's chain lie unread before this one; above limits.ratchetAheadMax it is staged. Undefined: malformed. */
  ahead(overlay: Overlay, device: DeviceId, body: PairwiseBody): number | undefined;

  /** What this device has sent and was not read until now will not come any more: it counts no longer in `ahead`. */
  forgetUnread(overlay: Overlay, device: DeviceId): void;

  /** The DecryptionErrorMessage of a body that did not open; undefined where nothing can be made of it. */
  retryError(body: PairwiseBody): Uint8Array | undefined;
  /**
   * Puts the session with a device away if the error names its current state, so that the next send needs a bundle.
   *
   * @returns `reset`; `kept`: it names an older state (it was reset already) or there is none; `malformed`
   */
  resetOnRetry(overlay: Overlay, device: DeviceId, error: Uint8Array): "reset" | "kept" | "malformed";

  /** Safety number of two accounts' lists. About 3 ms. */
  safetyNumber(own: FingerprintSide, their: FingerprintSide): SafetyNumber;
  /** Compares a scanned code with the own one. */
  compareScannable(own: FingerprintSide, their: FingerprintSide, scanned: Uint8Array): "same" | "different" | "malformed";
}

/** Mutexes by name, over all conversations and both directions: one per remote device. */
export interface Locks {
  /**
   * Runs `work` holding the mutexes of all `names`, taken in one order, so that two callers never wait for each other.
   * Whoever comes when limits.cipherWaitingMax already wait is refused with `overloaded`.
   */
  hold<Result>(names: readonly string[], work: () => Promise<Result>): Promise<Result>;
}
