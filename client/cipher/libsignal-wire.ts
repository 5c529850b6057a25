import { CiphertextMessageType, DecryptionErrorMessage, PreKeySignalMessage, SignalMessage } from "@signalapp/libsignal-client";
import { native } from "./libsignal-stores.js";
import type { PairwiseBody } from "./ports.js";
import type { Place } from "./talk.js";

/** Reads a body's outside; undefined: it is no such message. */
export function placeOf(body: PairwiseBody): Place | undefined {
  const bytes = native(body.bytes);
  try {
    const ratchetKey = DecryptionErrorMessage.forOriginal(bytes, nativeType(body), 0, 1).ratchetKey();
    const whisper = body.type === "whisper" ? bytes : innerMessage(PreKeySignalMessage.deserialize(bytes).serialize());
    if (ratchetKey === undefined || whisper === undefined) return undefined;
    return { ratchetKey: ratchetKey.serialize(), counter: SignalMessage.deserialize(native(whisper)).counter() };
  } catch {
    return undefined; // libsignal throws at what it cannot read, and reading has no other way to fail
  }
}

export function nativeType(body: PairwiseBody): CiphertextMessageType {
  return body.type === "prekey" ? CiphertextMessageType.PreKey : CiphertextMessageType.Whisper;
}

const messageField = 4;

/** The Whisper message inside a PreKey message: protobuf field 4 behind the version byte. libsignal has no call for it. */
function innerMessage(bytes: Uint8Array): Uint8Array | undefined {
  let at = 1;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = bytes[at++];
      if (byte === undefined) return Number.NaN;
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
    return Number.NaN;
  };
  while (at < bytes.length) {
    const key = varint();
    const wireType = key % 8;
    if (wireType === 0) {
      varint();
    } else if (wireType === 2) {
      const length = varint();
      const end = at + length;
      if (!(end <= bytes.length)) return undefined;
      if (Math.floor(key / 8) === messageField) return bytes.subarray(at, end);
      at = end;
    } else {
      return undefined;
    }
  }
  return undefined;
}
