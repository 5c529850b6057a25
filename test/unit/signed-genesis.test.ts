import { expect, test } from "vitest";
import { idBytes, type AccountId } from "../../lib/ids.js";
import { hermod } from "../../protos/gen/hermod.js";
import { judgeGenesis, readGenesis, type KeyOf } from "../../protos/signed/genesis.js";
import { domains, hash } from "../../protos/signed/hash.js";
import { directIdOf, groupIdOf, selfIdOf } from "../../protos/signed/ids.js";
import { applyGenesis, resolveGenesis } from "../../protos/signed/roster.js";
import { settle } from "../../protos/signed/verdict.js";
import { brief, filled, id, keyOf, must, signed, verify, type TestKey } from "./signed-fixtures.js";

type Fields = hermod.v1.Genesis.$Properties;
type MemberFields = hermod.v1.GenesisMember.$Properties;

const { ROLE_MEMBER: member, ROLE_ADMIN: admin, ROLE_OWNER: owner } = hermod.v1.Role;
const [ann, bob, cid] = [1, 2, 3].map((byte) => id<AccountId>(byte)) as [AccountId, AccountId, AccountId];
const creator = keyOf("creator's device");
const stranger = keyOf("stranger");

function named(account: AccountId, role: number, fields: MemberFields = {}): MemberFields {
  return { account: idBytes(account), role, listVersion: 3, listHash: filled(32, 3), ...fields };
}
/** `ann`, who creates, has byte 1, and the region byte of every account here is its number. */
function fieldsOf(type: "direct" | "group" | "self", fields: Fields = {}): Fields {
  const members = {
    direct: [named(ann, member), named(bob, member)],
    group: [named(ann, owner), named(bob, member)],
    self: [named(ann, member)],
  };
  const usual = { format: 1, type, region: 1, creator: idBytes(ann), creatorDevice: idBytes(creator.id), members: members[type] };
  return { ...usual, ...(type === "group" ? { nonce: filled(16, 5) } : {}), timeMs: 7n, ...fields };
}
const bodyOf = (...args: Parameters<typeof fieldsOf>): Uint8Array => hermod.v1.Genesis.encode(fieldsOf(...args)).finish();

const many = (count: number): MemberFields[] =>
  Array.from({ length: count }, (_, index) => named(id(index + 1), index === 0 ? owner : member));

const cases: { name: string; body: Uint8Array; answer: string }[] = [
  { name: "takes a direct conversation", body: bodyOf("direct"), answer: "ok" },
  { name: "takes a group", body: bodyOf("group"), answer: "ok" },
  { name: "takes a conversation with oneself", body: bodyOf("self"), answer: "ok" },
  { name: "takes a group of one", body: bodyOf("group", { members: [named(ann, owner)] }), answer: "ok" },
  { name: "takes a group of 128", body: bodyOf("group", { members: many(128) }), answer: "ok" },
  { name: "refuses a group of 129", body: bodyOf("group", { members: many(129) }), answer: "bad-request" },
  {
    name: "takes a group with several owners and admins",
    body: bodyOf("group", { members: [named(ann, owner), named(bob, owner), named(cid, admin)] }),
    answer: "ok",
  },
  { name: "takes a group's sealed name", body: bodyOf("group", { sealedInfo: filled(284, 1) }), answer: "ok" },
  { name: "refuses a sealed name of 513 bytes", body: bodyOf("group", { sealedInfo: filled(513, 1) }), answer: "too-large" },
  { name: "asks for an update at a newer format", body: bodyOf("group", { format: 2 }), answer: "update-needed" },
  {
    name: "refuses another type",
    body: bodyOf("group", { type: "channel", nonce: new Uint8Array(0), members: [named(ann, member)] }),
    answer: "bad-request",
  },
  { name: "refuses a body above 16 KiB", body: bodyOf("group", { sealedInfo: filled(16 * 1024, 1) }), answer: "too-large" },
  { name: "refuses nobody", body: bodyOf("group", { members: [] }), answer: "bad-request" },
  {
    name: "refuses members out of order",
    body: bodyOf("group", { members: [named(bob, member), named(ann, owner)] }),
    answer: "bad-request",
  },
  {
    name: "refuses a member twice",
    body: bodyOf("group", { members: [named(ann, owner), named(bob, member), named(bob, admin)] }),
    answer: "bad-request",
  },
  { name: "refuses a creator who is no member", body: bodyOf("group", { creator: idBytes(cid) }), answer: "bad-request" },
  { name: "refuses a creator of 15 bytes", body: bodyOf("group", { creator: filled(15, 1) }), answer: "bad-request" },
  {
    name: "refuses a group whose creator does not own it",
    body: bodyOf("group", { members: [named(ann, admin), named(bob, owner)] }),
    answer: "bad-request",
  },
  { name: "refuses a group without a nonce", body: bodyOf("group", { nonce: new Uint8Array(0) }), answer: "bad-request" },
  { name: "refuses an unknown role", body: bodyOf("group", { members: [named(ann, owner), named(bob, 4)] }), answer: "bad-request" },
  { name: "refuses a missing role", body: bodyOf("group", { members: [named(ann, owner), named(bob, 0)] }), answer: "bad-request" },
  { name: "refuses list version 0", body: bodyOf("group", { members: [named(ann, owner, { listVersion: 0 })] }), answer: "bad-request" },
  {
    name: "refuses list version 1,001",
    body: bodyOf("group", { members: [named(ann, owner, { listVersion: 1_001 })] }),
    answer: "bad-request",
  },
  {
    name: "refuses a listHash of 31 bytes",
    body: bodyOf("group", { members: [named(ann, owner, { listHash: filled(31, 1) })] }),
    answer: "bad-request",
  },
  {
    name: "refuses an account of 17 bytes",
    body: bodyOf("group", { members: [named(ann, owner), { ...named(bob, member), account: filled(17, 2) }] }),
    answer: "bad-request",
  },
  { name: "refuses a region beyond a byte", body: bodyOf("group", { region: 256 }), answer: "bad-request" },
  {
    name: "refuses a direct conversation of three",
    body: bodyOf("direct", { members: [named(ann, member), named(bob, member), named(cid, member)] }),
    answer: "bad-request",
  },
  { name: "refuses a direct conversation of one", body: bodyOf("direct", { members: [named(ann, member)] }), answer: "bad-request" },
  {
    name: "refuses roles in a direct conversation",
    body: bodyOf("direct", { members: [named(ann, owner), named(bob, member)] }),
    answer: "bad-request",
  },
  { name: "refuses a nonce in a direct conversation", body: bodyOf("direct", { nonce: filled(16, 1) }), answer: "bad-request" },
  { name: "refuses a name of a direct conversation", body: bodyOf("direct", { sealedInfo: filled(16, 1) }), answer: "bad-request" },
  {
    name: "refuses a direct conversation outside the smaller account's region",
    body: bodyOf("direct", { region: 2 }),
    answer: "bad-request",
  },
  {
    name: "refuses a conversation of two with oneself",
    body: bodyOf("self", { members: [named(ann, member), named(bob, member)] }),
    answer: "bad-request",
  },
  { name: "refuses a conversation with oneself outside one's region", body: bodyOf("self", { region: 0 }), answer: "bad-request" },
  { name: "refuses what is cut off", body: bodyOf("group").subarray(0, 40), answer: "bad-request" },
];
test.each(cases)("$name", ({ body, answer }) => {
  expect(brief(readGenesis(body))).toBe(answer);
});

