import { afterAll, beforeAll, expect, test } from "vitest";
import { idBytes } from "../../lib/ids.js";
import type { Person } from "../support/account-maker.js";
import type { RawSocket } from "../support/raw-device.js";
import { bodyFor, keepAcking, WireChat, WireWorld } from "../support/wire-world.js";

const noAckCloseMs = 1_500;
const mebibyte = 1024 * 1024;

let world: WireWorld;
let [alice, bob] = [] as Person[] as [Person, Person];
let sender: RawSocket;
let chat: WireChat;
let counter = 0n;
const seqs: bigint[] = [];

beforeAll(async () => {
  world = await WireWorld.start({ noAckCloseMs });
  alice = await world.person("alice");
  bob = await world.person("bob");
  sender = await world.acking(alice);
  chat = await WireChat.create(sender, alice, bob);
});
afterAll(async () => {
  await world.stop();
});

async function say(count: number, bytes: number): Promise<void> {
  for (let n = 0; n < count; n++) {
    counter += 1n;
    const envelope = chat.send(counter, [bob.first.id], { bodies: [bodyFor(bob.first.id, bytes)] });
    const { serverAck, problem } = await sender.request({ sendMessage: { envelope } });
    expect(problem).toBeNull();
    seqs.push(serverAck!.seq);
  }
}
const slowConsumers = () => world.metric('hermod_edge_closed_total{reason="slow-consumer"}');
const delivered = (socket: RawSocket): bigint[] => {
  const all = socket.heard.flatMap(({ deliver }) =>
    deliver && Buffer.compare(deliver.chatId, idBytes(chat.id)) === 0 ? [deliver.seq] : [],
  );
  return [...new Set(all)];
};

async function comesBackAndReadsAll(): Promise<void> {
  const back = await world.open(bob);
  keepAcking(back);
  back.send({ syncState: { chats: [{ chatId: idBytes(chat.id), last: 0n, full: true }], readPending: [], more: false } });
  await back.hear(({ deliver }) => deliver?.seq === seqs.at(-1), 15_000);
  expect(delivered(back).filter((seq) => seq > 1n)).toEqual(seqs);
  await back.close();
}

test("a client that never acks is closed with 4008 when its time is over, and finds everything on return", async () => {
  const before = await slowConsumers();
  const silent = await world.live(bob);
  const began = performance.now();
  await say(100, 500);
  expect((await silent.closed).code).toBe(4008);
  const tookMs = performance.now() - began;
  expect(tookMs).toBeGreaterThan(noAckCloseMs - 200);
  expect(tookMs).toBeLessThan(noAckCloseMs + 3_000);
  expect(delivered(silent).length).toBeLessThanOrEqual(65); // the window, and what came first
  expect(await slowConsumers()).toBe(before + 1);
  expect(world.server.output).toContain("slow consumer closed");
  await comesBackAndReadsAll();
});

test("a client that acks only the first entry again and again is closed all the same", async () => {
  const stubborn = await world.live(bob);
  const timer = setInterval(() => {
    stubborn.send({ messageAck: { chatId: idBytes(chat.id), through: 1n, status: 1, except: [] } });
  }, 100);
  await say(5, 500);
  expect((await stubborn.closed).code).toBe(4008);
  clearInterval(timer);
  await comesBackAndReadsAll();
});

test("a client that never reads gets no more than a window, is closed, and finds everything on return", async () => {
  const before = [await slowConsumers(), world.residentBytes()] as const;
  const deaf = await world.live(bob);
  deaf.socket.pause();
  await say(200, 64 * 1024);
  const deadline = performance.now() + 10_000;
  while ((await slowConsumers()) === before[0] && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 50));
  expect(await slowConsumers()).toBe(before[0] + 1);
  // 12.5 MiB were sent to it. What is held is the conversation's own bound of open bodies, not the socket's.
  expect(world.residentBytes() - before[1]).toBeLessThan(64 * mebibyte);
  deaf.socket.resume();
  expect([4008, 1006]).toContain((await deaf.closed).code);
  expect(delivered(deaf).length).toBeLessThanOrEqual(65);
  await comesBackAndReadsAll();
}, 30_000);

test("a client that asks for megabytes and never reads is closed before they pile up", async () => {
  const before = world.residentBytes();
  const greedy = await world.live(bob);
  greedy.socket.pause();
  const closed = world.metric('hermod_edge_closed_total{reason="slow-consumer"}');
  // Up to 512 KiB of answer for 30 bytes of question: the large entries of the test before.
  const [from, to] = [seqs.at(-16)!, seqs.at(-1)!];
  let most = 0;
  const connections = await world.metric("hermod_edge_connections");
  const deadline = performance.now() + 15_000;
  let gone = false;
  while (!gone && performance.now() < deadline) {
    for (let n = 0; n < 20; n++) greedy.send({ fetch: { chatId: idBytes(chat.id), from, to } }, n + 1);
    await new Promise((resolve) => setTimeout(resolve, 20));
    most = Math.max(most, world.residentBytes());
    gone = (await world.metric("hermod_edge_connections")) < connections;
  }
  expect(gone).toBe(true);
  expect(most - before).toBeLessThan(160 * mebibyte); // garbage of answers that were made and dropped; what the socket holds is 1 MiB
  expect(await world.metric('hermod_edge_closed_total{reason="slow-consumer"}')).toBeGreaterThan(await closed);
  greedy.socket.terminate();
  await greedy.closed;
  await comesBackAndReadsAll();
}, 30_000);

test("all the while two bystanders noticed nothing, and memory stayed bounded", () => {
  const { beats, failures, slowestMs, medianMs } = world.pair!.verdict();
  expect(failures).toEqual([]);
  expect(beats).toBeGreaterThan(3);
  expect(medianMs).toBeLessThan(500);
  expect(slowestMs).toBeLessThan(3_000);
  expect(world.grownBytes).toBeLessThan(192 * mebibyte);
});
