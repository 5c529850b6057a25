import { expect, test } from "vitest";
import type { hermod } from "../../protos/gen/hermod.js";
import { idBytes } from "../../lib/ids.js";
import { limits } from "../../lib/limits.js";
import { writeSigned, type SignedObject } from "../../protos/signed/signed.js";
import { codeOf, Person } from "../support/account-maker.js";
import { change, joinAll, tolds, withDevices } from "../support/account-devices.js";
import type { TestKey } from "./signed-fixtures.js";

test("an unlink is answered only when the removed device's own partition says revoked", async () => {
  const { here, alice, keys } = await withDevices("second");
  here.devicesAnswer = false;
  const signed = writeSigned(alice.removal(keys[1]!));
  const from = here.from(alice.id, alice.first.id);
  here.answers.length = 0;
  await here.tell(alice.id, { type: "change-devices", from, signed });
  expect(here.answers).toEqual([]);
  expect(await here.stores.prekeys.count(alice.id, keys[1]!.id, "ec")).toBe(0);
  await here.pass(3_000);
  expect(here.mails.filter((mail) => mail.kind === "device" && mail.message.type === "revoke").length).toBeGreaterThan(1);
  await here.tell(alice.id, { type: "revoked-durable", device: keys[1]!.id });
  expect(here.answers.map(({ answer }) => codeOf(answer))).toEqual(["devicesChanged"]);
  expect((await here.stores.accounts.load(alice.id))!.devices.find((row) => row.id === keys[1]!.id)).toMatchObject({
    revoked: true,
    revokeTold: true,
  });
});

test("an unlink whose device does not answer in time says timeout, and goes on", async () => {
  const { here, alice, keys } = await withDevices("second");
  here.devicesAnswer = false;
  const from = here.from(alice.id, alice.first.id);
  here.answers.length = 0;
  await here.tell(alice.id, { type: "change-devices", from, signed: writeSigned(alice.removal(keys[1]!)) });
  await here.pass(limits.requestDeadlineMs + 1);
  expect(here.answers.map(({ answer }) => codeOf(answer))).toEqual(["timeout"]);
  here.devicesAnswer = true;
  await here.pass(limits.redeliverMaxMs + 1);
  expect([...here.revoked]).toEqual([keys[1]!.id]);
});

test("a removed device is refused from the write on, whatever it asks", async () => {
  const { here, alice, keys } = await withDevices("second");
  const [first, second] = keys as [TestKey, TestKey];
  await alice.unlink(here, second);
  const secret = (await import("../support/account-maker.js")).secretOf(second);
  expect(codeOf(await here.ask(alice.id, { type: "authenticate", to: here.to(), device: second.id, secret }))).toBe("revoked");
  expect(codeOf(await here.ask(alice.id, { type: "authenticate", to: here.to(), device: second.id, secret: new Uint8Array(32) }))).toBe(
    "unauthenticated",
  );
  const byRemoved = alice.next(second, [second], { cause: "unlink" });
  expect(codeOf(await change(here, alice, byRemoved, second))).toBe("revoked");
  expect(codeOf(await change(here, alice, byRemoved, first))).toBe("bad-signature");
});

test("every conversation hears of a newer list, the most recent first, 50 a second, and the work list is left when all have heard", async () => {
  const { here, alice, keys } = await withDevices("second");
  const conversations = await joinAll(here, alice, 120);
  here.mails.length = 0;
  await alice.unlink(here, keys[1]!);
  const atOnce = tolds(here).length;
  expect(atOnce).toBeLessThanOrEqual(limits.toldPerSecond);
  expect(tolds(here)[0]).toEqual({ id: conversations[119], version: 3, devices: 1 });
  expect(await here.stores.workList.list(0)).toEqual([alice.id]);
  await here.pass(1_000);
  expect(tolds(here).length).toBeLessThanOrEqual(atOnce + limits.toldPerSecond + 1);
  await here.pass(2_000);
  expect(tolds(here).map((told) => told.id)).toEqual([...conversations].reverse());
  expect(await here.stores.workList.list(0)).toEqual([]);
  const rows = (await here.stores.accounts.load(alice.id))!.conversations;
  expect(rows.map(({ told }) => told)).toEqual(Array(120).fill(3));
});

test("a conversation that does not answer is told again, and keeps the account on the work list", async () => {
  const { here, alice, keys } = await withDevices("second");
  const [deaf] = await joinAll(here, alice, 3);
  here.conversationsAnswer = (conversation) => conversation !== deaf;
  await alice.unlink(here, keys[1]!);
  await here.pass(20_000);
  expect(tolds(here).filter((told) => told.id === deaf).length).toBeGreaterThan(3);
  expect(await here.stores.workList.list(0)).toEqual([alice.id]);
  here.conversationsAnswer = () => true;
  await here.pass(limits.redeliverMaxMs + 1);
  expect(await here.stores.workList.list(0)).toEqual([]);
});

