import type { DeviceId } from "../../lib/ids.js";
import { limits } from "../../lib/limits.js";
import { toBase32 } from "../../lib/ids.js";
import { decodeRow, encodeRow } from "../store/codec.js";
import type { Overlay } from "./overlay.js";
import type { SessionState } from "./ports.js";

/** Place of a message in its sender's ratchet: which chain, and its number there from 0. */
export interface Place {
  readonly ratchetKey: Uint8Array;
  readonly counter: number;
}

interface Chain {
  readonly key: string;
  /** One above the highest number read. */
  readonly next: number;
  /** How many were read. */
  readonly read: number;
}

/** What the ratchet does not tell: how far each of a device's chains was read, and whether we have ever answered. */
interface Talk {
  readonly unansweredPrekeys: number;
  /** Newest first. */
  readonly chains: readonly Chain[];
}

const silent: Talk = { unansweredPrekeys: 0, chains: [] };

export function talkOf(overlay: Overlay, device: DeviceId): SessionState {
  return { unansweredPrekeys: load(overlay, device).unansweredPrekeys };
}

/** Notes that something was encrypted for the device. */
export function noteSent(overlay: Overlay, device: DeviceId): void {
  const talk = load(overlay, device);
  if (talk.unansweredPrekeys > 0) save(overlay, device, { ...talk, unansweredPrekeys: 0 });
}

/** Notes that a message of the device was read. */
export function noteRead(overlay: Overlay, device: DeviceId, type: "whisper" | "prekey", place: Place): void {
  const talk = load(overlay, device);
  const key = toBase32(place.ratchetKey);
  const before = talk.chains.find((chain) => chain.key === key) ?? { key, next: 0, read: 0 };
  const chain: Chain = { key, next: Math.max(before.next, place.counter + 1), read: before.read + 1 };
  save(overlay, device, {
    unansweredPrekeys: talk.unansweredPrekeys + (type === "prekey" ? 1 : 0),
    chains: [chain, ...talk.chains.filter((other) => other.key !== key)].slice(0, limits.cipherChainsKept),
  });
}

/** How many message keys of the chain would lie in store, unused, once this message was read; 0 for one that makes them no more. */
export function aheadOf(overlay: Overlay, device: DeviceId, place: Place): number {
  const key = toBase32(place.ratchetKey);
  const chain = load(overlay, device).chains.find((other) => other.key === key) ?? { key, next: 0, read: 0 };
  return place.counter < chain.next ? 0 : place.counter - chain.read;
}

function load(overlay: Overlay, device: DeviceId): Talk {
  const bytes = overlay.get(`talk/${device}`);
  return bytes === undefined ? silent : (decodeRow(bytes) as Talk);
}

function save(overlay: Overlay, device: DeviceId, talk: Talk): void {
  overlay.put(`talk/${device}`, encodeRow(talk));
}
