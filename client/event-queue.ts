import { limits } from "../lib/limits.js";
import type { ClientEvent } from "./events.js";

/** Hands events to listeners and to loops. A loop that is slow loses the oldest: events are hints, the store is the truth. */
export class EventQueue {
  readonly #listeners = new Set<(event: ClientEvent) => void>();
  readonly #ended = new AbortController();
  readonly #failed: (error: unknown) => void;

  /** @param failed told of what a listener threw, which must not stop what it listens to */
  constructor(failed: (error: unknown) => void) {
    this.#failed = failed;
  }

  emit(event: ClientEvent): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener(event);
      } catch (error) {
        this.#failed(error);
      }
    }
  }

  on(listener: (event: ClientEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /** Loops end. */
  end(): void {
    this.#ended.abort();
    this.#listeners.clear();
  }

  async *all(signal?: AbortSignal): AsyncGenerator<ClientEvent, void, undefined> {
    const kept: ClientEvent[] = [];
    let wake: () => void = () => {};
    const stop = this.on((event) => {
      if (kept.length >= limits.eventsKeptMax) kept.shift();
      kept.push(event);
      wake();
    });
    const ended = signal === undefined ? this.#ended.signal : AbortSignal.any([this.#ended.signal, signal]);
    const onEnd = (): void => {
      wake();
    };
    ended.addEventListener("abort", onEnd);
    try {
      for (;;) {
        const event = kept.shift();
        if (event !== undefined) yield event;
        else if (ended.aborted) return;
        else {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      }
    } finally {
      stop();
      ended.removeEventListener("abort", onEnd);
    }
  }
}
