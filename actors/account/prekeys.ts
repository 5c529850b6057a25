import { idBytes, type AccountId, type DeviceId } from "../../lib/ids.js";
import { limits } from "../../lib/limits.js";
import { hermod } from "../../protos/gen/hermod.js";
import type { Answer, Asker, ToAccount } from "../../protos/messages.js";
import { levelOf, take, type Bucket } from "./buckets.js";
import { begin, problem } from "./flows.js";
import { ask, type AccountEffect, type Flow, type Part } from "./messages.js";
import type { AccountDevice, Prekey, PrekeyKind } from "./ports.js";
import { headOf, type Account } from "./state.js";

type FetchPrekeys = Extract<ToAccount, { type: "fetch-prekeys" }>;

/** Bundles for who wants to write to this account. The same request again gets the same answer for a minute and burns nothing. */
export function fetchPrekeys(state: Account, message: FetchPrekeys): AccountEffect[] {
  const { from } = message;
  forgetOld(state);
  const key = requestKey(message);
  const kept = state.prekeyAnswers.get(key);
  if (kept !== undefined) return kept.answer === undefined ? [] : [{ type: "answer", to: from, answer: kept.answer }];
  const waitMs = takeFetch(state, from);
  if (waitMs !== undefined) return [{ type: "answer", to: from, answer: problem("rate-limited", waitMs) }];
  if (state.flows.size >= limits.accountFlowsMax)
    return [{ type: "answer", to: from, answer: problem("overloaded", limits.redeliverMinMs) }];
  state.prekeyAnswers.set(key, { untilMs: state.now.monoMs + limits.prekeyAnswerKeptMs, answer: undefined });
  return begin(state, from, bundles(state, message, key));
}

/** One request of one session. A later session may use the same number for another request, so the session is part of it. */
function requestKey({ from, devices }: FetchPrekeys): string {
  return [from.gateway, from.socket, from.requestId, from.device, ...devices].join(" ");
}

function forgetOld(state: Account): void {
  for (const [key, { untilMs }] of state.prekeyAnswers) {
    if (untilMs > state.now.monoMs && state.prekeyAnswers.size < limits.prekeyAnswersMax) return; // in the order of their age
    state.prekeyAnswers.delete(key);
  }
}

/** Own devices link and repair, so they have a wider limit of their own; everybody else has a narrow one per account. */
function takeFetch(state: Account, from: Asker): number | undefined {
  const isOwn = from.account === state.id;
  const max = isOwn ? limits.ownPrekeyFetchBucket : limits.prekeyFetchBucket;
  const refillMs = isOwn ? limits.ownPrekeyFetchRefillMs : limits.prekeyFetchRefillMs;
  return take(requesterOf(state, from.account), max, refillMs, state.now.monoMs);
}

function requesterOf(state: Account, account: AccountId): Bucket {
  const known = state.requesters.get(account);
  if (known !== undefined) return known;
  if (state.requesters.size >= limits.prekeyRequestersMax) forgetFullest(state);
  const bucket: Bucket = {};
  state.requesters.set(account, bucket);
  return bucket;
}

function forgetFullest(state: Account): void {
  let fullest: AccountId | undefined;
  let most = -1;
  for (const [account, bucket] of state.requesters) {
    const level = levelOf(bucket, limits.prekeyFetchBucket, limits.prekeyFetchRefillMs, state.now.monoMs);
    if (level <= most) continue;
    fullest = account;
    most = level;
  }
  if (fullest !== undefined) state.requesters.delete(fullest);
}

function* bundles(state: Account, { from, devices }: FetchPrekeys, key: string): Flow {
  const found: hermod.v1.Bundle.$Properties[] = [];
  const touched: DeviceId[] = [];
  try {
    for (const { id } of headOf(state).devices) {
      if (id === from.device || (devices.length > 0 && !devices.includes(id))) continue;
      const bundle = yield* bundleOf(state, id);
      if (bundle === undefined) continue;
      found.push(bundle);
      touched.push(id);
    }
  } finally {
    // Ended before its answer: a repeat begins anew; what was claimed is burnt.
    if (state.prekeyAnswers.get(key)?.answer === undefined) state.prekeyAnswers.delete(key);
  }
  const answer: Answer = { type: "frame", frame: { prekeys: { bundles: found, more: false } } };
  state.prekeyAnswers.set(key, { untilMs: state.now.monoMs + limits.prekeyAnswerKeptMs, answer });
  yield* ask({ type: "emit", effects: touched.flatMap((device) => begin(state, undefined, warnLow(state, device))) });
  return answer;
}

