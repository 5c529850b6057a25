import { assert } from "../../lib/assert.js";
import { idBytes, type DeviceId } from "../../lib/ids.js";
import { limits } from "../../lib/limits.js";
import { hermod } from "../../protos/gen/hermod.js";
import { decodeRow, encodeRow } from "../store/codec.js";
import type { Overlay } from "./overlay.js";
import type { SignedPublic, UploadRequest } from "./ports.js";

/** A key that was made: its record with the private half, for our rows, and its public side, for the server. */
export interface MadeKey {
  readonly record: Uint8Array;
  readonly key: Uint8Array;
}
export interface MadeSignedKey extends MadeKey {
  readonly signature: Uint8Array;
}

/** Makes keys; the adapter's part. The records are its own affair. */
export interface KeyMaker {
  oneTimeEc(id: number): MadeKey;
  signedEc(id: number, nowMs: number): MadeSignedKey;
  kyber(id: number, nowMs: number): MadeSignedKey;
}

type Pool = "ec" | "signed" | "kyber";

interface PrekeyRow {
  readonly madeMs: number;
  readonly record: Uint8Array;
  /** Only of Kyber keys: handed out again and again when the one-time ones have run out. */
  readonly lastResort?: true;
}

/** Which keys are the newest, and the ids that come next: they only grow, and none is used twice. */
interface Upkeep {
  readonly next: Readonly<Record<Pool, number>>;
  readonly signed?: SignedPublic & { readonly madeMs: number };
  readonly lastResort?: SignedPublic;
}

const upkeepKey = "prekeys";
const idMax = 0xffff_ffff;

/** Makes what an upload asks for and returns the encoded `KeyUpload`, which the caller signs. */
export function makeUploadBody(overlay: Overlay, maker: KeyMaker, device: DeviceId, request: UploadRequest): Uint8Array {
  assert(Math.max(request.oneTimeEc, request.oneTimeKyber) <= limits.oneTimePrekeysMax, "more one-time keys than an upload may hold");
  const upkeep = load(overlay);
  const next = { ...upkeep.next };
  const take = (pool: Pool): number => {
    const id = next[pool]++;
    assert(id <= idMax, "the ids of a key pool are used up");
    return id;
  };
  const keep = (pool: Pool, id: number, made: MadeKey, lastResort: boolean): void => {
    const row: PrekeyRow = { madeMs: request.nowMs, record: made.record, ...(lastResort ? { lastResort } : {}) };
    overlay.put(rowKey(pool, id), encodeRow(row));
  };
  const signedKey = (pool: "signed" | "kyber", lastResort: boolean): SignedPublic => {
    const id = take(pool);
    const made = pool === "signed" ? maker.signedEc(id, request.nowMs) : maker.kyber(id, request.nowMs);
    keep(pool, id, made, lastResort);
    return { id, key: made.key, signature: made.signature };
  };
  const ecKey = (): { id: number; key: Uint8Array } => {
    const id = take("ec");
    const made = maker.oneTimeEc(id);
    keep("ec", id, made, false);
    return { id, key: made.key };
  };

  const signed = request.rotate || upkeep.signed === undefined ? { ...signedKey("signed", false), madeMs: request.nowMs } : upkeep.signed;
  const lastResort = request.rotate || upkeep.lastResort === undefined ? signedKey("kyber", true) : upkeep.lastResort;
  const body = hermod.v1.KeyUpload.encode({
    format: 1,
    device: idBytes(device),
    upload: request.upload,
    signedPrekey: { id: signed.id, key: signed.key, signature: signed.signature },
    lastResortKyber: lastResort,
    oneTimeEc: Array.from({ length: request.oneTimeEc }, ecKey),
    oneTimeKyber: Array.from({ length: request.oneTimeKyber }, () => signedKey("kyber", false)),
  }).finish();
  overlay.put(upkeepKey, encodeRow({ next, signed, lastResort } satisfies Upkeep));
  return new Uint8Array(body);
}

export function signedPrekeyMadeMs(overlay: Overlay): number | undefined {
  return load(overlay).signed?.madeMs;
}

/** A private half by its id; undefined: never made, used, or forgotten. */
export function prekeyRecord(overlay: Overlay, pool: Pool, id: number): Uint8Array | undefined {
  const bytes = overlay.get(rowKey(pool, id));
  return bytes === undefined ? undefined : (decodeRow(bytes) as PrekeyRow).record;
}

export function useOneTimeEc(overlay: Overlay, id: number): void {
  overlay.delete(rowKey("ec", id));
}

/**
 * A Kyber key was used by a first message: a one-time key goes; of a last-resort key the (signed key, base key) is remembered.
 *
 * @returns false when this very first message was read before: a replay
 */
export function useKyber(overlay: Overlay, id: number, signedId: number, baseKey: Uint8Array): boolean {
  const bytes = overlay.get(rowKey("kyber", id));
  assert(bytes !== undefined, "a Kyber key was used that is not there");
  if (!(decodeRow(bytes) as PrekeyRow).lastResort) {
    overlay.delete(rowKey("kyber", id));
    return true;
  }
  const seen = `${seenPrefix(id)}${signedId}/${Buffer.from(baseKey).toString("hex")}`;
  if (overlay.get(seen) !== undefined) return false;
  overlay.put(seen, new Uint8Array([1]));
  return true;
}

/** Forgets private halves older than limits.prekeyPrivateKeptMs, never the newest signed and last-resort ones. */
export function forgetOld(overlay: Overlay, nowMs: number): number {
  const upkeep = load(overlay);
  const newest = new Set([upkeep.signed && rowKey("signed", upkeep.signed.id), upkeep.lastResort && rowKey("kyber", upkeep.lastResort.id)]);
  let forgotten = 0;
  for (const key of overlay.keys("prekey/")) {
    const bytes = overlay.get(key);
    if (bytes === undefined || newest.has(key)) continue;
    if (nowMs - (decodeRow(bytes) as PrekeyRow).madeMs < limits.prekeyPrivateKeptMs) continue;
    overlay.delete(key);
    forgotten += 1;
    const [, pool, id] = key.split("/");
    if (pool === "kyber") for (const seen of overlay.keys(seenPrefix(Number(id)))) overlay.delete(seen);
  }
  return forgotten;
}

function load(overlay: Overlay): Upkeep {
  const bytes = overlay.get(upkeepKey);
  return bytes === undefined ? { next: { ec: 1, signed: 1, kyber: 1 } } : (decodeRow(bytes) as Upkeep);
}

function rowKey(pool: Pool, id: number): string {
  return `prekey/${pool}/${String(id).padStart(10, "0")}`;
}

function seenPrefix(kyberId: number): string {
  return `seen/${kyberId}/`;
}
