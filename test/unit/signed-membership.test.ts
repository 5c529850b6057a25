import { expect, test } from "vitest";
import { idBytes, idOf, type AccountId, type ConversationId } from "../../lib/ids.js";
import type { Role } from "../../protos/entry.js";
import { hermod } from "../../protos/gen/hermod.js";
import { domains, hash } from "../../protos/signed/hash.js";
import { readMembership } from "../../protos/signed/membership.js";
import { judgeMembership, type MembershipStep } from "../../protos/signed/membership-rules.js";
import { mayDo, roleNumber, roleOf, type Operation } from "../../protos/signed/roles.js";
import { applyGenesis, applyTold, rosterHashOf, type ResolvedGenesis, type Roster } from "../../protos/signed/roster.js";
import { settle, type Verdict } from "../../protos/signed/verdict.js";
import { brief, filled, id, keyOf, must, signed, verify, type TestKey } from "./signed-fixtures.js";

type Fields = hermod.v1.Membership.$Properties;
type ChangeFields = hermod.v1.MembershipChange.$Properties;

/** One device each. Accounts in order: olga owns, otto owns too, adam and aida are admins, mara and marc members; nina is no member. */
const names = ["olga", "otto", "adam", "aida", "mara", "marc", "nina", "nora"] as const;
type Name = (typeof names)[number];
const account = Object.fromEntries(names.map((name, index) => [name, id<AccountId>(index + 1)])) as Record<Name, AccountId>;
const device = Object.fromEntries(names.map((name) => [name, keyOf(name)])) as Record<Name, TestKey>;
const roles: Partial<Record<Name, Role>> = { olga: "owner", otto: "owner", adam: "admin", aida: "admin", mara: "member", marc: "member" };
const nameOf = (of: AccountId): Name => names.find((name) => account[name] === of)!;

const chat = idOf<ConversationId>(filled(16, 0xcc));
function rosterOf(who: Partial<Record<Name, Role>>, type: ResolvedGenesis["type"] = "group"): Roster {
  const members = (Object.entries(who) as [Name, Role][]).map(([name, role]) => ({
    account: account[name],
    role,
    listVersion: 1,
    listHash: filled(32, 1),
    devices: [device[name].id],
  }));
  return applyGenesis({ conversation: chat, type, hash: filled(32, 0xee), members });
}
const group = rosterOf(roles);

function change(op: string, name?: Name, fields: ChangeFields = {}): ChangeFields {
  return { op, ...(name === undefined ? {} : { account: idBytes(account[name]) }), ...fields };
}
const add = (name: Name, role: Role = "member"): ChangeFields =>
  change("add", name, { role: roleNumber(role), listVersion: 1, listHash: filled(32, 1) });
const give = (name: Name, role: Role): ChangeFields => change("role", name, { role: roleNumber(role) });

function bodyOf(roster: Roster, actor: Name, changes: readonly ChangeFields[], fields: Fields = {}): Uint8Array {
  const usual = {
    format: 1,
    chat: idBytes(chat),
    version: roster.membershipVersion + 1,
    previous: roster.membershipHash,
    rosterSeq: roster.seq,
    rosterHash: roster.hash,
    actor: idBytes(account[actor]),
    actorDevice: idBytes(device[actor].id),
    changes,
    timeMs: 3n,
  };
  return hermod.v1.Membership.encode({ ...usual, ...fields }).finish();
}
function judged(roster: Roster, body: Uint8Array, by: readonly TestKey[]): Verdict<MembershipStep> {
  const keys = (of: AccountId, asked: string): Uint8Array | undefined =>
    device[nameOf(of)].id === asked ? device[nameOf(of)].public : undefined;
  return settle(
    judgeMembership(roster, signed(domains.membership, body, ...by), 9n, keys, (of) => [device[nameOf(of)].id]),
    verify,
  );
}
const asked = (actor: Name, changes: readonly ChangeFields[], fields: Fields = {}, roster = group): Verdict<MembershipStep> =>
  judged(roster, bodyOf(roster, actor, changes, fields), [device[actor]]);

