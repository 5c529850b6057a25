import { expect, test } from "vitest";
import type { Chat } from "../../client/messages/chat.js";
import type { ClientFrame } from "../../client/connection/ports.js";
import { idBytes } from "../../lib/ids.js";
import type { hermod } from "../../protos/gen/hermod.js";
import { limits } from "../../lib/limits.js";
import { until } from "../support/frame-peer.js";
import { World, type Peer } from "../support/message-world.js";
import { VirtualClock } from "../support/virtual-clock.js";

/*
 * What must go on: nothing that one row, one device or one refusal meets may hold up the rest of a client.
 */

const texts = (peer: Peer, chat: Chat): (string | undefined)[] =>
  (peer.engine.chat(chat.id)?.history({ limit: 1_000 }) ?? []).map((message) => message.text);

async function pair(world: World, clock?: VirtualClock): Promise<{ alice: Peer; bob: Peer; chat: Chat }> {
  const alice = world.device("alice");
  const bob = world.device("bob", clock === undefined ? {} : { clock });
  const chat = await alice.engine.openDirect(bob.account);
  return { alice, bob, chat };
}

/** As the real server does it: own entries hold nothing for their device, so nothing that follows waits for them. */
function withoutGap(deliver: hermod.v1.Deliver.$Properties | null | undefined): hermod.v1.ServerFrame.$Properties {
  return deliver?.seq === 3n ? { deliver: { ...deliver, prev: 1n } } : {};
}

test("a send for a device that was unlinked meanwhile fails and holds up nothing behind it", async () => {
  const world = new World();
  const phone = world.device("alice");
  await phone.engine.createSelf();
  const laptop = world.device("alice", { offline: true });
  phone.disconnect();
  phone.engine.queueSync([{ done: true }], [laptop.device]);
  world.unlink(laptop);
  phone.connect();
  const tablet = world.device("alice");
  phone.engine.queueSync([{ done: true }], [tablet.device]);
  await until(() => world.applied.some(({ device }) => device === tablet.device), "the tablet's start-up sync");
});

test("a resend that waits for a bundle lets the conversation's other messages pass", async () => {
  const world = new World();
  const { alice, bob, chat } = await pair(world);
  const laptop = world.device("bob");
  world.withoutBundle.add(laptop.device);
  await chat.send({ text: "one" }).sent;
  await until(() => alice.history.some((event) => event.type === "recv" && event.from === laptop.device), "the laptop asks");
  await until(() => alice.store.outbox.pending(chat.id, 10).length === 1, "its answer waits");
  const sends = ["two", "three"].map((text) => chat.send({ text }));
  for (const sent of sends) await sent.sent;
  await until(() => texts(bob, chat).length === 3, "bob has them");
  expect(alice.store.outbox.pending(chat.id, 10)).toHaveLength(1);
  alice.crash();
  alice.connect();
  await alice.engine.chat(chat.id)!.send({ text: "four" }).sent;
  world.withoutBundle.clear();
  alice.disconnect();
  alice.connect();
  await until(() => texts(laptop, chat)[0] === "one", "the laptop's resend");
  expect(alice.fatal).toEqual([]);
});

test("many read messages are one request at a time per conversation, and the newest is told", async () => {
  const world = new World();
  const { alice, bob, chat } = await pair(world);
  for (const sent of Array.from({ length: 40 }, (_, index) => chat.send({ text: `${index}` }))) await sent.sent;
  await until(() => texts(bob, chat).length === 40, "all");
  const isRead = (frame: ClientFrame): boolean => Number(frame.messageAck?.status) === 2;
  const before = bob.sentFrames.filter(isRead).length;
  for (let seq = 2n; seq <= 41n; seq++) bob.engine.markRead(chat.id, seq);
  expect(bob.sentFrames.filter(isRead).length - before).toBe(1);
  await until(() => bob.store.pendingReads.all().length === 0, "confirmed");
  expect(world.server.reads.get(`${chat.id}/${bob.device}`)).toBe(41n);
  expect(alice.fatal).toEqual([]);
});

