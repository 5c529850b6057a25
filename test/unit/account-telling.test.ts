import { expect, test } from "vitest";
import type { ConversationId } from "../../lib/ids.js";
import { limits } from "../../lib/limits.js";
import { codeOf } from "../support/account-maker.js";
import { joinAll, tolds, withDevices } from "../support/account-devices.js";
import { id } from "./signed-fixtures.js";

test("a conversation that joined with an older list is told the newer one at once", async () => {
  const { here, alice } = await withDevices("second");
  const conversation = id<never>(9) as ConversationId;
  await here.tell(alice.id, { type: "joined", conversation, version: 1 });
  await here.pass(100);
  expect(tolds(here)).toEqual([{ id: conversation, version: 2, devices: 2 }]);
  await here.tell(alice.id, { type: "joined", conversation, version: 2 });
  await here.pass(2_000);
  expect(tolds(here)).toHaveLength(1);
});

test("what it is owed then survives a crash right behind its hearing that it is remembered", async () => {
  const { here, alice } = await withDevices("second");
  const conversation = id<never>(9) as ConversationId;
  here.conversationsAnswer = () => false;
  await here.tell(alice.id, { type: "joined", conversation, version: 1 });
  expect(here.mails.some(({ message }) => message.type === "joined-heard")).toBe(true);
  here.restart();
  here.mails.length = 0;
  here.conversationsAnswer = () => true;
  await here.recover();
  await here.pass(2_000);
  expect(tolds(here)).toEqual([{ id: conversation, version: 2, devices: 2 }]);
  expect(await here.stores.workList.list(0)).toEqual([]);
});

test("a conversation hears that it is remembered only once its row is durable, and each time that it asks again", async () => {
  const { here, alice } = await withDevices();
  const conversation = id<never>(9) as ConversationId;
  const heards = (): number => here.mails.filter((mail) => mail.kind === "conversation" && mail.message.type === "joined-heard").length;
  here.fault = (call) => (call === "accounts.change" ? "crash-before" : undefined);
  await here.tell(alice.id, { type: "joined", conversation, version: 1 });
  expect(heards()).toBe(0);
  here.fault = () => undefined;
  here.restart();
  await here.tell(alice.id, { type: "joined", conversation, version: 1 });
  expect(heards()).toBe(1);
  expect((await here.stores.accounts.load(alice.id))!.conversations).toMatchObject([{ conversation, told: 1 }]);
  await here.tell(alice.id, { type: "joined", conversation, version: 1 });
  expect(heards()).toBe(2);
});

test("one that asks again while its row is being written hears nothing before that is durable", async () => {
  const { here, alice } = await withDevices();
  const conversation = id<never>(9) as ConversationId;
  const heards = (): number => here.mails.filter(({ message }) => message.type === "joined-heard").length;
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  here.fault = (call) => (call === "accounts.change" ? held : undefined);
  for (let times = 0; times < 3; times++) await here.tell(alice.id, { type: "joined", conversation, version: 1 });
  expect(heards()).toBe(0);
  release();
  await here.pass(100);
  expect(heards()).toBe(1);
});

test("the work list is not left before the rows that say what was told are durable", async () => {
  const { here, alice, keys } = await withDevices("second");
  await joinAll(here, alice, 3);
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  let changes = 0;
  here.fault = (call) => (call === "accounts.change" && ++changes > 1 ? held : undefined);
  await alice.unlink(here, keys[1]!);
  await here.pass(5_000);
  expect(tolds(here).length).toBeGreaterThanOrEqual(3);
  expect(await here.stores.workList.list(0)).toEqual([alice.id]);
  release();
  await here.pass(5_000);
  expect(await here.stores.workList.list(0)).toEqual([]);
});

test("an unknown outcome in the middle of the telling wakes the next life by itself", async () => {
  for (const fault of ["lost-before", "lost-after", "throws"] as const) {
    const { here, alice, keys } = await withDevices("second");
    await joinAll(here, alice, 60);
    let changes = 0;
    here.fault = (call) => (call === "accounts.change" && ++changes === 3 ? fault : undefined);
    await alice.unlink(here, keys[1]!);
    await here.pass(5_000);
    expect(
      (await here.stores.accounts.load(alice.id))!.conversations.every(({ told }) => told === 3),
      fault,
    ).toBe(true);
    expect(await here.stores.workList.list(0), fault).toEqual([]);
  }
});

test("work that is owed waits for a store that does not answer; who asks meanwhile hears so", async () => {
  const { here, alice, keys } = await withDevices("second");
  await joinAll(here, alice, 5);
  here.conversationsAnswer = () => false;
  await alice.unlink(here, keys[1]!);
  here.restart();
  here.conversationsAnswer = () => true;
  here.readsFail = true;
  await here.recover();
  here.answers.length = 0;
  const from = here.from(alice.id, alice.first.id);
  expect(codeOf(await here.ask(alice.id, { type: "fetch-devices", from, fromVersion: 1 }))).toBe("unsure");
  here.readsFail = false;
  await here.pass(limits.redeliverMaxMs + 5_000);
  expect(await here.stores.workList.list(0)).toEqual([]);
});
