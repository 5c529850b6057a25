import { expect, test } from "vitest";
import { DeviceWorld } from "../support/device-world.js";
import type { Kind, ToyConversation } from "../support/toy-conversation.js";

/** Seeds that found something once; the world has grown since, so only the newest still take the same path. */
const regressions = [1229, 1470, 1477, 1642, 1824, 3278, 5381, 5678, 30057];
const fresh = Array.from({ length: Number(process.env.DEVICE_SEEDS ?? 60) }, (_, index) => index + Number(process.env.DEVICE_FROM ?? 1));

const seeds = process.env.DEVICE_SEEDS === undefined ? [...regressions, ...fresh] : fresh;

/** Arbitrary interleavings of everything that happens to a device, then calm, then a judgement. */
async function live(seed: number): Promise<DeviceWorld> {
  const world = new DeviceWorld(seed);
  const { rand, client } = world;
  const chats: ToyConversation[] = [];
  for (let count = 0; count < 3; count++) chats.push(await world.conversation(`c${count}`, [0, 0, 508][count]));
  world.loss = rand.fraction() * 0.3;
  client.ackMs = rand.fraction() < 0.3 ? 3_000 : 20;
  client.readsToo = rand.fraction() < 0.5;
  if (rand.fraction() < 0.7) {
    const worst = rand.fraction() * 0.25;
    world.doubtful.faults = {
      delayMs: rand.below(60),
      lostAnswer: worst,
      dropped: worst / 2,
      late: worst / 2,
      lateMs: 4_000,
      readFails: worst,
    };
  }
  const steps = 60 + rand.below(120);
  for (let step = 0; step < steps; step++) {
    await happen(world, chats);
    await world.run(rand.fraction() < 0.15 ? rand.fraction() * 4_000 : rand.fraction() * 60);
    await world.checkAccepted(`step ${step}`);
  }
  world.calmDown();
  client.silent = false;
  client.ackMs = 10;
  if (client.ref === undefined) client.connect();
  const quiet = (): boolean =>
    client.live && chats.every((chat) => chat.openCount === 0 && client.last(chat.id) >= (chat.held.at(-1) ?? 0n));
  await world.run(60_000, quiet);
  await world.run(30_000);
  await world.checkAccepted("at the end");
  return world;
}

const kinds: readonly Kind[] = ["message", "message", "message", "message", "message", "own", "for-others", "quiet", "big"];

async function happen(world: DeviceWorld, chats: readonly ToyConversation[]): Promise<void> {
  const { rand, client } = world;
  const chat = chats[rand.below(chats.length)]!;
  const draw = rand.below(100);
  if (draw < 55) for (let count = rand.below(6); count >= 0; count--) await chat.append(kinds[rand.below(kinds.length)]!);
  else if (draw < 57) await chat.append(chat.belongs ? "remove" : "add");
  else if (draw < 60) for (let count = 0; count < 70; count++) await chat.append("message");
  else if (draw < 72) {
    const named = chats.map(({ id }) => ({ conversation: id, last: client.last(id), full: rand.below(4) === 0 })).slice(rand.below(4));
    if (client.ref === undefined || rand.below(3) === 0) client.connect(named, rand.below(3) === 0 ? 3_000 : 2);
  } else if (draw < 80) client.disconnect(rand.below(4) !== 0);
  else if (draw < 86) {
    world.crash();
    if (rand.below(2) === 0) client.reattach(rand.below(2) === 0);
    else client.disconnect(false);
  } else if (draw < 89) world.say({ type: rand.below(4) === 0 ? "drain" : "passivate" });
  else if (draw < 92) chat.restart();
  else if (draw < 95) client.silent = rand.below(2) === 0;
  else if (draw < 96) client.ghost();
  else if (draw < 97) client.fetch(chat.id, 1n + BigInt(rand.below(40)), 50n);
  else if (draw < 98) await outage(world);
  else await world.run(rand.fraction() * 12_000);
}

/** The store answers nobody for longer than an adapter tries: writes end unsure, and some of them have applied. */
async function outage(world: DeviceWorld): Promise<void> {
  const { faults } = world.doubtful;
  world.doubtful.faults = { ...faults, lostAnswer: 0.3, dropped: 0.7, late: 0, readFails: 1 };
  await world.run(6_000);
  world.doubtful.faults = faults;
}

test.each(seeds)("every sequence exactly once, in order, nothing lost, seed %i", async (seed) => {
  const world = await live(seed);
  const { client } = world;
  expect(world.problems.slice(0, 5)).toEqual([]);
  for (const chat of world.conversations.values()) {
    expect({ chat: chat.name, open: chat.openCount }).toEqual({ chat: chat.name, open: 0 });
    const heldLoud = chat.held.filter((seq) => chat.accepted.has(seq));
    const missing = heldLoud.filter((seq) => seq > client.last(chat.id));
    expect({ chat: chat.name, missing }).toEqual({ chat: chat.name, missing: [] });
  }
  for (const chat of world.conversations.values()) {
    const highest = [...chat.accepted].reduce((a, b) => (a > b ? a : b), 0n);
    const untold = chat.told.delivered < highest;
    expect({ chat: chat.name, untold }).toEqual({ chat: chat.name, untold: false });
  }
  expect(client.closes).not.toContain(4101);
  expect([...(await world.marks())]).toEqual([]);
});
