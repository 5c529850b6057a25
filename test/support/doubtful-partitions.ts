import type { Clock } from "../../lib/clock.js";
import type { Rand } from "../../lib/random.js";
import type { Partition, Partitions, ReadRows, Rows } from "../../storage/partitions.js";

/** How often a store of the world misbehaves; fractions of all calls. */
export interface StoreFaults {
  readonly delayMs: number;
  /** Applied, but the answer is lost. */
  readonly lostAnswer: number;
  /** Not applied, and no answer. */
  readonly dropped: number;
  /** No answer, and applied up to `lateMs` later. */
  readonly late: number;
  readonly lateMs: number;
  readonly readFails: number;
}

export const calmStore: StoreFaults = { delayMs: 0, lostAnswer: 0, dropped: 0, late: 0, lateMs: 0, readFails: 0 };

/** A kernel whose every call is applied, lost, delayed or doubted on its own. */
export class DoubtfulPartitions implements Partitions {
  faults: StoreFaults = calmStore;
  readonly #inner: Partitions;
  readonly #clock: Clock;
  readonly #rand: Rand;

  constructor(inner: Partitions, clock: Clock, rand: Rand) {
    this.#inner = inner;
    this.#clock = clock;
    this.#rand = rand;
  }

  async write<T>(partition: Partition, work: (rows: Rows) => T): Promise<T> {
    const { delayMs, lostAnswer, dropped, late, lateMs } = this.faults;
    await this.#pause(delayMs);
    const draw = this.#rand.fraction();
    if (draw < late) {
      this.#clock.timer(this.#rand.fraction() * lateMs, () => {
        this.#inner.write(partition, work).catch(() => undefined);
      });
      throw new Error("no answer (late)");
    }
    if (draw < late + dropped) throw new Error("no answer (dropped)");
    const result = await this.#inner.write(partition, work);
    await this.#pause(delayMs);
    if (draw < late + dropped + lostAnswer) throw new Error("no answer (applied)");
    return result;
  }

  async read<T>(partition: Partition, work: (rows: ReadRows) => T): Promise<T> {
    await this.#pause(this.faults.delayMs);
    if (this.#rand.fraction() < this.faults.readFails) throw new Error("no answer (read)");
    const result = await this.#inner.read(partition, work);
    await this.#pause(this.faults.delayMs);
    return result;
  }

  names(after: Partition | undefined, limit: number): Promise<Partition[]> {
    return this.#inner.names(after, limit);
  }

  hasRoom(): boolean {
    return this.#inner.hasRoom();
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  async #pause(ms: number): Promise<void> {
    if (ms > 0) await this.#clock.sleep(this.#rand.fraction() * ms);
  }
}
