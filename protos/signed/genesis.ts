import { idOf, isIdBytes, regionOf, type AccountId, type ConversationId, type DeviceId } from "../../lib/ids.js";
import type { ConversationType, Role } from "../entry.js";
import { hermod } from "../gen/hermod.js";
import { bounds } from "./bounds.js";
import { domains, hash, hashBytesLength } from "./hash.js";
import { compareBytes, directIdOf, groupIdOf, selfIdOf } from "./ids.js";
import { roleOf } from "./roles.js";
import { openBody, signaturesBy, type SignedObject } from "./signed.js";
import { refuse, type Claim, type Refusal, type Verdict } from "./verdict.js";

/** A member as a genesis or an addition names it: with the list version that its signer saw. */
export interface NamedMember {
  readonly account: AccountId;
  readonly role: Role;
  readonly listVersion: number;
  readonly listHash: Uint8Array;
}

/** The first entry of a conversation. `conversation` and `hash` are computed from the body, never read from it. */
export interface Genesis {
  readonly conversation: ConversationId;
  readonly hash: Uint8Array;
  readonly type: ConversationType;
  readonly creator: AccountId;
  readonly creatorDevice: DeviceId;
  /** By account bytes. */
  readonly members: readonly NamedMember[];
  readonly sealedInfo: Uint8Array;
  /** For display only. */
  readonly timeMs: bigint;
}

/** The identity key of a device that an account lists, at the version the rule at hand names; undefined: it does not list it. */
export type KeyOf = (account: AccountId, device: DeviceId) => Uint8Array | undefined;

/** Reads a genesis body and applies every rule that needs nothing but the body. */
export function readGenesis(body: Uint8Array): Verdict<Genesis> {
  const opened = openBody(body, bounds.membershipBodyBytesMax, "bad-request", (bytes) => hermod.v1.Genesis.decode(bytes));
  if (opened.error !== undefined) return opened;
  const wire = opened.ok;
  if (!isIdBytes(wire.creator) || !isIdBytes(wire.creatorDevice)) return refuse("bad-request", "creator and device have 16 bytes");
  if (wire.region > 255) return refuse("bad-request", "a region is one byte");
  if (wire.sealedInfo.length > bounds.sealedInfoBytesMax) return refuse("too-large", "sealed_info is too large");
  const members = readMembers(wire.members);
  if (members.error !== undefined) return members;
  const creator = idOf<AccountId>(wire.creator);
  const conversation = conversationIdOf(body, wire, creator, members.ok);
  if (conversation.error !== undefined) return conversation;
  const genesis = {
    conversation: conversation.ok.id,
    hash: hash(domains.genesis, body),
    type: conversation.ok.type,
    creator,
    creatorDevice: idOf<DeviceId>(wire.creatorDevice),
    members: members.ok,
    sealedInfo: new Uint8Array(wire.sealedInfo),
    timeMs: wire.timeMs,
  };
  return { ok: genesis };
}

/**
 * A genesis and the check of its one signature, by the creator's device.
 *
 * @param keyOf asked for the creator's device in the creator's list *at the version that the genesis names*
 */
export function judgeGenesis(object: SignedObject, keyOf: KeyOf): Verdict<Claim<Genesis>> {
  const genesis = readGenesis(object.body);
  if (genesis.error !== undefined) return genesis;
  const { creator, creatorDevice } = genesis.ok;
  const key = keyOf(creator, creatorDevice);
  if (key === undefined) return refuse("bad-signature", "the creator does not list the device that signed");
  const checks = signaturesBy(object, domains.genesis, new Map([[creatorDevice, key]]));
  return checks.error === undefined ? { ok: { value: genesis.ok, checks: checks.ok } } : checks;
}

/** The fields that an addition and a genesis member share. */
export function readNamedMember(wire: hermod.v1.GenesisMember | hermod.v1.MembershipChange): Verdict<NamedMember> {
  const role = roleOf(wire.role);
  if (!isIdBytes(wire.account)) return refuse("bad-request", "an account has 16 bytes");
  if (role === undefined) return refuse("bad-request", "not a role");
  if (wire.listVersion < 1 || wire.listVersion > bounds.versionsMax) return refuse("bad-request", "list versions count from 1 to 1,000");
  if (wire.listHash.length !== hashBytesLength) return refuse("bad-request", "a listHash has 32 bytes");
  return { ok: { account: idOf(wire.account), role, listVersion: wire.listVersion, listHash: new Uint8Array(wire.listHash) } };
}

function readMembers(wire: readonly hermod.v1.GenesisMember[]): Verdict<readonly NamedMember[]> {
  if (wire.length < 1 || wire.length > bounds.membersPerBodyMax) return refuse("bad-request", "a genesis names 1 to 128 members");
  const members: NamedMember[] = [];
  for (const [index, entry] of wire.entries()) {
    const member = readNamedMember(entry);
    if (member.error !== undefined) return member;
    if (index > 0 && compareBytes(wire[index - 1]!.account, entry.account) >= 0) {
      return refuse("bad-request", "members are sorted by account, each once");
    }
    members.push(member.ok);
  }
  return { ok: members };
}

type Placed = Verdict<{ readonly type: ConversationType; readonly id: ConversationId }>;

/** The id that follows from a body, and the rules of its type. */
function conversationIdOf(body: Uint8Array, wire: hermod.v1.Genesis, creator: AccountId, members: readonly NamedMember[]): Placed {
  const own = members.find((member) => member.account === creator);
  if (own === undefined) return refuse("bad-request", "the creator is a member");
  if (wire.type === "group") {
    if (own.role !== "owner") return refuse("bad-request", "the creator of a group owns it");
    if (wire.nonce.length !== bounds.nonceBytes) return refuse("bad-request", "a group has a nonce of 16 bytes");
    return { ok: { type: "group", id: groupIdOf(body, wire.region) } };
  }
  const problem = smallProblem(wire, members);
  if (problem !== undefined) return problem;
  if (wire.type === "direct" && members.length === 2) {
    return inItsRegion(wire.region, { type: "direct", id: directIdOf(members[0]!.account, members[1]!.account) });
  }
  if (wire.type === "self" && members.length === 1) return inItsRegion(wire.region, { type: "self", id: selfIdOf(creator) });
  return refuse("bad-request", "direct has two members, self has one, and there is no other type");
}

/** Direct and self: ids follow from the members alone, so nothing is drawn or named; all are `member`, since nobody may change anything. */
function smallProblem(wire: hermod.v1.Genesis, members: readonly NamedMember[]): Refusal | undefined {
  if (wire.nonce.length > 0) return refuse("bad-request", "only a group has a nonce");
  if (wire.sealedInfo.length > 0) return refuse("bad-request", "only a group has sealed_info");
  if (members.some((member) => member.role !== "member")) return refuse("bad-request", "only a group has roles");
  return undefined;
}

function inItsRegion(region: number, placed: { readonly type: ConversationType; readonly id: ConversationId }): Placed {
  return region === regionOf(placed.id) ? { ok: placed } : refuse("bad-request", "not the region of its id");
}
