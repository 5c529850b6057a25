import type { Clock, Timer } from "./clock.js";

const tickMs = 20;

/** One pending alarm per owner, at a resolution of 20 ms: a timing wheel, so that 100,000 actors cost one system timer. */
export class Alarms<Owner extends object> {
  readonly #clock: Clock;
  readonly #ring: (owner: Owner) => void;
  readonly #due = new Map<number, Set<Owner>>();
  readonly #slotOf = new Map<Owner, number>();
  #timer: Timer | undefined;
  #stopped = false;

  constructor(clock: Clock, ring: (owner: Owner) => void) {
    this.#clock = clock;
    this.#ring = ring;
  }

  /** The earlier of this moment and the pending one wins. */
  set(owner: Owner, monoMs: number): void {
    if (this.#stopped) return;
    const slot = Math.ceil(monoMs / tickMs);
    const pending = this.#slotOf.get(owner);
    if (pending !== undefined) {
      if (pending <= slot) return;
      this.#forget(owner, pending);
    }
    this.#slotOf.set(owner, slot);
    const owners = this.#due.get(slot);
    if (owners === undefined) this.#due.set(slot, new Set([owner]));
    else owners.add(owner);
    this.#timer ??= this.#clock.timer(tickMs, () => {
      this.#turn();
    });
  }

  clear(owner: Owner): void {
    const pending = this.#slotOf.get(owner);
    if (pending !== undefined) this.#forget(owner, pending);
  }

  /** For good: whatever outlives its owner's end must not keep the process. */
  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#due.clear();
    this.#slotOf.clear();
  }

  #forget(owner: Owner, slot: number): void {
    this.#slotOf.delete(owner);
    const owners = this.#due.get(slot);
    owners?.delete(owner);
    if (owners?.size === 0) this.#due.delete(slot);
  }

  #turn(): void {
    this.#timer = undefined;
    const now = Math.floor(this.#clock.mono() / tickMs);
    for (const [slot, owners] of this.#due) {
      if (slot > now) continue;
      this.#due.delete(slot);
      for (const owner of owners) {
        this.#slotOf.delete(owner);
        this.#ring(owner);
      }
    }
    if (this.#due.size === 0) return;
    this.#timer ??= this.#clock.timer(tickMs, () => {
      this.#turn();
    });
  }
}
