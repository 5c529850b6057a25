import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { systemClock } from "../../lib/clock.js";
import { idOf, type ConversationId } from "../../lib/ids.js";
import { StoreError } from "../../storage/errors.js";
import { checkFormat } from "../../storage/format.js";
import { partitionOf, rowKey } from "../../storage/keys.js";
import { diskRoom } from "../../storage/lmdb/disk.js";
import { lockDirectory } from "../../storage/lmdb/lock.js";
import { openLmdbPartitions } from "../../storage/lmdb/open.js";
import { openStores } from "../../storage/open.js";
import type { Partition, Partitions, ReadRows, Rows } from "../../storage/partitions.js";
import { verifyStore } from "../../storage/verify.js";
import { accountOf, bytesOf, conversationOf, deviceOf, genesisAt } from "../support/entries.js";
import { adapters, openBench, type Bench } from "../support/stores.js";

const clock = systemClock(false);
const onFatal = (cause: unknown): never => expect.fail(String(cause));
const driver = fileURLToPath(new URL("../support/storage-driver.mjs", import.meta.url));
const value = Buffer.from("value");
const some = partitionOf("log", Buffer.from("some"));
const row = rowKey(1);

describe.each(adapters)("%s", (adapter) => {
  let bench: Bench;

  beforeEach(async () => {
    bench = await openBench(adapter);
  });

  afterEach(async () => {
    await bench.end();
  });

  test("keeps partitions apart whose names begin alike", async () => {
    const names = ["", "a", "ab", "b", "a\u0001"].map((name) => partitionOf("log", Buffer.from(name)));
    for (const name of names) await bench.kernel.write(name, (rows) => rows.put(Buffer.from("b"), Buffer.from(name)));
    for (const name of names) {
      const [only, ...others] = await bench.kernel.read(name, (rows) => rows.range(Uint8Array.of(0), Uint8Array.of(255), 100));
      expect(Buffer.from(only!.value)).toEqual(Buffer.from(name));
      expect(others).toEqual([]);
    }
    await bench.kernel.write(names[0]!, (rows) => rows.removeRange(Uint8Array.of(0), Uint8Array.of(255)));
    const left = (await bench.kernel.names(undefined, 100)).filter((name) => name[0] === names[0]![0]);
    expect(left.map((name) => Buffer.from(name).toString("hex")).sort()).toEqual(
      names
        .slice(1)
        .map((name) => Buffer.from(name).toString("hex"))
        .sort(),
    );
  });

  test("names partitions in order and in pages", async () => {
    const wanted: string[] = [];
    for (let count = 0; count < 25; count++) {
      const name = partitionOf("handles", Buffer.from(`h${count}`));
      wanted.push(Buffer.from(name).toString());
      await bench.kernel.write(name, (rows) => rows.put(row, value));
    }
    const found: string[] = [];
    let after: Partition | undefined = partitionOf("handles");
    for (let page = await bench.kernel.names(after, 4); page.length > 0; page = await bench.kernel.names(after, 4)) {
      expect(page.length).toBeLessThanOrEqual(4);
      found.push(...page.map((name) => Buffer.from(name).toString()));
      after = page.at(-1);
    }
    expect(found.sort()).toEqual(wanted.sort());
  });

  test("writes nothing of a work that throws, and its neighbours in the same commit do not notice", async () => {
    const other = partitionOf("log", Buffer.from("other"));
    const [failed, fine] = await Promise.allSettled([
      bench.kernel.write(some, (rows) => {
        rows.put(row, value);
        throw new Error("changed its mind");
      }),
      bench.kernel.write(other, (rows) => rows.put(row, value)),
    ]);
    expect([failed.status, fine.status]).toEqual(["rejected", "fulfilled"]);
    expect(await bench.kernel.read(some, (rows) => rows.get(row))).toBeUndefined();
    expect(await bench.kernel.read(other, (rows) => rows.get(row))).toEqual(value);
  });

  test("meets each partition's fault on its own: a neighbour's lost write touches nobody else", async () => {
    const lost = conversationOf("lost");
    bench.script.concerns = (partition) => Buffer.from(partition).includes(Buffer.from(bytesOf("conversation lost")));
    bench.script.onWrite(...Array.from({ length: 500 }, () => ({ type: "lost" as const })));
    bench.script.onRead(...Array.from({ length: 500 }, () => ({ type: "lost" as const })));
    const names = ["one", "two", "three"].map(conversationOf);
    const outcomes = await Promise.all([lost, ...names].map((conversation) => begin(bench.stores, conversation)));
    expect(outcomes).toEqual(["unsure", "appended", "appended", "appended"]);
  });

  test("gives later writes of one partition what earlier ones of the same commit left", async () => {
    const count = (rows: Rows): number => {
      const next = (rows.get(row)?.[0] ?? 0) + 1;
      rows.put(row, Uint8Array.of(next));
      return next;
    };
    const counted = await Promise.all(Array.from({ length: 100 }, () => bench.kernel.write(some, count)));
    expect(counted).toEqual(Array.from({ length: 100 }, (_, index) => index + 1));
  });

  test("answers what was under way when it is closed, and refuses what comes after", async () => {
    const pending = Array.from({ length: 50 }, (_, index) =>
      bench.kernel.write(partitionOf("log", Buffer.from(`${index}`)), (rows) => rows.put(row, value)),
    );
    await bench.kernel.close();
    await Promise.all(pending);
    await expect(bench.kernel.write(some, () => 1)).rejects.toMatchObject({ code: "stopped" });
    await expect(bench.kernel.read(some, () => 1)).rejects.toMatchObject({ code: "stopped" });
    bench = await bench.reopen();
    expect(await bench.kernel.read(partitionOf("log", Buffer.from("49")), (rows) => rows.get(row))).toEqual(value);
  });

  test("refuses data of a newer format", async () => {
    await checkFormat(bench.kernel);
    await bench.kernel.write(partitionOf("format"), (rows) => rows.put(rowKey(0), Uint8Array.of(1, 8, 2)));
    await expect(checkFormat(bench.kernel)).rejects.toMatchObject({ code: "update-needed" });
  });
});

