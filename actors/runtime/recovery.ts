import type { Clock } from "../../lib/clock.js";
import type { AccountId, ConversationId } from "../../lib/ids.js";
import { limits } from "../../lib/limits.js";
import type { Ownership, Router } from "../ports.js";

/** What recovery reads. Slices of one epoch are dense: the first empty one is behind the last. */
export interface RecoveryStore {
  /** Where the low-water of this shard stood when it was taken. */
  lowOf(shard: number): { readonly epoch: bigint; readonly slice: number };
  intents(slice: { readonly shard: number; readonly epoch: bigint; readonly slice: number }): Promise<readonly ConversationId[]>;
  work(shard: number): Promise<readonly AccountId[]>;
}

/** Reads what earlier epochs of a shard left open: conversations with possibly unfinished fan-out, oldest first, and accounts with work. */
export async function leftOpen(
  store: RecoveryStore,
  ownership: Ownership,
): Promise<{ readonly conversations: readonly ConversationId[]; readonly accounts: readonly AccountId[] }> {
  const conversations = new Set<ConversationId>();
  const low = store.lowOf(ownership.shard);
  for (let epoch = low.epoch; epoch < ownership.epoch; epoch++) {
    for (let slice = epoch === low.epoch ? low.slice : 0; ; slice++) {
      const found = await store.intents({ shard: ownership.shard, epoch, slice });
      if (found.length === 0) break;
      for (const conversation of found) conversations.add(conversation);
    }
  }
  return { conversations: [...conversations], accounts: await store.work(ownership.shard) };
}

/** Wakes what was left open, at most 200 a second, so that a restart does not become a herd. */
export async function wakeLeftOpen(
  router: Router,
  clock: Clock,
  conversations: readonly ConversationId[],
  accounts: readonly AccountId[],
  signal: AbortSignal,
): Promise<void> {
  let told = 0;
  const pause = async (): Promise<void> => {
    if (++told % 20 === 0) await clock.sleep((20 * 1_000) / limits.recoverPerSecond, signal);
  };
  for (const id of accounts) {
    if (signal.aborted) return;
    router.tell({ kind: "account", id, message: { type: "resume-work" } });
    await pause();
  }
  for (const id of conversations) {
    if (signal.aborted) return;
    router.tell({ kind: "conversation", id, message: { type: "recover" } });
    await pause();
  }
}
