import { limits } from "../../lib/limits.js";
import { sameBytes } from "../../lib/bytes.js";
import { idBytes, type LinkId } from "../../lib/ids.js";
import type { Answer, ToAccount } from "../../protos/messages.js";
import { bounds } from "../../protos/signed/bounds.js";
import { judgeVersion, type ListState } from "../../protos/signed/device-chain.js";
import { readDeviceList } from "../../protos/signed/device-list.js";
import { listLimitProblem, type ListTimes } from "../../protos/signed/list-limits.js";
import { readSigned, type SignedObject } from "../../protos/signed/signed.js";
import type { Claim } from "../../protos/signed/verdict.js";
import { take } from "./buckets.js";
import { chainOf, ownDevice, strangerProblem, versionsFrom } from "./devices.js";
import { problem } from "./flows.js";
import { ask, type Flow, type Part } from "./messages.js";
import type { AccountDevice } from "./ports.js";
import { signatureProblem } from "./registration.js";
import { headOf, type Account } from "./state.js";
import { followList } from "./work.js";
import { notice } from "./notices.js";

/* The next version of the list: judged, verified, written; what follows from it is in work.ts. */

type ChangeDevices = Extract<ToAccount, { type: "change-devices" }>;

/** A version that passed every rule; its signatures are still to be checked. */
export interface NextVersion {
  readonly signed: Uint8Array;
  readonly object: SignedObject;
  readonly claim: Claim<ListState>;
}

/** `repeated`: it is stored already, byte for byte, under its number. */
export type Judged =
  | { readonly type: "next"; readonly next: NextVersion }
  | { readonly type: "repeated"; readonly version: number }
  | { readonly type: "refused"; readonly answer: Answer };

/** Judges the next version by the chain's rules and by the server's clock. */
export function judgeNext(state: Account, signed: Uint8Array): Judged {
  const read = readSigned(signed, bounds.listBodyBytesMax);
  if (read.error !== undefined) return { type: "refused", answer: problem(read.error) };
  const version = storedVersionOf(state, read.ok.body);
  if (version !== undefined) return { type: "repeated", version };
  const judged = judgeVersion(headOf(state), read.ok);
  if (judged.error !== undefined) return { type: "refused", answer: problem(judged.error) };
  const limited = limitedBy(state, judged.ok.value);
  if (limited !== undefined) return { type: "refused", answer: limited };
  return { type: "next", next: { signed, object: read.ok, claim: judged.ok } };
}

/** What the server's clock says against a version: too many changes today, or a signer that was linked just now. */
export function limitedBy(state: Account, after: ListState): Answer | undefined {
  const times: ListTimes = {
    nowMs: state.now.wallMs,
    storedMs: state.versions.slice(1).map(({ storedMs }) => storedMs),
    addedMs: (device) => state.devices.get(device)?.addedMs,
    lastSeenMs: (device) => state.dirtyDevices.get(device)?.lastSeenMs ?? (state.devices.get(device)?.lastSeenMs || undefined),
  };
  const limited = listLimitProblem(headOf(state), after, times);
  return limited === undefined ? undefined : problem(limited.error, Math.min(limited.retryAfterMs, 0xffff_ffff));
}

/** The number under which exactly this body is stored. */
function storedVersionOf(state: Account, body: Uint8Array): number | undefined {
  for (let index = state.versions.length - 1; index >= 0; index--) {
    const stored = readSigned(state.versions[index]!.signed, bounds.listBodyBytesMax);
    if (stored.ok !== undefined && sameBytes(stored.ok.body, body)) return index + 1;
  }
  return undefined;
}

/**
 * Stores the next version and all that is decided with it in one conditional write. The work list comes first: a crash in between leaves
 * a line there with nothing to do, never the other way round.
 */
export function* storeVersion(
  state: Account,
  next: NextVersion,
  more: { readonly device?: AccountDevice; readonly link?: LinkId },
): Part<void> {
  yield* ask({ type: "add-work" });
  state.work.listed = true;
  const { value: after } = next.claim;
  const storedMs = state.now.wallMs;
  yield* ask({
    type: "write",
    build: () => {
      const fields = state.fields!;
      const usedLinks = more.link === undefined ? fields.usedLinks : [...fields.usedLinks, more.link].slice(-limits.usedLinksMax);
      const revoked = after.change.removed.flatMap((id) => {
        const row = state.devices.get(id);
        return row === undefined ? [] : [{ ...row, revoked: true, revokeTold: false }];
      });
      return {
        account: { ...fields, head: after.version, headHash: after.listHash, usedLinks },
        version: { number: after.version, signed: next.signed, storedMs },
        devices: more.device === undefined ? revoked : [...revoked, more.device],
      };
    },
  });
  state.chain = after;
  yield* ask({ type: "emit", effects: followList(state, after.change.removed) });
}

/** A new version without a new device: unlinks, and what the recovery key changes. `ok` only when every removed device is cut off. */
export function* changeDevices(state: Account, { from, signed }: ChangeDevices): Flow {
  yield* ask({ type: "lock", name: "list" });
  if (ownDevice(state, from) === undefined) return strangerProblem(state, from);
  const judged = judgeNext(state, signed);
  if (judged.type === "refused") return withChain(state, signed, judged.answer);
  if (judged.type === "repeated") return yield* onceRevoked(state, judged.version);
  const { next } = judged;
  if (next.claim.value.change.added.length > 0) return problem("bad-device-list"); // a device comes with its keys: by a link
  const waitMs = take(state.listTries, limits.listTriesBucket, limits.listTriesRefillMs, state.now.monoMs);
  if (waitMs !== undefined) return problem("rate-limited", waitMs);
  const verified = yield* ask({ type: "verify", checks: next.claim.checks });
  if (verified.outcome !== "hold") return signatureProblem(verified.outcome);
  yield* storeVersion(state, next, {});
  yield* ask({ type: "emit", effects: notice(state, from.device) });
  return yield* onceRevoked(state, next.claim.value.version);
}

/** The unlink is done when each removed device's own partition says so: from then on nothing reaches it. Others need not wait for that. */
function* onceRevoked(state: Account, version: number): Flow {
  yield* ask({ type: "unlock", name: "list" });
  const durable = yield* ask({ type: "until-revoked", devices: [...state.work.revoking.keys()] });
  if (!durable) return problem("timeout", limits.redeliverMinMs);
  return { type: "frame", frame: { devicesChanged: { account: idBytes(state.id), version } } };
}

/** Who lost a race gets what it missed along with the refusal. */
function withChain(state: Account, signed: Uint8Array, answer: Answer): Answer {
  if (answer.type !== "problem" || answer.code !== "list-conflict") return answer;
  const chain = chainOf(state, conflictFrom(state, signed));
  return { ...answer, details: { chains: [chain] } };
}

/** For those without a session: the versions that a rebase needs. */
export function listConflict(state: Account, signed: Uint8Array): Answer {
  return { type: "list-conflict", chain: versionsFrom(state, conflictFrom(state, signed)) };
}

/** The first version that the maker of this one did not know. */
function conflictFrom(state: Account, signed: Uint8Array): number {
  const read = readSigned(signed, bounds.listBodyBytesMax);
  const list = read.ok === undefined ? undefined : readDeviceList(read.ok.body).ok;
  return Math.max(1, Math.min(list?.version ?? 1, headOf(state).version));
}