// The table of protocol.md, "Who may": columns owner, admin, member.
const operations: { name: string; ask: (actor: Name) => Verdict<unknown>; owner: string; admin: string; member: string }[] = [
  { name: "add a member", ask: (actor) => asked(actor, [add("nina")]), owner: "ok", admin: "ok", member: "forbidden" },
  { name: "add an admin", ask: (actor) => asked(actor, [add("nina", "admin")]), owner: "ok", admin: "forbidden", member: "forbidden" },
  { name: "add an owner", ask: (actor) => asked(actor, [add("nina", "owner")]), owner: "ok", admin: "forbidden", member: "forbidden" },
  { name: "remove a member", ask: (actor) => asked(actor, [change("remove", "marc")]), owner: "ok", admin: "ok", member: "forbidden" },
  {
    name: "remove an admin",
    ask: (actor) => asked(actor, [change("remove", "aida")]),
    owner: "ok",
    admin: "forbidden",
    member: "forbidden",
  },
  {
    name: "remove an owner",
    ask: (actor) => asked(actor, [change("remove", "otto")]),
    owner: "ok",
    admin: "forbidden",
    member: "forbidden",
  },
  { name: "promote", ask: (actor) => asked(actor, [give("marc", "admin")]), owner: "ok", admin: "forbidden", member: "forbidden" },
  { name: "demote", ask: (actor) => asked(actor, [give("aida", "member")]), owner: "ok", admin: "forbidden", member: "forbidden" },
  {
    name: "make itself owner",
    ask: (actor) => asked(actor, [give(actor, "owner")]),
    owner: "bad-request",
    admin: "forbidden",
    member: "forbidden",
  },
  { name: "rename", ask: (actor) => asked(actor, [], { sealedInfo: filled(284, 1) }), owner: "ok", admin: "ok", member: "forbidden" },
  {
    name: "change settings",
    ask: (actor) => asked(actor, [change("settings", undefined, { settings: filled(3, 1) })]),
    owner: "ok",
    admin: "forbidden",
    member: "forbidden",
  },
  { name: "leave", ask: (actor) => asked(actor, [change("leave", actor)]), owner: "ok", admin: "ok", member: "ok" },
  {
    name: "make another leave",
    ask: (actor) => asked(actor, [change("leave", "marc")]),
    owner: "forbidden",
    admin: "forbidden",
    member: "forbidden",
  },
  {
    name: "do what it may and what it may not at once",
    ask: (actor) => asked(actor, [give("aida", "owner"), add("nina")]),
    owner: "ok",
    admin: "forbidden",
    member: "forbidden",
  },
];
test.each(
  operations.flatMap((row) => [
    { ...row, who: "an owner", actor: "olga" as Name, answer: row.owner },
    { ...row, who: "an admin", actor: "adam" as Name, answer: row.admin },
    { ...row, who: "a member", actor: "mara" as Name, answer: row.member },
  ]),
)("$who asks to $name: $answer", ({ ask, actor, answer }) => {
  expect(brief(ask(actor))).toBe(answer);
});

test("what needs no membership entry stands in the same table", () => {
  const may = (role: Role): Operation[] =>
    (["send", "timer", "delete-others"] as const).filter((operation) => mayDo("group", role, operation));
  expect({ owner: may("owner"), admin: may("admin"), member: may("member") }).toEqual({
    owner: ["send", "timer", "delete-others"],
    admin: ["send", "timer", "delete-others"],
    member: ["send"],
  });
  for (const type of ["direct", "self"] as const) {
    expect([
      mayDo(type, "member", "send"),
      mayDo(type, "member", "timer"),
      mayDo(type, "owner", "delete-others"),
      mayDo(type, "owner", "add-member"),
    ]).toEqual([true, true, false, false]);
  }
  expect([0, 1, 2, 3, 4].map(roleOf)).toEqual([undefined, "member", "admin", "owner", undefined]);
});