test("ids follow from the members, or from the body of a group", () => {
  const group = bodyOf("group");
  expect(must(readGenesis(bodyOf("direct"))).conversation).toBe(directIdOf(ann, bob));
  expect(must(readGenesis(bodyOf("self"))).conversation).toBe(selfIdOf(ann));
  expect(must(readGenesis(group)).conversation).toBe(groupIdOf(group, 1));
  expect(must(readGenesis(bodyOf("group", { nonce: filled(16, 6) }))).conversation).not.toBe(groupIdOf(group, 1));
  expect(must(readGenesis(group)).hash).toEqual(hash(domains.genesis, group));
});

test("who creates a direct conversation does not change its id", () => {
  const byBob = bodyOf("direct", { creator: idBytes(bob) });
  expect(must(readGenesis(byBob)).conversation).toBe(directIdOf(ann, bob));
});

const keys: KeyOf = (account, device) => (account === ann && device === creator.id ? creator.public : undefined);
const signatures: { name: string; fields: Fields; by: readonly TestKey[]; answer: string }[] = [
  { name: "takes the creator's device", fields: {}, by: [creator], answer: "ok" },
  { name: "refuses no signature", fields: {}, by: [], answer: "bad-signature" },
  { name: "refuses a stranger's", fields: {}, by: [{ ...stranger, signer: creator.id }], answer: "bad-signature" },
  { name: "refuses a stranger's beside it", fields: {}, by: [creator, stranger], answer: "bad-signature" },
  {
    name: "refuses a device that the creator does not list",
    fields: { creatorDevice: idBytes(stranger.id) },
    by: [stranger],
    answer: "bad-signature",
  },
  {
    name: "refuses a device of another member",
    fields: { creator: idBytes(bob), members: [named(ann, member), named(bob, owner)] },
    by: [creator],
    answer: "bad-signature",
  },
];
test.each(signatures)("of signatures: $name", ({ fields, by, answer }) => {
  const object = signed(domains.genesis, bodyOf("group", fields), ...by);
  expect(brief(settle(judgeGenesis(object, keys), verify))).toBe(answer);
});

test("a signature for another purpose is none", () => {
  expect(brief(settle(judgeGenesis(signed(domains.membership, bodyOf("group"), creator), keys), verify))).toBe("bad-signature");
});

test("the devices of its members are looked up by version and hash, and a list that is not there is said", () => {
  const genesis = must(readGenesis(bodyOf("group")));
  const device = keyOf("bob's").id;
  const asked: unknown[] = [];
  const roster = applyGenesis(
    must(
      resolveGenesis(genesis, (account, version, listHash) => {
        asked.push([account, version, listHash]);
        return [device];
      }),
    ),
  );
  expect(asked).toEqual([ann, bob].map((account) => [account, 3, filled(32, 3)]));
  expect(roster.members.get(bob)).toEqual({ role: "member", listVersion: 3, listHash: filled(32, 3), devices: [device] });
  expect(brief(resolveGenesis(genesis, (account) => (account === ann ? [device] : undefined)))).toBe("list-stale");
});
