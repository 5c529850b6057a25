import { chmodSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { HermodError } from "../../client/errors.js";
import type { KeySource } from "../../client/store/key-file.js";
import { openStore } from "../../client/store/open.js";
import { type Store, valueKey } from "../../client/store/ports.js";
import { systemRand } from "../../lib/random.js";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "hermod-files-"));
});
afterEach(() => {
  rmSync(dir, { recursive: true, force: true });
});

const secret = valueKey<string>("secret");
const plaintext = "nobody reads this in a file";
const open = (key?: KeySource, at = dir): Promise<Store> => openStore({ dir: at, rand: systemRand(), ...(key ? { key } : {}) });

async function written(key?: KeySource): Promise<void> {
  const store = await open(key);
  store.transact((tx) => {
    tx.values.put(secret, plaintext);
  });
  store.close();
}

async function read(key?: KeySource): Promise<string | undefined> {
  const store = await open(key);
  try {
    return store.values.get(secret);
  } finally {
    store.close();
  }
}

test("the key is 32 random bytes that only the owner may read, and stays the same", async () => {
  await written();
  const key = readFileSync(join(dir, "key"), "utf8");
  expect(key).toMatch(/^[0-9a-f]{64}\n$/);
  expect(statSync(join(dir, "key")).mode & 0o777).toBe(0o600);
  expect(await read()).toBe(plaintext);
  expect(readFileSync(join(dir, "key"), "utf8")).toBe(key);
  expect(readdirSync(dir).filter((name) => name.startsWith("key"))).toEqual(["key"]);
});

test("no file holds a plaintext", async () => {
  const store = await open();
  store.transact((tx) => {
    tx.values.put(secret, plaintext);
  });
  for (const name of readdirSync(dir)) {
    expect(readFileSync(join(dir, name)).includes(plaintext.slice(0, 8))).toBe(false);
    expect([name, statSync(join(dir, name)).mode & 0o777]).toEqual([name, 0o600]);
  }
  store.close();
  for (const name of readdirSync(dir)) expect(readFileSync(join(dir, name)).includes(plaintext.slice(0, 8))).toBe(false);
});

test("a passphrase opens it, from a text or a file, with any characters", async () => {
  const phrase = `it's "quoted"; žlutý -- 🐴`;
  await written({ type: "passphrase", text: phrase });
  writeFileSync(join(dir, "phrase"), `${phrase}\n`);
  expect(await read({ type: "passphrase-file", path: join(dir, "phrase") })).toBe(plaintext);
  expect(readdirSync(dir)).not.toContain("key");
  for (const text of ["it's", "", "a\0b"])
    await expect(open({ type: "passphrase", text })).rejects.toMatchObject({ code: "store-wrong-key" });
});

test.each([
  { name: "another key", spoil: () => writeFileSync(join(dir, "key"), "ab".repeat(32)) },
  { name: "half a key", spoil: () => writeFileSync(join(dir, "key"), "ab".repeat(7)) },
  { name: "no key", spoil: () => rmSync(join(dir, "key")) },
])("with $name it says so, and harms nothing", async ({ spoil }) => {
  await written();
  const key = readFileSync(join(dir, "key"));
  spoil();
  await expect(open()).rejects.toMatchObject({ code: "store-wrong-key" });
  writeFileSync(join(dir, "key"), key);
  expect(await read()).toBe(plaintext);
});

test("who comes second hears who is first; who comes after the end gets it, whatever the holder file says", async () => {
  const first = await open();
  await expect(open()).rejects.toMatchObject({ code: "store-in-use", message: expect.stringContaining(`process ${process.pid} (`) });
  writeFileSync(join(dir, "holder"), "half a fi");
  await expect(open()).rejects.toMatchObject({ code: "store-in-use", message: expect.stringContaining("another process") });
  writeFileSync(join(dir, "holder"), JSON.stringify({ pid: 2 ** 22 + 1, command: "gone" }));
  await expect(open()).rejects.toMatchObject({ code: "store-in-use", message: expect.stringContaining("another process") });
  first.close();
  writeFileSync(join(dir, "holder"), JSON.stringify({ pid: process.pid, command: "me" }));
  (await open()).close();
});

test("of two that make a store at once one gets it, and both mean one key", async () => {
  const outcomes = await Promise.allSettled([open(), open(), open()]);
  const stores = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
  const refusals = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [(outcome.reason as HermodError).code] : []));
  expect([stores.length, refusals]).toEqual([1, ["store-in-use", "store-in-use"]]);
  stores[0]!.transact((tx) => {
    tx.values.put(secret, plaintext);
  });
  stores[0]!.close();
  expect(await read()).toBe(plaintext);
});

test("its folder is made, and belongs to the owner alone", async () => {
  const inner = join(dir, "new", "one");
  (await open(undefined, inner)).close();
  expect(statSync(inner).mode & 0o777).toBe(0o700);
  chmodSync(inner, 0o700);
});