const lone = rosterOf({ olga: "owner", mara: "member" });
const told = must(applyTold(group, { account: account.mara, version: 2, listHash: filled(32, 2) }, [device.mara.id], 2n));
const facts: { name: string; verdict: Verdict<unknown>; answer: string }[] = [
  { name: "adds two and removes one", verdict: asked("olga", [change("remove", "marc"), add("nina"), add("nora")]), answer: "ok" },
  { name: "refuses to add a member again", verdict: asked("olga", [add("mara")]), answer: "bad-request" },
  { name: "refuses to remove a stranger", verdict: asked("olga", [change("remove", "nina")]), answer: "bad-request" },
  { name: "refuses a role for a stranger", verdict: asked("olga", [give("nina", "admin")]), answer: "bad-request" },
  { name: "refuses a role that one has", verdict: asked("olga", [give("mara", "member")]), answer: "bad-request" },
  { name: "refuses to remove oneself: one leaves", verdict: asked("olga", [change("remove", "olga")]), answer: "bad-request" },
  { name: "lets one of two owners leave", verdict: asked("olga", [change("leave", "olga")]), answer: "ok" },
  { name: "keeps the last owner", verdict: asked("olga", [change("leave", "olga")], {}, lone), answer: "forbidden" },
  {
    name: "lets the last owner go who names a successor",
    verdict: asked("olga", [change("leave", "olga"), give("mara", "owner")], {}, lone),
    answer: "ok",
  },
  {
    name: "does not take an admin for a successor",
    verdict: asked("olga", [change("leave", "olga"), give("mara", "admin")], {}, lone),
    answer: "forbidden",
  },
  { name: "keeps the last owner from stepping down", verdict: asked("olga", [give("olga", "admin")], {}, lone), answer: "forbidden" },
  {
    name: "lets the only one left leave",
    verdict: asked("olga", [change("leave", "olga")], {}, rosterOf({ olga: "owner" })),
    answer: "ok",
  },
  { name: "refuses a stranger", verdict: asked("nina", [add("nora")]), answer: "not-a-member" },
  { name: "refuses a stranger who adds itself", verdict: asked("nina", [add("nina")]), answer: "not-a-member" },
  {
    name: "refuses another device in a member's name",
    verdict: asked("olga", [add("nina")], { actorDevice: idBytes(device.adam.id) }),
    answer: "bad-signature",
  },
  { name: "refuses another conversation's change", verdict: asked("olga", [add("nina")], { chat: filled(16, 1) }), answer: "bad-request" },
  {
    name: "refuses any change of a direct conversation",
    verdict: asked("olga", [add("nina")], {}, rosterOf({ olga: "member", mara: "member" }, "direct")),
    answer: "forbidden-kind",
  },
  {
    name: "refuses any change of one's own",
    verdict: asked("olga", [add("nina")], {}, rosterOf({ olga: "member" }, "self")),
    answer: "forbidden-kind",
  },
  { name: "refuses the version before", verdict: asked("olga", [add("nina")], { version: 5 }), answer: "roster-conflict" },
  {
    name: "refuses a change on top of another",
    verdict: asked("olga", [add("nina")], { previous: filled(32, 1) }),
    answer: "roster-conflict",
  },
  {
    name: "refuses a roster that a devices entry has moved",
    verdict: judged(told, bodyOf(group, "olga", [add("nina")]), [device.olga]),
    answer: "roster-conflict",
  },
  { name: "takes the same change signed on what is there now", verdict: asked("olga", [add("nina")], {}, told), answer: "ok" },
  { name: "refuses a roster of the future", verdict: asked("olga", [add("nina")], { rosterSeq: 7n }), answer: "roster-conflict" },
  {
    name: "says fork when the roster has another hash",
    verdict: asked("olga", [add("nina")], { rosterHash: filled(32, 1) }),
    answer: "roster-forked",
  },
  { name: "refuses what nobody signed", verdict: judged(group, bodyOf(group, "olga", [add("nina")]), []), answer: "bad-signature" },
  {
    name: "refuses what a stranger signed",
    verdict: judged(group, bodyOf(group, "olga", [add("nina")]), [{ ...device.nina, signer: device.olga.id }]),
    answer: "bad-signature",
  },
  {
    name: "refuses what an admin signed for an owner",
    verdict: judged(group, bodyOf(group, "olga", [give("adam", "owner")]), [{ ...device.adam, signer: device.olga.id }]),
    answer: "bad-signature",
  },
  {
    name: "refuses a second signature",
    verdict: judged(group, bodyOf(group, "olga", [add("nina")]), [device.olga, device.otto]),
    answer: "bad-signature",
  },
];
test.each(facts)("$name", ({ verdict, answer }) => {
  expect(brief(verdict)).toBe(answer);
});

test("an accepted change makes the roster that it says", () => {
  const body = bodyOf(group, "olga", [give("adam", "member"), change("remove", "marc"), add("nina", "admin")]);
  const { membership, roster } = must(judged(group, body, [device.olga]));
  expect(membership.hash).toEqual(hash(domains.membership, body));
  expect(Object.fromEntries([...roster.members].map(([of, { role }]) => [nameOf(of), role]))).toEqual({
    ...roles,
    adam: "member",
    marc: undefined,
    nina: "admin",
  });
  expect(roster.members.has(account.marc)).toBe(false);
  expect(roster).toMatchObject({ seq: 9n, membershipVersion: 1, membershipHash: membership.hash, lastRemovalSeq: 9n });
  expect(roster.hash).toEqual(rosterHashOf(chat, 9n, group.hash, membership.hash));
});

test("a device that the account lists but the roster does not have yet, or any more, changes nothing", () => {
  const [unknown, body] = [device.nora, bodyOf(group, "olga", [add("nina")], { actorDevice: idBytes(device.nora.id) })];
  const lenient = judgeMembership(
    group,
    signed(domains.membership, body, unknown),
    9n,
    () => unknown.public,
    () => [],
  );
  expect(brief(settle(lenient, verify))).toBe("bad-signature");
});