test("a read watermark says what it does not cover", async () => {
  const world = new World();
  const { bob, chat } = await pair(world);
  world.withoutBundle.add(bob.device);
  await chat.send({ text: "no body" }).sent;
  await until(() => bob.history.some((event) => event.state === "undecryptable"), "a placeholder");
  bob.disconnect();
  bob.engine.markRead(chat.id);
  const before = bob.sentFrames.length;
  bob.connect();
  await until(() => bob.store.pendingReads.all().length === 0, "confirmed");
  const frames = bob.sentFrames.slice(before);
  expect(frames.flatMap((frame) => frame.syncState?.readPending ?? [])).toEqual([]);
  const reads = frames.filter((frame) => Number(frame.messageAck?.status) === 2);
  expect(reads.map((frame) => frame.messageAck!.except)).toEqual([[{ from: 2n, to: 2n }]]);
});

test("a sync that the server puts off is asked for again in the same session", async () => {
  const world = new World();
  const { bob, chat } = await pair(world);
  bob.disconnect();
  const answer = world.answer.bind(world);
  let refusals = 0;
  world.answer = (peer, frame) => {
    if (peer !== bob || frame.syncState === null || refusals === 2) return answer(peer, frame);
    refusals += 1;
    return { problem: { code: "overloaded", retryAfterMs: 10 } };
  };
  await chat.send({ text: "hi" }).sent;
  bob.connect();
  await until(() => texts(bob, chat).length === 1, "delivered");
  await until(() => bob.state.type === "live", "live");
});

test("a read watermark that moves while the one before is encrypted still reaches the own devices", async () => {
  const world = new World();
  const { alice, bob, chat } = await pair(world);
  await bob.engine.createSelf();
  const laptop = world.device("bob");
  for (const text of ["one", "two"]) await chat.send({ text }).sent;
  await until(() => texts(bob, chat).length === 2 && texts(laptop, chat).length === 2, "both");
  let free = (): void => {};
  const held = new Promise<void>((resolve) => (free = resolve));
  void bob.cipher.locks.hold([laptop.device], () => held);
  bob.engine.markRead(chat.id, 3n);
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
  bob.engine.markRead(chat.id, 4n);
  const last = bob.store.chats.get(chat.id)!.readThrough;
  free();
  await until(() => laptop.store.chats.get(chat.id)!.readThrough === last, "the laptop knows the newest");
  expect(alice.fatal).toEqual([]);
});

test("what was staged is forced when its time is over, however much else is read meanwhile", async () => {
  const world = new World();
  const clock = new VirtualClock();
  const { alice, bob, chat } = await pair(world, clock);
  await chat.send({ text: "first" }).sent;
  await until(() => texts(bob, chat).length === 1, "delivered");
  await until(() => bob.state.type === "live", "live");
  const other = world.device("carol");
  const busy = await other.engine.openDirect(bob.account);
  const row = bob.store.inbox.get(chat.id, 2n)!;
  const { content: _content, ...plain } = row;
  bob.store.transact((tx) => {
    const body = { type: 1, bytes: new Uint8Array([1, 2, 3]) };
    tx.inbox.put({ ...plain, seq: 100n, counter: 99n, state: "staged", body, storedMs: clock.now() });
  });
  const beganMs = clock.mono();
  for (let nth = 1; nth <= 6; nth++) {
    await busy.send({ text: `${nth}` }).sent;
    await until(() => texts(bob, busy).length === nth, "the busy conversation goes on");
    await clock.runUntil(beganMs + (nth * limits.stagedWaitMs) / 3);
  }
  expect(bob.store.inbox.get(chat.id, 100n)!.state).not.toBe("staged");
  expect(alice.fatal).toEqual([]);
});

