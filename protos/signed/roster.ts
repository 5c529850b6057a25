import { assert } from "../../lib/assert.js";
import { sameBytes } from "../../lib/bytes.js";
import { idBytes, type AccountId, type ConversationId, type DeviceId } from "../../lib/ids.js";
import type { Control, ControlChange, ConversationType, Header, Role } from "../entry.js";
import type { Genesis, NamedMember } from "./genesis.js";
import { domains, hash, noHash, u64 } from "./hash.js";
import type { Membership } from "./membership.js";
import { toldHash, type Told } from "./told.js";
import { refuse, type Refusal, type Verdict } from "./verdict.js";

/*
 * Who is in a conversation, with which devices: a fold over its genesis, membership and `devices` entries. Server and clients run this
 * same fold; the hash chain lets each see whether the other did. Rules (who may change what) are in membership-rules.ts, not here.
 */

export interface RosterMember {
  readonly role: Role;
  readonly listVersion: number;
  readonly listHash: Uint8Array;
  /** By rank. */
  readonly devices: readonly DeviceId[];
}

/** Never changed in place: each control entry makes a new one that shares the members it left alone. */
export interface Roster {
  readonly conversation: ConversationId;
  readonly type: ConversationType;
  /** Sequence of the newest genesis, membership or devices entry. */
  readonly seq: bigint;
  readonly hash: Uint8Array;
  readonly members: ReadonlyMap<AccountId, RosterMember>;
  /** 0 after the genesis. */
  readonly membershipVersion: number;
  /** What the next membership body must name as `previous`. */
  readonly membershipHash: Uint8Array;
  /** Sequence of the newest entry that removed a member or a device; 0n: none ever. Chains from before it are dead. */
  readonly lastRemovalSeq: bigint;
}

/** The devices of one list version by rank; undefined: the caller cannot vouch for that version with that hash. */
export type DevicesOf = (account: AccountId, listVersion: number, listHash: Uint8Array) => readonly DeviceId[] | undefined;

/** A genesis whose members' devices are known. */
export interface ResolvedGenesis {
  readonly conversation: ConversationId;
  readonly type: ConversationType;
  readonly hash: Uint8Array;
  readonly members: readonly (NamedMember & { readonly devices: readonly DeviceId[] })[];
}

/**
 * rosterHash(s) = H('hermod/roster/1', chat, u64(s), rosterHash before, e).
 *
 * @param previous hash of the roster before; undefined for the genesis, which follows 32 zero bytes
 * @param entryHash e: H of the genesis or membership body, or toldHash
 */
export function rosterHashOf(chat: ConversationId, seq: bigint, previous: Uint8Array | undefined, entryHash: Uint8Array): Uint8Array {
  return hash(domains.roster, idBytes(chat), u64(seq), previous ?? noHash, entryHash);
}

/** Names the devices of every member, or the account whose list the caller does not have. */
export function resolveGenesis(genesis: Genesis, devicesOf: DevicesOf): Verdict<ResolvedGenesis> {
  const members: ResolvedGenesis["members"][number][] = [];
  for (const member of genesis.members) {
    const devices = devicesOf(member.account, member.listVersion, member.listHash);
    if (devices === undefined) return unresolved(member.account);
    members.push({ ...member, devices });
  }
  return { ok: { conversation: genesis.conversation, type: genesis.type, hash: genesis.hash, members } };
}

/** The roster after the genesis, which has sequence 1. */
export function applyGenesis(genesis: ResolvedGenesis): Roster {
  const members = genesis.members.map(({ account, role, listVersion, listHash, devices }): [AccountId, RosterMember] => [
    account,
    { role, listVersion, listHash, devices },
  ]);
  return {
    conversation: genesis.conversation,
    type: genesis.type,
    seq: 1n,
    hash: rosterHashOf(genesis.conversation, 1n, undefined, genesis.hash),
    members: new Map(members),
    membershipVersion: 0,
    membershipHash: genesis.hash,
    lastRemovalSeq: 0n,
  };
}

/** The roster after a membership entry that membership-rules.ts allowed for exactly this roster. */
export function applyMembership(roster: Roster, membership: Membership, seq: bigint, devicesOf: DevicesOf): Verdict<Roster> {
  const members = new Map(roster.members);
  let removed = false;
  for (const change of membership.changes) {
    switch (change.op) {
      case "add": {
        const { account, role, listVersion, listHash } = change;
        const devices = devicesOf(account, listVersion, listHash);
        if (devices === undefined) return unresolved(account);
        members.set(account, { role, listVersion, listHash, devices });
        break;
      }
      case "role":
        members.set(change.account, { ...memberOf(roster, change.account), role: change.role });
        break;
      case "remove":
      case "leave":
        removed = members.delete(change.account) || removed;
        break;
      case "settings":
        break;
    }
  }
  const lastRemovalSeq = removed ? seq : roster.lastRemovalSeq;
  const { version: membershipVersion, hash: membershipHash } = membership;
  return { ok: { ...moved(roster, seq, membership.hash), members, membershipVersion, membershipHash, lastRemovalSeq } };
}

/**
 * The roster after a `devices` entry: the account's list moved to a newer version.
 *
 * @param devices of that version, by rank; a client takes them from the account's verified chain, never from the server
 */
