import { mkdir, open, readFile, realpath, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import type { Rand } from "../../lib/random.js";
import { HermodError, hasCode } from "../errors.js";
import { readKey, type KeySource } from "./key-file.js";
import { openKeyedStore } from "./keyed-store.js";
import type { Store } from "./ports.js";
import { openSqlcipherEngine } from "./sqlcipher.js";

export interface StoreOptions {
  readonly dir: string;
  readonly key?: KeySource;
  readonly rand: Rand;
}

/** Who has a store open. For the message only: the lock itself is the operating system's, on the database file. */
interface Holder {
  readonly pid: number;
  readonly command: string;
}

/**
 * Opens the durable store in `dir`, or makes it. One process holds it until `close`, or until it ends in whatever way.
 *
 * @throws HermodError `store-in-use`, naming the process that has it; `store-wrong-key`; `update-needed` for a newer format
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  await mkdir(options.dir, { recursive: true, mode: 0o700 });
  const dir = await realpath(options.dir);
  const path = join(dir, "store.db");
  const key = await readKey(options.key ?? { type: "file" }, dir, path, options.rand);
  // SQLite gives the files that it adds the permissions of this one.
  await (await open(path, "a", 0o600)).close();
  const holderPath = join(dir, "holder");
  const store = await opened(path, key, holderPath);
  // No more of the command line than that: what follows may be a message or a passphrase.
  const command = [basename(process.argv[1] ?? process.execPath), ...process.argv.slice(2, 3)].join(" ");
  const holder: Holder = { pid: process.pid, command };
  await writeFile(holderPath, JSON.stringify(holder), { mode: 0o600 });
  return store;
}

async function opened(path: string, key: Awaited<ReturnType<typeof readKey>>, holderPath: string): Promise<Store> {
  try {
    return openKeyedStore(openSqlcipherEngine(path, key));
  } catch (error) {
    if (!hasCode(error, "store-in-use")) throw error;
    const holder = await readHolder(holderPath);
    const who = holder === undefined ? "another process" : `process ${holder.pid} (${holder.command})`;
    throw new HermodError("store-in-use", { message: `${who} holds this store: ${path}`, cause: error });
  }
}

async function readHolder(path: string): Promise<Holder | undefined> {
  try {
    const value = JSON.parse(await readFile(path, "utf8")) as Partial<Holder>;
    if (typeof value.pid !== "number" || typeof value.command !== "string") return undefined;
    process.kill(value.pid, 0); // throws if there is no such process: the file is of an earlier holder
    return { pid: value.pid, command: value.command };
  } catch {
    return undefined; // no such file yet, half of one, an old one: the message does without
  }
}
