import { sameBytes } from "../../lib/bytes.js";
import type { AccountId, DeviceId } from "../../lib/ids.js";
import { readDeviceList, type DeviceList, type ListCause, type ListedDevice } from "./device-list.js";
import { domains } from "./hash.js";
import { accountIdOf } from "./ids.js";
import { signaturesBy, type SignedObject, type Signer } from "./signed.js";
import { holds, refuse, settle, type Claim, type Refusal, type SignatureCheck, type Verdict, type Verify } from "./verdict.js";

/*
 * An account is a chain of device lists. Each version is signed by who the version *before* lists, so neither the server nor a removed
 * device can make one; rank decides who may remove whom, so a stolen device cannot take the account from those before it.
 */

/** What a version changed, and at whose word. */
export interface ListChange {
  readonly cause: ListCause;
  readonly signer: Signer;
  readonly added: readonly DeviceId[];
  readonly removed: readonly DeviceId[];
  readonly recoveryKeyChanged: boolean;
  /**
   * A device was removed by something else than itself or one before it in rank. Who had verified this account must compare numbers
   * again; every other change carries the verification on.
   */
  readonly verifyAgain: boolean;
}

/** An account's chain up to one version. Never changed in place. */
export interface ListState {
  readonly account: AccountId;
  readonly region: number;
  readonly version: number;
  readonly listHash: Uint8Array;
  /** By rank. */
  readonly devices: readonly ListedDevice[];
  readonly recoveryKey: Uint8Array;
  /** Identity key of the first device of version 1. It never changes. */
  readonly rootKey: Uint8Array;
  /** Every device that was ever removed: none of them returns. */
  readonly former: ReadonlySet<DeviceId>;
  /** What this version did to the one before. */
  readonly change: ListChange;
}

/** A refusal as `list-forked` with the signature that would prove it: two bodies that follow one account, from a listed signer. */
interface Fork extends Refusal {
  readonly evidence: readonly SignatureCheck[];
}

type Judged = Verdict<Claim<ListState>> | Fork;

/**
 * Judges the version that follows `head` by every rule of the chain, and names the signatures that make it true.
 *
 * @param head the version before; undefined: `object` must be version 1
 * @returns `list-conflict`: not the next version. `list-forked`: the next one, but of another history. Others: see lib/errors.ts
 */
export function judgeVersion(head: ListState | undefined, object: SignedObject): Judged {
  const read = readDeviceList(object.body);
  if (read.error !== undefined) return read;
  return head === undefined ? judgeFirst(object, read.ok) : judgeNext(head, object, read.ok);
}

/**
 * The chain one version longer. `verify` may be `() => true` for versions that this very program verified and stored before.
 *
 * `list-forked` is said only of a version that is really signed: it is evidence, to be kept. A forgery is `bad-signature`.
 */
export function extend(head: ListState | undefined, object: SignedObject, verify: Verify): Verdict<ListState> {
  const judged = judgeVersion(head, object);
  if ("evidence" in judged && !holds(judged.evidence, verify)) return refuse("bad-signature", "of another history, and not even signed");
  return settle(judged, verify);
}

/**
 * The states after each new version, oldest first. `objects` may begin with the version that is known, to show that it did not change:
 * other bytes under its number are `list-forked`. A chain that skips a version, or does not grow, is refused.
 */
export function follow(known: ListState | undefined, objects: readonly SignedObject[], verify: Verify): Verdict<readonly ListState[]> {
  const states: ListState[] = [];
  for (const [index, object] of objects.entries()) {
    const head = states.at(-1) ?? known;
    if (index === 0 && known !== undefined) {
      const again = readDeviceList(object.body);
      if (again.error !== undefined) return again;
      if (again.ok.version === known.version) {
        if (sameBytes(again.ok.hash, known.listHash)) continue;
        return refuse("list-forked", `two bodies for version ${known.version}`);
      }
    }
    const next = extend(head, object, verify);
    if (next.error !== undefined) return next;
    states.push(next.ok);
  }
  return { ok: states };
}

function judgeFirst(object: SignedObject, list: DeviceList): Judged {
  const [first] = list.devices;
  if (list.version !== 1) return refuse("list-conflict", "a chain begins with version 1");
  if (first === undefined || list.devices.length !== 1) return refuse("bad-device-list", "version 1 lists one device");
  if (list.signer !== first.id) return refuse("bad-signature", "version 1 is signed by its device");
  const checks = signaturesBy(object, domains.devices, new Map([[first.id, first.identityKey]]));
  if (checks.error !== undefined) return checks;
  const change = {
    cause: list.cause,
    signer: first.id,
    added: [first.id],
    removed: [],
    recoveryKeyChanged: false,
    verifyAgain: false,
  };
  const value = {
    account: accountIdOf(list.hash, list.region),
    region: list.region,
    version: 1,
    listHash: list.hash,
    devices: list.devices,
    recoveryKey: list.recoveryKey,
    rootKey: first.identityKey,
    former: new Set<DeviceId>(),
    change,
  };
  return { ok: { value, checks: checks.ok } };
}

