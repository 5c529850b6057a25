import { idBytes, type DeviceId } from "../../lib/ids.js";
import { hermod } from "../../protos/gen/hermod.js";
import type { ListState } from "../../protos/signed/device-chain.js";
import type { ListCause, ListedDevice } from "../../protos/signed/device-list.js";
import { signerBytes, type Signer } from "../../protos/signed/signed.js";
import type { LocalIdentity } from "../cipher/ports.js";

/** A device as another version lists it for the first time. */
export type NewDevice = Pick<LocalIdentity, "device" | "identityKey" | "registrationId">;

export interface FirstList {
  readonly device: NewDevice;
  readonly recoveryKey: Uint8Array;
  /** 16 random bytes: the account's id is a hash of this body. */
  readonly nonce: Uint8Array;
  readonly region: number;
  readonly nowMs: number;
}

/** Body of version 1. */
export function firstListBody(first: FirstList): Uint8Array {
  const devices = [listed(first.device, first.nowMs)];
  const { region, recoveryKey, nonce } = first;
  const signer = idBytes(first.device.device);
  return hermod.v1.DeviceList.encode({
    format: 1,
    region,
    version: 1,
    signer,
    devices,
    recoveryKey,
    cause: "genesis",
    nonce,
    timeMs: BigInt(first.nowMs),
  }).finish();
}

export interface NextList {
  readonly cause: ListCause;
  readonly signer: Signer;
  readonly add?: NewDevice;
  readonly remove?: readonly DeviceId[];
  readonly nowMs: number;
}

/** Body of the version after `head`: devices that stay keep their order and fields, a new one comes last. */
export function nextListBody(head: ListState, next: NextList): Uint8Array {
  const stay = head.devices.filter(({ id }) => next.remove?.includes(id) !== true).map(again);
  return hermod.v1.DeviceList.encode({
    format: 1,
    account: idBytes(head.account),
    region: head.region,
    version: head.version + 1,
    previous: head.listHash,
    signer: signerBytes(next.signer),
    devices: next.add === undefined ? stay : [...stay, listed(next.add, next.nowMs)],
    recoveryKey: head.recoveryKey,
    cause: next.cause,
    timeMs: BigInt(next.nowMs),
  }).finish();
}

function listed(device: NewDevice, nowMs: number): hermod.v1.ListedDevice.$Properties {
  const { identityKey, registrationId } = device;
  return { id: idBytes(device.device), identityKey, registrationId, capabilities: [], addedMs: BigInt(nowMs) };
}

function again(device: ListedDevice): hermod.v1.ListedDevice.$Properties {
  const { identityKey, registrationId, capabilities, addedMs } = device;
  return { id: idBytes(device.id), identityKey, registrationId, capabilities, addedMs };
}
