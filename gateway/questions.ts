import type { Clock, Timer } from "../lib/clock.js";
import { limits } from "../lib/limits.js";
import type { Answer, ReplyTo } from "../protos/messages.js";

/**
 * Questions that the gateway itself asks actors (for a REST route, or to gather several answers into one). `socket` 0 marks them.
 * Bounded in number and time: who asks always hears, at the latest `timeout` after 10 s.
 */
export class Questions {
  readonly #gateway: string;
  readonly #clock: Clock;
  readonly #waiting = new Map<number, { readonly heard: (answer: Answer) => void; readonly timer: Timer }>();
  #next = 0;

  constructor(gateway: string, clock: Clock) {
    this.#gateway = gateway;
    this.#clock = clock;
  }

  /** @param tell gets the address to put into the message */
  ask(tell: (to: ReplyTo) => void): Promise<Answer> {
    if (this.#waiting.size >= limits.questionsMax) return Promise.resolve({ type: "problem", code: "overloaded", retryAfterMs: 1_000 });
    return new Promise((resolve) => {
      const requestId = ++this.#next;
      const timer = this.#clock.timer(limits.requestDeadlineMs, () => {
        this.heard(requestId, { type: "problem", code: "timeout", retryAfterMs: 1_000 });
      });
      this.#waiting.set(requestId, { heard: resolve, timer });
      tell({ gateway: this.#gateway, socket: 0, requestId });
    });
  }

  /** An answer to a question that is no longer open is dropped. */
  heard(requestId: number, answer: Answer): void {
    const waiting = this.#waiting.get(requestId);
    if (waiting === undefined) return;
    this.#waiting.delete(requestId);
    waiting.timer.cancel();
    waiting.heard(answer);
  }
}
