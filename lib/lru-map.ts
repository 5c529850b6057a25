/** A map that holds at most `max` entries: a new one puts out the one that was longest neither read nor written. All in O(1). */
export class LruMap<Key, Value> {
  readonly max: number;
  readonly #entries = new Map<Key, Value>();

  constructor(max: number) {
    this.max = max;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Reading keeps an entry from going out. A value of `undefined` is not told from none. */
  get(key: Key): Value | undefined {
    const value = this.#entries.get(key);
    if (value === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, value);
    return value;
  }

  /** Returns what had to go out for it. */
  set(key: Key, value: Value): [Key, Value] | undefined {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    if (this.#entries.size <= this.max) return undefined;
    for (const oldest of this.#entries) {
      this.#entries.delete(oldest[0]);
      return oldest;
    }
    return undefined;
  }

  delete(key: Key): boolean {
    return this.#entries.delete(key);
  }

  clear(): void {
    this.#entries.clear();
  }

  /** From the next to go out to the one used last. */
  entries(): IterableIterator<[Key, Value]> {
    return this.#entries.entries();
  }
}
