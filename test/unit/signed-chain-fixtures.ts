import { idBytes, type AccountId } from "../../lib/ids.js";
import { hermod } from "../../protos/gen/hermod.js";
import { extend, type ListState } from "../../protos/signed/device-chain.js";
import { domains } from "../../protos/signed/hash.js";
import { signerBytes, type SignedObject } from "../../protos/signed/signed.js";
import type { Verdict } from "../../protos/signed/verdict.js";
import { filled, keyOf, must, signed, verify, type TestKey } from "./signed-fixtures.js";

/** The devices of the tests, by the order in which they are linked, and two recovery keys. */
export const [d1, d2, d3, d4, stranger] = ["first", "second", "third", "fourth", "stranger"].map((name) => keyOf(name)) as [
  TestKey,
  TestKey,
  TestKey,
  TestKey,
  TestKey,
];
export const recovery = keyOf("recovery", "recovery");
export const otherRecovery = keyOf("other recovery", "recovery");

export type ListFields = hermod.v1.DeviceList.$Properties;
export type DeviceFields = hermod.v1.ListedDevice.$Properties;

export function listed(key: TestKey, fields: DeviceFields = {}): DeviceFields {
  return { id: idBytes(key.id), identityKey: key.public, registrationId: 7, capabilities: ["text"], addedMs: 5n, ...fields };
}

export function listBody(fields: ListFields): Uint8Array {
  return hermod.v1.DeviceList.encode(fields).finish();
}

/** Version 1 as an honest client makes it. */
export function firstFields(key: TestKey = d1, fields: ListFields = {}): ListFields {
  const usual = { format: 1, region: 0, version: 1, signer: idBytes(key.id), devices: [listed(key)], cause: "genesis" };
  return { ...usual, recoveryKey: recovery.public, nonce: filled(16, 9), timeMs: 1n, ...fields };
}

/** The version after `head` with these devices. Fields that a test gets wrong on purpose come last. */
export function nextFields(
  head: ListState,
  signer: TestKey,
  devices: readonly (TestKey | DeviceFields)[],
  fields: ListFields = {},
): ListFields {
  return {
    format: 1,
    account: idBytes(head.account),
    region: head.region,
    version: head.version + 1,
    previous: head.listHash,
    signer: signerBytes(signer.signer),
    devices: devices.map((device) => ("private" in device ? listed(device) : device)),
    recoveryKey: recovery.public,
    cause: "link",
    timeMs: 2n,
    ...fields,
  };
}

export function signedList(fields: ListFields, ...keys: readonly TestKey[]): SignedObject {
  return signed(domains.devices, listBody(fields), ...keys);
}

export function extended(head: ListState | undefined, fields: ListFields, ...keys: readonly TestKey[]): Verdict<ListState> {
  return extend(head, signedList(fields, ...keys), verify);
}

/** Versions 1, 2, 3: the first device links the second, and that one the third. */
export const v1 = must(extended(undefined, firstFields(), d1));
export const v2 = must(extended(v1, nextFields(v1, d1, [d1, d2]), d1, d2));
export const v3 = must(extended(v2, nextFields(v2, d2, [d1, d2, d3]), d2, d3));
export const account: AccountId = v1.account;