/** A device's bundle; undefined while it has no keys. Without one-time keys, or when too many want them, the last resort stands in. */
function* bundleOf(state: Account, device: DeviceId): Part<hermod.v1.Bundle.$Properties | undefined> {
  const row = usable(state, device);
  if (row === undefined) return undefined;
  const isOpen = take(state.keysOut, limits.prekeysPerTargetBucket, limits.prekeysPerTargetRefillMs, state.now.monoMs) === undefined;
  const ec = isOpen ? yield* takeOne(state, device, "ec") : undefined;
  const kyber = isOpen ? yield* takeOne(state, device, "kyber") : undefined;
  const now = usable(state, device);
  if (now === undefined) return undefined; // unlinked while its keys were claimed
  const bundle: hermod.v1.Bundle.$Properties = {
    account: idBytes(state.id),
    device: idBytes(device),
    registrationId: now.registrationId,
    signedPrekey: hermod.v1.SignedPublicKey.decode(now.signedPrekey),
    kyber: kyber ?? hermod.v1.SignedPublicKey.decode(now.lastResortKyber),
  };
  if (ec !== undefined) bundle.oneTime = { id: ec.id, key: ec.key };
  return bundle;
}

function usable(state: Account, device: DeviceId): AccountDevice | undefined {
  const row = state.devices.get(device);
  return row === undefined || row.revoked || row.signedPrekey.length === 0 || row.lastResortKyber.length === 0 ? undefined : row;
}

/**
 * Claims one key of a pool. It is handed out only when the store says that it is gone by this very claim; one whose outcome is unknown is
 * burnt and the next one is tried. One at a time per pool, so that a crowd does not run after the same key.
 */
function* takeOne(state: Account, device: DeviceId, kind: PrekeyKind): Part<Prekey | undefined> {
  const pool = `${device} ${kind}`;
  yield* ask({ type: "lock", name: pool });
  const key = yield* claimOldest(device, kind, burntOf(state, pool));
  yield* ask({ type: "unlock", name: pool });
  return key;
}

function* claimOldest(device: DeviceId, kind: PrekeyKind, burnt: Set<number>): Part<Prekey | undefined> {
  if (burnt.size >= limits.oneTimePrekeysMax) return undefined;
  const oldest = yield* ask({ type: "oldest-prekeys", device, kind, limit: limits.prekeyClaimsMax + burnt.size });
  for (const key of oldest.filter(({ id }) => !burnt.has(id)).slice(0, limits.prekeyClaimsMax)) {
    const outcome = yield* ask({ type: "claim-prekey", device, kind, id: key.id });
    if (outcome === "applied") return key;
    if (outcome === "unsure") burnt.add(key.id);
  }
  return undefined;
}

function burntOf(state: Account, pool: string): Set<number> {
  const known = state.burnt.get(pool);
  if (known !== undefined) return known;
  const burnt = new Set<number>();
  state.burnt.set(pool, burnt); // two for each device
  return burnt;
}

/** Tells a device that its pools run low, at most once a minute. */
function* warnLow(state: Account, device: DeviceId): Flow {
  const toldMs = state.lowToldMs.get(device);
  if (toldMs !== undefined && state.now.monoMs - toldMs < limits.prekeysLowEveryMs) return undefined;
  const { ec, kyber } = yield* ask({ type: "count-prekeys", device });
  if (ec >= limits.prekeysLow && kyber >= limits.prekeysLow) return undefined;
  state.lowToldMs.set(device, state.now.monoMs);
  const frame = { prekeysLow: { oneTimeEc: ec, oneTimeKyber: kyber } };
  yield* ask({ type: "emit", effects: [{ type: "tell", mail: { kind: "device", id: device, message: { type: "notice", frame } } }] });
  return undefined;
}
