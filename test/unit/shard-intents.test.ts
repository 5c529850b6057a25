import { expect, test } from "vitest";
import { ShardIntents } from "../../actors/runtime/intents.js";
import { limits } from "../../lib/limits.js";
import { conversationOf } from "../support/entries.js";
import { VirtualClock } from "../support/virtual-clock.js";

const a = conversationOf("a");
const b = conversationOf("b");
const ownership = { shard: 3, epoch: 5n };

/** Intents over a store whose answers the test gives. */
function world() {
  const clock = new VirtualClock();
  const puts: { slice: number; id: string; answer: (durable: boolean) => void }[] = [];
  const lows: number[] = [];
  const intents = new ShardIntents(
    {
      put: ({ slice }, id) =>
        new Promise((resolve, reject) => {
          const answer = (durable: boolean): void => {
            if (durable) resolve();
            else reject(new Error("the store did not answer"));
          };
          puts.push({ slice, id, answer });
        }),
      saveLow: (_shard, _epoch, slice) => {
        lows.push(slice);
        return Promise.resolve("applied");
      },
    },
    clock,
    () => ownership,
  );
  const durable = (id = a): { is: boolean } => {
    const found = { is: false };
    void intents.issue(id).then(() => (found.is = true));
    return found;
  };
  const pass = (ms = 0): Promise<void> => clock.runUntil(clock.mono() + ms);
  return { intents, puts, lows, durable, pass };
}

test("an intent is durable only when the store has said so, and one that failed is written again in its own slice", async () => {
  const { puts, durable, pass } = world();
  const told = durable();
  puts[0]!.answer(false);
  await pass(limits.sliceOpenMs + 1_000);
  expect(puts.map(({ slice }) => slice)).toEqual([0, 0]);
  expect(told.is).toBe(false);
  puts[1]!.answer(true);
  await pass();
  expect(told.is).toBe(true);
});

test("one that is on its way in a slice that has closed does not stand for the open one", async () => {
  const { puts, durable, pass } = world();
  const first = durable();
  durable(b);
  puts[1]!.answer(true);
  await pass(limits.sliceOpenMs + 1);
  const second = durable();
  puts[0]!.answer(true);
  await pass();
  expect([first.is, second.is]).toEqual([true, false]);
  expect(puts.slice(2).map(({ slice, id }) => ({ slice, id }))).toEqual([{ slice: 1, id: a }]);
  puts[2]!.answer(true);
  await pass();
  expect(second.is).toBe(true);
});

test("one that this slice holds is not written twice", async () => {
  const { intents, puts, durable, pass } = world();
  durable();
  puts[0]!.answer(true);
  await pass();
  intents.clean(a);
  const again = durable();
  await pass();
  expect({ puts: puts.length, again: again.is }).toEqual({ puts: 1, again: true });
});

test("the low-water waits for what is dirty and for all that is recovered, whenever it is written", async () => {
  const { intents, puts, lows, durable, pass } = world();
  intents.recovering(ownership, [b]);
  durable();
  puts[0]!.answer(true);
  await pass(limits.sliceOpenMs + 2 * limits.lowWaterEveryMs);
  expect(lows).toEqual([]);
  intents.clean(b);
  await pass(limits.lowWaterEveryMs);
  expect(lows).toEqual([0]);
  intents.clean(a);
  await pass(limits.lowWaterEveryMs);
  expect(lows).toEqual([0, 1]);
  intents.dirty(a);
  await intents.stop();
  expect(lows).toEqual([0, 1]);
});
