import fc from "fast-check";
import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { idBytes, idOf, type AccountId, type ConversationId, type DeviceId } from "../../lib/ids.js";
import type { EntryKind } from "../../protos/kinds.js";
import { entitledIntervals, isEntitled } from "../../protos/signed/entitlement.js";
import type { Membership, MembershipChange } from "../../protos/signed/membership.js";
import {
  applyGenesis,
  applyMembership,
  applyTold,
  controlOf,
  devicesIn,
  foldControl,
  hasDevice,
  rosterHashOf,
  type ControlHeader,
  type ResolvedGenesis,
  type Roster,
} from "../../protos/signed/roster.js";
import { readTold, toldHash, writeTold, type Told } from "../../protos/signed/told.js";
import { brief, filled, id, must } from "./signed-fixtures.js";

const chat = idOf<ConversationId>(filled(16, 0xcc));
const [ann, bob, cid, dan] = [1, 2, 3, 4].map((byte) => id<AccountId>(byte)) as [AccountId, AccountId, AccountId, AccountId];

/** Device n of an account: its own id, so that a test can tell them apart. */
const dev = (account: AccountId, number: number): DeviceId => idOf(new Uint8Array([...idBytes(account).subarray(0, 15), number]));
/** In these tests version v of a list has devices 1 … v. */
const devs = (account: AccountId, version: number): DeviceId[] => Array.from({ length: version }, (_, index) => dev(account, index + 1));
const listHash = (account: AccountId, version: number): Uint8Array => createHash("sha256").update(`${account}${version}`).digest();

const genesis: ResolvedGenesis = {
  conversation: chat,
  type: "group",
  hash: filled(32, 0xee),
  members: [
    { account: ann, role: "owner", listVersion: 1, listHash: listHash(ann, 1), devices: devs(ann, 1) },
    { account: bob, role: "member", listVersion: 2, listHash: listHash(bob, 2), devices: devs(bob, 2) },
  ],
};

function membership(roster: Roster, ...changes: MembershipChange[]): Membership {
  return {
    hash: createHash("sha256").update(`m${roster.seq}`).digest(),
    chat,
    version: roster.membershipVersion + 1,
    previous: roster.membershipHash,
    rosterSeq: roster.seq,
    rosterHash: roster.hash,
    actor: ann,
    actorDevice: dev(ann, 1),
    changes,
    sealedInfo: new Uint8Array(0),
    timeMs: 0n,
  };
}
const add = (account: AccountId, listVersion = 1): MembershipChange => ({
  op: "add",
  account,
  role: "member",
  listVersion,
  listHash: listHash(account, listVersion),
});
const told = (account: AccountId, version: number): Told => ({ account, version, listHash: listHash(account, version) });

/** One step of a log: the roster after it and the header that the server would write. */
interface Step {
  readonly roster: Roster;
  readonly header: ControlHeader;
}
function step(before: Roster | undefined, after: Roster, kind: EntryKind, hash: Uint8Array): Step {
  return { roster: after, header: { seq: after.seq, kind, hash, control: controlOf(before, after) } };
}
function change(before: Roster, seq: bigint, ...changes: MembershipChange[]): Step {
  const body = membership(before, ...changes);
  return step(before, must(applyMembership(before, body, seq, devs)), "membership", body.hash);
}
function tell(before: Roster, seq: bigint, what: Told, devices = devs(what.account, what.version)): Step {
  return step(before, must(applyTold(before, what, devices, seq)), "devices", toldHash(what));
}
const start = step(undefined, applyGenesis(genesis), "genesis", genesis.hash);

test("the roster hash chains chat, sequence, the hash before and the entry", () => {
  const expected = createHash("sha256").update("hermod/roster/1\0").update(filled(16, 0xcc)).update(Buffer.from("0000000000000001", "hex"));
  expect(Buffer.from(start.roster.hash)).toEqual(expected.update(filled(32, 0)).update(genesis.hash).digest());
  const next = change(start.roster, 7n, add(cid));
  expect(next.roster.hash).toEqual(rosterHashOf(chat, 7n, start.roster.hash, membership(start.roster).hash));
});

test("what the server told is hashed by its facts", () => {
  const what = told(bob, 3);
  const expected = createHash("sha256")
    .update("hermod/told/1\0")
    .update(filled(16, 2))
    .update(Buffer.from("00000003", "hex"))
    .update(what.listHash);
  expect(Buffer.from(toldHash(what))).toEqual(expected.digest());
  expect(must(readTold(writeTold(what)))).toEqual({ ...what, listHash: new Uint8Array(what.listHash) });
});

