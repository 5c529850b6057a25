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
  /** Numbers below that were not read, ascending: their keys lie in store. */
  readonly unread: readonly number[];
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
  const chain = withRead(chainOf(talk, key), place.counter);
  save(overlay, device, {
    unansweredPrekeys: talk.unansweredPrekeys + (type === "prekey" ? 1 : 0),
    chains: [chain, ...talk.chains.filter((other) => other.key !== key)].slice(0, limits.cipherChainsKept),
  });
}

function withRead(chain: Chain, counter: number): Chain {
  const { key, next, unread } = chain;
  if (counter < next) return { key, next, unread: unread.filter((number) => number !== counter) };
  // Of what lies further back than the ratchet keeps keys nothing can be read any more.
  const from = Math.max(next, counter - limits.ratchetKeptMax);
  const skipped = Array.from({ length: counter - from }, (_, index) => from + index);
  return { key, next: counter + 1, unread: [...unread, ...skipped].slice(-limits.ratchetKeptMax) };
}

/**
 * How many message keys of the chain would lie in store, unused, once this message was read; 0 for one that makes them no more. The
 * post-quantum half of the ratchet loses keys by their distance, however few there are: what would leave one too far behind counts as
 * beyond limits.ratchetAheadMax.
 */
export function aheadOf(overlay: Overlay, device: DeviceId, place: Place): number {
  const { next, unread } = chainOf(load(overlay, device), toBase32(place.ratchetKey));
  if (place.counter < next) return 0;
  const ahead = unread.length + place.counter - next;
  const span = place.counter - (unread[0] ?? next);
  return span > limits.ratchetSpanMax ? Math.max(ahead, limits.ratchetAheadMax + 1) : ahead;
}

/** What was not read until now is not expected any more. */
export function forgetUnread(overlay: Overlay, device: DeviceId): void {
  const talk = load(overlay, device);
  save(overlay, device, { ...talk, chains: talk.chains.map((chain) => ({ ...chain, unread: [] })) });
}

function chainOf(talk: Talk, key: string): Chain {
  return talk.chains.find((chain) => chain.key === key) ?? { key, next: 0, unread: [] };
}

function load(overlay: Overlay, device: DeviceId): Talk {
  const bytes = overlay.get(`talk/${device}`);
  return bytes === undefined ? silent : (decodeRow(bytes) as Talk);
}

function save(overlay: Overlay, device: DeviceId, talk: Talk): void {
  overlay.put(`talk/${device}`, encodeRow(talk));
}
