import { expect, test } from "vitest";
import type { Chat } from "../../client/messages/chat.js";
import { until } from "../support/frame-peer.js";
import { World, type Peer } from "../support/message-world.js";

async function setBack(): Promise<{ world: World; alice: Peer; bob: Peer; chat: Chat; back: () => void }> {
  const world = new World();
  const alice = world.device("alice");
  const bob = world.device("bob");
  const chat = await alice.engine.openDirect(bob.account);
  await chat.send({ text: "one" }).sent;
  const old = alice.disk.copy();
  const back = (): void => {
    alice.disk.crash();
    alice.disk = old;
    alice.crash();
  };
  return { world, alice, bob, chat, back };
}

test("a store that was found to be set back stays stopped when the program starts again", async () => {
  const { world, alice, chat, back } = await setBack();
  await chat.send({ text: "two" }).sent;
  back();
  alice.connect();
  alice.engine.sendMessage({ chatId: chat.id, body: { text: "three" } });
  await until(() => alice.fatal.length > 0, "stopped");
  for (let start = 2; start <= 3; start++) {
    alice.crash();
    alice.connect();
    await until(() => alice.fatal.length === start, "stopped again");
    expect(alice.fatal.at(-1)!.code).toBe("store-rolled-back");
  }
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  expect(world.server.log(chat.id)).toHaveLength(2);
});

test("an own entry that this store holds as never sent proves that it was set back", async () => {
  const { world, alice, bob, chat } = await setBack();
  alice.disconnect();
  const { id } = alice.engine.sendMessage({ chatId: chat.id, body: { text: "two" } });
  const old = alice.disk.copy();
  alice.connect();
  await alice.engine.sentMessage(chat.id, id)!.sent;
  alice.disk.crash();
  alice.disk = old;
  alice.crash();
  await bob.engine.sendMessage({ chatId: chat.id, body: { text: "answer" } }).sent;
  void alice.cipher.locks.hold([bob.device], () => new Promise(() => {})); // nothing is encrypted before the stream is looked at
  alice.connect();
  await until(() => alice.fatal.length > 0, "stopped");
  expect(alice.fatal[0]!.code).toBe("store-rolled-back");
  expect(world.server.log(chat.id)).toHaveLength(3);
});