test("a request to send again that comes before the own acknowledgement is answered after it", async () => {
  const world = new World();
  const { alice, bob, chat } = await pair(world);
  world.withoutBundle.add(bob.device);
  alice.fate = (frame) => (frame.sendMessage ? "lose-answer" : "answer");
  alice.tamper = (frame) => (frame.deliver?.seq === 2n && !frame.deliver.replay ? [] : [{ ...frame, ...withoutGap(frame.deliver) }]);
  chat.send({ text: "one" });
  await until(
    () => alice.sentFrames.some((frame) => Number(frame.fetch?.from) > 0) || world.server.log(chat.id, "retry-request").length > 0,
    "asked",
  );
  world.withoutBundle.clear();
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  alice.fate = () => "answer";
  alice.disconnect();
  alice.connect();
  await until(() => texts(bob, chat)[0] === "one", "the resend");
});

test("a send that failed here and is stored all the same is known as sent", async () => {
  const world = new World();
  const { alice, bob, chat } = await pair(world);
  const answer = world.answer.bind(world);
  world.answer = (peer, frame) => {
    const told = answer(peer, frame);
    return frame.sendMessage === null || peer !== alice ? told : { problem: { code: "too-large" } };
  };
  alice.tamper = () => [];
  const sent = chat.send({ text: "one" });
  await until(() => sent.state === "failed", "refused");
  world.answer = answer;
  alice.tamper = (frame) => [frame];
  await bob.engine.sendMessage({ chatId: chat.id, body: { text: "answer" } }).sent;
  await until(() => sent.state !== "failed", "sent");
  await chat.send({ text: "two" }).sent;
  await until(() => texts(bob, chat).length === 3, "all at bob");
  expect(texts(bob, chat)).toEqual(["one", "answer", "two"]);
});

test("a session that is put away while a send waits for its turn is begun anew, not left out", async () => {
  const world = new World();
  const { alice, bob, chat } = await pair(world);
  await chat.send({ text: "one" }).sent;
  await until(() => texts(bob, chat).length === 1, "one");
  let free = (): void => {};
  const held = new Promise<void>((resolve) => (free = resolve));
  void alice.cipher.locks.hold([bob.device], () => held);
  const sent = chat.send({ text: "two" });
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
  alice.store.transact((tx) => {
    for (const key of tx.cipherRows.keys("session/")) tx.cipherRows.delete(key);
  });
  free();
  await sent.sent;
  await until(() => texts(bob, chat).length === 2, "two");
  expect(texts(bob, chat)).toEqual(["one", "two"]);
  expect(bob.history.filter((event) => event.state === "undecryptable")).toEqual([]);
});

test("a conversation that an own device named is fetched after all, when the server was lost and the program died in between", async () => {
  const world = new World();
  const phone = world.device("alice");
  await phone.engine.createSelf();
  const friend = world.device("friend", { offline: true });
  const chat = await phone.engine.openDirect(friend.account);
  const { rosterSeq } = chat.snapshot();
  const { rosterHash } = phone.store.chats.roster(chat.id)!;
  const laptop = world.device("alice", { offline: true });
  // The laptop meets nothing but what it is told: the conversation itself is quiet.
  laptop.tamper = (frame) => (frame.deliver && Buffer.compare(frame.deliver.chatId!, idBytes(chat.id)) === 0 ? [] : [frame]);
  const asksForIt = (frame: ClientFrame): boolean =>
    frame.fetchRoster !== undefined && frame.fetchRoster !== null && Buffer.compare(frame.fetchRoster.chatId!, idBytes(chat.id)) === 0;
  laptop.fate = (frame) => (asksForIt(frame) ? "lose-answer" : "answer");
  laptop.connect();
  phone.engine.queueSync([{ chats: [{ chatId: idBytes(chat.id), rosterSeq, rosterHash }], done: true }], [laptop.device]);
  await until(() => laptop.sentFrames.some(asksForIt), "it asks for the conversation");
  laptop.disconnect();
  laptop.crash();
  laptop.fate = () => "answer";
  laptop.connect();
  await until(() => laptop.engine.chat(chat.id) !== undefined, "it knows the conversation");
});
