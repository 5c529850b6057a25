import { createHash } from "node:crypto";
import { idBytes, type DeviceId } from "../../lib/ids.js";
import type { PairwiseBody } from "./ports.js";

/** A message of the fake ratchet: everything is readable, only the length is true. */
export interface FakeMessage {
  readonly session: Uint8Array;
  readonly ratchetKey: Uint8Array;
  readonly counter: number;
  readonly mac: Uint8Array;
  readonly padded: Uint8Array;
}

/** What a first message names beside its message. */
export interface FakeFirst {
  readonly registrationId: number;
  /** 0: none. */
  readonly oneTimeId: number;
  readonly signedId: number;
  readonly kyberId: number;
  readonly baseKey: Uint8Array;
  readonly identityKey: Uint8Array;
}

// Lengths measured with libsignal 0.103: a Whisper message is 106 bytes longer than its padded content, a PreKey message 1,799.
const whisperOverhead = 106;
const prekeyOverhead = 1_799;
const whisperTag = 0xf2;
const prekeyTag = 0xf3;
const errorTag = 0xf4;
const errorLength = 39;
const macAt = 37;
const firstLength = 1 + 16 + 33 + 33;

export const ratchetKeyLength = 16;

export function digest(...parts: readonly (Uint8Array | string)[]): Uint8Array {
  const sha = createHash("sha256").update("hermod/fake-cipher\0");
  for (const part of parts) sha.update(typeof part === "string" ? `${part}\0` : part);
  return new Uint8Array(sha.digest());
}

/** Binds a message to its place and to both devices, as the ratchet's MAC does. */
export function macOf(message: Omit<FakeMessage, "mac">, from: DeviceId, to: DeviceId): Uint8Array {
  const counter = new Uint8Array(4);
  new DataView(counter.buffer).setUint32(0, message.counter);
  return digest("mac", message.session, message.ratchetKey, counter, idBytes(from), idBytes(to), message.padded);
}

export function writeMessage(message: FakeMessage, first: FakeFirst | undefined): PairwiseBody {
  const whisper = new Uint8Array(whisperOverhead + message.padded.length);
  whisper[0] = whisperTag;
  whisper.set(message.session, 1);
  whisper.set(message.ratchetKey, 17);
  new DataView(whisper.buffer).setUint32(33, message.counter);
  whisper.set(message.mac, macAt);
  whisper.set(message.padded, whisperOverhead);
  if (first === undefined) return { type: "whisper", bytes: whisper };

  const bytes = new Uint8Array(prekeyOverhead + message.padded.length);
  const view = new DataView(bytes.buffer);
  bytes[0] = prekeyTag;
  [first.registrationId, first.oneTimeId, first.signedId, first.kyberId].forEach((value, index) => {
    view.setUint32(1 + 4 * index, value);
  });
  bytes.set(first.baseKey, 17);
  bytes.set(first.identityKey, 50);
  bytes.set(whisper, prekeyOverhead - whisperOverhead);
  return { type: "prekey", bytes };
}

export function readMessage(body: PairwiseBody): { readonly message: FakeMessage; readonly first?: FakeFirst } | undefined {
  const { bytes } = body;
  if (body.type === "whisper") {
    const message = readWhisper(bytes);
    return message === undefined ? undefined : { message };
  }
  if (bytes[0] !== prekeyTag || bytes.length < prekeyOverhead) return undefined;
  const message = readWhisper(bytes.subarray(prekeyOverhead - whisperOverhead));
  if (message === undefined) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, firstLength);
  const first = {
    registrationId: view.getUint32(1),
    oneTimeId: view.getUint32(5),
    signedId: view.getUint32(9),
    kyberId: view.getUint32(13),
    baseKey: bytes.slice(17, 50),
    identityKey: bytes.slice(50, 83),
  };
  return { message, first };
}

function readWhisper(bytes: Uint8Array): FakeMessage | undefined {
  if (bytes[0] !== whisperTag || bytes.length < whisperOverhead) return undefined;
  return {
    session: bytes.slice(1, 17),
    ratchetKey: bytes.slice(17, 17 + ratchetKeyLength),
    counter: new DataView(bytes.buffer, bytes.byteOffset, macAt).getUint32(33),
    mac: bytes.slice(macAt, macAt + 32),
    padded: bytes.slice(whisperOverhead),
  };
}

export function writeError(ratchetKey: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(errorLength);
  bytes[0] = errorTag;
  bytes.set(ratchetKey, 1);
  return bytes;
}

export function readError(bytes: Uint8Array): Uint8Array | undefined {
  return bytes[0] === errorTag && bytes.length === errorLength ? bytes.slice(1, 1 + ratchetKeyLength) : undefined;
}
