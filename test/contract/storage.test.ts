import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { WriteFault } from "../../storage/faulty.js";
import { ann, bob, conversation, operations, phone, prekeys } from "../support/storage-operations.js";
import { adapters, openBench, type Bench } from "../support/stores.js";

// Every port on every kernel, under each fault that one partition's write can meet: the outcome is the same, and it is told once.
const faults = ["none", "lost", "answer-lost", "delayed", "late"] as const;
type FaultName = (typeof faults)[number];

function faultOf(name: FaultName, until: Promise<void>): WriteFault {
  return name === "delayed" || name === "late" ? { type: name, until } : { type: name };
}

describe.each(adapters)("%s", (adapter) => {
  let bench: Bench;

  beforeEach(async () => {
    bench = await openBench(adapter);
  });

  afterEach(async () => {
    await bench.end();
  });

  describe.each(faults)("its write meets: %s", (name) => {
    test.each(operations)("$name", async ({ before, act, outcome, look, then }) => {
      await before?.(bench.stores);
      const until = bench.clock.sleep(100);
      bench.script.onWrite(faultOf(name, until));
      expect(plain(await act(bench.stores))).toEqual(plain(outcome));
      await until;
      expect(plain(await look(bench.stores))).toEqual(plain(then));
    });
  });

  test("keeps everything when it is closed and opened again", async () => {
    for (const { before, act } of operations) {
      await before?.(bench.stores);
      await act(bench.stores);
    }
    const before = await dump(bench);
    bench = await bench.reopen();
    expect(before.length).toBeGreaterThan(10);
    expect(await dump(bench)).toEqual(before);
  });

  test("hands a prekey out once, and never when the store did not say", async () => {
    await bench.stores.prekeys.put(ann, phone, "ec", prekeys, 1);
    bench.script.onWrite({ type: "answer-lost" });
    expect(await bench.stores.prekeys.claim(ann, phone, "ec", 1)).toBe("unsure");
    expect(await bench.stores.prekeys.claim(ann, phone, "ec", 1)).toBe("refused");
    const claims = await Promise.all([1, 2, 3, 4].map(() => bench.stores.prekeys.claim(ann, phone, "ec", 2)));
    expect(claims.sort()).toEqual(["applied", "refused", "refused", "refused"]);
  });

  test("keeps plain notes: work lists and intents", async () => {
    const slice = { shard: 3, epoch: 2n ** 40n, slice: 1 };
    await Promise.all([bench.stores.workList.add(7, ann), bench.stores.workList.add(7, bob), bench.stores.workList.add(8, bob)]);
    await bench.stores.workList.remove(7, bob);
    await bench.stores.intentSlices.put(slice, conversation, 1);
    expect(await bench.stores.workList.list(7)).toEqual([ann]);
    expect(await bench.stores.intentSlices.list(slice)).toEqual([conversation]);
    expect(await bench.stores.intentSlices.list({ ...slice, slice: 0 })).toEqual([]);
    bench.script.onWrite({ type: "lost" });
    await expect(bench.stores.workList.add(7, bob)).rejects.toMatchObject({ code: "unknown" });
  });
});

/** All rows of a store, as texts. */
async function dump({ kernel }: Bench): Promise<string[]> {
  const rows: string[] = [];
  for (const name of await kernel.names(undefined, 10_000)) {
    const own = await kernel.read(name, (there) => there.range(Uint8Array.of(0), Uint8Array.of(255, 255), 10_000));
    for (const { key: row, value } of own) rows.push([name, row, value].map((part) => Buffer.from(part).toString("hex")).join(" "));
  }
  return rows;
}

/** Bytes as one kind of array, so that Buffers equal Uint8Arrays. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString("hex");
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof Map) return new Map([...value].map(([one, other]) => [one, plain(other)]));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, part]) => part !== undefined)
      .map(([name, part]) => [name, plain(part)]),
  );
}
