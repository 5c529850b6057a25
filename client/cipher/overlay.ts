import type { CipherRowReads, CipherRowWrites } from "../store/ports.js";

/**
 * What cipher operations have changed and nobody has committed yet: dirty rows over synchronous reads. One per operation; several
 * cipher calls may share one (a distribution and its message). The caller flushes it in the transaction that also stores the
 * message row and the cursor. A dropped overlay leaves no trace, so the operation can be repeated.
 */
export class Overlay {
  readonly #below: CipherRowReads;
  readonly #dirty = new Map<string, Uint8Array | undefined>();

  constructor(below: CipherRowReads) {
    this.#below = below;
  }

  get(key: string): Uint8Array | undefined {
    return this.#dirty.has(key) ? this.#dirty.get(key) : this.#below.get(key);
  }

  put(key: string, bytes: Uint8Array): void {
    this.#dirty.set(key, bytes);
  }

  delete(key: string): void {
    this.#dirty.set(key, undefined);
  }

  /** Keys that begin with `prefix`, in order. */
  keys(prefix: string): string[] {
    const keys = new Set(this.#below.keys(prefix));
    for (const [key, bytes] of this.#dirty) {
      if (!key.startsWith(prefix)) continue;
      if (bytes === undefined) keys.delete(key);
      else keys.add(key);
    }
    return [...keys].sort();
  }

  get isDirty(): boolean {
    return this.#dirty.size > 0;
  }

  /** Writes every dirty row. Call it once, inside the transaction. */
  flush(rows: CipherRowWrites): void {
    for (const [key, bytes] of this.#dirty) {
      if (bytes === undefined) rows.delete(key);
      else rows.put(key, bytes);
    }
  }
}