test("a removed admin's change counts for nothing, however it was signed", () => {
  const { roster } = must(judged(group, bodyOf(group, "olga", [change("remove", "adam")]), [device.olga]));
  expect(brief(asked("adam", [add("nina")], {}, roster))).toBe("not-a-member");
});

test("a group has at most 1,024 members", () => {
  const members = Array.from({ length: 1_024 }, (_, index) => {
    const bytes = new Uint8Array(16).fill(0xf0);
    new DataView(bytes.buffer).setUint16(14, index);
    return {
      account: index === 0 ? account.olga : idOf<AccountId>(bytes),
      role: index === 0 ? ("owner" as const) : ("member" as const),
      listVersion: 1,
      listHash: filled(32, 1),
      devices: [device.olga.id],
    };
  });
  const full = applyGenesis({ conversation: chat, type: "group", hash: filled(32, 1), members });
  const almost = applyGenesis({ conversation: chat, type: "group", hash: filled(32, 1), members: members.slice(0, 1_023) });
  expect([full, almost].map((roster) => brief(asked("olga", [add("nina")], {}, roster)))).toEqual(["bad-request", "ok"]);
});

const forms: { name: string; changes: readonly ChangeFields[]; fields?: Fields; answer: string }[] = [
  {
    name: "takes settings, which name nobody, before the rest",
    changes: [change("settings", undefined, { settings: filled(1, 1) }), add("nina")],
    answer: "ok",
  },
  {
    name: "refuses settings twice",
    changes: [change("settings", undefined, { settings: filled(1, 1) }), change("settings", undefined, { settings: filled(1, 1) })],
    answer: "bad-request",
  },
  { name: "refuses empty settings", changes: [change("settings")], answer: "bad-request" },
  {
    name: "refuses settings of 1,025 bytes",
    changes: [change("settings", undefined, { settings: filled(1_025, 1) })],
    answer: "bad-request",
  },
  { name: "refuses settings of an account", changes: [change("settings", "nina", { settings: filled(1, 1) })], answer: "bad-request" },
  { name: "refuses settings in an addition", changes: [{ ...add("nina"), settings: filled(1, 1) }], answer: "bad-request" },
  { name: "refuses an addition without a role", changes: [{ ...add("nina"), role: 0 }], answer: "bad-request" },
  { name: "refuses an addition without a list", changes: [change("add", "nina", { role: 1 })], answer: "bad-request" },
  { name: "refuses a removal with a role", changes: [change("remove", "mara", { role: 1 })], answer: "bad-request" },
  { name: "refuses a removal with a list", changes: [change("remove", "mara", { listVersion: 1 })], answer: "bad-request" },
  { name: "refuses a role with a list", changes: [{ ...give("mara", "admin"), listHash: filled(32, 1) }], answer: "bad-request" },
  { name: "refuses a role that does not exist", changes: [change("role", "mara", { role: 9 as number })], answer: "bad-request" },
  { name: "refuses an operation that does not exist", changes: [change("ban", "mara")], answer: "bad-request" },
  { name: "refuses an account of 15 bytes", changes: [{ op: "remove", account: filled(15, 1) }], answer: "bad-request" },
  { name: "refuses changes out of order", changes: [add("nora"), add("nina")], answer: "bad-request" },
  { name: "refuses one account twice", changes: [change("remove", "mara"), add("mara")], answer: "bad-request" },
  { name: "refuses no change at all", changes: [], answer: "bad-request" },
  {
    name: "refuses 129 changes",
    changes: Array.from({ length: 129 }, (_, index) => ({ op: "remove", account: filled(16, index + 1) })),
    answer: "too-large",
  },
  { name: "asks for an update at a newer format", changes: [add("nina")], fields: { format: 2 }, answer: "update-needed" },
  { name: "refuses version 0", changes: [add("nina")], fields: { version: 0 }, answer: "bad-request" },
  { name: "refuses roster sequence 0", changes: [add("nina")], fields: { rosterSeq: 0n }, answer: "bad-request" },
  { name: "refuses a chat of 15 bytes", changes: [add("nina")], fields: { chat: filled(15, 1) }, answer: "bad-request" },
  { name: "refuses a previous hash of 31 bytes", changes: [add("nina")], fields: { previous: filled(31, 1) }, answer: "bad-request" },
  { name: "refuses a roster hash of 33 bytes", changes: [add("nina")], fields: { rosterHash: filled(33, 1) }, answer: "bad-request" },
  { name: "refuses a sealed name of 513 bytes", changes: [], fields: { sealedInfo: filled(513, 1) }, answer: "too-large" },
];
test.each(forms)("of form: $name", ({ changes, fields, answer }) => {
  expect(brief(readMembership(bodyOf(group, "olga", changes, fields)))).toBe(answer);
});
