import type { ShardIntents } from "../actors/runtime/intents.js";
import type { Router } from "../actors/ports.js";
import { leftOpen, wakeLeftOpen, type RecoveryStore } from "../actors/runtime/recovery.js";
import type { OwnedShard } from "../cluster/ownership.js";
import type { Clock } from "../lib/clock.js";
import { limits } from "../lib/limits.js";
import type { Stores } from "../storage/open.js";
import type { Logger } from "./log.js";

/** Finds what earlier lives of this node left open, tells the low-water to wait for it, and wakes it at a bounded rate. */
export async function recoverShards(
  stores: Stores,
  intents: ShardIntents,
  router: Router,
  clock: Clock,
  taken: readonly OwnedShard[],
  signal: AbortSignal,
  log: Logger,
): Promise<void> {
  const lows = new Map(taken.map(({ shard, intentLow }) => [shard, intentLow]));
  const store: RecoveryStore = {
    lowOf: (shard) => lows.get(shard)!,
    intents: (slice) => stores.intentSlices.list(slice),
    work: (shard) => stores.workList.list(shard),
  };
  let found = 0;
  let left = taken;
  while (left.length > 0) {
    const failed: OwnedShard[] = [];
    for (const ownership of left) {
      if (signal.aborted) return;
      try {
        const { conversations, accounts } = await leftOpen(store, ownership);
        intents.recovering(ownership, conversations);
        found += conversations.length + accounts.length;
        await wakeLeftOpen(router, clock, conversations, accounts, signal);
      } catch (error) {
        // Entries that were acknowledged may wait there for their devices: tried until it works. Its low-water stays where it is.
        log.error({ shard: ownership.shard, error: String(error) }, "a shard could not be recovered");
        failed.push(ownership);
      }
    }
    left = failed;
    if (left.length > 0) await clock.sleep(limits.redeliverMaxMs, signal);
  }
  if (found > 0) log.info({ found }, "recovered what earlier runs left open");
}