test("a crash after k of n conversations: the next life tells the others and ends the work", async () => {
  for (let heard = 0; heard <= 5; heard++) {
    const { here, alice, keys } = await withDevices("second");
    const conversations = await joinAll(here, alice, 5);
    await here.pass(1_000);
    let k = 0;
    here.conversationsAnswer = () => ++k <= heard;
    await alice.unlink(here, keys[1]!);
    here.restart();
    here.mails.length = 0;
    here.conversationsAnswer = () => true;
    await here.recover();
    await here.pass(2_000);
    expect(new Set(tolds(here).map((told) => told.id)).size).toBe(conversations.length - heard);
    expect((await here.stores.accounts.load(alice.id))!.conversations.map(({ told }) => told)).toEqual(Array(5).fill(3));
    expect(await here.stores.workList.list(0)).toEqual([]);
  }
});

test("a crash or an unknown outcome at any write of an unlink: the device is cut off and every conversation hears of it", async () => {
  const dry = await withDevices("second");
  await joinAll(dry.here, dry.alice, 3);
  await dry.here.pass(1_000);
  const start = dry.here.calls.length;
  await dry.alice.unlink(dry.here, dry.keys[1]!);
  const calls = dry.here.calls.slice(start);
  expect(calls[0]).toBe("work.add");
  for (let at = 1; at <= calls.length; at++) {
    for (const fault of ["crash-before", "crash-after", "lost-before", "lost-after", "throws"] as const) {
      const { here, alice, keys } = await withDevices("second");
      await joinAll(here, alice, 3);
      await here.pass(1_000);
      const list = alice.removal(keys[1]!);
      here.fault = (_, count) => (count === start + at ? fault : undefined);
      await change(here, alice, list);
      here.fault = () => undefined;
      if (here.crashed) here.restart();
      await here.recover();
      const name = `${fault} ${calls[at - 1]}`;
      expect(codeOf(await change(here, alice, list)), name).toBe("devicesChanged");
      await here.pass(15_000);
      const row = (await here.stores.accounts.load(alice.id))!;
      expect(row.account!.head, name).toBe(3);
      expect([...here.revoked], name).toEqual([keys[1]!.id]);
      expect(
        row.devices.find((device) => device.id === keys[1]!.id),
        name,
      ).toMatchObject({ revoked: true, revokeTold: true });
      expect(
        row.conversations.map(({ told }) => told),
        name,
      ).toEqual([3, 3, 3]);
      expect(await here.stores.prekeys.count(alice.id, keys[1]!.id, "ec"), name).toBe(0);
      expect(await here.stores.workList.list(0), name).toEqual([]);
    }
  }
});

const refusals: { name: string; list: (alice: Person, keys: readonly TestKey[]) => SignedObject; by?: number; code: string }[] = [
  {
    name: "a device that removes one before it in rank",
    list: (alice, [, second]) => alice.next(second!, [second!], { cause: "unlink" }),
    by: 1,
    code: "outranked",
  },
  {
    name: "an idle removal of a device that was seen",
    list: (alice, [, second]) => alice.next(second!, [second!], { cause: "idle" }),
    by: 1,
    code: "outranked",
  },
  {
    name: "a removal that somebody else signed",
    list: (alice, [first, second]) => alice.next({ ...second!, signer: first!.id }, [first!], { cause: "unlink" }),
    code: "bad-signature",
  },
  {
    name: "a version that nobody signed",
    list: (alice, [first]) => ({ ...alice.next(first!, [first!], { cause: "unlink" }), by: [] }),
    code: "bad-signature",
  },
  {
    name: "a version by a device that was never listed",
    list: (alice, [first]) => alice.next(alice.device("tenth"), [first!], { cause: "unlink" }),
    code: "bad-signature",
  },
  {
    name: "a list without any device",
    list: (alice, [first]) => alice.next(first!, [], { cause: "unlink" }),
    code: "bad-device-list",
  },
  {
    name: "a fork: another version before",
    list: (alice, [first]) => alice.next(first!, [first!], { cause: "unlink", previous: new Uint8Array(32).fill(1) }),
    code: "list-forked",
  },
  {
    name: "a version that leaves one out",
    list: (alice, [first]) => alice.next(first!, [first!], { cause: "unlink", version: 5 }),
    code: "list-conflict",
  },
  {
    name: "another account's version",
    list: (alice, [first]) => alice.next(first!, [first!], { cause: "unlink", account: new Uint8Array(16).fill(3) }),
    code: "bad-device-list",
  },
  {
    name: "a device that comes without its keys",
    list: (alice, keys) => alice.next(keys[0]!, [...keys, alice.device("third")], {}, alice.device("third")),
    code: "bad-device-list",
  },
];

