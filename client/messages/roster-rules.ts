import { sameBytes } from "../../lib/bytes.js";
import type { AccountId, ConversationId, DeviceId } from "../../lib/ids.js";
import { bounds } from "../../protos/signed/bounds.js";
import { judgeGenesis, readGenesis, type Genesis } from "../../protos/signed/genesis.js";
import { applyGenesis, applyTold, resolveGenesis, type Roster } from "../../protos/signed/roster.js";
import { readSigned } from "../../protos/signed/signed.js";
import { readTold, type Told } from "../../protos/signed/told.js";
import { refuse, settle, type Verdict, type Verify } from "../../protos/signed/verdict.js";
import type { VerifiedList } from "../context.js";
import type { Entry } from "./entry.js";

/** A verified list version of an account, or undefined when this device has not got it. */
export type ListAt = (account: AccountId, version: number) => VerifiedList | undefined;

/** List versions that a control entry names: to be fetched and verified before it is judged. */
export function listsNamedBy(entry: Entry): readonly { readonly account: AccountId; readonly version: number }[] {
  if (entry.body === undefined) return [];
  if (entry.kind === "devices") {
    const told = readTold(entry.body.bytes);
    return told.error === undefined ? [told.ok] : [];
  }
  if (entry.kind !== "genesis") return [];
  const genesis = openGenesis(entry.body.bytes);
  return genesis.error === undefined ? genesis.ok.members.map(({ account, listVersion }) => ({ account, version: listVersion })) : [];
}

export function openGenesis(signed: Uint8Array): Verdict<Genesis> {
  const object = readSigned(signed, bounds.membershipBodyBytesMax);
  return object.error === undefined ? readGenesis(object.ok.body) : object;
}

/**
 * The roster after a control entry, judged by nothing but signed bytes and verified chains. `roster` = the one before; undefined only
 * for sequence 1.
 */
export function rosterAfter(
  chat: ConversationId,
  self: AccountId,
  roster: Roster | undefined,
  entry: Entry,
  listAt: ListAt,
  verify: Verify,
): Verdict<Roster> {
  if (entry.body === undefined) return refuse("bad-request", "a control entry without a body");
  if (roster === undefined) {
    if (entry.kind !== "genesis" || entry.seq !== 1n) return refuse("bad-request", "a conversation begins with its genesis");
    return afterGenesis(chat, self, entry.body.bytes, listAt, verify);
  }
  if (entry.seq <= roster.seq) return refuse("bad-request", "control entries come in order");
  if (entry.kind === "devices") return afterTold(roster, entry.body.bytes, entry.seq, listAt);
  return refuse("forbidden-kind", `${entry.kind} cannot change this conversation`);
}

function afterGenesis(chat: ConversationId, self: AccountId, signed: Uint8Array, listAt: ListAt, verify: Verify): Verdict<Roster> {
  const object = readSigned(signed, bounds.membershipBodyBytesMax);
  if (object.error !== undefined) return object;
  const genesis = readGenesis(object.ok.body);
  if (genesis.error !== undefined) return genesis;
  if (genesis.ok.conversation !== chat) return refuse("bad-request", "the genesis of another conversation");
  if (genesis.ok.type === "group") return refuse("update-needed", "this program does not know groups");
  const members = new Map(genesis.ok.members.map((member) => [member.account, member]));
  if (!members.has(self)) return refuse("not-a-member", "the genesis does not name this account");
  const keyOf = (account: AccountId, device: DeviceId): Uint8Array | undefined => {
    const list = listAt(account, members.get(account)?.listVersion ?? 0);
    return list?.devices.find((listed) => listed.id === device)?.identityKey;
  };
  const judged = settle(judgeGenesis(object.ok, keyOf), verify);
  if (judged.error !== undefined) return judged;
  const resolved = resolveGenesis(judged.ok, (account, version, listHash) => devicesOf(listAt, account, version, listHash));
  return resolved.error === undefined ? { ok: applyGenesis(resolved.ok) } : resolved;
}

function afterTold(roster: Roster, body: Uint8Array, seq: bigint, listAt: ListAt): Verdict<Roster> {
  const told: Verdict<Told> = readTold(body);
  if (told.error !== undefined) return told;
  const { account, version, listHash } = told.ok;
  const devices = devicesOf(listAt, account, version, listHash);
  if (devices === undefined) return refuse("list-invalid", `the server tells of a list of ${account} that its chain does not have`);
  return applyTold(roster, told.ok, devices, seq);
}

function devicesOf(listAt: ListAt, account: AccountId, version: number, listHash: Uint8Array): readonly DeviceId[] | undefined {
  const list = listAt(account, version);
  return list !== undefined && sameBytes(list.listHash, listHash) ? list.devices.map((device) => device.id) : undefined;
}

/** The newest roster below a sequence. */
export function rosterBelow(rosters: readonly Roster[], seq: bigint): Roster | undefined {
  let low = 0;
  let high = rosters.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const roster = rosters[middle];
    if (roster !== undefined && roster.seq < seq) low = middle + 1;
    else high = middle;
  }
  return rosters[low - 1];
}
