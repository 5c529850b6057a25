import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { idBytes } from "../../lib/ids.js";
import { limits } from "../../lib/limits.js";
import type { hermod } from "../../protos/gen/hermod.js";
import type { Person } from "../support/account-maker.js";
import { bytesOf } from "../support/entries.js";
import type { RawSocket } from "../support/raw-device.js";
import { answerOf, WireChat, WireWorld } from "../support/wire-world.js";

let world: WireWorld;
let [alice, bob, mallory] = [] as Person[] as [Person, Person, Person];
let sender: RawSocket;
let chat: WireChat;
let foreign: WireChat;
/** Sequence of alice's newest message to bob. */
let head = 1n;

beforeAll(async () => {
  const { pagesPerDeviceBucket, problemsBeforeClose } = limits;
  world = await WireWorld.start({ pagesPerDeviceBucket, problemsBeforeClose });
  alice = await world.person("alice");
  bob = await world.person("bob");
  mallory = await world.person("mallory");
  sender = await world.acking(alice);
  chat = await WireChat.create(sender, alice, bob);
  foreign = await WireChat.create(sender, alice, mallory);
});
afterAll(async () => {
  await world.stop();
});

async function say(): Promise<bigint> {
  const answer = await sender.request({ sendMessage: { envelope: chat.send(head, [bob.first.id]) } });
  expect(answerOf(answer)).toBe("serverAck");
  head = answer.serverAck!.seq;
  return head;
}
const chatId = () => idBytes(chat.id);
const delivered = (socket: RawSocket): bigint[] =>
  socket.heard.flatMap(({ deliver }) => (deliver && Buffer.compare(deliver.chatId, chatId()) === 0 ? [deliver.seq] : []));
const ack = (through: bigint, over: Partial<hermod.v1.MessageAck.$Properties> = {}) => ({
  messageAck: { chatId: chatId(), through, status: 1, except: [], ...over },
});
const max64 = (1n << 64n) - 1n;

/** The newest message is not acked when a test begins, so a lie that is believed loses it. */
beforeEach(async () => {
  await say();
});

/** Bob comes back and is owed the newest message still; then he acks it honestly. */
async function stillOwed(): Promise<void> {
  const reader = await world.live(bob);
  await reader.hear(({ deliver }) => deliver?.seq === head);
  reader.send(ack(head));
  expect((await reader.request(ack(head, { status: 2 }))).readStored?.through).toBe(head);
  await reader.close();
}

const lies: { name: string; ack: () => ReturnType<typeof ack> }[] = [
  { name: "one beyond the head", ack: () => ack(head + 1n) },
  { name: "far beyond the head", ack: () => ack(head + 1_000_000n) },
  { name: "2^63-1", ack: () => ack((1n << 63n) - 1n) },
  { name: "2^63", ack: () => ack(1n << 63n) },
  { name: "2^64-1", ack: () => ack(max64) },
  { name: "2^64-1 as read", ack: () => ack(max64, { status: 2 }) },
  { name: "one beyond the head as read", ack: () => ack(head + 1n, { status: 2 }) },
  { name: "1 in a conversation of others", ack: () => ack(1n, { chatId: idBytes(foreign.id) }) },
  { name: "1 in a conversation of nobody", ack: () => ack(1n, { chatId: bytesOf("nobody's") }) },
  { name: "2^63 in a conversation of nobody", ack: () => ack(1n << 63n, { chatId: bytesOf("nobody's") }) },
  { name: "an exception beyond itself", ack: () => ack(head, { except: [{ from: 1n, to: max64 }] }) },
];
test.each(lies)("an ack of $name is refused and closes with 4101; nothing is lost", async ({ ack: lie }) => {
  const liar = await world.live(bob);
  const answer = liar.request(lie()).catch(() => undefined);
  expect((await liar.closed).code).toBe(4101);
  expect((await answer)?.problem?.code ?? "bad-cursor").toBe("bad-cursor");
  await stillOwed();
});

test.each([
  ["an exception from 0", { except: [{ from: 0n, to: 1n }] }],
  ["an exception that runs backwards", { except: [{ from: 2n, to: 1n }] }],
  ["17 exceptions", { except: Array.from({ length: 17 }, () => ({ from: 1n, to: 1n })) }],
  ["no status", { status: 0 }],
  ["a conversation of 15 bytes", { chatId: new Uint8Array(15) }],
] as const)("an ack with %s is refused, and the session goes on", async (_name, over) => {
  const socket = await world.live(bob);
  expect(answerOf(await socket.request(ack(1n, over as Partial<hermod.v1.MessageAck.$Properties>)))).toBe("bad-request");
  await socket.hear(({ deliver }) => deliver?.seq === head);
  await socket.close();
});

