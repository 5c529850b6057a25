import { idOf, isIdBytes, type AccountId, type ConversationId, type DeviceId } from "../../lib/ids.js";
import type { Role } from "../entry.js";
import { hermod } from "../gen/hermod.js";
import { bounds } from "./bounds.js";
import { readNamedMember, type NamedMember } from "./genesis.js";
import { domains, hash, hashBytesLength } from "./hash.js";
import { compareBytes } from "./ids.js";
import { roleOf } from "./roles.js";
import { openBody } from "./signed.js";
import { refuse, type Refusal, type Verdict } from "./verdict.js";

export type MembershipChange =
  | ({ readonly op: "add" } & NamedMember)
  | { readonly op: "remove"; readonly account: AccountId }
  | { readonly op: "role"; readonly account: AccountId; readonly role: Role }
  | { readonly op: "leave"; readonly account: AccountId }
  | { readonly op: "settings"; readonly settings: Uint8Array };

/** A change of a group, as its signer asked for it. Form only; whether it may happen, membership-rules.ts decides. */
export interface Membership {
  /** H('hermod/membership/1', body). */
  readonly hash: Uint8Array;
  readonly chat: ConversationId;
  /** The first one after the genesis has 1. */
  readonly version: number;
  readonly previous: Uint8Array;
  readonly rosterSeq: bigint;
  readonly rosterHash: Uint8Array;
  readonly actor: AccountId;
  readonly actorDevice: DeviceId;
  /** By account bytes, each account once; `settings` names none and stands first. Empty in a mere rename. */
  readonly changes: readonly MembershipChange[];
  /** The new name, sealed; empty: unchanged. */
  readonly sealedInfo: Uint8Array;
  readonly timeMs: bigint;
}

/** Reads a membership body and applies every rule that needs nothing but the body. */
export function readMembership(body: Uint8Array): Verdict<Membership> {
  const opened = openBody(body, bounds.membershipBodyBytesMax, "bad-request", (bytes) => hermod.v1.Membership.decode(bytes));
  if (opened.error !== undefined) return opened;
  const wire = opened.ok;
  const problem = fieldProblem(wire);
  if (problem !== undefined) return problem;
  const changes: MembershipChange[] = [];
  for (const [index, entry] of wire.changes.entries()) {
    if (index > 0 && compareBytes(wire.changes[index - 1]!.account, entry.account) >= 0) {
      return refuse("bad-request", "changes are sorted by account, each once");
    }
    const change = readChange(entry);
    if (change.error !== undefined) return change;
    changes.push(change.ok);
  }
  const membership = {
    hash: hash(domains.membership, body),
    chat: idOf<ConversationId>(wire.chat),
    version: wire.version,
    previous: new Uint8Array(wire.previous),
    rosterSeq: wire.rosterSeq,
    rosterHash: new Uint8Array(wire.rosterHash),
    actor: idOf<AccountId>(wire.actor),
    actorDevice: idOf<DeviceId>(wire.actorDevice),
    changes,
    sealedInfo: new Uint8Array(wire.sealedInfo),
    timeMs: wire.timeMs,
  };
  return { ok: membership };
}

function fieldProblem(wire: hermod.v1.Membership): Refusal | undefined {
  if (![wire.chat, wire.actor, wire.actorDevice].every(isIdBytes)) return refuse("bad-request", "ids have 16 bytes");
  if (wire.previous.length !== hashBytesLength || wire.rosterHash.length !== hashBytesLength) {
    return refuse("bad-request", "hashes have 32 bytes");
  }
  if (wire.version < 1) return refuse("bad-request", "versions count from 1");
  if (wire.rosterSeq < 1n) return refuse("bad-request", "sequences count from 1");
  if (wire.sealedInfo.length > bounds.sealedInfoBytesMax) return refuse("too-large", "sealed_info is too large");
  if (wire.changes.length > bounds.membersPerBodyMax) return refuse("too-large", "at most 128 changes");
  if (wire.changes.length === 0 && wire.sealedInfo.length === 0) return refuse("bad-request", "nothing changes");
  return undefined;
}

/** Fields that an operation does not use stay empty, so that no signed byte is without meaning. */
function readChange(wire: hermod.v1.MembershipChange): Verdict<MembershipChange> {
  if (wire.op === "settings") {
    const empty = wire.account.length === 0 && withoutRole(wire) && withoutList(wire);
    const fits = wire.settings.length > 0 && wire.settings.length <= bounds.settingsBytesMax;
    return empty && fits ? { ok: { op: "settings", settings: new Uint8Array(wire.settings) } } : misused(wire.op);
  }
  if (!isIdBytes(wire.account)) return refuse("bad-request", "an account has 16 bytes");
  if (wire.settings.length > 0) return misused(wire.op);
  const account = idOf<AccountId>(wire.account);
  const role = roleOf(wire.role);
  switch (wire.op) {
    case "add": {
      const member = readNamedMember(wire);
      return member.error === undefined ? { ok: { op: "add", ...member.ok } } : member;
    }
    case "role":
      return role !== undefined && withoutList(wire) ? { ok: { op: "role", account, role } } : misused(wire.op);
    case "remove":
    case "leave":
      return withoutRole(wire) && withoutList(wire) ? { ok: { op: wire.op, account } } : misused(wire.op);
    default:
      return refuse("bad-request", "no such operation");
  }
}

function withoutRole(wire: hermod.v1.MembershipChange): boolean {
  return wire.role === hermod.v1.Role.ROLE_UNSPECIFIED;
}

function withoutList(wire: hermod.v1.MembershipChange): boolean {
  return wire.listVersion === 0 && wire.listHash.length === 0;
}

function misused(op: string): Refusal {
  return refuse("bad-request", `a field that ${op} lacks or does not use`);
}
