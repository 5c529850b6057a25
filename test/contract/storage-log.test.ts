import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { limits } from "../../lib/limits.js";
import type { Entry } from "../../protos/entry.js";
import { sweep } from "../../storage/sweep.js";
import { openStores } from "../../storage/open.js";
import { verifyStore } from "../../storage/verify.js";
import { bytesOf, conversationOf, deviceOf, genesisAt, linkOf, messageAt } from "../support/entries.js";
import { adapters, openBench, type Bench } from "../support/stores.js";

const conversation = conversationOf("team");
const key = { conversation, bucket: 0n };
const opened = { epoch: 5n, lastSeq: 0n, batch: new Uint8Array(0), fanned: 0n, trimmed: 0n, masked: 0n };
const phone = deviceOf("bob phone");
const all = { entries: 512, bytes: 10_000_000 };

describe.each(adapters)("%s", (adapter) => {
  let bench: Bench;
  const append = (lastSeq: bigint, entries: readonly Entry[], name = `batch ${lastSeq}`, epoch = 5n) =>
    bench.stores.log.append({ conversation, bucket: lastSeq >> 9n }, epoch, lastSeq, bytesOf(name), 0n, entries);

  beforeEach(async () => {
    bench = await openBench(adapter);
    await bench.stores.log.open(key, opened);
  });

  afterEach(async () => {
    await bench.end();
  });

  test("says unsure when the store does not answer, and the batch is recognised afterwards", async () => {
    const never = Array.from({ length: 200 }, () => ({ type: "lost" as const }));
    bench.script.onWrite({ type: "answer-lost" });
    bench.script.onRead(...never);
    expect(await append(0n, [genesisAt()])).toEqual({ type: "unsure", code: "unsure" });
    bench = await bench.reopen();
    expect((await bench.stores.log.probe(key))?.lastSeq).toBe(1n);
    expect(await append(0n, [genesisAt()])).toEqual({ type: "appended" });
    expect(await bench.stores.log.headers(key, 1n, 9n)).toHaveLength(1);
  });

  test("refuses a late arrival once a new activation has fenced", async () => {
    let arrive = (): void => {};
    bench.script.onWrite({ type: "late", until: new Promise((resolve) => (arrive = resolve)) });
    bench.script.onRead(...Array.from({ length: 200 }, () => ({ type: "lost" as const })));
    expect((await append(0n, [genesisAt()])).type).toBe("unsure");
    const next = openStores(bench.kernel, bench.clock);
    expect(await next.log.fence(key, { epoch: 5n, lastSeq: 0n }, 6n)).toBe("applied");
    arrive();
    expect(await next.log.append(key, 6n, 0n, bytesOf("newer"), 0n, [genesisAt(1n, { epoch: 6n })])).toEqual({ type: "appended" });
    await bench.clock.sleep(100);
    expect((await next.log.headers(key, 1n, 9n)).map((header) => header.epoch)).toEqual([6n]);
    expect((await next.log.probe(key))?.batch).toEqual(Buffer.from(bytesOf("newer")));
  });

  test("lets one of two fences win", async () => {
    const outcomes = await Promise.all([6n, 7n].map((epoch) => bench.stores.log.fence(key, { epoch: 5n, lastSeq: 0n }, epoch)));
    expect(outcomes.sort()).toEqual(["applied", "refused"]);
  });

  test("calls a batch appended that landed before a newer owner fenced", async () => {
    await append(0n, [genesisAt()]);
    await bench.stores.log.fence(key, { epoch: 5n, lastSeq: 1n }, 6n);
    expect(await append(0n, [genesisAt()])).toEqual({ type: "appended" });
  });

  test("goes on in the next bucket and never across a boundary", async () => {
    await append(0n, [genesisAt()]);
    for (let last = 1n; last < 512n; last += 64n) {
      const count = last + 64n > 512n ? 512n - last : 64n;
      const entries = Array.from({ length: Number(count) }, (_, index) =>
        messageAt(last + BigInt(index) + 1n, { counter: last + BigInt(index) }, 20),
      );
      expect((await append(last, entries)).type).toBe("appended");
    }
    await expect(bench.stores.log.append(key, 5n, 512n, bytesOf("over"), 0n, [messageAt(513n)])).rejects.toThrow("bucket");
    await bench.stores.log.open({ conversation, bucket: 1n }, { ...opened, lastSeq: 512n });
    expect((await append(512n, [messageAt(513n, { counter: 512n })])).type).toBe("appended");
    expect(await bench.stores.log.headers(key, 500n, 600n)).toHaveLength(13);
    expect(await bench.stores.log.headers({ conversation, bucket: 1n }, 1n, 600n)).toHaveLength(1);
    expect((await verifyStore(bench.kernel, Date.now())).problems).toEqual([]);
  });

  test("holds sequences and epochs near 2⁶³", async () => {
    const lastSeq = 2n ** 63n - 513n;
    const far = { conversation, bucket: lastSeq >> 9n };
    const epoch = 2n ** 64n - 1n;
    await bench.stores.log.open(far, { ...opened, epoch, lastSeq });
    const entry = messageAt(lastSeq + 1n, { epoch, counter: 2n ** 63n });
    expect(await bench.stores.log.append(far, epoch, lastSeq, bytesOf("far"), lastSeq, [entry])).toEqual({ type: "appended" });
    expect(await bench.stores.log.entries(far, 0n, 2n ** 64n - 1n, 5)).toMatchObject([
      { header: { seq: lastSeq + 1n, epoch, counter: 2n ** 63n } },
    ]);
    expect(await bench.stores.logReader.slice(far, phone, 2n ** 63n + 5n, all)).toEqual([]);
  });

  test("shows a device its own body, the shared one, and what is gone", async () => {
    const now = bench.clock.now();
    const own = deviceOf("ann phone");
    await append(0n, [
      genesisAt(),
      messageAt(2n),
      messageAt(3n, { bodyExpiresMs: now + 60_000 }),
      messageAt(4n, { scope: "subset", targets: [phone] }),
    ]);
    const seen = async (device = phone) =>
      (await bench.stores.logReader.slice(key, device, 1n, all)).map((entry) => entry.body?.type ?? entry.gone ?? "header");
    expect(await seen()).toEqual(["signed", "whisper", "whisper", "whisper"]);
    expect(await seen(own)).toEqual(["signed", "header", "header", "header"]);
    expect(await seen(deviceOf("carol phone"))).toEqual(["signed", "header", "header", "header"]);
    await bench.stores.log.trim(key, 5n, 2n);
    bench.clock.skipMs = 120_000;
    expect(await seen()).toEqual(["signed", "trimmed", "expired", "whisper"]);
    expect(await bench.stores.logReader.header(key, 2n)).toMatchObject({ seq: 2n });
    expect(await bench.stores.logReader.slice(key, phone, 2n, { entries: 2, bytes: 1 })).toHaveLength(1);
  });

  test("sweeps what expired and nothing else, in bounded calls", async () => {
    const store = { partitions: bench.kernel, clock: bench.clock };
    const now = bench.clock.now();
    await append(0n, [
      genesisAt(),
      messageAt(2n, { counter: 1n, bodyExpiresMs: now + 60_000 }),
      messageAt(3n, { counter: 2n, bodyExpiresMs: now + 600_000 }),
    ]);
    for (let count = 0; count < 2 * limits.sweepPartitionsMax; count++) {
      await bench.stores.links.open(linkOf(`${count}`), bytesOf("key"), now + (count === 0 ? 600_000 : 60_000));
    }
    await bench.stores.leases.take(1, undefined, "node", "life");
    await bench.stores.leases.saveIntentLow(1, 1n, "life", { epoch: 1n, slice: 2 });
    // Old and done; young; old, but its fan-out may be open: recovery would stop at the gap.
    await bench.stores.intentSlices.put({ shard: 1, epoch: 1n, slice: 0 }, conversation, now - limits.retentionMs - 1);
    await bench.stores.intentSlices.put({ shard: 1, epoch: 1n, slice: 1 }, conversation, now);
    await bench.stores.intentSlices.put({ shard: 1, epoch: 1n, slice: 2 }, conversation, now - limits.retentionMs - 1);
    bench.clock.skipMs = 120_000;
    let calls = 0;
    let after: Uint8Array | undefined;
    do {
      after = await sweep(store, after);
      calls++;
    } while (after !== undefined && calls < 10);
    expect(calls).toBe(3);
    expect((await bench.kernel.names(undefined, 1_000)).map((name) => name[0]).sort()).toEqual(expect.arrayContaining([4, 10, 33]));
    const { partitions, bodies, problems } = await verifyStore(bench.kernel, bench.clock.now());
    expect({ links: partitions.links, intents: partitions.intents, bodies, problems }).toEqual({
      links: 1,
      intents: 2,
      bodies: 3,
      problems: [],
    });
    expect((await bench.stores.log.probe(key))?.lastSeq).toBe(3n);
  });

  test("refuses appends below the disk reserve, and only appends", async () => {
    const full = openStores({ ...methodsOf(bench), hasRoom: () => false }, bench.clock);
    expect(await full.log.append(key, 5n, 0n, bytesOf("b"), 0n, [genesisAt()])).toEqual({ type: "full", code: "storage-full" });
    expect((await full.log.probe(key))?.lastSeq).toBe(0n);
    expect(await full.log.fence(key, { epoch: 5n, lastSeq: 0n }, 6n)).toBe("applied");
    await full.receiptRows.write(conversation, phone, { delivered: 1n, read: 0n, except: [] });
    expect(await full.deviceStates.fence(phone, undefined, 1n)).toBe("applied");
    expect(await full.deviceStates.change(phone, 1n, 0n, { set: [{ conversation, from: 1n }], clear: [] })).toBe("applied");
  });

  test("verify names what does not add up", async () => {
    await append(0n, [genesisAt(), messageAt(2n, { counter: 1n }), messageAt(3n, { counter: 3n, previousControl: 2n, epoch: 0n })]);
    const { problems, problemCount } = await verifyStore(bench.kernel, Date.now());
    expect(problems.join("\n")).toMatch(/seq 3: its epoch is below/);
    expect(problems.join("\n")).toMatch(/seq 3: names 2 as the control entry before/);
    expect(problems.join("\n")).toMatch(/seq 3: counter 3 of .* follows 1/);
    expect(problemCount).toBe(problems.length);
  });
});

function methodsOf({ kernel }: Bench): Bench["kernel"] {
  return {
    write: (partition, work) => kernel.write(partition, work),
    read: (partition, work) => kernel.read(partition, work),
    names: (after, limit) => kernel.names(after, limit),
    hasRoom: () => kernel.hasRoom(),
    close: () => kernel.close(),
  };
}
