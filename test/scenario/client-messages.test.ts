import { describe, expect, test } from "vitest";
import { Overlay } from "../../client/cipher/overlay.js";
import type { Chat } from "../../client/messages/chat.js";
import { idBytes } from "../../lib/ids.js";
import { until } from "../support/frame-peer.js";
import { World, type Peer } from "../support/message-world.js";

const texts = (peer: Peer, chat: Chat): (string | undefined)[] =>
  peer.engine
    .chat(chat.id)!
    .history({ limit: 1_000 })
    .map((message) => message.text);

async function pair(world: World): Promise<{ alice: Peer; bob: Peer; chat: Chat }> {
  const alice = world.device("alice");
  const bob = world.device("bob");
  const chat = await alice.engine.openDirect(bob.account);
  return { alice, bob, chat };
}

describe.each(["fake", "libsignal"] as const)("messages with the %s cipher", (cipher) => {
  test("a message reaches the other side and its ticks come back", async () => {
    const { alice, bob, chat } = await pair(new World(cipher));
    const sent = chat.send({ text: "hi" });
    expect((await sent.sent).seq).toBe(2n);
    await sent.deliveredTo(bob.account);
    expect(texts(bob, chat)).toEqual(["hi"]);
    bob.engine.markRead(chat.id);
    await sent.readBy(bob.account);
    expect(sent.state).toBe("read");
    expect(alice.fatal).toEqual([]);
  });

  test("both sides write, and an inbox answers", async () => {
    const { alice, bob, chat } = await pair(new World(cipher));
    const bot = (async () => {
      for await (const message of bob.engine.inbox("bot", { own: false })) {
        await message.reply(`${message.text} back`);
        if (message.text === "three") return;
      }
    })();
    for (const text of ["one", "two", "three"]) chat.send({ text });
    await bot;
    await until(() => texts(alice, chat).length === 6, "all six at alice");
    expect(texts(alice, chat)).toEqual(texts(bob, chat));
  });

  test("a lost answer is asked for with the same bytes, and the message is there once", async () => {
    const world = new World(cipher);
    const { alice, bob, chat } = await pair(world);
    alice.fate = (frame) => (frame.sendMessage ? "lose-answer" : "answer");
    const sent = chat.send({ text: "once" });
    await until(() => world.server.log(chat.id).length === 1, "the server has it");
    alice.fate = () => "answer";
    alice.disconnect();
    alice.connect();
    expect((await sent.sent).seq).toBe(2n);
    const envelopes = alice.sentFrames.flatMap((frame) =>
      frame.sendMessage ? [Buffer.from(frame.sendMessage.envelope!).toString("hex")] : [],
    );
    expect(new Set(envelopes).size).toBe(1);
    await until(() => texts(bob, chat).length === 1, "bob has it");
    expect(world.server.log(chat.id)).toEqual([sent.id]);
  });

  test("a device that was linked meanwhile is found by the mismatch, and nothing is lost or doubled", async () => {
    const world = new World(cipher);
    const { alice, bob, chat } = await pair(world);
    await chat.send({ text: "before" }).sent;
    const laptop = world.device("bob");
    const sends = Array.from({ length: 20 }, (_, index) => chat.send({ text: `after ${index}` }));
    for (const sent of sends) await sent.sent;
    await until(() => texts(laptop, chat).length === 20, "the new device has all that came after it");
    expect(texts(laptop, chat)).toEqual(sends.map((_, index) => `after ${index}`));
    await until(() => texts(bob, chat).length === 21, "the old device has all");
    expect(texts(bob, chat)).toEqual(["before", ...texts(laptop, chat)]);
    expect(world.server.log(chat.id)).toHaveLength(21);
    expect(alice.history.some((event) => event.code === "roster-mismatch")).toBe(true);
  });

  test("a sent copy is an own message on the other device, and read state follows", async () => {
    const world = new World(cipher);
    const { alice, bob, chat } = await pair(world);
    await bob.engine.createSelf();
    const laptop = world.device("bob");
    await alice.engine.chat(chat.id)!.send({ text: "hello both" }).sent;
    await until(() => texts(laptop, chat).length === 1 && texts(bob, chat).length === 1, "both have it");
    await bob.engine.chat(chat.id)!.send({ text: "from the phone" }).sent;
    await until(() => texts(laptop, chat).length === 2, "the copy is there");
    const copy = laptop.engine.chat(chat.id)!.history()[1]!;
    expect([copy.text, copy.own, copy.state]).toEqual(["from the phone", true, undefined]);
    bob.engine.markRead(chat.id);
    await until(
      () => laptop.engine.chat(chat.id)!.snapshot().readThrough === bob.engine.chat(chat.id)!.snapshot().readThrough,
      "read state",
    );
  });

  test("the ratchet's step is in the transaction of the row: what was read does not open again", async () => {
    const world = new World(cipher);
    const { alice, bob, chat } = await pair(world);
    await chat.send({ text: "one" }).sent;
    await until(() => texts(bob, chat).length === 1, "read");
    const entries = world.server.chats.get(chat.id)!;
    const { body } = world.server.deliverFrame(entries, entries.entries[1]!, bob.device)!.deliver!;
    const again = await bob.cipher.decryptFrom(new Overlay(bob.store.cipherRows), alice.device, { type: "prekey", bytes: body!.bytes! });
    expect(again).toMatchObject({ type: "undecryptable" });
  });

  test("a body that does not open becomes a placeholder, is asked for, and the resend fills it", async () => {
    const world = new World(cipher);
    const { alice, bob, chat } = await pair(world);
    await chat.send({ text: "fine" }).sent;
    await until(() => texts(bob, chat).length === 1, "the first");
    bob.tamper = (frame) => {
      const body = Number(frame.deliver?.kind) === 1 ? frame.deliver?.body : undefined;
      return body === undefined || body === null
        ? [frame]
        : [
            {
              deliver: {
                ...frame.deliver,
                body: {
                  ...body,
                  bytes: Uint8Array.from(body.bytes!, (byte, at) =>
                    at === (cipher === "fake" ? body.bytes!.length - 1 : 40) ? byte ^ 1 : byte,
                  ),
                },
              },
            },
          ];
    };
    const sent = chat.send({ text: "broken on the way" });
    await sent.sent;
    await until(() => bob.history.some((event) => event.type === "filled"), "filled");
    expect(texts(bob, chat)).toEqual(["fine", "broken on the way"]);
    const got: string[] = [];
    for await (const message of bob.engine.inbox("reader")) if (got.push(message.text) === 2) break;
    expect(got).toEqual(["fine", "broken on the way"]);
    expect(alice.fatal).toEqual([]);
  });

  test("a device without a bundle blocks nobody and gets its message by asking", async () => {
    const world = new World(cipher);
    const { alice, bob, chat } = await pair(world);
    world.withoutBundle.add(bob.device);
    await alice.engine.chat(chat.id)!.send({ text: "no body" }).sent;
    await until(() => bob.history.some((event) => event.type === "recv" && event.state === "undecryptable"), "a placeholder");
    world.withoutBundle.clear();
    alice.disconnect();
    alice.connect();
    await until(() => texts(bob, chat)[0] === "no body", "filled");
  });

  test("a linked device that was offline drains its phone's copies newest first and reads all", async () => {
    const world = new World(cipher);
    const phone = world.device("phone");
    await phone.engine.createSelf();
    const laptop = world.device("phone", { offline: true });
    const chats: Chat[] = [];
    for (let index = 0; index < 10; index++)
      chats.push(await phone.engine.openDirect(world.device(`friend ${index}`, { offline: true }).account));
    const sends = Array.from({ length: 1_200 }, (_, index) => chats[index % chats.length]!.send({ text: `message ${index}` }));
    for (const sent of sends) await sent.sent;
    laptop.connect();
    await until(
      () =>
        chats.every(
          (chat) => (laptop.engine.chat(chat.id)?.history({ limit: 1_000 }) ?? []).filter((each) => each.text !== undefined).length === 120,
        ),
      "everything is read",
      60_000,
    );
    expect(laptop.store.inbox.stagedChats()).toEqual([]);
    // The fake cipher never waits, so each conversation is taken in as a whole; libsignal's conversations take turns.
    if (cipher === "fake") expect(laptop.history.some((event) => event.type === "staged")).toBe(true);
    expect(laptop.fatal).toEqual([]);
  }, 90_000);
});