test.each([
  { name: "an account too short", bytes: writeTold(told(bob, 1)).subarray(0, 10) },
  { name: "version 0", bytes: writeTold({ ...told(bob, 1), version: 0 }) },
  { name: "version 1,001", bytes: writeTold({ ...told(bob, 1), version: 1_001 }) },
  { name: "a hash of 31 bytes", bytes: writeTold({ ...told(bob, 1), listHash: filled(31, 1) }) },
  { name: "nothing", bytes: new Uint8Array(0) },
])("a told body with $name is refused", ({ bytes }) => {
  expect(brief(readTold(bytes))).toBe("bad-request");
});

test("a genesis gives members with their devices, nothing removed, membership 0", () => {
  const { roster } = start;
  expect([...roster.members.keys()]).toEqual([ann, bob]);
  expect({ ...roster, members: undefined }).toMatchObject({
    seq: 1n,
    membershipVersion: 0,
    membershipHash: genesis.hash,
    lastRemovalSeq: 0n,
    type: "group",
  });
  expect([...devicesIn(roster)]).toEqual([
    [dev(ann, 1), ann],
    [dev(bob, 1), bob],
    [dev(bob, 2), bob],
  ]);
  expect(devicesIn(roster)).toBe(devicesIn(roster));
  expect(hasDevice(roster, bob, dev(bob, 2))).toBe(true);
  expect(hasDevice(roster, ann, dev(bob, 2))).toBe(false);
  expect(hasDevice(roster, cid, dev(cid, 1))).toBe(false);
});

test("an addition leaves chains alive, a removal, a leave and a lost device end them", () => {
  const added = change(start.roster, 2n, add(cid));
  expect(added.roster.lastRemovalSeq).toBe(0n);
  const promoted = change(added.roster, 3n, { op: "role", account: cid, role: "admin" });
  expect(promoted.roster.lastRemovalSeq).toBe(0n);
  expect(promoted.roster.members.get(cid)!.role).toBe("admin");
  expect(change(promoted.roster, 4n, { op: "remove", account: bob }).roster.lastRemovalSeq).toBe(4n);
  expect(change(promoted.roster, 4n, { op: "leave", account: ann }).roster.lastRemovalSeq).toBe(4n);
  const grown = tell(promoted.roster, 5n, told(bob, 3));
  expect(grown.roster.lastRemovalSeq).toBe(0n);
  const swapped = tell(grown.roster, 6n, told(bob, 4), [dev(bob, 1), dev(bob, 2), dev(bob, 4)]);
  expect(swapped.roster.lastRemovalSeq).toBe(6n);
  expect(swapped.roster.membershipVersion).toBe(2);
  expect(swapped.roster.membershipHash).toEqual(promoted.roster.membershipHash);
});

test("a roster is never changed in place, and members that were left alone are shared", () => {
  const before = structuredClone(start.roster);
  const next = change(start.roster, 2n, add(cid), { op: "role", account: bob, role: "admin" });
  expect(structuredClone(start.roster)).toEqual(before);
  expect(next.roster.members.get(ann)).toBe(start.roster.members.get(ann));
});

test("settings and a rename move the roster, and change nobody", () => {
  const next = change(start.roster, 2n, { op: "settings", settings: filled(1, 1) });
  expect([...next.roster.members]).toEqual([...start.roster.members]);
  expect(next.header.control!.changes).toEqual([]);
  expect(foldControl(chat, start.roster, next.header)).toEqual(next.roster);
});

test.each([
  { name: "of no member", verdict: applyTold(start.roster, told(cid, 2), devs(cid, 2), 2n), error: "not-a-member" },
  { name: "of the version that is known", verdict: applyTold(start.roster, told(bob, 2), devs(bob, 2), 2n), error: "list-stale" },
  { name: "of an older version", verdict: applyTold(start.roster, told(bob, 1), devs(bob, 1), 2n), error: "list-stale" },
])("refuses a devices entry $name", ({ verdict, error }) => {
  expect(brief(verdict)).toBe(error);
});

test("refuses an addition whose list the caller does not have", () => {
  expect(brief(applyMembership(start.roster, membership(start.roster, add(cid)), 2n, () => undefined))).toBe("list-stale");
});

test("never goes back or stands still", () => {
  expect(() => applyTold(start.roster, told(bob, 3), devs(bob, 3), 1n)).toThrow("forward only");
});

test("a header without control changes nothing", () => {
  const header: ControlHeader = { seq: 2n, kind: "message", hash: filled(32, 0) };
  expect(foldControl(chat, start.roster, header)).toBe(start.roster);
});

