import { decodeRow, encodeRow } from "./codec.js";
import type { Engine, EngineTable, ScanRange } from "./engine.js";
import type { TableName } from "./ports.js";

/** What all tables of one store share. */
export interface Tables {
  readonly engine: Engine;
  /** Notes that a transaction changes a table, for `onCommit`. Throws outside of one: called before each write. */
  touched(table: TableName): void;
}

export const all = Number.MAX_SAFE_INTEGER;

/** Typed rows of one table. */
export class RowsOf<Row> {
  readonly #tables: Tables;
  readonly #owner: TableName;
  readonly #name: EngineTable;

  constructor(tables: Tables, owner: TableName, name: EngineTable) {
    this.#tables = tables;
    this.#owner = owner;
    this.#name = name;
  }

  get(key: string): Row | undefined {
    const bytes = this.#tables.engine.get(this.#name, key);
    return bytes === undefined ? undefined : (decodeRow(bytes) as Row);
  }

  has(key: string): boolean {
    return this.#tables.engine.get(this.#name, key) !== undefined;
  }

  put(key: string, row: Row): void {
    this.#tables.touched(this.#owner);
    this.#tables.engine.put(this.#name, key, encodeRow(row));
  }

  delete(key: string): void {
    this.#tables.touched(this.#owner);
    this.#tables.engine.delete(this.#name, key);
  }

  scan(range: ScanRange): Row[] {
    return this.#tables.engine.scan(this.#name, range).map(({ value }) => decodeRow(value) as Row);
  }

  entries(range: ScanRange): { readonly key: string; readonly row: Row }[] {
    return this.#tables.engine.scan(this.#name, range).map(({ key, value }) => ({ key, row: decodeRow(value) as Row }));
  }

  keys(range: ScanRange): string[] {
    return this.#tables.engine.keys(this.#name, range);
  }
}