test("what the server drops from the stream is fetched, what it repeats is shown once", async () => {
  const world = new World();
  const { bob, chat } = await pair(world);
  let nth = 0;
  bob.tamper = (frame) => {
    if (Number(frame.deliver?.kind) !== 1 || frame.deliver?.replay) return [frame];
    nth += 1;
    return nth % 3 === 0 ? [] : [frame, frame];
  };
  const sends = Array.from({ length: 30 }, (_, index) => chat.send({ text: `${index}` }));
  for (const sent of sends) await sent.sent;
  bob.tamper = (frame) => [frame];
  await chat.send({ text: "last" }).sent;
  await until(() => texts(bob, chat).length === 31, "all");
  expect(texts(bob, chat)).toEqual([...sends.map((_, index) => `${index}`), "last"]);
  expect(bob.history.some((event) => event.type === "dup")).toBe(true);
});

test("at most 64 sends are in flight", async () => {
  const world = new World();
  const { alice, chat } = await pair(world);
  let waiting = 0;
  let most = 0;
  alice.fate = (frame) => {
    if (frame.sendMessage) most = Math.max(most, ++waiting);
    return frame.sendMessage ? "lose-answer" : "answer";
  };
  for (let index = 0; index < 100; index++) chat.send({ text: `${index}` });
  await until(() => waiting === 64, "a full window");
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(most).toBe(64);
  alice.fate = () => "answer";
  alice.disconnect();
  alice.connect();
  await until(() => world.server.log(chat.id).length === 100 && alice.store.outbox.pending(chat.id, 1).length === 0, "all stored");
});