function judgeNext(head: ListState, object: SignedObject, list: DeviceList): Judged {
  if (list.version !== head.version + 1) return refuse("list-conflict", `the next version is ${head.version + 1}`);
  if (list.account !== head.account || list.region !== head.region) return refuse("bad-device-list", "another account's version");
  const signerKey = keyOf(head, list.signer);
  if (signerKey === undefined) return refuse("bad-signature", "the signer is not listed in the version before");
  if (!sameBytes(list.previous, head.listHash)) return forked(object, list.signer, signerKey);

  const added = addedTo(head, list);
  if (added.error !== undefined) return added;
  const change = changeOf(head, list, added.ok);
  const problem = causeProblem(change) ?? rankProblem(head, change, object);
  if (problem !== undefined) return problem;

  const keys = new Map<Signer, Uint8Array>([[list.signer, signerKey]]);
  if (needsRecovery(head, change)) keys.set("recovery", head.recoveryKey);
  for (const device of added.ok) keys.set(device.id, device.identityKey); // its countersignature: nobody is linked unasked
  const checks = signaturesBy(object, domains.devices, keys);
  if (checks.error !== undefined) return checks;
  const value = {
    ...head,
    version: list.version,
    listHash: list.hash,
    devices: list.devices,
    recoveryKey: list.recoveryKey,
    former: change.removed.length === 0 ? head.former : new Set([...head.former, ...change.removed]),
    change,
  };
  return { ok: { value, checks: checks.ok } };
}

/** Only the signer's own signature is looked at: one is enough to prove that it signed two histories, or that we were shown another. */
function forked(object: SignedObject, signer: Signer, key: Uint8Array): Judged {
  const own = { body: object.body, by: object.by.filter((entry) => entry.signer === signer) };
  const evidence = signaturesBy(own, domains.devices, new Map([[signer, key]]));
  if (evidence.error !== undefined) return evidence;
  return { ...refuse("list-forked", "does not follow the version that is known"), evidence: evidence.ok };
}

function keyOf(state: ListState, signer: Signer): Uint8Array | undefined {
  return signer === "recovery" ? state.recoveryKey : state.devices.find((device) => device.id === signer)?.identityKey;
}

/** The devices that are new, once those that stay were found unchanged, in their old order and in front. */
function addedTo(head: ListState, list: DeviceList): Verdict<readonly ListedDevice[]> {
  const stay = head.devices.filter((device) => list.devices.some((other) => other.id === device.id));
  for (const [rank, device] of stay.entries()) {
    if (!sameDevice(device, list.devices[rank]!)) return refuse("bad-device-list", "devices that stay keep their order and their fields");
  }
  const added = list.devices.slice(stay.length);
  if (added.length > 1) return refuse("bad-device-list", "a version adds one device");
  if (added.some((device) => head.former.has(device.id))) return refuse("bad-device-list", "a removed device never returns");
  return { ok: added };
}

function sameDevice(one: ListedDevice, other: ListedDevice): boolean {
  const sameWords = one.capabilities.join() === other.capabilities.join(); // a capability has no comma
  return one.id === other.id && one.registrationId === other.registrationId && one.addedMs === other.addedMs && sameWords;
}

function changeOf(head: ListState, list: DeviceList, added: readonly ListedDevice[]): ListChange {
  const removed = head.devices.map(({ id }) => id).filter((id) => !list.devices.some((device) => device.id === id));
  const recoveryKeyChanged = !sameBytes(head.recoveryKey, list.recoveryKey);
  const { cause, signer } = list;
  const verifyAgain = signer === "recovery" ? removed.length > 0 : removesBefore(head, signer, removed);
  return { cause, signer, added: added.map(({ id }) => id), removed, recoveryKeyChanged, verifyAgain };
}

/** Whether one of these stands before the signer in rank. */
function removesBefore(head: ListState, signer: DeviceId, removed: readonly DeviceId[]): boolean {
  const rank = head.devices.findIndex(({ id }) => id === signer);
  return head.devices.slice(0, rank).some(({ id }) => removed.includes(id));
}

/**
 * The stated cause must be what happened. Without the recovery key a version either adds one device or removes some; with it (`recover`)
 * it may do both and change the recovery key, and only then may the recovery key itself stand as the signer.
 */
function causeProblem(change: ListChange): Refusal | undefined {
  const { added, removed, recoveryKeyChanged, signer } = change;
  if (change.cause === "recover") {
    const changes = added.length > 0 || removed.length > 0 || recoveryKeyChanged;
    return changes ? undefined : refuse("bad-device-list", "a version changes something");
  }
  if (signer === "recovery" || recoveryKeyChanged) return refuse("bad-device-list", "what needs the recovery key has cause recover");
  if (change.cause === "link") {
    return added.length === 1 && removed.length === 0 ? undefined : refuse("bad-device-list", "a link adds one device and no more");
  }
  if (added.length > 0 || removed.length === 0) return refuse("bad-device-list", "an unlink removes devices and no more");
  if (change.cause === "idle" && removed.includes(signer)) return refuse("bad-device-list", "who signs is not idle");
  return undefined;
}

function needsRecovery(head: ListState, change: ListChange): boolean {
  const { cause, signer, removed } = change;
  if (cause === "recover" || signer === "recovery") return true;
  return cause !== "idle" && removesBefore(head, signer, removed);
}

function rankProblem(head: ListState, change: ListChange, object: SignedObject): Refusal | undefined {
  if (!needsRecovery(head, change) || object.by.some((entry) => entry.signer === "recovery")) return undefined;
  return change.cause === "recover"
    ? refuse("bad-signature", "needs the recovery key")
    : refuse("outranked", "removing a device before the signer needs the recovery key");
}
