import { limits } from "../lib/limits.js";
import type { Lease, Leases } from "./ports.js";

/** A shard that this node owns, as it was taken. */
export interface OwnedShard {
  readonly shard: number;
  readonly epoch: bigint;
  readonly intentLow: Lease["intentLow"];
}

export class LeaseLost extends Error {
  constructor(shard: number) {
    super(`the lease of shard ${String(shard)} could not be taken`);
  }
}

/**
 * Takes every shard for a node that runs alone: epoch + 1 each, whoever held it before. Allowed without a fence of the former owner only
 * because the data directory's lock proves that there is none. Each lease is its own write; the store commits them together.
 */
export async function takeAllShards(leases: Leases, owner: string, incarnation: string): Promise<readonly OwnedShard[]> {
  const take = async (shard: number): Promise<OwnedShard> => {
    for (let attempt = 0; attempt < 5; attempt++) {
      const held = await leases.read(shard);
      if (held?.owner === owner && held.incarnation === incarnation && held.state === "held") {
        return { shard, epoch: held.epoch, intentLow: held.intentLow };
      }
      // Refused and unsure alike: what counts is what the next read says.
      await leases.take(shard, held, owner, incarnation);
    }
    throw new LeaseLost(shard);
  };
  return Promise.all(Array.from({ length: limits.shards }, (_, shard) => take(shard)));
}
