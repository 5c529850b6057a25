import { limits } from "../../lib/limits.js";
import { HermodError } from "../errors.js";
import type { Locks } from "./ports.js";

/** Mutexes by name. Each hands itself on in the order of asking; a name that nobody holds takes no memory. */
export class KeyedMutex implements Locks {
  /** Who waits, per held name. */
  readonly #held = new Map<string, (() => void)[]>();

  async hold<Result>(names: readonly string[], work: () => Promise<Result>): Promise<Result> {
    const taken: string[] = [];
    try {
      for (const name of [...new Set(names)].sort()) {
        await this.#take(name);
        taken.push(name);
      }
      return await work();
    } finally {
      for (const name of taken.reverse()) this.#free(name);
    }
  }

  #take(name: string): Promise<void> {
    const waiting = this.#held.get(name);
    if (waiting === undefined) {
      this.#held.set(name, []);
      return Promise.resolve();
    }
    if (waiting.length >= limits.cipherWaitingMax) {
      return Promise.reject(new HermodError("overloaded", { message: "too many operations wait for one cipher session" }));
    }
    return new Promise((resolve) => {
      waiting.push(resolve);
    });
  }

  #free(name: string): void {
    const next = this.#held.get(name)?.shift();
    if (next === undefined) this.#held.delete(name);
    else next();
  }
}