test.each([
  { name: "a body hash that is not the log's", header: { ...start.header, hash: filled(32, 0) }, roster: undefined },
  { name: "another sequence", header: { ...start.header, seq: 2n }, roster: undefined },
  { name: "a second genesis", header: start.header, roster: start.roster },
  { name: "no genesis before it", header: change(start.roster, 2n, add(cid)).header, roster: undefined },
  {
    name: "an entry left out before it",
    header: change(change(start.roster, 2n, add(cid)).roster, 3n, add(dan)).header,
    roster: start.roster,
  },
])("a fold stops at $name", ({ header, roster }) => {
  expect(() => foldControl(chat, roster, header)).toThrow("mistake");
});

const history = (() => {
  const steps = [start];
  const last = (): Roster => steps.at(-1)!.roster;
  steps.push(change(last(), 5n, add(cid, 2)));
  steps.push(tell(last(), 8n, told(cid, 3)));
  steps.push(tell(last(), 10n, told(cid, 4), [dev(cid, 1), dev(cid, 4)]));
  steps.push(change(last(), 12n, { op: "role", account: cid, role: "owner" }));
  steps.push(change(last(), 14n, { op: "leave", account: cid }));
  steps.push(change(last(), 15n, add(cid, 5)));
  return steps.map(({ header }) => header);
})();

const entitlements: { name: string; account: AccountId; device: DeviceId; intervals: { from: bigint; to?: bigint }[] }[] = [
  { name: "a founder's device from the genesis on", account: ann, device: dev(ann, 1), intervals: [{ from: 1n }] },
  {
    name: "a member's device until and with the entry that removes it, and again",
    account: cid,
    device: dev(cid, 1),
    intervals: [{ from: 5n, to: 14n }, { from: 15n }],
  },
  {
    name: "a device that was unlinked until and with the entry that tells",
    account: cid,
    device: dev(cid, 2),
    intervals: [{ from: 5n, to: 10n }, { from: 15n }],
  },
  {
    name: "a device that was linked later from the entry that tells",
    account: cid,
    device: dev(cid, 4),
    intervals: [{ from: 10n, to: 14n }, { from: 15n }],
  },
  { name: "a device of somebody else never", account: cid, device: dev(bob, 1), intervals: [] },
  { name: "a stranger never", account: dan, device: dev(dan, 1), intervals: [] },
];
test.each(entitlements)("entitles $name", ({ account, device, intervals }) => {
  expect(entitledIntervals(history, account, device)).toEqual(intervals);
});

test("an interval has both its ends", () => {
  const intervals = [{ from: 5n, to: 10n }, { from: 14n }];
  expect([4n, 5n, 10n, 11n, 13n, 14n, 99n].map((seq) => isEntitled(intervals, seq))).toEqual([false, true, true, false, false, true, true]);
});

/** Any history that the rules could let through, of four accounts. */
const actions = fc.array(
  fc.record({
    who: fc.integer({ min: 0, max: 3 }),
    what: fc.constantFrom("in-or-out", "role", "devices"),
    gap: fc.integer({ min: 1, max: 5 }),
    lose: fc.boolean(),
  }),
  { maxLength: 30 },
);

test("the fold of headers is the fold of bodies, and entitles exactly the devices of each roster", () => {
  fc.assert(
    fc.property(actions, (plan) => {
      const steps = [start];
      for (const { who, what, gap, lose } of plan) {
        const before = steps.at(-1)!.roster;
        const account = [ann, bob, cid, dan][who]!;
        const member = before.members.get(account);
        const seq = before.seq + BigInt(gap);
        if (what === "in-or-out") steps.push(change(before, seq, member === undefined ? add(account) : { op: "remove", account }));
        else if (member === undefined) continue;
        else if (what === "role")
          steps.push(change(before, seq, { op: "role", account, role: member.role === "admin" ? "member" : "admin" }));
        else {
          const next = told(account, member.listVersion + 1);
          const kept = lose && member.devices.length > 1 ? member.devices.slice(0, -1) : member.devices;
          steps.push(tell(before, seq, next, [...kept, dev(account, next.version)]));
        }
      }
      let folded: Roster | undefined;
      for (const { roster, header } of steps) {
        folded = foldControl(chat, folded, header);
        expect(folded).toEqual(roster);
      }
      for (const account of [ann, bob, cid, dan]) {
        for (const device of devs(account, 6)) {
          const intervals = entitledIntervals(
            steps.map(({ header }) => header),
            account,
            device,
          );
          for (const [index, { roster }] of steps.entries()) {
            const wasIn = index > 0 && hasDevice(steps[index - 1]!.roster, account, device);
            expect(isEntitled(intervals, roster.seq)).toBe(wasIn || hasDevice(roster, account, device));
          }
        }
      }
    }),
    { numRuns: 100 },
  );
});
