import { expect, test } from "vitest";
import { idBytes } from "../../lib/ids.js";
import { limits } from "../../lib/limits.js";
import type { Answer, CheckedGenesis } from "../../protos/messages.js";
import { directIdOf, selfIdOf } from "../../protos/signed/ids.js";
import { writeSigned } from "../../protos/signed/signed.js";
import { codeOf, directGenesis, genesisOf, Person, selfGenesis } from "../support/account-maker.js";
import { AccountWorld } from "../support/account-world.js";
import type { TestKey } from "./signed-fixtures.js";

async function two(): Promise<{ here: AccountWorld; alice: Person; bob: Person }> {
  const here = new AccountWorld();
  const [alice, bob] = [new Person("alice"), new Person("bob")];
  await alice.register(here);
  await bob.register(here);
  return { here, alice, bob };
}

const create = (here: AccountWorld, by: Person, genesis: Uint8Array, device: TestKey = by.first): Promise<Answer | undefined> =>
  here.ask(by.id, { type: "create-chat", from: here.from(by.id, device.id), genesis });
const created = (here: AccountWorld): CheckedGenesis[] =>
  here.mails.flatMap((mail) => (mail.kind === "conversation" && mail.message.type === "create" ? [mail.message.genesis] : []));

test("a direct conversation goes to its actor with every device of both heads, and is remembered first", async () => {
  const { here, alice, bob } = await two();
  await bob.link(here, bob.device("second"));
  const genesis = directGenesis(alice, bob);
  expect(await create(here, alice, genesis)).toBeUndefined(); // the conversation answers
  const [checked] = created(here);
  expect(checked).toMatchObject({ conversation: directIdOf(alice.id, bob.id), type: "direct", signed: genesis });
  const devices = new Map(checked!.members.map((member) => [member.account, member.devices]));
  expect(devices.get(alice.id)).toEqual([alice.first.id]);
  expect(devices.get(bob.id)).toEqual([bob.first.id, bob.device("second").id]);
  const row = (await here.stores.accounts.load(alice.id))!;
  expect(row.conversations).toMatchObject([{ conversation: directIdOf(alice.id, bob.id), told: 1 }]);
});

test("the self conversation has one member and asks nobody", async () => {
  const { here, alice } = await two();
  await create(here, alice, selfGenesis(alice));
  expect(created(here)).toMatchObject([{ conversation: selfIdOf(alice.id), type: "self", members: [{ account: alice.id }] }]);
});

test("both may create the same direct conversation; its actor decides", async () => {
  const { here, alice, bob } = await two();
  await create(here, alice, directGenesis(alice, bob));
  await create(here, bob, directGenesis(bob, alice));
  const ids = created(here).map(({ conversation }) => conversation);
  expect(ids).toEqual([directIdOf(alice.id, bob.id), directIdOf(alice.id, bob.id)]);
});

test("two that create at the same moment do not wait for each other", async () => {
  const { here, alice, bob } = await two();
  for (const [one, other] of [
    [alice, bob],
    [bob, alice],
  ] as const) {
    const message = { type: "create-chat", from: here.from(one.id, one.first.id), genesis: directGenesis(one, other) } as const;
    here.route({ kind: "account", id: one.id, message });
  }
  await here.settle();
  expect(created(here)).toHaveLength(2);
});

test("stale lists come back with the versions that the creator lacks, its own too", async () => {
  const { here, alice, bob } = await two();
  const old = [alice.head, bob.head];
  await bob.link(here, bob.device("second"));
  expect(await create(here, alice, directGenesis(alice, bob, alice.first, old))).toEqual({
    type: "problem",
    code: "list-stale",
    details: { chains: [{ account: idBytes(bob.id), head: 2, versions: [writeSigned(bob.versions[1]!)] }] },
  });
  await alice.link(here, alice.device("second"));
  expect(await create(here, alice, directGenesis(alice, bob, alice.first, [old[0]!, bob.head]))).toEqual({
    type: "problem",
    code: "list-stale",
    details: { chains: [{ account: idBytes(alice.id), head: 2, versions: [writeSigned(alice.versions[1]!)] }] },
  });
  expect(created(here)).toEqual([]);
  await create(here, alice, directGenesis(alice, bob));
  expect(created(here)).toHaveLength(1);
});

