import fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { systemClock } from "../../lib/clock.js";
import { point, setPointSink } from "../../lib/point.js";
import { seededRand, systemRand } from "../../lib/random.js";
import { fullBucket, take } from "../../lib/token-bucket.js";

test("mulberry32 gives its known numbers, so a seed means the same in every build", () => {
  const rand = seededRand(1);
  const numbers = Array.from({ length: 3 }, () => rand.fraction() * 2 ** 32);
  expect(numbers).toEqual(reference(1, 3));
  expect(seededRand(1).fraction()).not.toBe(seededRand(2).fraction());
});

/** mulberry32 as its author published it. */
function reference(seed: number, count: number): number[] {
  let a = seed;
  return Array.from({ length: count }, () => {
    a |= 0;
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return (t ^ (t >>> 14)) >>> 0;
  });
}

test.each([
  { name: "the host's", rand: systemRand() },
  { name: "a seeded one", rand: seededRand(7) },
])("randomness of $name keeps its ranges and fills them", ({ rand }) => {
  const seen = new Set<number>();
  for (let index = 0; index < 500; index++) {
    const fraction = rand.fraction();
    expect(fraction >= 0 && fraction < 1).toBe(true);
    const drawn = rand.below(5);
    expect(Number.isInteger(drawn) && drawn >= 0 && drawn < 5).toBe(true);
    seen.add(drawn);
  }
  expect(seen.size).toBe(5);
  expect(rand.bytes(33).length).toBe(33);
  expect(Buffer.from(rand.bytes(16)).equals(Buffer.from(rand.bytes(16)))).toBe(false);
});

beforeEach(() => vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
afterEach(() => {
  vi.useRealTimers();
  setPointSink(undefined);
});

test("a timer fires once, after its time and not at once", () => {
  const fired = vi.fn();
  systemClock().timer(50, fired);
  systemClock().timer(-5, fired);
  expect(fired).toHaveBeenCalledTimes(0);
  vi.advanceTimersByTime(49);
  expect(fired).toHaveBeenCalledTimes(1);
  vi.advanceTimersByTime(1_000);
  expect(fired).toHaveBeenCalledTimes(2);
});

test("a wait that is longer than the host can count is still waited for, and can be cancelled on its way", () => {
  const [fired, never] = [vi.fn(), vi.fn()];
  const days = 86_400_000;
  systemClock().timer(60 * days, fired);
  const cancelled = systemClock().timer(60 * days, never);
  vi.advanceTimersByTime(59 * days);
  expect(fired).not.toHaveBeenCalled();
  cancelled.cancel();
  vi.advanceTimersByTime(2 * days);
  expect(fired).toHaveBeenCalledTimes(1);
  expect(never).not.toHaveBeenCalled();
});

test("a sleep ends at its time, or at once when its signal is aborted, before or during", async () => {
  const clock = systemClock();
  const abort = new AbortController();
  const ends: string[] = [];
  const all = [
    clock.sleep(100).then(() => ends.push("slept")),
    clock.sleep(1_000_000, abort.signal).then(() => ends.push("aborted")),
    clock.sleep(1_000_000, AbortSignal.abort()).then(() => ends.push("aborted before")),
  ];
  await all[2];
  expect(ends).toEqual(["aborted before"]);
  abort.abort();
  await all[1];
  vi.advanceTimersByTime(100);
  await all[0];
  expect(ends).toEqual(["aborted before", "aborted", "slept"]);
  expect(vi.getTimerCount()).toBe(0);
});

test("the clocks go", () => {
  const clock = systemClock();
  expect(Math.abs(clock.now() - Date.now())).toBeLessThan(1_000);
  expect(clock.mono()).toBeLessThanOrEqual(clock.mono());
});

test("a crash point says its name to the sink, and to nobody without one", () => {
  const names: string[] = [];
  point("unheard");
  setPointSink((name) => names.push(name));
  point("heard");
  setPointSink(undefined);
  point("unheard again");
  expect(names).toEqual(["heard"]);
});

const rule = { size: 5, perSecond: 10 };

test("a bucket gives its burst, then one token per refill", () => {
  const bucket = fullBucket(rule, 0);
  expect(Array.from({ length: 6 }, () => take(bucket, rule, 0))).toEqual([0, 0, 0, 0, 0, 100]);
  expect(take(bucket, rule, 40)).toBe(60);
  expect([take(bucket, rule, 100), take(bucket, rule, 100)]).toEqual([0, 100]);
});

test("a bucket takes all or none", () => {
  const bucket = fullBucket(rule, 0);
  expect(take(bucket, rule, 0, 3)).toBe(0);
  expect(take(bucket, rule, 0, 3)).toBe(100);
  expect(take(bucket, rule, 0, 2)).toBe(0);
});

test("a bucket never gives more than its burst and its refill, and keeps its word about when", () => {
  const step = fc.record({ afterMs: fc.integer({ min: -50, max: 400 }), tokens: fc.integer({ min: 1, max: 5 }) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const bucket = fullBucket(rule, 0);
      let [now, latest, taken] = [0, 0, 0];
      for (const { afterMs, tokens } of steps) {
        now = Math.max(0, now + afterMs);
        latest = Math.max(latest, now);
        const waitMs = take(bucket, rule, now, tokens);
        if (waitMs === 0) taken += tokens;
        else expect(take({ ...bucket }, rule, Math.max(latest, now) + waitMs + 1, tokens)).toBe(0);
        expect(taken).toBeLessThanOrEqual(rule.size + (latest / 1_000) * rule.perSecond + 1e-6);
      }
    }),
  );
});
