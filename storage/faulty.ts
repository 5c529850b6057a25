import { StoreError } from "./errors.js";
import type { Partition, Partitions, ReadRows, Rows } from "./partitions.js";

/** What becomes of one partition's write, whatever its neighbours meet. */
export type WriteFault =
  | { readonly type: "none" }
  /** Never applied; its caller is told that the outcome is unknown. */
  | { readonly type: "lost" }
  /** Applied; its caller is told that the outcome is unknown. */
  | { readonly type: "answer-lost" }
  /** Applied and answered once `until` is over. */
  | { readonly type: "delayed"; readonly until: Promise<void> }
  /** Its caller is told at once that the outcome is unknown; it applies once `until` is over. */
  | { readonly type: "late"; readonly until: Promise<void> };

export type ReadFault = { readonly type: "none" } | { readonly type: "lost" } | { readonly type: "delayed"; readonly until: Promise<void> };

/** Decides fault by fault: a test by its script, the simulator by its seed. */
export interface FaultPolicy {
  write(partition: Partition): WriteFault;
  read(partition: Partition): ReadFault;
}

/** A kernel that meets what a store and the way to it can do to a write. For tests and the simulator. */
export function faultyPartitions(partitions: Partitions, policy: FaultPolicy): Partitions {
  return {
    write: <T>(partition: Partition, work: (rows: Rows) => T) => faultyWrite(partitions, policy.write(partition), partition, work),
    read: <T>(partition: Partition, work: (rows: ReadRows) => T) => faultyRead(partitions, policy.read(partition), partition, work),
    names: (after, limit) => partitions.names(after, limit),
    hasRoom: () => partitions.hasRoom(),
    close: () => partitions.close(),
  };
}

async function faultyWrite<T>(partitions: Partitions, fault: WriteFault, partition: Partition, work: (rows: Rows) => T): Promise<T> {
  switch (fault.type) {
    case "none":
      return partitions.write(partition, work);
    case "lost":
      throw new StoreError("unknown", "the write was lost");
    case "answer-lost":
      await partitions.write(partition, work);
      throw new StoreError("unknown", "the answer was lost");
    case "delayed":
      await fault.until;
      return partitions.write(partition, work);
    case "late":
      // A closed store refuses it then, and nobody waits for it any more.
      fault.until.then(() => partitions.write(partition, work)).catch(() => undefined);
      throw new StoreError("unknown", "the write is still on its way");
  }
}

async function faultyRead<T>(partitions: Partitions, fault: ReadFault, partition: Partition, work: (rows: ReadRows) => T): Promise<T> {
  if (fault.type === "lost") throw new StoreError("unknown", "the read was lost");
  if (fault.type === "delayed") await fault.until;
  return partitions.read(partition, work);
}