const refusals: { name: string; genesis: (alice: Person, bob: Person) => Uint8Array; code: string }[] = [
  { name: "no genesis at all", genesis: () => new Uint8Array([1, 2, 3]), code: "bad-request" },
  { name: "another account's genesis", genesis: (alice, bob) => directGenesis(bob, alice), code: "bad-signature" },
  {
    name: "a genesis by a device that is not listed",
    genesis: (alice, bob) => directGenesis(alice, bob, alice.device("ninth")),
    code: "bad-signature",
  },
  {
    name: "a genesis that somebody else signed in the creator's name",
    genesis: (alice, bob) => directGenesis(alice, bob, { ...bob.first, id: alice.first.id, signer: alice.first.id }),
    code: "bad-signature",
  },
  {
    name: "a member that is no account",
    genesis: (alice) => directGenesis(alice, new Person("nobody")),
    code: "not-found",
  },
  {
    name: "a list version that the future holds",
    genesis: (alice, bob) => directGenesis(alice, bob, alice.first, [alice.head, { ...bob.head, version: 9 }]),
    code: "list-stale",
  },
  {
    name: "a list hash of another history",
    genesis: (alice, bob) => directGenesis(alice, bob, alice.first, [alice.head, { ...bob.head, listHash: new Uint8Array(32) }]),
    code: "list-stale",
  },
  {
    name: "a conversation that the creator is not in",
    genesis: (alice, bob) =>
      genesisOf(alice, alice.first, {
        type: "self",
        members: [{ account: idBytes(bob.id), role: 1, listVersion: 1, listHash: bob.head.listHash }],
      }),
    code: "bad-request",
  },
];

test.each(refusals)("refuses $name", async ({ genesis, code }) => {
  const { here, alice, bob } = await two();
  expect(codeOf(await create(here, alice, genesis(alice, bob)))).toBe(code);
  expect(created(here)).toEqual([]);
  expect((await here.stores.accounts.load(alice.id))!.conversations).toEqual([]);
});

test("refuses who is not the device that signed, a removed device, and a stranger", async () => {
  const { here, alice, bob } = await two();
  const second = alice.device("second");
  await alice.link(here, second);
  expect(codeOf(await create(here, alice, directGenesis(alice, bob), second))).toBe("forbidden");
  await alice.unlink(here, second);
  expect(codeOf(await create(here, alice, directGenesis(alice, bob, second), second))).toBe("revoked");
  const foreign = { type: "create-chat", from: here.from(bob.id, bob.first.id), genesis: directGenesis(alice, bob) } as const;
  expect(codeOf(await here.ask(alice.id, foreign))).toBe("unauthenticated");
});

test("new contacts are limited before any signature is looked at; a conversation that is known costs nothing", async () => {
  const { here, alice, bob } = await two();
  await create(here, alice, directGenesis(alice, bob));
  const state = here.stateOf(alice.id)!;
  state.newContacts.tokens = 0;
  await create(here, alice, directGenesis(alice, bob));
  expect(created(here)).toHaveLength(2);
  const carol = new Person("carol");
  await carol.register(here);
  const before = here.checks;
  expect(await create(here, alice, directGenesis(alice, carol))).toMatchObject({ code: "rate-limited", retryAfterMs: 36_000 });
  expect(here.checks).toBe(before);
  await here.pass(3_600_000 / limits.newContactsPerHour);
  await create(here, alice, directGenesis(alice, carol));
  expect(created(here)).toHaveLength(3);
});

test("a member's account that does not answer in time is a timeout, not a guess", async () => {
  const { here, alice, bob } = await two();
  here.silent.add(bob.id);
  here.answers.length = 0;
  await create(here, alice, directGenesis(alice, bob));
  expect(here.answers).toEqual([]);
  await here.pass(limits.describeDeadlineMs);
  expect(here.answers.map(({ answer }) => codeOf(answer))).toEqual(["timeout"]);
  expect(created(here)).toEqual([]);
});