test("every port call asks for one partition, and touches rows of that one alone", async () => {
  const bench = await openBench("memory");
  const asked: string[] = [];
  const stores = openStores(spied(bench.kernel, asked), clock);
  const conversation = conversationOf("team");
  const key = { conversation, bucket: 0n };
  const device = deviceOf("ann phone");
  const account = accountOf("ann");
  const calls: (() => Promise<unknown>)[] = [
    () => begin(stores, conversation),
    () => stores.log.trim(key, 1n, 1n),
    () => stores.logReader.slice(key, device, 1n, { entries: 9, bytes: 9_999 }),
    () => stores.conversationStates.write(conversation, 0n, 1n, value),
    () => stores.receiptRows.write(conversation, device, { delivered: 1n, read: 1n, except: [] }),
    () => stores.receipts.read(conversation),
    () => stores.deviceStates.fence(device, undefined, 1n),
    () => stores.deviceStates.change(device, 1n, 0n, { set: [{ conversation, from: 1n }], clear: [], revoked: true }),
    () => stores.accounts.fence(account, undefined, 1n),
    () => stores.accounts.change(account, 1n, 0n, { conversations: [{ conversation, told: 1, joinedMs: 1, activeMs: 1 }] }),
    () => stores.handles.claim("ann", account),
    () => stores.handles.release("ann", account),
    () => stores.invites.create("welcome", 1),
    () => stores.invites.use("welcome", account),
    () => stores.prekeys.put(account, device, "ec", [{ id: 1, key: value, signature: value }], 1),
    () => stores.prekeys.claim(account, device, "ec", 1),
    () => stores.prekeys.drop(account, device),
    () => stores.workList.add(1, account),
    () => stores.leases.take(1, undefined, "node", "one"),
    () => stores.intentSlices.put({ shard: 1, epoch: 1n, slice: 0 }, conversation, 1),
  ];
  for (const call of calls) {
    asked.length = 0;
    await call();
    expect(asked.length).toBeGreaterThan(0);
    expect(new Set(asked).size).toBe(1);
  }
});

test("a directory belongs to one process, and says to which", async () => {
  const directory = mkdtempSync(join(tmpdir(), "hermod-lock-"));
  const child = await started("hold", directory);
  await expect(openLmdbPartitions(directory, { clock, onFatal })).rejects.toMatchObject({
    code: "store-in-use",
    message: expect.stringContaining(`process ${child.pid}`),
  });
  await ended(child);
  const again = await openLmdbPartitions(directory, { clock, onFatal });
  for (const name of ["store.mdb", "store.mdb-lock"]) expect(statSync(join(directory, name)).mode & 0o777).toBe(0o600);
  await again.close();
  rmSync(directory, { recursive: true });
});

