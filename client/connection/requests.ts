import type { Clock, Timer } from "../../lib/clock.js";
import { limits } from "../../lib/limits.js";
import { errorOfProblem, HermodError } from "../errors.js";
import type { RequestOptions, ServerFrame } from "./ports.js";

interface Waiting {
  readonly resolve: (frame: ServerFrame) => void;
  readonly reject: (error: HermodError) => void;
  readonly timer: Timer;
  readonly forget: () => void;
}

/** Requests of one session that wait for their answers. Each is settled exactly once: answer, deadline, abort or end of the session. */
export class Requests {
  readonly #clock: Clock;
  readonly #waiting = new Map<number, Waiting>();
  #last = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** Opens a request, lets `transmit` send it under its number, and promises its answer. */
  open(transmit: (requestId: number) => void, options: RequestOptions = {}): Promise<ServerFrame> {
    if (this.#waiting.size >= limits.requestsPendingMax) return Promise.reject(new HermodError("overloaded"));
    const { signal } = options;
    if (signal?.aborted) return Promise.reject(aborted(signal));
    const requestId = this.#freeNumber();
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        this.#take(requestId)?.reject(aborted(signal));
      };
      const timer = this.#clock.timer(options.deadlineMs ?? limits.requestDeadlineMs, () => {
        this.#take(requestId)?.reject(new HermodError("timeout"));
      });
      signal?.addEventListener("abort", onAbort, { once: true });
      this.#waiting.set(requestId, { resolve, reject, timer, forget: () => signal?.removeEventListener("abort", onAbort) });
      transmit(requestId);
    });
  }

  /** True when the frame ended a request. A late answer to one that was given up is nobody's. */
  answer(frame: ServerFrame): boolean {
    const waiting = frame.requestId === 0 ? undefined : this.#take(frame.requestId);
    if (waiting === undefined) return false;
    if (frame.problem) waiting.reject(errorOfProblem(frame.problem));
    else waiting.resolve(frame);
    return true;
  }

  /** The session is over: what was asked and not answered has an open outcome. */
  endAll(error: HermodError): void {
    for (const requestId of [...this.#waiting.keys()]) this.#take(requestId)?.reject(error);
  }

  #take(requestId: number): Waiting | undefined {
    const waiting = this.#waiting.get(requestId);
    if (waiting === undefined) return undefined;
    this.#waiting.delete(requestId);
    waiting.timer.cancel();
    waiting.forget();
    return waiting;
  }

  #freeNumber(): number {
    do this.#last = this.#last >= 0xffff_ffff ? 1 : this.#last + 1;
    while (this.#waiting.has(this.#last));
    return this.#last;
  }
}

function aborted(signal: AbortSignal | undefined): HermodError {
  return new HermodError("stopped", { message: "the caller gave up waiting", cause: signal?.reason });
}
