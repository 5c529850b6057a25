import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock, type Clock } from "../../lib/clock.js";
import { faultyPartitions, type FaultPolicy, type ReadFault, type WriteFault } from "../../storage/faulty.js";
import { openLmdbPartitions } from "../../storage/lmdb/open.js";
import { MemoryDisk, memoryPartitions } from "../../storage/memory/kernel.js";
import { openStores, type Stores } from "../../storage/open.js";
import type { Partition, Partitions } from "../../storage/partitions.js";

/** A clock that runs ten times as fast, so that five seconds of doubt are half a second of a test. */
export function hastyClock(): Clock & { skipMs: number } {
  const real = systemClock(true);
  return {
    skipMs: 0,
    now() {
      return real.now() + this.skipMs;
    },
    mono: () => real.mono() * 10,
    timer: (ms, fire) => real.timer(ms / 10, fire),
    sleep: (ms, signal) => real.sleep(ms / 10, signal),
  };
}

/** Faults that a test puts on a partition; the next call there meets them, one each. */
export class Script implements FaultPolicy {
  private readonly writes: WriteFault[] = [];
  private readonly reads: ReadFault[] = [];
  /** Only partitions for which this holds meet faults. */
  concerns: (partition: Partition) => boolean = () => true;

  onWrite(...faults: WriteFault[]): void {
    this.writes.push(...faults);
  }

  onRead(...faults: ReadFault[]): void {
    this.reads.push(...faults);
  }

  write(partition: Partition): WriteFault {
    return (this.concerns(partition) ? this.writes.shift() : undefined) ?? { type: "none" };
  }

  read(partition: Partition): ReadFault {
    return (this.concerns(partition) ? this.reads.shift() : undefined) ?? { type: "none" };
  }
}

export const adapters = ["memory", "lmdb"] as const;
export type Adapter = (typeof adapters)[number];

/** A store under test: the ports, the script of its faults, and its kernel without them. */
export interface Bench {
  readonly stores: Stores;
  readonly kernel: Partitions;
  readonly script: Script;
  readonly clock: ReturnType<typeof hastyClock>;
  /** Closes it and opens the same data again. */
  reopen(): Promise<Bench>;
  end(): Promise<void>;
}

export async function openBench(adapter: Adapter): Promise<Bench> {
  if (adapter === "memory") return memoryBench(new MemoryDisk());
  const directory = mkdtempSync(join(tmpdir(), "hermod-store-"));
  return lmdbBench(directory);
}

function memoryBench(disk: MemoryDisk): Bench {
  const kernel = memoryPartitions(disk);
  return bench(
    kernel,
    async () => memoryBench(disk),
    async () => {},
  );
}

async function lmdbBench(directory: string): Promise<Bench> {
  const onFatal = (cause: unknown): void => {
    throw cause instanceof Error ? cause : new Error(String(cause));
  };
  const kernel = await openLmdbPartitions(directory, { clock: systemClock(), reserve: { bytesMin: 0, share: 0 }, onFatal });
  const removed = async (): Promise<void> => {
    rmSync(directory, { recursive: true });
  };
  return bench(kernel, () => lmdbBench(directory), removed);
}

function bench(kernel: Partitions, again: () => Promise<Bench>, removed: () => Promise<void>): Bench {
  const script = new Script();
  const clock = hastyClock();
  const stores = openStores(faultyPartitions(kernel, script), clock);
  return {
    stores,
    kernel,
    script,
    clock,
    reopen: async () => {
      await stores.close();
      return again();
    },
    end: async () => {
      await stores.close();
      await removed();
    },
  };
}
