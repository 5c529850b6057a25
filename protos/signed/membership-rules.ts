import { sameBytes } from "../../lib/bytes.js";
import type { Role } from "../entry.js";
import { bounds } from "./bounds.js";
import type { KeyOf } from "./genesis.js";
import { domains } from "./hash.js";
import { readMembership, type Membership, type MembershipChange } from "./membership.js";
import { mayDo, type Operation } from "./roles.js";
import { applyMembership, hasDevice, type DevicesOf, type Roster } from "./roster.js";
import { signaturesBy, type SignedObject } from "./signed.js";
import { refuse, type Claim, type Refusal, type Verdict } from "./verdict.js";

export interface MembershipStep {
  readonly membership: Membership;
  /** After the entry. */
  readonly roster: Roster;
}

/**
 * A membership change, the roster that it makes at `seq`, and the check of its one signature, by the actor's device.
 *
 * A repeated body is an answer, not a change: the caller looks for its hash among the entries before it asks here.
 *
 * @param keyOf asked for the actor's device in the actor's list *at the version that `roster` has*
 * @param devicesOf asked for the list version that each addition names
 */
export function judgeMembership(
  roster: Roster,
  object: SignedObject,
  seq: bigint,
  keyOf: KeyOf,
  devicesOf: DevicesOf,
): Verdict<Claim<MembershipStep>> {
  const read = readMembership(object.body);
  if (read.error !== undefined) return read;
  const membership = read.ok;
  const problem = membershipProblem(roster, membership);
  if (problem !== undefined) return problem;
  const key = keyOf(membership.actor, membership.actorDevice);
  if (key === undefined) return refuse("bad-signature", "the actor does not list the device that signed");
  const checks = signaturesBy(object, domains.membership, new Map([[membership.actorDevice, key]]));
  if (checks.error !== undefined) return checks;
  const after = applyMembership(roster, membership, seq, devicesOf);
  return after.error === undefined ? { ok: { value: { membership, roster: after.ok }, checks: checks.ok } } : after;
}

/**
 * Why this roster does not take this change, or undefined. It must have been signed for exactly this roster: the loser of a race, or of
 * one with a `devices` entry, gets `roster-conflict` and signs again on what it then sees.
 */
export function membershipProblem(roster: Roster, membership: Membership): Refusal | undefined {
  if (roster.type !== "group") return refuse("forbidden-kind", "nobody changes who is in a direct or self conversation");
  if (membership.chat !== roster.conversation) return refuse("bad-request", "of another conversation");
  if (membership.version !== roster.membershipVersion + 1 || !sameBytes(membership.previous, roster.membershipHash)) {
    return refuse("roster-conflict", `does not follow membership ${roster.membershipVersion}`);
  }
  if (membership.rosterSeq !== roster.seq) return refuse("roster-conflict", `the roster is at ${roster.seq}`);
  if (!sameBytes(membership.rosterHash, roster.hash)) return refuse("roster-forked", "same roster sequence, other hash");
  const actor = roster.members.get(membership.actor);
  if (actor === undefined) return refuse("not-a-member", "the actor is no member");
  if (!hasDevice(roster, membership.actor, membership.actorDevice)) return refuse("bad-signature", "not a device of the actor");

  if (membership.sealedInfo.length > 0 && !mayDo("group", actor.role, "rename")) return refuse("forbidden", "may not rename");
  for (const change of membership.changes) {
    const problem = changeProblem(roster, membership, actor.role, change);
    if (problem !== undefined) return problem;
  }
  return outcomeProblem(roster, membership);
}

function changeProblem(roster: Roster, membership: Membership, actorRole: Role, change: MembershipChange): Refusal | undefined {
  const operation = operationOf(roster, membership, change);
  if (typeof operation !== "string") return operation;
  return mayDo("group", actorRole, operation) ? undefined : refuse("forbidden", `a ${actorRole} may not ${operation}`);
}

/** What a change asks the table for, or why it makes no sense here. Roles are those before the entry. */
function operationOf(roster: Roster, membership: Membership, change: MembershipChange): Operation | Refusal {
  if (change.op === "settings") return "settings";
  const member = roster.members.get(change.account);
  if (change.op === "add") return member === undefined ? `add-${change.role}` : refuse("bad-request", "is a member already");
  if (member === undefined) return refuse("bad-request", "is no member");
  const own = change.account === membership.actor;
  switch (change.op) {
    case "leave":
      return own ? "leave" : refuse("forbidden", "one leaves for oneself only");
    case "remove":
      return own ? refuse("bad-request", "one leaves, one does not remove oneself") : `remove-${member.role}`;
    case "role":
      return member.role === change.role ? refuse("bad-request", "has that role already") : "change-role";
  }
}

/** Who leaves last may leave: an empty group harms nobody. One with members but no owner could never be changed again. */
function outcomeProblem(roster: Roster, membership: Membership): Refusal | undefined {
  const roles = new Map<string, Role>();
  for (const [account, member] of roster.members) roles.set(account, member.role);
  for (const change of membership.changes) {
    if (change.op === "add" || change.op === "role") roles.set(change.account, change.role);
    else if (change.op !== "settings") roles.delete(change.account);
  }
  if (roles.size > bounds.membersMax) return refuse("bad-request", "a group has at most 1,024 members");
  if (roles.size > 0 && ![...roles.values()].includes("owner")) return refuse("forbidden", "the last owner names a successor first");
  return undefined;
}
