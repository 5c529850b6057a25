import { chmod, link, open, readFile, rm, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Rand } from "../../lib/random.js";
import { HermodError } from "../errors.js";
import type { StoreKey } from "./sqlcipher.js";

/** Where a store's key comes from. `file`: 32 random bytes in `key` beside the store, readable by its owner only. */
export type KeySource =
  | { readonly type: "file" }
  | { readonly type: "passphrase"; readonly text: string }
  /** A file that holds a passphrase (HERMOD_PASSPHRASE_FILE); one line break at its end does not belong to it. */
  | { readonly type: "passphrase-file"; readonly path: string };

const keyBytesLength = 32;

/** Reads the key, or makes the key file if the store is new. A key file is whole or absent, and never written over. */
export async function readKey(source: KeySource, dir: string, storePath: string, rand: Rand): Promise<StoreKey> {
  switch (source.type) {
    case "passphrase":
      return passphrase(source.text);
    case "passphrase-file":
      return passphrase((await readFile(source.path, "utf8")).replace(/\r?\n$/, ""));
    case "file":
      return { type: "raw", bytes: await readKeyFile(join(dir, "key"), storePath, rand) };
  }
}

function passphrase(text: string): StoreKey {
  if (text === "" || text.includes("\0"))
    throw new HermodError("store-wrong-key", { message: "the passphrase is empty, or holds a zero byte" });
  return { type: "passphrase", text };
}

async function readKeyFile(path: string, storePath: string, rand: Rand): Promise<Uint8Array> {
  if (!existsSync(path)) {
    if (existsSync(storePath)) throw new HermodError("store-wrong-key", { message: `the store's key is missing: ${path}` });
    await makeKeyFile(path, rand);
  }
  const text = (await readFile(path, "utf8")).trim();
  if (!/^[0-9a-f]{64}$/.test(text)) throw new HermodError("store-wrong-key", { message: `not a key file: ${path}` });
  return new Uint8Array(Buffer.from(text, "hex"));
}

/** Two processes may come here at once: `link` lets one key win, and both read that one. */
async function makeKeyFile(path: string, rand: Rand): Promise<void> {
  const draft = `${path}.${Buffer.from(rand.bytes(8)).toString("hex")}`;
  await writeFile(draft, `${Buffer.from(rand.bytes(keyBytesLength)).toString("hex")}\n`, { mode: 0o600, flag: "wx", flush: true });
  try {
    await chmod(draft, 0o600);
    await link(draft, path);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  } finally {
    await rm(draft, { force: true });
  }
  const parent = await open(join(path, ".."), "r");
  try {
    await parent.sync();
  } finally {
    await parent.close();
  }
}
