import type { Clock, Timer } from "../../lib/clock.js";
import type { ConversationId } from "../../lib/ids.js";
import { limits } from "../../lib/limits.js";
import { point } from "../../lib/point.js";
import type { Intents } from "../conversation/ports.js";
import type { Ownership } from "../ports.js";
import { confirmed, createSlices, isDurable, issue, lowWater, turnSlice, type Slices } from "./slices.js";

/** What intents are written to; a part of cluster/ports.ts, named here because actors do not import cluster/. */
export interface IntentStore {
  put(
    slice: { readonly shard: number; readonly epoch: bigint; readonly slice: number },
    conversation: ConversationId,
    issuedMs: number,
  ): Promise<void>;
  saveLow(shard: number, epoch: bigint, slice: number): Promise<"applied" | "refused" | "unsure">;
}

/** Fan-out intents of all shards that this node owns (cluster.md §6, rule 7). */
export class ShardIntents implements Intents {
  readonly #store: IntentStore;
  readonly #clock: Clock;
  readonly #ownershipOf: (conversation: ConversationId) => Ownership | undefined;
  readonly #shards = new Map<number, Slices>();
  readonly #underWay = new Map<string, Promise<void>>();
  readonly #saved = new Map<number, number>();
  #timer: Timer | undefined;
  #stopped = false;

  constructor(store: IntentStore, clock: Clock, ownershipOf: (conversation: ConversationId) => Ownership | undefined) {
    this.#store = store;
    this.#clock = clock;
    this.#ownershipOf = ownershipOf;
    this.#arm();
  }

  issue(conversation: ConversationId): Promise<void> {
    const ownership = this.#ownershipOf(conversation);
    if (ownership === undefined) return Promise.reject(new Error("the shard is not ours"));
    const slices = this.#slicesOf(ownership);
    turnSlice(slices, this.#clock.mono());
    slices.dirty.add(conversation);
    if (isDurable(slices, conversation)) return Promise.resolve();
    const waiting = this.#underWay.get(conversation);
    if (waiting !== undefined) return waiting.then(() => this.issue(conversation));
    if (slices.issued.get(slices.present)!.size === 0) point("server.slice-opened");
    const slice = issue(slices, conversation);
    const written = this.#write(ownership, slices, slice, conversation).finally(() => this.#underWay.delete(conversation));
    this.#underWay.set(conversation, written);
    return written;
  }

  clean(conversation: ConversationId): void {
    const slices = this.#of(conversation);
    slices?.dirty.delete(conversation);
    slices?.recovering.delete(conversation);
  }

  dirty(conversation: ConversationId): void {
    this.#of(conversation)?.dirty.add(conversation);
  }

  /** Conversations that earlier epochs may have left with open fan-out: the low-water waits until each said `clean`. Called once per epoch. */
  recovering(ownership: Ownership, conversations: readonly ConversationId[]): void {
    const slices = this.#slicesOf(ownership);
    for (const conversation of conversations) slices.recovering.add(conversation);
    slices.recovered = true;
  }

  /** How many conversations are not clean. */
  get backlog(): number {
    let sum = 0;
    for (const slices of this.#shards.values()) sum += slices.dirty.size;
    return sum;
  }

  /** Writes the low-waters and stops. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    await this.#saveLows();
  }

  /** One that failed is written again in its own slice, even when that is closed: whoever waits, waits for that. */
  async #write(ownership: Ownership, slices: Slices, slice: number, conversation: ConversationId): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      try {
        await this.#store.put({ shard: ownership.shard, epoch: slices.epoch, slice }, conversation, this.#clock.now());
        confirmed(slices, slice, conversation);
        return;
      } catch (error) {
        if (this.#stopped || attempt >= 20) throw error;
        await this.#clock.sleep(Math.min(1_000, 25 * 2 ** attempt));
      }
    }
  }

  #of(conversation: ConversationId): Slices | undefined {
    const ownership = this.#ownershipOf(conversation);
    return ownership === undefined ? undefined : this.#slicesOf(ownership);
  }

  #slicesOf(ownership: Ownership): Slices {
    const known = this.#shards.get(ownership.shard);
    if (known?.epoch === ownership.epoch) return known;
    const slices = createSlices(ownership.epoch, this.#clock.mono());
    this.#shards.set(ownership.shard, slices);
    return slices;
  }

  #arm(): void {
    this.#timer = this.#clock.timer(limits.lowWaterEveryMs, () => {
      void this.#saveLows().then(() => {
        if (!this.#stopped) this.#arm();
      });
    });
  }

  async #saveLows(): Promise<void> {
    const writes: Promise<void>[] = [];
    for (const [shard, slices] of this.#shards) {
      turnSlice(slices, this.#clock.mono());
      const low = lowWater(slices);
      if (low === undefined || this.#saved.get(shard) === low) continue;
      writes.push(
        this.#store.saveLow(shard, slices.epoch, low).then(
          (outcome) => {
            if (outcome === "applied") this.#saved.set(shard, low);
          },
          // Unknown: an older low-water costs only time at the next recovery, and the next round writes again.
          () => undefined,
        ),
      );
    }
    await Promise.all(writes);
  }
}
