import { idBytes, idOf, isIdBytes, type AccountId } from "../../lib/ids.js";
import { hermod } from "../gen/hermod.js";
import { bounds } from "./bounds.js";
import { domains, hash, hashBytesLength, u32 } from "./hash.js";
import { refuse, type Verdict } from "./verdict.js";

/** The server's word that an account's list moved: the body of a `devices` entry. Unsigned; the account's chain proves it or does not. */
export interface Told {
  readonly account: AccountId;
  readonly version: number;
  readonly listHash: Uint8Array;
}

/** What the roster hash covers of a `devices` entry: the facts, not their encoding. */
export function toldHash(told: Told): Uint8Array {
  return hash(domains.told, idBytes(told.account), u32(told.version), told.listHash);
}

export function writeTold(told: Told): Uint8Array {
  return hermod.v1.Told.encode({ account: idBytes(told.account), version: told.version, listHash: told.listHash }).finish();
}

export function readTold(body: Uint8Array): Verdict<Told> {
  let wire: hermod.v1.Told;
  try {
    wire = hermod.v1.Told.decode(body);
  } catch {
    return refuse("bad-request", "not a Told");
  }
  if (!isIdBytes(wire.account)) return refuse("bad-request", "an account has 16 bytes");
  if (wire.version < 1 || wire.version > bounds.versionsMax) return refuse("bad-request", "list versions count from 1 to 1,000");
  if (wire.listHash.length !== hashBytesLength) return refuse("bad-request", "a listHash has 32 bytes");
  return { ok: { account: idOf(wire.account), version: wire.version, listHash: new Uint8Array(wire.listHash) } };
}
