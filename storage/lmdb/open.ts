import { open } from "lmdb";
import { chmodSync, mkdirSync, realpathSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "../../lib/clock.js";
import { checkFormat } from "../format.js";
import type { Partitions } from "../partitions.js";
import { diskRoom, usualReserve, type DiskReserve } from "./disk.js";
import { databaseOptions, LmdbPartitions } from "./kernel.js";
import { lockDirectory } from "./lock.js";
import type { Database } from "./rows.js";

export interface LmdbStoreOptions {
  readonly clock: Clock;
  readonly reserve?: DiskReserve;
  /** The store failed for good; the process has to stop. */
  readonly onFatal: (cause: unknown) => void;
  /** After each commit: how many writes shared it, and how long it took until it was on disk. */
  readonly onCommit?: (writes: number, seconds: number) => void;
}

/** The data files in a directory: `store.mdb` and LMDB's own lock file beside it, readable by their owner alone. */
const fileName = "store.mdb";

/** Opens or creates the store of a directory for this process alone. Throws StoreError `store-in-use` or `update-needed`. */
export async function openLmdbPartitions(directory: string, options: LmdbStoreOptions): Promise<Partitions> {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const realPath = realpathSync(directory);
  const lock = await lockDirectory(realPath);
  try {
    const path = join(realPath, fileName);
    const database: Database = open<Buffer, Buffer>({ path, ...databaseOptions });
    for (const file of [path, `${path}-lock`]) chmodSync(file, 0o600);
    const hasRoom = diskRoom(realPath, options.reserve ?? usualReserve, options.clock);
    const partitions = new Locked(database, { ...options, hasRoom }, () => lock.release());
    try {
      await checkFormat(partitions);
    } catch (error) {
      await partitions.close();
      throw error;
    }
    return partitions;
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/** Gives the directory back when it is closed. */
class Locked extends LmdbPartitions {
  private readonly release: () => Promise<void>;

  constructor(database: Database, options: ConstructorParameters<typeof LmdbPartitions>[1], release: () => Promise<void>) {
    super(database, options);
    this.release = release;
  }

  override async close(): Promise<void> {
    await super.close();
    await this.release();
  }
}