test("a message that the server moves to another conversation is refused, and so is one that it repeats at a new sequence", async () => {
  const world = new World();
  const { alice, bob, chat } = await pair(world);
  const carol = world.device("carol");
  const other = await carol.engine.openDirect(bob.account);
  await other.send({ text: "hello" }).sent;
  await until(() => texts(bob, other).length === 1, "the other conversation");
  await chat.send({ text: "first" }).sent;
  await chat.send({ text: "second" }).sent;
  await until(() => texts(bob, chat).length === 2, "both");
  const entries = world.server.chats.get(chat.id)!;
  const seq = BigInt(entries.entries.length);
  const again = world.server.deliverFrame(entries, entries.entries[2]!, bob.device)!;
  bob.pushAll([{ deliver: { ...again.deliver, seq: seq + 1n, prev: seq } }]);
  await until(() => bob.store.chats.get(chat.id)!.last === seq + 1n, "taken in");
  expect(bob.store.inbox.get(chat.id, seq + 1n)!.reason).toBe("replayed");
  const moved = world.server.deliverFrame(entries, entries.entries[1]!, bob.device)!;
  const otherLast = bob.store.chats.get(other.id)!.last;
  bob.pushAll([{ deliver: { ...moved.deliver, chatId: idBytes(other.id), seq: otherLast + 1n, prev: otherLast } }]);
  await until(() => bob.store.chats.get(other.id)!.last === otherLast + 1n, "taken in");
  expect(bob.store.inbox.get(other.id, otherLast + 1n)!.reason).toBe("foreign-device");
  expect(bob.events.filter((event) => event.type === "entry-refused")).toHaveLength(2);
  expect(texts(bob, chat)).toEqual(["first", "second", undefined]);
  expect(alice.fatal).toEqual([]);
});

test("a store that was set back stops the client for good", async () => {
  const world = new World();
  const { alice, chat } = await pair(world);
  await chat.send({ text: "one" }).sent;
  const old = alice.disk.copy();
  await chat.send({ text: "two" }).sent;
  alice.disk.crash();
  alice.disk = old;
  alice.crash();
  alice.connect();
  alice.engine.sendMessage({ chatId: chat.id, body: { text: "three" } });
  await until(() => alice.fatal.length > 0, "stopped");
  expect(alice.fatal[0]!.code).toBe("store-rolled-back");
  expect(world.server.log(chat.id)).toHaveLength(2);
});

test("nothing is sent to an account whose chain forked", async () => {
  const world = new World();
  const { alice, bob, chat } = await pair(world);
  await chat.send({ text: "one" }).sent;
  alice.forked.add(bob.account);
  const sent = chat.send({ text: "two" });
  await expect(sent.sent).rejects.toMatchObject({ code: "list-forked" });
  expect(sent.state).toBe("failed");
  expect(world.server.log(chat.id)).toHaveLength(1);
});

test("two who open the same conversation at once share the winner's genesis", async () => {
  const world = new World();
  const alice = world.device("alice");
  const bob = world.device("bob");
  const [one, other] = await Promise.all([alice.engine.openDirect(bob.account), bob.engine.openDirect(alice.account)]);
  expect(one.id).toBe(other.id);
  await one.send({ text: "a" }).sent;
  await other.send({ text: "b" }).sent;
  await until(() => texts(alice, one).length === 2 && texts(bob, one).length === 2, "both at both");
  expect(texts(alice, one)).toEqual(texts(bob, one));
});

test("an inbox keeps its place over a restart, and a reply is sent once however often it is made", async () => {
  const world = new World();
  const { alice, bob, chat } = await pair(world);
  for (const text of ["one", "two", "three"]) await chat.send({ text }).sent;
  await until(() => texts(bob, chat).length === 3, "all at bob");
  const seen: string[] = [];
  for await (const message of bob.engine.inbox("bot")) {
    seen.push(message.text);
    await message.reply(`re ${message.text}`);
    if (message.text === "two") break;
  }
  bob.restart();
  bob.connect();
  for await (const message of bob.engine.inbox("bot", { own: false })) {
    seen.push(message.text);
    await message.reply(`re ${message.text}`);
    if (message.text === "three") break;
  }
  expect(seen).toEqual(["one", "two", "two", "three"]);
  await until(() => texts(alice, chat).length === 6, "three replies");
  expect(texts(alice, chat).slice(3)).toEqual(["re one", "re two", "re three"]);
});

test("changes() tells what became different and ends with its signal", async () => {
  const world = new World();
  const { bob, chat } = await pair(world);
  const end = new AbortController();
  const batches: unknown[] = [];
  const reading = (async () => {
    for await (const batch of chat.changes({ signal: end.signal })) batches.push(...(batch === "everything" ? [batch] : batch));
  })();
  const sent = chat.send({ text: "hi" });
  await sent.deliveredTo(bob.account);
  await until(() => batches.some((change) => (change as { type: string }).type === "receipts"), "a receipt");
  end.abort();
  await reading;
  expect(batches).toContainEqual({ type: "message", id: sent.id, seq: 2n });
});
