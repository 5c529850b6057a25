import type { Clock, Timer } from "../../lib/clock.js";

interface Alarm {
  readonly atMs: number;
  readonly order: number;
  fire: (() => void) | undefined;
}

/** Time that passes only when somebody runs it. Alarms of one moment fire in the order in which they were set. */
export class VirtualClock implements Clock {
  readonly #beganMs: number;
  #ms = 0;
  #order = 0;
  #alarms: Alarm[] = [];
  #fired = 0;

  constructor(beganMs = 1_800_000_000_000) {
    this.#beganMs = beganMs;
  }

  now(): number {
    return this.#beganMs + Math.floor(this.#ms);
  }

  mono(): number {
    return this.#ms;
  }

  /** How many alarms have fired. */
  get fired(): number {
    return this.#fired;
  }

  timer(ms: number, fire: () => void): Timer {
    const alarm: Alarm = { atMs: this.#ms + Math.max(0, ms), order: this.#order++, fire };
    this.#push(alarm);
    return {
      cancel: () => {
        alarm.fire = undefined;
      },
    };
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.timer(ms, resolve);
    });
  }

  /** Fires what falls due until that moment or until `done`, and lets all promises settle in between. */
  async runUntil(ms: number, done: () => boolean = () => false): Promise<void> {
    await settled();
    while (!done()) {
      const alarm = this.#alarms[0];
      if (alarm === undefined || alarm.atMs > ms) break;
      this.#pop();
      this.#ms = Math.max(this.#ms, alarm.atMs);
      const { fire } = alarm;
      if (fire === undefined) continue;
      this.#fired++;
      fire();
      await settled();
    }
    if (!done()) this.#ms = Math.max(this.#ms, ms);
  }

  #before(one: Alarm, other: Alarm): boolean {
    return one.atMs < other.atMs || (one.atMs === other.atMs && one.order < other.order);
  }

  #push(alarm: Alarm): void {
    const heap = this.#alarms;
    heap.push(alarm);
    for (let at = heap.length - 1; at > 0;) {
      const parent = (at - 1) >> 1;
      if (!this.#before(heap[at]!, heap[parent]!)) break;
      [heap[at], heap[parent]] = [heap[parent]!, heap[at]!];
      at = parent;
    }
  }

  #pop(): void {
    const heap = this.#alarms;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    heap[0] = last;
    for (let at = 0; ;) {
      const left = 2 * at + 1;
      let least = at;
      if (left < heap.length && this.#before(heap[left]!, heap[least]!)) least = left;
      if (left + 1 < heap.length && this.#before(heap[left + 1]!, heap[least]!)) least = left + 1;
      if (least === at) return;
      [heap[at], heap[least]] = [heap[least]!, heap[at]!];
      at = least;
    }
  }
}

/** All promises that can settle without time passing have. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
