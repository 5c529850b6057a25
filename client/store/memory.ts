import { assert } from "../../lib/assert.js";
import { HermodError } from "../errors.js";
import { boundsOf, engineTables, type Engine, type EngineTable, type ScanRange } from "./engine.js";
import { openKeyedStore } from "./keyed-store.js";
import type { Store } from "./ports.js";

/** Rows of one table in the order of their keys. */
class SortedRows {
  readonly #values = new Map<string, Uint8Array>();
  readonly #keys: string[] = [];

  get(key: string): Uint8Array | undefined {
    return this.#values.get(key);
  }

  set(key: string, value: Uint8Array | undefined): void {
    if (value === undefined) {
      if (this.#values.delete(key)) this.#keys.splice(this.#place(key), 1);
      return;
    }
    if (!this.#values.has(key)) this.#keys.splice(this.#place(key), 0, key);
    this.#values.set(key, value);
  }

  keys(range: ScanRange): string[] {
    const { first, end } = boundsOf(range);
    const from = this.#place(first);
    const to = Math.max(from, this.#place(end));
    return range.reverse
      ? this.#keys.slice(Math.max(from, to - range.limit), to).reverse()
      : this.#keys.slice(from, Math.min(to, from + range.limit));
  }

  copy(): SortedRows {
    const rows = new SortedRows();
    for (const key of this.#keys) rows.set(key, this.#values.get(key));
    return rows;
  }

  /** Index of the first key that is not below `key`. */
  #place(key: string): number {
    let low = 0;
    let high = this.#keys.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#keys[middle] ?? "") < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

type Content = ReadonlyMap<EngineTable, SortedRows>;

/**
 * What outlives a memory store: its disk, inside this process. `openMemoryStore` over the same disk finds everything committed;
 * `crash` takes the disk away from whoever holds it, as SIGKILL would.
 */
export class MemoryDisk {
  #content: Content;
  #holder: MemoryEngine | undefined;

  constructor(content: Content = new Map(engineTables.map((table) => [table, new SortedRows()]))) {
    this.#content = content;
  }

  hold(): MemoryEngine {
    if (this.#holder !== undefined) throw new HermodError("store-in-use", { message: "this memory store is open already" });
    const engine: MemoryEngine = new MemoryEngine(this.#content, () => {
      if (this.#holder === engine) this.#holder = undefined;
    });
    this.#holder = engine;
    return engine;
  }

  /** Ends the holder without a word: what it has not committed is gone, and every further call of it throws. */
  crash(): void {
    this.#holder?.cut();
    this.#holder = undefined;
  }

  /** A copy of everything committed, for stores that are set back. */
  copy(): MemoryDisk {
    assert(this.#holder?.isWriting !== true, "a copy inside a transaction");
    return new MemoryDisk(new Map([...this.#content].map(([table, rows]) => [table, rows.copy()])));
  }
}

/** A store in memory with the semantics of the durable one. */
export function openMemoryStore(disk: MemoryDisk = new MemoryDisk()): Store {
  return openKeyedStore(disk.hold());
}

class MemoryEngine implements Engine {
  readonly #content: Content;
  readonly #released: () => void;
  /** What each row was before this transaction. */
  #before: Map<string, { readonly table: EngineTable; readonly key: string; readonly value: Uint8Array | undefined }> | undefined;
  #alive = true;

  constructor(content: Content, released: () => void) {
    this.#content = content;
    this.#released = released;
  }

  get isWriting(): boolean {
    return this.#before !== undefined;
  }

  get(table: EngineTable, key: string): Uint8Array | undefined {
    return this.#rows(table).get(key)?.slice();
  }

  keys(table: EngineTable, range: ScanRange): string[] {
    return this.#rows(table).keys(range);
  }

  scan(table: EngineTable, range: ScanRange): { key: string; value: Uint8Array }[] {
    const rows = this.#rows(table);
    return rows.keys(range).map((key) => {
      const value = rows.get(key);
      assert(value !== undefined, "a key without its row");
      return { key, value: value.slice() };
    });
  }

  put(table: EngineTable, key: string, value: Uint8Array): void {
    this.#write(table, key, value.slice());
  }

  delete(table: EngineTable, key: string): void {
    this.#write(table, key, undefined);
  }

  begin(): void {
    assert(this.#before === undefined, "a transaction inside another");
    this.#before = new Map();
  }

  commit(): void {
    this.#check();
    this.#before = undefined;
  }

  rollback(): void {
    for (const { table, key, value } of this.#before?.values() ?? []) this.#content.get(table)?.set(key, value);
    this.#before = undefined;
  }

  close(): void {
    this.cut();
    this.#released();
  }

  cut(): void {
    this.rollback();
    this.#alive = false;
  }

  #write(table: EngineTable, key: string, value: Uint8Array | undefined): void {
    assert(this.#before !== undefined, "a write outside of a transaction");
    const rows = this.#rows(table);
    const name = `${table}/${key}`;
    if (!this.#before.has(name)) this.#before.set(name, { table, key, value: rows.get(key) });
    rows.set(key, value);
  }

  #rows(table: EngineTable): SortedRows {
    this.#check();
    const rows = this.#content.get(table);
    assert(rows !== undefined, "a table that does not exist");
    return rows;
  }

  #check(): void {
    if (!this.#alive) throw new HermodError("stopped", { message: "the store's process has crashed" });
  }
}
