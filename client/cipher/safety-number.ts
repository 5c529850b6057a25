import { Fingerprint, PublicKey, ScannableFingerprint } from "@signalapp/libsignal-client";
import { native } from "./libsignal-stores.js";
import type { FingerprintSide, SafetyNumber } from "./ports.js";

const version = 2;
const rounds = 5_200;

function fingerprint(own: FingerprintSide, their: FingerprintSide): Fingerprint {
  const key = (side: FingerprintSide) => PublicKey.deserialize(native(side.rootKey));
  return Fingerprint.new(rounds, version, native(own.identifier), key(own), native(their.identifier), key(their));
}

export function safetyNumber(own: FingerprintSide, their: FingerprintSide): SafetyNumber {
  const both = fingerprint(own, their);
  return { digits: both.displayableFingerprint().toString(), scannable: both.scannableFingerprint().toBuffer() };
}

export function compareScannable(own: FingerprintSide, their: FingerprintSide, scanned: Uint8Array): "same" | "different" | "malformed" {
  const ours = fingerprint(own, their).scannableFingerprint();
  try {
    return ours.compare(ScannableFingerprint._fromBuffer(native(scanned))) ? "same" : "different";
  } catch {
    return "malformed"; // another version, or not a code of this kind
  }
}