test("a new directory is its owner's alone, and a second open in this process is refused too", async () => {
  const directory = join(mkdtempSync(join(tmpdir(), "hermod-lock-")), "data");
  const first = await openLmdbPartitions(directory, { clock, onFatal });
  expect(statSync(directory).mode & 0o777).toBe(0o700);
  await expect(openLmdbPartitions(directory, { clock, onFatal })).rejects.toBeInstanceOf(StoreError);
  await first.close();
  rmSync(directory, { recursive: true });
});

test("elsewhere than on Linux a file is the lock, and a dead holder's is taken over", async () => {
  const directory = mkdtempSync(join(tmpdir(), "hermod-lock-"));
  const lock = await lockDirectory(directory, "darwin");
  await expect(lockDirectory(directory, "darwin")).rejects.toMatchObject({ code: "store-in-use" });
  await lock.release();
  const child = spawn(process.execPath, ["-e", ""]);
  await once(child, "exit");
  writeFileSync(join(directory, "pid"), String(child.pid));
  await (await lockDirectory(directory, "darwin")).release();
  rmSync(directory, { recursive: true });
});

test("has room only above the reserve, by what the disk said lately", () => {
  expect(diskRoom(tmpdir(), { bytesMin: 0, share: 0 }, clock)()).toBe(true);
  expect(diskRoom(tmpdir(), { bytesMin: Number.MAX_SAFE_INTEGER, share: 0 }, clock)()).toBe(false);
  expect(diskRoom(tmpdir(), { bytesMin: 0, share: 1 }, clock)()).toBe(false);
});

test("keeps everything acknowledged when its process is ended by SIGKILL", { timeout: 60_000 }, async () => {
  const directory = mkdtempSync(join(tmpdir(), "hermod-kill-"));
  const child = await started("append", directory, "0");
  const acked = await acknowledged(child, 400);
  const stores = openStores(await openLmdbPartitions(directory, { clock, onFatal }), clock);
  expect(acked.size).toBe(20);
  for (const [caller, last] of acked) {
    const conversation = idOf<ConversationId>(new Uint8Array(16).fill(caller));
    const found = await stores.log.entries({ conversation, bucket: (last - 1n) >> 9n }, last, last, 1);
    expect(found.map((entry) => [entry.header.seq, entry.bodies[0]?.bytes.length])).toEqual([[last, 300]]);
  }
  const { problems } = await verifyStore(stores.partitions, Date.now());
  expect(problems).toEqual([]);
  await stores.close();
  rmSync(directory, { recursive: true });
});

/** Opens a log and appends its genesis. */
async function begin(stores: ReturnType<typeof openStores>, conversation: ConversationId): Promise<string> {
  const key = { conversation, bucket: 0n };
  const opened = { epoch: 1n, lastSeq: 0n, batch: new Uint8Array(0), fanned: 0n, trimmed: 0n, masked: 0n };
  if ((await stores.log.open(key, opened)) !== "applied") return "unsure";
  return (await stores.log.append(key, 1n, 0n, bytesOf("genesis"), 0n, [genesisAt()])).type;
}

/** Notes which partition each call asks for, and ends the test when rows are used after the work has returned. */
function spied(kernel: Partitions, asked: string[]): Partitions {
  const note = <R extends ReadRows, T>(partition: Partition, work: (rows: R) => T) => {
    asked.push(Buffer.from(partition).toString("hex"));
    return (rows: R): T => {
      const result = work(rows);
      expect(result).not.toBeInstanceOf(Promise);
      return result;
    };
  };
  return {
    write: (partition, work) => kernel.write(partition, note(partition, work)),
    read: (partition, work) => kernel.read(partition, note(partition, work)),
    names: (after, limit) => kernel.names(after, limit),
    hasRoom: () => true,
    close: () => kernel.close(),
  };
}

async function started(...args: string[]): Promise<ChildProcess> {
  const child = spawn(process.execPath, [driver, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  await once(child.stdout, "readable");
  return child;
}

async function ended(child: ChildProcess): Promise<void> {
  const exit = once(child, "exit");
  child.kill("SIGKILL");
  expect((await exit)[1]).toBe("SIGKILL");
}

/** Ends the child after so many acknowledgements; the highest sequence that each caller saw. */
async function acknowledged(child: ChildProcess, count: number): Promise<Map<number, bigint>> {
  let text = "";
  child.stdout!.setEncoding("utf8");
  for await (const part of child.stdout!) {
    text += String(part);
    if (!child.killed && text.split("\n").length > count) child.kill("SIGKILL");
  }
  const acked = new Map<number, bigint>();
  for (const line of text.split("\n").slice(0, -1)) {
    const [caller, last] = line.split(" ");
    if (last !== undefined) acked.set(Number(caller), BigInt(last));
  }
  return acked;
}