export function applyTold(roster: Roster, told: Told, devices: readonly DeviceId[], seq: bigint): Verdict<Roster> {
  const member = roster.members.get(told.account);
  if (member === undefined) return refuse("not-a-member", `${told.account} is no member`);
  if (told.version <= member.listVersion) return refuse("list-stale", `${told.account} is at version ${member.listVersion} already`);
  const { version: listVersion, listHash } = told;
  const members = new Map(roster.members).set(told.account, { role: member.role, listVersion, listHash, devices });
  const lastRemovalSeq = lost(member.devices, devices) ? seq : roster.lastRemovalSeq;
  return { ok: { ...moved(roster, seq, toldHash(told)), members, lastRemovalSeq } };
}

/** What an entry did to the roster, for its header: folded by foldControl it gives `after` again, bodies and lists unread. */
export function controlOf(before: Roster | undefined, after: Roster): Control {
  const changes: ControlChange[] = [];
  for (const account of before?.members.keys() ?? []) {
    if (!after.members.has(account)) changes.push({ op: "remove", account });
  }
  for (const [account, member] of after.members) {
    const old = before?.members.get(account);
    if (old === member) continue;
    const { role, listVersion, listHash, devices } = member;
    if (old === undefined) changes.push({ op: "add", account, role, listVersion, listHash, devices });
    else if (old.listVersion !== listVersion) changes.push({ op: "devices", account, listVersion, listHash, devices });
    else if (old.role !== role) changes.push({ op: "role", account, role });
  }
  const { hash: rosterHash, membershipVersion } = after;
  return before === undefined ? { rosterHash, type: after.type, changes, membershipVersion } : { rosterHash, changes, membershipVersion };
}

/** The fields of a header that the roster's fold reads. */
export type ControlHeader = Pick<Header, "seq" | "kind" | "hash" | "control">;

/**
 * The roster after a header of the server's own log; a header without `control` changes nothing. `header.hash` of a control entry is e of
 * rosterHashOf, so the chained hash is computed again and a log that was damaged or folded out of order is noticed here.
 *
 * @param roster undefined: nothing was folded yet, the header is the genesis
 */
export function foldControl(conversation: ConversationId, roster: Roster | undefined, header: ControlHeader): Roster | undefined {
  const { seq, control } = header;
  if (control === undefined) return roster;
  assert((roster === undefined) === (header.kind === "genesis"), "a log begins with its one genesis");
  const rosterHash = rosterHashOf(conversation, seq, roster?.hash, header.hash);
  assert(sameBytes(rosterHash, control.rosterHash), `the roster hash at ${conversation}:${seq} does not follow from the log`);
  const members = new Map(roster?.members);
  let removed = false;
  for (const change of control.changes) removed = foldChange(members, change) || removed;
  const type = roster?.type ?? control.type;
  assert(type !== undefined, "a genesis header names its type");
  return {
    conversation,
    type,
    seq,
    hash: control.rosterHash,
    members,
    membershipVersion: control.membershipVersion,
    membershipHash: roster !== undefined && header.kind === "devices" ? roster.membershipHash : header.hash,
    lastRemovalSeq: removed ? seq : (roster?.lastRemovalSeq ?? 0n),
  };
}

/** Applies one change in place and says whether it removed a member or a device. */
function foldChange(members: Map<AccountId, RosterMember>, change: ControlChange): boolean {
  const { op, account, listVersion, listHash, devices } = change;
  const old = members.get(account);
  if (op === "remove") return members.delete(account);
  const role = change.role ?? old?.role;
  assert(role !== undefined, `${op} of ${account} leaves no role`);
  if (op === "role") {
    assert(old !== undefined, "only a member has a role to change");
    members.set(account, { ...old, role });
    return false;
  }
  assert(listVersion !== undefined && listHash !== undefined && devices !== undefined, `${op} names a list version and its devices`);
  members.set(account, { role, listVersion, listHash, devices });
  return old !== undefined && lost(old.devices, devices);
}

/** Whether this device of this account is in the roster. */
export function hasDevice(roster: Roster, account: AccountId, device: DeviceId): boolean {
  return roster.members.get(account)?.devices.includes(device) ?? false;
}

const indexes = new WeakMap<Roster, ReadonlyMap<DeviceId, AccountId>>();

/** Every device of the roster with its account. Built once per roster, since rosters never change. */
export function devicesIn(roster: Roster): ReadonlyMap<DeviceId, AccountId> {
  let index = indexes.get(roster);
  if (index === undefined) {
    const made = new Map<DeviceId, AccountId>();
    for (const [account, member] of roster.members) for (const device of member.devices) made.set(device, account);
    index = made;
    indexes.set(roster, index);
  }
  return index;
}

function moved(roster: Roster, seq: bigint, entryHash: Uint8Array): Roster {
  assert(seq > roster.seq, "the roster moves forward only");
  return { ...roster, seq, hash: rosterHashOf(roster.conversation, seq, roster.hash, entryHash) };
}

function memberOf(roster: Roster, account: AccountId): RosterMember {
  const member = roster.members.get(account);
  assert(member !== undefined, "the rules let only members be changed");
  return member;
}

function lost(before: readonly DeviceId[], after: readonly DeviceId[]): boolean {
  return before.some((device) => !after.includes(device));
}

function unresolved(account: AccountId): Refusal {
  return refuse("list-stale", `the list of ${account} is not known at that version and hash`);
}