test.each(refusals)("refuses $name", async ({ list, by, code }) => {
  const { here, alice, keys } = await withDevices("second");
  expect(codeOf(await change(here, alice, list(alice, keys), keys[by ?? 0]))).toBe(code);
  expect((await here.stores.accounts.load(alice.id))!.account!.head).toBe(2);
});

test("a list that is not the next brings what its maker missed; the same bytes again are a duplicate, not a conflict", async () => {
  const { here, alice, keys } = await withDevices("second", "third");
  const [first, second, third] = keys as [TestKey, TestKey, TestKey];
  const mine = alice.next(first, [first, second], { cause: "unlink" });
  const late = alice.next(second, [first, second], { cause: "unlink", timeMs: 77n });
  expect(codeOf(await change(here, alice, mine))).toBe("devicesChanged");
  const conflict = await change(here, alice, late, second);
  expect(conflict).toMatchObject({ type: "problem", code: "list-conflict" });
  const chains = conflict?.type === "problem" ? conflict.details?.chains : undefined;
  expect(chains).toEqual([{ account: idBytes(alice.id), head: 4, versions: [writeSigned(mine)] }]);
  expect(codeOf(await change(here, alice, mine))).toBe("devicesChanged");
  expect((await here.stores.accounts.load(alice.id))!.versions).toHaveLength(4);
  expect(here.revoked.has(third.id)).toBe(true);
});

test("tries at a list are limited before any signature is looked at", async () => {
  const { here, alice, keys } = await withDevices("second");
  const forged = alice.next({ ...keys[1]!, signer: keys[0]!.id }, [keys[0]!], { cause: "unlink" });
  const codes = [];
  for (let count = 0; count <= limits.listTriesBucket; count++) codes.push(codeOf(await change(here, alice, forged)));
  expect(codes.at(-1)).toBe("rate-limited");
  const before = here.checks;
  await change(here, alice, forged);
  expect(here.checks).toBe(before);
});

test("anybody may fetch the chain, in pages; only own devices learn when each was last seen, by the day", async () => {
  const { here, alice, keys } = await withDevices("second");
  const bob = new Person("bob");
  await bob.register(here);
  await here.tell(alice.id, { type: "seen", device: alice.first.id });
  const fetch = async (person: Person, fromVersion: number): Promise<hermod.v1.Devices.$Properties> => {
    const from = here.from(person.id, person.first.id);
    const answer = await here.ask(alice.id, { type: "fetch-devices", from, fromVersion });
    return answer?.type === "frame" ? answer.frame.devices! : {};
  };
  const own = await fetch(alice, 1);
  expect(own.chains![0]).toMatchObject({ head: 2, versions: alice.versions.map(writeSigned) });
  expect(own.chains![0]!.lastSeenMs).toHaveLength(keys.length);
  expect(own.chains![0]!.lastSeenMs!.every((ms) => ms % 86_400_000n === 0n)).toBe(true);
  const foreign = await fetch(bob, 2);
  expect(foreign.chains![0]).toEqual({ account: idBytes(alice.id), head: 2, versions: [writeSigned(alice.versions[1]!)], handle: "alice" });
  expect(foreign.more).toBe(false);
  expect((await fetch(bob, 3)).chains![0]!.versions).toEqual([]);
  expect((await fetch(bob, 4_000_000_000)).chains![0]!.versions).toEqual([]);
});

test("a page of the chain has at most 64 KiB, and says that there is more", async () => {
  const { here, alice } = await withDevices("second");
  const state = here.stateOf(alice.id)!;
  const stored = state.versions[1]!;
  for (let count = 0; count < 300; count++) state.versions.push(stored);
  state.chain = { ...state.chain!, version: state.versions.length };
  const from = here.from(alice.id, alice.first.id);
  const answer = await here.ask(alice.id, { type: "fetch-devices", from, fromVersion: 1 });
  const devices = answer?.type === "frame" ? answer.frame.devices! : {};
  const bytes = devices.chains![0]!.versions!.reduce((sum, version) => sum + version.length, 0);
  expect(bytes).toBeLessThanOrEqual(limits.pageBytesMax);
  expect(devices.more).toBe(true);
});

test("when a device was seen is written once an hour", async () => {
  const { here, alice } = await withDevices();
  for (let minute = 0; minute < 120; minute++) {
    await here.tell(alice.id, { type: "seen", device: alice.first.id });
    await here.pass(60_000);
  }
  const writes = here.calls.filter((call) => call === "accounts.change").length;
  expect(writes).toBeLessThanOrEqual(2 + 3);
  await here.tell(alice.id, { type: "seen", device: alice.device("ninth").id });
  expect((await here.stores.accounts.load(alice.id))!.devices[0]!.lastSeenMs).toBeGreaterThan(0);
});
