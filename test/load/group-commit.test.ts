import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { systemClock } from "../../lib/clock.js";
import { openLmdb, type Stores } from "../../storage/open.js";
import { bytesOf, conversationOf, messageAt } from "../support/entries.js";

// What group commit gives, on the machine's own disk: `npm test -- load group-commit`.
const clock = systemClock(false);
let directory: string;
let stores: Stores;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "hermod-load-"));
  stores = await openLmdb(directory, { clock, onFatal: (cause) => expect.fail(String(cause)) });
});

afterAll(async () => {
  await stores.close();
  rmSync(directory, { recursive: true });
});

/** Appends one after another, one entry each, crossing buckets as an owner does. */
async function caller(name: string, appends: number): Promise<void> {
  const conversation = conversationOf(name);
  const empty = { epoch: 1n, batch: new Uint8Array(16), fanned: 0n, trimmed: 0n, masked: 0n };
  for (let last = 0n; last < BigInt(appends); last++) {
    const key = { conversation, bucket: last >> 9n };
    if (last % 512n === 0n) expect(await stores.log.open(key, { ...empty, lastSeq: last })).toBe("applied");
    const outcome = await stores.log.append(key, 1n, last, bytesOf(`${name} ${last}`), last, [messageAt(last + 1n)]);
    expect(outcome.type).toBe("appended");
  }
}

test.each([
  { callers: 1, appends: 2_000 },
  { callers: 100, appends: 600 },
  { callers: 500, appends: 200 },
])("$callers callers append durably", { timeout: 120_000 }, async ({ callers, appends }) => {
  await caller(`warm ${callers}`, 50);
  const begun = clock.mono();
  const cpu = process.cpuUsage();
  await Promise.all(Array.from({ length: callers }, (_, index) => caller(`${callers} ${index}`, appends)));
  const seconds = (clock.mono() - begun) / 1_000;
  const { user, system } = process.cpuUsage(cpu);
  const each = (user + system) / (callers * appends);
  const rate = Math.round((callers * appends) / seconds);
  console.log(`${callers} callers: ${rate} appends/s, ${((seconds * 1_000) / appends).toFixed(3)} ms each, ${each.toFixed(1)} µs of CPU`);
});
