import type { ConversationId } from "../lib/ids.js";

/** What became of a conditional write on a lease (as in actors/ports.ts; folders do not import each other). */
export type LeaseOutcome = "applied" | "refused" | "unsure";

export interface Lease {
  readonly epoch: bigint;
  readonly owner: string;
  readonly incarnation: string;
  readonly state: "held" | "released";
  /** First (epoch, slice) of intents that may still be open. */
  readonly intentLow: { readonly epoch: bigint; readonly slice: number };
}

/** The right to a shard, one partition per shard. No clock ends it. */
export interface Leases {
  read(shard: number): Promise<Lease | undefined>;
  /** Takes epoch + 1 for me, IF the lease is still `expected` (undefined: IF NOT EXISTS). */
  take(shard: number, expected: Lease | undefined, owner: string, incarnation: string): Promise<LeaseOutcome>;
  /** IF epoch and incarnation are mine and it is held. */
  saveIntentLow(shard: number, epoch: bigint, incarnation: string, low: Lease["intentLow"]): Promise<LeaseOutcome>;
}

/** Notes that a conversation has fan-out to finish: ((shard, epoch, slice), conversation). Plain, idempotent; resolve = durable. */
export interface IntentSlices {
  put(slice: SliceKey, conversation: ConversationId, issuedMs: number): Promise<void>;
  list(slice: SliceKey): Promise<readonly ConversationId[]>;
}

export interface SliceKey {
  readonly shard: number;
  readonly epoch: bigint;
  readonly slice: number;
}

/** Written once at creation; a mismatch refuses to boot. */
export interface ClusterConfig {
  readonly format: number;
  readonly shards: number;
  /** 32 random bytes: frank tags, dummy credential checks. */
  readonly serverKey: Uint8Array;
}

export interface ClusterConfigs {
  /** What is stored, or `fresh` stored now. */
  readOrCreate(fresh: ClusterConfig): Promise<ClusterConfig>;
}
