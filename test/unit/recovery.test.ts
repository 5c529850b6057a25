import { expect, test } from "vitest";
import { ShardIntents } from "../../actors/runtime/intents.js";
import { recoverShards } from "../../bin/recovery.js";
import type { Logger } from "../../bin/log.js";
import type { ConversationId } from "../../lib/ids.js";
import { limits } from "../../lib/limits.js";
import type { Mail } from "../../protos/messages.js";
import { openMemory } from "../../storage/open.js";
import { accountOf, conversationOf } from "../support/entries.js";
import { VirtualClock } from "../support/virtual-clock.js";

const a = conversationOf("a");
const b = conversationOf("b");
const c = conversationOf("c");
const passed = conversationOf("passed");
const ann = accountOf("ann");
const log = { error: () => undefined, info: () => undefined } as unknown as Logger;

/** Two earlier epochs left intents in three slices, the first of which the low-water has passed, and an account has work. */
async function leftBehind(readsThatFail = 0) {
  const clock = new VirtualClock();
  const stores = openMemory(clock);
  const told: string[] = [];
  const lows: number[] = [];
  const put = (epoch: bigint, slice: number, id: ConversationId): Promise<void> =>
    stores.intentSlices.put({ shard: 0, epoch, slice }, id, 1);
  await put(1n, 0, passed);
  await put(1n, 1, a);
  await put(1n, 2, b);
  await put(2n, 0, b);
  await put(2n, 0, c);
  await stores.workList.add(0, ann);
  const saveLow = (_shard: number, _epoch: bigint, slice: number): Promise<"applied"> => {
    lows.push(slice);
    return Promise.resolve("applied");
  };
  const intents = new ShardIntents({ put: () => Promise.resolve(), saveLow }, clock, () => ({ shard: 0, epoch: 3n }));
  const router = { tell: ({ id, message }: Mail) => told.push(`${message.type} ${id}`) };
  const list = stores.intentSlices.list.bind(stores.intentSlices);
  stores.intentSlices.list = (slice) => (readsThatFail-- > 0 ? Promise.reject(new Error("no answer")) : list(slice));
  const taken = [{ shard: 0, epoch: 3n, intentLow: { epoch: 1n, slice: 1 } }];
  const stop = new AbortController();
  void recoverShards(stores, intents, router, clock, taken, stop.signal, log);
  return { clock, told, lows, intents, stop };
}

test("wakes what any earlier epoch left open, each once, and the low-water waits for all of it", async () => {
  const { clock, told, lows, intents } = await leftBehind();
  await clock.runUntil(1_000);
  expect(told).toEqual([`resume-work ${ann}`, `recover ${a}`, `recover ${b}`, `recover ${c}`]);
  for (const id of [a, b]) intents.clean(id);
  await clock.runUntil(3 * limits.lowWaterEveryMs);
  expect(lows).toEqual([]);
  intents.clean(c);
  await clock.runUntil(5 * limits.lowWaterEveryMs);
  expect(lows).toEqual([0]);
});

test("a shard that the store did not read is tried again, not left to the next start", async () => {
  const { clock, told, lows } = await leftBehind(2);
  await clock.runUntil(1_000);
  expect(told).toEqual([]);
  await clock.runUntil(4 * limits.redeliverMaxMs);
  expect(told).toHaveLength(4);
  expect(lows).toEqual([]);
});
