import { expect, test } from "vitest";
import { afterFailure, freshBackoff, hinted, nextServer, succeeded, type Backoff } from "../../client/connection/backoff.js";
import { terminalOf } from "../../client/connection/connection.js";
import { limits } from "../../lib/limits.js";
import { seededRand, type Rand } from "../../lib/random.js";
import { afterClose } from "../../protos/close-codes.js";

const highest: Rand = { ...seededRand(1), fraction: () => 0.999_999 };
const lowest: Rand = { ...seededRand(1), fraction: () => 0 };
const one = (failures = 0, hintMs?: number): Backoff => ({ failures, order: ["a"], hintMs });

const delays: { name: string; backoff: Backoff; rand: Rand; delayMs: number }[] = [
  { name: "the first delay is below half a second", backoff: one(0), rand: highest, delayMs: 500 },
  { name: "the ceiling doubles", backoff: one(1), rand: highest, delayMs: 1_000 },
  { name: "and doubles again", backoff: one(4), rand: highest, delayMs: 8_000 },
  { name: "and ends at 20 seconds", backoff: one(6), rand: highest, delayMs: 20_000 },
  { name: "however often it failed", backoff: one(1e6), rand: highest, delayMs: 20_000 },
  { name: "jitter is full: it may be nothing", backoff: one(9), rand: lowest, delayMs: 0 },
  { name: "the server's hint is waited for", backoff: one(0, 3_000), rand: lowest, delayMs: 3_000 },
  { name: "with the shortest jitter behind it", backoff: one(9, 3_000), rand: highest, delayMs: 3_500 },
  {
    name: "a round over all servers counts once",
    backoff: { failures: 2, order: ["a", "b", "c"], hintMs: undefined },
    rand: highest,
    delayMs: 500,
  },
];
test.each(delays)("$name", ({ backoff, rand, delayMs }) => {
  expect(afterFailure(backoff, rand).delayMs).toBe(delayMs);
});

test("a hint is used once, and none silences a client for long", () => {
  const wild = hinted(one(3), 1e12);
  const first = afterFailure(wild, lowest);
  expect(first.delayMs).toBe(limits.reconnectHintMaxMs);
  expect(afterFailure(first.next, lowest).delayMs).toBe(0);
  expect(hinted(one(0), -5).hintMs).toBe(0);
});

test("every server is tried once in each round, in an order that differs between clients", () => {
  const servers = ["a", "b", "c", "d"];
  const orders = new Set<string>();
  for (let seed = 0; seed < 50; seed++) {
    let backoff = freshBackoff(servers, seededRand(seed));
    const tried: string[] = [];
    for (let round = 0; round < 8; round++) {
      tried.push(nextServer(backoff));
      backoff = afterFailure(backoff, lowest).next;
    }
    expect(new Set(tried.slice(0, 4))).toEqual(new Set(servers));
    expect(tried.slice(4)).toEqual(tried.slice(0, 4));
    orders.add(tried.slice(0, 4).join(""));
  }
  expect(orders.size).toBeGreaterThan(5);
});

test("once live, the next failure begins at the shortest delay, at the same server", () => {
  const failed = afterFailure(one(7), highest).next;
  expect(afterFailure(succeeded(failed), highest).delayMs).toBe(500);
});

const closes: { code: number; problem?: string; after: string; terminal?: string }[] = [
  { code: 1000, after: "reconnect" },
  { code: 1006, after: "reconnect" },
  { code: 1006, problem: "revoked", after: "reconnect", terminal: "revoked" },
  { code: 1006, problem: "replaced", after: "reconnect", terminal: "replaced" },
  { code: 1006, problem: "version-not-supported", after: "reconnect", terminal: "outdated" },
  { code: 1006, problem: "rate-limited", after: "reconnect" },
  { code: 4001, after: "reconnect" },
  { code: 4008, after: "reconnect" },
  { code: 4029, after: "reconnect" },
  { code: 4077, after: "reconnect" },
  { code: 4100, after: "refresh" },
  { code: 4155, after: "refresh" },
  { code: 4201, after: "stop", terminal: "revoked" },
  { code: 4203, after: "stop", terminal: "outdated" },
  { code: 4204, after: "stop", terminal: "revoked" },
  { code: 4209, after: "stop", terminal: "replaced" },
  { code: 4250, after: "stop", terminal: "outdated" },
  { code: 4300, after: "reconnect" },
];
test.each(closes)("close $code (problem $problem) means $after, state $terminal", ({ code, problem, after, terminal }) => {
  expect(afterClose(code)).toBe(after);
  expect(terminalOf(code, problem)).toBe(terminal);
});