test("an ack that goes back, and one of 0, change nothing", async () => {
  const socket = await world.live(bob);
  expect((await socket.request(ack(head, { status: 2 }))).readStored?.through).toBe(head);
  for (const through of [0n, 1n, head - 1n]) {
    socket.send(ack(through));
    expect((await socket.request(ack(through, { status: 2 }))).readStored?.through).toBe(through);
  }
  await socket.close();
  const receipts = await world.live(alice, alice.first, { chats: [{ chatId: chatId(), last: head, full: false }] });
  const receipt = await receipts.hear(({ receipt }) => receipt !== null && Buffer.compare(receipt.account, idBytes(bob.id)) === 0);
  expect(receipt.receipt).toMatchObject({ deliveredThrough: head, readThrough: head });
  await receipts.close();
  sender = await world.acking(alice);
  const back = await world.live(bob);
  expect(delivered(back)).toEqual([]);
  await back.close();
});

test("acks of a connection that another one replaced are ignored", async () => {
  const old = await world.live(bob);
  await old.hear(({ deliver }) => deliver?.seq === head);
  old.socket.pause(); // it does not see yet that it was replaced
  const next = await world.live(bob);
  old.send(ack(head));
  old.send(ack(head, { status: 2 }));
  old.send(ack(max64));
  await next.hear(({ deliver }) => deliver?.seq === head);
  expect((await next.request({ fetch: { chatId: chatId(), from: head, to: head } })).fetched).not.toBeNull();
  expect(next.socket.readyState).toBe(next.socket.OPEN);
  await next.close();
  old.socket.resume();
  expect([4209, 1006]).toContain((await old.closed).code);
  await stillOwed();
});

const states: { name: string; state: () => Partial<hermod.v1.SyncState.$Properties>; code: string }[] = [
  {
    name: "2,001 chats",
    state: () => ({ chats: Array.from({ length: 2_001 }, () => ({ chatId: chatId(), last: 0n })) }),
    code: "bad-request",
  },
  {
    name: "2,001 reads",
    state: () => ({ readPending: Array.from({ length: 2_001 }, () => ({ chatId: chatId(), through: 0n })) }),
    code: "bad-request",
  },
  { name: "a chat of 3 bytes", state: () => ({ chats: [{ chatId: new Uint8Array(3), last: 0n }] }), code: "bad-request" },
];
test.each(states)("a syncState with $name is refused: $code", async ({ state, code }) => {
  const socket = await world.open(bob);
  expect(answerOf(await socket.request({ syncState: { chats: [], readPending: [], more: false, ...state() } }))).toBe(code);
  await socket.close();
});

test.each([1n, 1_000n, (1n << 63n) - 1n - 100n, (1n << 63n) + 1n, max64 - 100n])(
  "a syncState that claims %i beyond the head is told bad-cursor, and what is owed comes",
  async (beyond) => {
    const socket = await world.live(bob, bob.first, { chats: [{ chatId: chatId(), last: head + beyond, full: true }] });
    const { problem } = await socket.hear((frame) => frame.problem?.code === "bad-cursor");
    expect(problem!.chatId).toEqual(chatId());
    await socket.hear(({ deliver }) => deliver?.seq === head);
    await socket.close();
  },
);

test("a chat in which nobody acked anything holds no sync up", async () => {
  const began = performance.now();
  const socket = await world.live(mallory, mallory.first, { chats: [{ chatId: idBytes(foreign.id), last: 0n, full: true }] });
  await socket.hear(({ caughtUp }) => caughtUp !== null);
  expect(performance.now() - began).toBeLessThan(limits.receiptsWaitMs - 500);
  await socket.close();
});

test("a syncState whose read marks lie closes with 4101", async () => {
  const socket = await world.open(bob);
  socket.send({ syncState: { chats: [], readPending: [{ chatId: chatId(), through: 1n << 63n }], more: false } });
  expect((await socket.closed).code).toBe(4101);
  await stillOwed();
});

const ranges: [bigint, bigint][] = [
  [0n, 0n],
  [0n, 5n],
  [2n, 1n],
  [1n, 257n],
  [1n, max64],
  [max64, 1n],
  [max64, 0n],
];
test.each(ranges)("a fetch from %i to %i is refused", async (from, to) => {
  const socket = await world.live(bob);
  expect(answerOf(await socket.request({ fetch: { chatId: chatId(), from, to } }))).toBe("bad-request");
  await socket.close();
});

