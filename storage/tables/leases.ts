import type { Lease, LeaseOutcome, Leases } from "../../cluster/ports.js";
import { hermod } from "../../protos/gen/hermod.js";
import { partitionOf, rowKey, uint32 } from "../keys.js";
import type { Partition, ReadRows, Rows } from "../partitions.js";
import { decodeRecord, encodeRecord } from "../records/codec.js";
import { readSerially, settle, type Store } from "../settle.js";

const { LeaseRecord } = hermod.v1;
const leaseRow = rowKey(0);

/** The right to each shard; no clock ends it. */
export class LeasesTable implements Leases {
  private readonly store: Store;

  constructor(store: Store) {
    this.store = store;
  }

  read(shard: number): Promise<Lease | undefined> {
    return readSerially(this.store, leasePartition(shard), readLease);
  }

  take(shard: number, expected: Lease | undefined, owner: string, incarnation: string): Promise<LeaseOutcome> {
    const epoch = (expected?.epoch ?? 0n) + 1n;
    return settle(
      this.store,
      leasePartition(shard),
      (rows) => {
        const lease = readLease(rows);
        if (!isStill(lease, expected)) return false;
        // The low-water is the stored one: it may have moved since the lease was read.
        const intentLow = lease?.intentLow ?? { epoch, slice: 0 };
        writeLease(rows, { epoch, owner, incarnation, state: "held", intentLow });
        return true;
      },
      (rows) => {
        const lease = readLease(rows);
        if (lease?.epoch === epoch && lease.owner === owner && lease.incarnation === incarnation) return "applied";
        return isStill(lease, expected) ? "again" : "refused";
      },
    );
  }

  saveIntentLow(shard: number, epoch: bigint, incarnation: string, low: Lease["intentLow"]): Promise<LeaseOutcome> {
    return settle(
      this.store,
      leasePartition(shard),
      (rows) => {
        const lease = readLease(rows);
        if (lease === undefined || !isMine(lease, epoch, incarnation)) return false;
        writeLease(rows, { ...lease, intentLow: low });
        return true;
      },
      (rows) => {
        const lease = readLease(rows);
        if (lease === undefined || !isMine(lease, epoch, incarnation)) return "refused";
        return lease.intentLow.epoch === low.epoch && lease.intentLow.slice === low.slice ? "applied" : "again";
      },
    );
  }
}

function isStill(lease: Lease | undefined, expected: Lease | undefined): boolean {
  return (["epoch", "owner", "incarnation", "state"] as const).every((field) => lease?.[field] === expected?.[field]);
}

function isMine(lease: Lease, epoch: bigint, incarnation: string): boolean {
  return lease.epoch === epoch && lease.incarnation === incarnation && lease.state === "held";
}

function leasePartition(shard: number): Partition {
  return partitionOf("leases", uint32(shard));
}

export function readLease(rows: ReadRows): Lease | undefined {
  const value = rows.get(leaseRow);
  if (value === undefined) return undefined;
  const { epoch, owner, incarnation, state, intentLowEpoch, intentLowSlice } = decodeRecord(LeaseRecord, value);
  return { epoch, owner, incarnation, state: state as Lease["state"], intentLow: { epoch: intentLowEpoch, slice: intentLowSlice } };
}

function writeLease(rows: Rows, { epoch, owner, incarnation, state, intentLow }: Lease): void {
  const low = { intentLowEpoch: intentLow.epoch, intentLowSlice: intentLow.slice };
  rows.put(leaseRow, encodeRecord(LeaseRecord, { epoch, owner, incarnation, state, ...low }));
}
