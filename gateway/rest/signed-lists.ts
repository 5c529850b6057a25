import type { AccountId } from "../../lib/ids.js";
import { bounds } from "../../protos/signed/bounds.js";
import { readDeviceList } from "../../protos/signed/device-list.js";
import { accountIdOf } from "../../protos/signed/ids.js";
import { readSigned } from "../../protos/signed/signed.js";

/** Whose list this is, by its form alone: the account actor judges it. Version 1 names no account: its hash is the id. */
export function accountIdOfList(signed: Uint8Array): AccountId | undefined {
  const object = readSigned(signed, bounds.listBodyBytesMax);
  if (object.error !== undefined) return undefined;
  const list = readDeviceList(object.ok.body);
  if (list.error !== undefined) return undefined;
  return list.ok.account ?? accountIdOf(list.ok.hash, list.ok.region);
}

/** The number that a list body claims; undefined: no list. */
export function versionOfListBody(body: Uint8Array): number | undefined {
  return readDeviceList(body).ok?.version;
}