test.each([
  [1_000n, 1_010n],
  [1n << 62n, (1n << 62n) + 255n],
  [1n << 63n, (1n << 63n) + 255n],
  [max64 - 5n, max64],
])("a fetch beyond the head, from %i to %i, is told bad-cursor", async (from, to) => {
  const socket = await world.live(bob);
  expect(answerOf(await socket.request({ fetch: { chatId: chatId(), from, to } }))).toBe("bad-cursor");
  expect(delivered(socket).filter((seq) => seq > head)).toEqual([]);
  const page = await socket.request({ fetchRoster: { chatId: chatId(), fromSeq: from } });
  expect(page.rosterPage?.entries).toEqual([]);
  await socket.close();
});

test("10,000 conversations in one sync: foreign and unknown ones are named alike, memory stays bounded, then it is live", async () => {
  const before = world.residentBytes();
  const ids = [idBytes(foreign.id), ...Array.from({ length: 9_999 }, (_, n) => bytesOf(`doubted ${String(n)}`))];
  const socket = await world.open(bob);
  for (let page = 0; page < 5; page++) {
    const chats = ids.slice(page * 2_000, (page + 1) * 2_000).map((id, n) => ({ chatId: id, last: BigInt(n), full: n % 2 === 0 }));
    socket.send({ syncState: { chats, readPending: [], more: page < 4 } });
  }
  await socket.hear(({ live }) => live !== null, 20_000);
  const listings = socket.heard.flatMap(({ problem }) => (problem?.code === "not-a-member" ? [problem] : []));
  const named = listings.flatMap(({ chatIds }) => chatIds.map((id) => Buffer.from(id).toString("hex")));
  for (const { chatIds } of listings) expect(chatIds.length).toBeLessThanOrEqual(limits.syncChatsMax);
  expect([named.length, new Set(named)]).toEqual([10_000, new Set(ids.map((id) => Buffer.from(id).toString("hex")))]);
  expect(world.residentBytes() - before).toBeLessThan(96 * 1024 * 1024);
  await socket.hear(({ deliver }) => deliver?.seq === head);
  await socket.close();
  await stillOwed();
}, 30_000);

test("more pages than 20,000 chats are refused, and the session goes on", async () => {
  const socket = await world.open(bob);
  const chats = Array.from({ length: 2_000 }, (_, n) => ({ chatId: bytesOf(`more ${String(n)}`), last: 0n }));
  for (let page = 0; page < 10; page++) socket.send({ syncState: { chats, readPending: [], more: true } });
  expect(answerOf(await socket.request({ syncState: { chats, readPending: [], more: true } }))).toBe("overloaded");
  socket.send({ syncState: { chats: [], readPending: [], more: false } });
  await socket.hear(({ live }) => live !== null, 20_000);
  await socket.close();
}, 30_000);

test("a flood of pages is told when to come again, and one that goes on is closed with 4029", async () => {
  const socket = await world.live(mallory);
  for (let n = 0; n < 400; n++) socket.send({ fetchRoster: { chatId: idBytes(foreign.id), fromSeq: 1n } }, 1_000 + n);
  const { problem } = await socket.hear((frame) => frame.problem?.code === "rate-limited");
  expect(problem!.retryAfterMs).toBeGreaterThan(0);
  expect((await socket.closed).code).toBe(4029);
  const again = await world.live(mallory);
  await again.close();
});

test("refusals that are seconds apart do not add up to a close", async () => {
  const socket = await world.live(mallory);
  const refuse = async (count: number): Promise<void> => {
    for (let n = 0; n < count; n++) await socket.request({ fetch: { chatId: idBytes(foreign.id), from: 0n, to: 0n } });
  };
  await refuse(limits.problemsBeforeClose - 5);
  await new Promise((resolve) => setTimeout(resolve, 1_100)); // the good second is what is tested
  await refuse(limits.problemsBeforeClose - 5);
  expect(socket.socket.readyState).toBe(socket.socket.OPEN);
  await socket.close();
});

test("all the while two bystanders noticed nothing, and memory stayed bounded", () => {
  const { beats, failures, slowestMs, medianMs } = world.pair!.verdict();
  expect(failures).toEqual([]);
  expect(beats).toBeGreaterThan(3);
  expect(medianMs).toBeLessThan(500);
  expect(slowestMs).toBeLessThan(3_000);
  expect(world.grownBytes).toBeLessThan(160 * 1024 * 1024);
});
