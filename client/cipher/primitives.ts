import type { DeviceId } from "../../lib/ids.js";
import type { Overlay } from "./overlay.js";
import type { FingerprintSide, LocalIdentity, PairwiseBody, PrekeyBundle, SafetyNumber } from "./ports.js";
import type { KeyMaker } from "./prekeys.js";
import type { Place } from "./talk.js";

/** This device with its private half, in the form of whoever made it. */
export interface Own extends LocalIdentity {
  readonly pair: Uint8Array;
}

/** One conversation of two devices' ratchets: its rows, and both ends. The session's row is `sessionKey(device)`. */
export interface Ends {
  readonly rows: Overlay;
  readonly own: Own;
  readonly device: DeviceId;
  readonly nowMs: number;
}

export type Opened =
  | { readonly type: "opened"; readonly padded: Uint8Array }
  /** `no-session`: a key that the first message names is gone. */
  | { readonly type: "failed"; readonly reason: "no-session" | "duplicate" | "bad-mac" };

/**
 * The arithmetic below a cipher: libsignal's, or the simulator's. Everything that is a rule of ours (padding, what is checked before,
 * what is remembered, which rows survive a failure) stands above it, in cipher.ts, and is the same for both.
 */
export interface Primitives {
  makePair(): Uint8Array;
  pairOfSeed(seed: Uint8Array): Uint8Array;
  publicKeyOf(pair: Uint8Array): Uint8Array;
  sign(pair: Uint8Array, message: Uint8Array): Uint8Array;
  /** The key passed `isPublicKey`, the signature has 64 bytes. */
  verifies(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean;
  keyMaker(pair: Uint8Array): KeyMaker;

  /** Whether a session's row can be used for sending. */
  isUsable(session: Uint8Array, nowMs: number): boolean;
  /** Starts a session by a bundle whose EC keys passed the check. */
  start(ends: Ends, bundle: PrekeyBundle): Promise<"started" | "bad-key" | "bad-signature">;
  /** There is a usable session. */
  encrypt(ends: Ends, padded: Uint8Array): Promise<PairwiseBody>;
  /** Where a body stands in its sender's ratchet; undefined: it is no such body. */
  placeOf(body: PairwiseBody): Place | undefined;
  /** The body has a place. Rows are changed as it goes; whoever calls drops them unless it opened. */
  open(ends: Ends, body: PairwiseBody): Promise<Opened>;

  retryError(body: PairwiseBody): Uint8Array;
  /** The ratchet key that an error names; undefined: it is no such error. */
  ratchetKeyOf(error: Uint8Array): Uint8Array | undefined;
  /** The session's row with its current state put away, if that state sends under this key. */
  archived(session: Uint8Array, ratchetKey: Uint8Array): Uint8Array | undefined;

  safetyNumber(own: FingerprintSide, their: FingerprintSide): SafetyNumber;
  compareScannable(own: FingerprintSide, their: FingerprintSide, scanned: Uint8Array): "same" | "different" | "malformed";
}

export function sessionKey(device: DeviceId): string {
  return `session/${device}`;
}
