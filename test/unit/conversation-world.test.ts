import { expect, test } from "vitest";
import { World, calm, type WorldAccount } from "../support/conversation-world.js";
import { violations } from "../support/world-checks.js";
import type { ConversationId } from "../../lib/ids.js";

const seeds = Array.from({ length: Number(process.env.SEEDS ?? 40) }, (_, index) => Number(process.env.FROM ?? 1) + index);

function create(world: World, name: string, members: readonly WorldAccount[]): ConversationId {
  const genesis = world.genesisOf(name, members);
  const id = genesis.conversation;
  world.conversations.push(id);
  const creator = members[0]!;
  let there = false;
  const again = (): void => {
    if (there) return;
    world.ask(
      id,
      (requestId) => ({
        type: "create",
        from: { gateway: "g", socket: 1, requestId, account: creator.id, device: creator.devices[0]! },
        genesis,
      }),
      (answer) => {
        if (answer.type === "frame" && answer.frame.serverAck) there = true;
      },
    );
    world.clock.timer(1_000, again);
  };
  again();
  return id;
}

test.each(seeds)("crashes, pauses, lost mail and a doubtful store break nothing, seed %i", async (seed) => {
  const world = new World(seed);
  const { rand, clock } = world;
  const ann = world.addAccount("ann", ["phone", "laptop"]);
  const bob = world.addAccount("bob", ["phone"]);
  const cem = world.addAccount("cem", ["phone"]);
  const chats = [
    create(world, "ann and bob", [ann, bob]),
    create(world, "team", [ann, bob, cem]),
    create(world, "bob and cem", [bob, cem]),
  ];
  world.setFaults({
    loss: rand.fraction() * 0.3,
    duplicate: rand.fraction() * 0.3,
    networkMs: 40,
    stale: rand.fraction() * 0.4,
    store: {
      delayMs: 10 + rand.fraction() * 150,
      lostAnswer: rand.fraction() * 0.15,
      dropped: rand.fraction() * 0.1,
      late: rand.fraction() * 0.15,
      lateMs: 9_000,
      readFails: rand.fraction() * 0.05,
    },
  });
  const devices = [...world.devices.values()];
  for (let n = 0; n < 90; n++) {
    const device = devices[rand.below(devices.length)]!;
    const chat = chats[rand.below(chats.length)]!;
    const account = world.accounts.get(device.account)!;
    const member = (chat === chats[0] && account !== cem) || chat === chats[1] || (chat === chats[2] && account !== ann);
    if (!member) continue;
    clock.timer(rand.fraction() * 12_000, () => {
      device.send(chat, `m${n}`);
    });
  }
  for (let at = 500; at < 14_000; at += 200 + rand.fraction() * 1_800) {
    clock.timer(at, () => {
      const draw = rand.fraction();
      if (draw < 0.3) world.crash();
      else if (draw < 0.5) {
        const paused = world.owner;
        paused.pause();
        clock.timer(100 + rand.fraction() * 800, () => {
          world.takeOver();
        });
        clock.timer(1_000 + rand.fraction() * 6_000, () => {
          paused.resume();
          clock.timer(rand.fraction() * 1_500, () => {
            if (paused !== world.owner) paused.killed = true;
          });
        });
      } else if (draw < 0.65) world.takeOver();
      else if (draw < 0.8) for (const chat of chats) world.owner.say(chat, { type: "passivate" });
      else {
        const device = devices[rand.below(devices.length)]!;
        device.offline = !device.offline;
      }
    });
  }
  clock.timer(3_000 + rand.fraction() * 5_000, () => {
    world.link(bob, "laptop");
  });
  await clock.runUntil(16_000);
  world.setFaults(calm);
  for (const host of world.hosts) host.resume();
  for (const device of world.devices.values()) device.offline = false;
  await clock.runUntil(76_000, () => [...world.devices.values()].every((device) => device.done));
  await clock.runUntil(clock.mono() + 15_000);
  for (const device of world.devices.values()) for (const chat of chats) await device.drain(chat);
  expect(await violations(world)).toEqual([]);
});