test("what is too much at once is refused, and nothing that waits is forgotten", async () => {
  const { here, alice, bob } = await two();
  here.silent.add(bob.id);
  here.answers.length = 0;
  const genesis = directGenesis(alice, bob);
  for (let count = 0; count < limits.accountFlowsMax + 10; count++) {
    const state = here.stateOf(alice.id)!;
    delete state.newContacts.tokens;
    here.route({ kind: "account", id: alice.id, message: { type: "create-chat", from: here.from(alice.id, alice.first.id), genesis } });
    await Promise.resolve();
  }
  await here.settle();
  expect(here.answers.length).toBeGreaterThan(0);
  await here.pass(limits.describeDeadlineMs);
  expect(here.answers).toHaveLength(limits.accountFlowsMax + 10);
});

test("a drain answers whoever waits and ends; an idle account ends without a word", async () => {
  const { here, alice, bob } = await two();
  here.silent.add(bob.id);
  here.answers.length = 0;
  await create(here, alice, directGenesis(alice, bob));
  await here.runtime(alice.id, { type: "drain" });
  expect(here.answers.map(({ answer }) => codeOf(answer))).toEqual(["draining"]);
  expect(here.stateOf(alice.id)).toBeUndefined();
  await here.runtime(bob.id, { type: "passivate" });
  expect(here.stateOf(bob.id)).toBeUndefined();
  expect(here.answers).toHaveLength(1);
});

test("a second owner fences the first: its next write fails, and who waits hears so", async () => {
  const { here, alice } = await two();
  const state = here.stateOf(alice.id)!;
  const row = (await here.stores.accounts.load(alice.id))!;
  expect(await here.stores.accounts.fence(alice.id, row, state.epoch + (1n << 32n))).toBe("applied");
  const list = alice.next(alice.first, [alice.first], { cause: "recover", recoveryKey: alice.first.public }, alice.recovery);
  const from = here.from(alice.id, alice.first.id);
  expect(codeOf(await here.ask(alice.id, { type: "change-devices", from, signed: writeSigned(list) }))).toBe("fenced");
  expect((await here.stores.accounts.load(alice.id))!.account!.head).toBe(1);
});

test("rows are used only after the fence: an owner that lost its shard answers nothing from them", async () => {
  const { here, alice } = await two();
  const row = (await here.stores.accounts.load(alice.id))!;
  expect(await here.stores.accounts.fence(alice.id, row, (here.shardEpoch + 2n) << 32n)).toBe("applied");
  here.restart();
  const from = here.from(alice.id, alice.first.id);
  expect(codeOf(await here.ask(alice.id, { type: "fetch-devices", from, fromVersion: 1 }))).toBe("fenced");
});

test("an unknown outcome of the fence is looked up, not guessed", async () => {
  for (const fault of ["lost-before", "lost-after", "throws"] as const) {
    const { here, alice } = await two();
    here.restart();
    let count = 0;
    here.fault = (call) => (call === "accounts.fence" && count++ === 0 ? fault : undefined);
    const from = here.from(alice.id, alice.first.id);
    expect(codeOf(await here.ask(alice.id, { type: "fetch-devices", from, fromVersion: 1 })), fault).toBe("devices");
  }
});

test("a write of the former owner that comes late is refused, and what the next owner read stays true", async () => {
  const { here, alice } = await two();
  await alice.link(here, alice.device("second"));
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  here.fault = (call) => (call === "accounts.change" ? held : undefined);
  const signed = writeSigned(alice.removal(alice.device("second")));
  await here.tell(alice.id, { type: "change-devices", from: here.from(alice.id, alice.first.id), signed });
  here.fault = () => undefined;
  here.restart();
  const from = here.from(alice.id, alice.first.id);
  expect(codeOf(await here.ask(alice.id, { type: "fetch-devices", from, fromVersion: 1 }))).toBe("devices");
  release();
  await here.settle();
  expect((await here.stores.accounts.load(alice.id))!.account!.head).toBe(2);
});
