import { idOf, isIdBytes, type AccountId, type DeviceId } from "../../lib/ids.js";
import { hermod } from "../gen/hermod.js";
import { bounds } from "./bounds.js";
import { domains, hash, hashBytesLength } from "./hash.js";
import { deviceIdOf } from "./ids.js";
import { isPublicKey } from "./public-key.js";
import { openBody, signerOf, type Signer } from "./signed.js";
import { refuse, type Refusal, type Verdict } from "./verdict.js";

export interface ListedDevice {
  readonly id: DeviceId;
  readonly identityKey: Uint8Array;
  readonly registrationId: number;
  /** Sorted, each once. */
  readonly capabilities: readonly string[];
  /** For display only. */
  readonly addedMs: bigint;
}

const causes = ["genesis", "link", "unlink", "recover", "idle"] as const;
export type ListCause = (typeof causes)[number];

/** One version of an account's device list: the body alone. What it may change, device-chain.ts decides. */
export interface DeviceList {
  /** listHash = H('hermod/devices/1', body). */
  readonly hash: Uint8Array;
  /** Undefined in version 1, whose hash makes the id. */
  readonly account: AccountId | undefined;
  readonly region: number;
  readonly version: number;
  /** listHash of the version before; empty in version 1. */
  readonly previous: Uint8Array;
  readonly signer: Signer;
  /** By rank, 1 to 8. */
  readonly devices: readonly ListedDevice[];
  readonly recoveryKey: Uint8Array;
  readonly cause: ListCause;
  /** For display only. */
  readonly timeMs: bigint;
}

/** Reads a list body and applies every rule that needs nothing but the body. */
export function readDeviceList(body: Uint8Array): Verdict<DeviceList> {
  const opened = openBody(body, bounds.listBodyBytesMax, "bad-device-list", (bytes) => hermod.v1.DeviceList.decode(bytes));
  if (opened.error !== undefined) return opened;
  const wire = opened.ok;
  const problem = chainFieldProblem(wire) ?? (isPublicKey(wire.recoveryKey) ? undefined : refuse("bad-key", "the recovery key is no key"));
  if (problem !== undefined) return problem;
  const cause = causes.find((word) => word === wire.cause);
  const signer = signerOf(wire.signer);
  if (cause === undefined || signer === undefined) return refuse("bad-device-list", "no such cause, or no signer");
  if ((cause === "genesis") !== (wire.version === 1)) return refuse("bad-device-list", "version 1, and no other, is the genesis");
  const devices = readDevices(wire.devices);
  if (devices.error !== undefined) return devices;
  const list = {
    hash: hash(domains.devices, body),
    account: wire.version === 1 ? undefined : idOf<AccountId>(wire.account),
    region: wire.region,
    version: wire.version,
    previous: new Uint8Array(wire.previous),
    signer,
    devices: devices.ok,
    recoveryKey: new Uint8Array(wire.recoveryKey),
    cause,
    timeMs: wire.timeMs,
  };
  return { ok: list };
}

function chainFieldProblem(wire: hermod.v1.DeviceList): Refusal | undefined {
  if (wire.version < 1 || wire.version > bounds.versionsMax) return refuse("bad-device-list", "versions count from 1 to 1,000");
  if (wire.region > 255) return refuse("bad-device-list", "a region is one byte");
  if (wire.version === 1) {
    if (wire.account.length > 0 || wire.previous.length > 0) return refuse("bad-device-list", "version 1 follows nothing");
    return wire.nonce.length === bounds.nonceBytes ? undefined : refuse("bad-device-list", "version 1 has a nonce of 16 bytes");
  }
  if (!isIdBytes(wire.account) || wire.previous.length !== hashBytesLength) {
    return refuse("bad-device-list", "a later version names its account and the version before");
  }
  return wire.nonce.length === 0 ? undefined : refuse("bad-device-list", "only version 1 has a nonce");
}

function readDevices(wire: readonly hermod.v1.ListedDevice[]): Verdict<readonly ListedDevice[]> {
  if (wire.length === 0) return refuse("bad-device-list", "the last device is never removed");
  if (wire.length > bounds.devicesMax) return refuse("too-many-devices", "a list has at most 8 devices");
  const devices: ListedDevice[] = [];
  for (const entry of wire) {
    const device = readDevice(entry);
    if (device.error !== undefined) return device;
    if (devices.some((other) => other.id === device.ok.id)) return refuse("bad-device-list", "a device is listed once");
    devices.push(device.ok);
  }
  return { ok: devices };
}

function readDevice(wire: hermod.v1.ListedDevice): Verdict<ListedDevice> {
  if (!isPublicKey(wire.identityKey)) return refuse("bad-key", "an identity key is no key");
  const id = deviceIdOf(wire.identityKey);
  if (!isIdBytes(wire.id) || idOf<DeviceId>(wire.id) !== id) return refuse("bad-device-list", "a device id is the hash of its key");
  if (wire.registrationId < 1 || wire.registrationId > bounds.registrationIdMax) {
    return refuse("bad-device-list", "registration ids go from 1 to 16,380");
  }
  if (!areCapabilities(wire.capabilities)) return refuse("bad-device-list", "capabilities are at most 16 sorted words, each once");
  const { registrationId, capabilities, addedMs } = wire;
  return { ok: { id, identityKey: new Uint8Array(wire.identityKey), registrationId, capabilities: [...capabilities], addedMs } };
}

const capabilityForm = new RegExp(`^[a-z0-9-]{1,${bounds.capabilityCharactersMax}}$`);

function areCapabilities(words: readonly string[]): boolean {
  if (words.length > bounds.capabilitiesMax) return false;
  return words.every((word, index) => capabilityForm.test(word) && (index === 0 || words[index - 1]! < word));
}
