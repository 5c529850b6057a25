import { Database, type Statement } from "@signalapp/sqlcipher";
import { HermodError } from "../errors.js";
import { boundsOf, engineTables, type Engine, type EngineTable, type ScanRange } from "./engine.js";

/** What opens the file: 32 random bytes, used as they are, or a passphrase that SQLCipher stretches (PBKDF2, 256,000 rounds). */
export type StoreKey = { readonly type: "raw"; readonly bytes: Uint8Array } | { readonly type: "passphrase"; readonly text: string };

interface Statements {
  readonly get: Statement<{ pluck: true }>;
  readonly put: Statement;
  readonly delete: Statement;
  readonly scan: Statement;
  readonly scanBack: Statement;
  readonly keys: Statement<{ pluck: true }>;
  readonly keysBack: Statement<{ pluck: true }>;
}

/**
 * Rows in an SQLCipher file, one SQL table per table. WAL with `synchronous = FULL`: a commit is on disk when it returns. The file is locked
 * exclusively by the operating system for as long as it is open, and freed by it however the process ends.
 *
 * @throws HermodError `store-in-use` while another process, or another part of this one, has it open; `store-wrong-key`
 */
export function openSqlcipherEngine(path: string, key: StoreKey): Engine {
  const database = new Database(path, { cacheStatements: true });
  try {
    unlock(database, key);
    for (const table of engineTables)
      database.exec(`CREATE TABLE IF NOT EXISTS ${table} (key TEXT PRIMARY KEY NOT NULL, value BLOB NOT NULL)`);
    return new SqlcipherEngine(database);
  } catch (error) {
    database.close();
    throw translated(error);
  }
}

function unlock(database: Database, key: StoreKey): void {
  database.pragma("cipher_log_level = NONE");
  const literal = key.type === "raw" ? `"x'${Buffer.from(key.bytes).toString("hex")}'"` : `'${key.text.replaceAll("'", "''")}'`;
  database.pragma(`key = ${literal}`);
  database.pragma("busy_timeout = 0");
  database.pragma("locking_mode = EXCLUSIVE");
  database.pragma("journal_mode = WAL");
  database.pragma("synchronous = FULL");
  // The first write takes the lock, and keeps it: from here on no other process gets as far as this.
  database.exec("BEGIN EXCLUSIVE; COMMIT");
}

class SqlcipherEngine implements Engine {
  readonly #database: Database;
  readonly #statements = new Map<EngineTable, Statements>();

  constructor(database: Database) {
    this.#database = database;
  }

  get(table: EngineTable, key: string): Uint8Array | undefined {
    const value = this.#of(table).get.get([key]);
    return value instanceof Uint8Array ? bytesOf(value) : undefined;
  }

  scan(table: EngineTable, range: ScanRange): { key: string; value: Uint8Array }[] {
    const { first, end } = boundsOf(range);
    const statements = this.#of(table);
    const rows = (range.reverse ? statements.scanBack : statements.scan).all<{ key: string; value: Uint8Array<ArrayBuffer> }>([
      first,
      end,
      range.limit,
    ]);
    return rows.map(({ key, value }) => ({ key, value: bytesOf(value) }));
  }

  keys(table: EngineTable, range: ScanRange): string[] {
    const { first, end } = boundsOf(range);
    const statements = this.#of(table);
    return (range.reverse ? statements.keysBack : statements.keys).all<string>([first, end, range.limit]);
  }

  put(table: EngineTable, key: string, value: Uint8Array): void {
    this.#written(() => this.#of(table).put.run([key, value as Uint8Array<ArrayBuffer>]));
  }

  delete(table: EngineTable, key: string): void {
    this.#written(() => this.#of(table).delete.run([key]));
  }

  begin(): void {
    this.#database.exec("BEGIN IMMEDIATE");
  }

  commit(): void {
    try {
      this.#database.exec("COMMIT");
    } catch (error) {
      this.rollback();
      throw translated(error);
    }
  }

  rollback(): void {
    try {
      this.#database.exec("ROLLBACK");
    } catch {
      // SQLite has rolled back by itself already (a full disk, an I/O error); there is nothing left to take back.
    }
  }

  close(): void {
    this.#database.close();
  }

  #written(write: () => unknown): void {
    try {
      write();
    } catch (error) {
      throw translated(error);
    }
  }

  #of(table: EngineTable): Statements {
    const known = this.#statements.get(table);
    if (known !== undefined) return known;
    const range = `FROM ${table} WHERE key >= ? AND key < ? ORDER BY key`;
    const statements: Statements = {
      get: this.#database.prepare(`SELECT value FROM ${table} WHERE key = ?`, { pluck: true }),
      put: this.#database.prepare(`INSERT INTO ${table} (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value`),
      delete: this.#database.prepare(`DELETE FROM ${table} WHERE key = ?`),
      scan: this.#database.prepare(`SELECT key, value ${range} LIMIT ?`),
      scanBack: this.#database.prepare(`SELECT key, value ${range} DESC LIMIT ?`),
      keys: this.#database.prepare(`SELECT key ${range} LIMIT ?`, { pluck: true }),
      keysBack: this.#database.prepare(`SELECT key ${range} DESC LIMIT ?`, { pluck: true }),
    };
    this.#statements.set(table, statements);
    return statements;
  }
}

/** Plain bytes over the same memory: the adapter's rows are its own, and a Buffer is not equal to a Uint8Array in a test. */
function bytesOf(value: Uint8Array): Uint8Array {
  return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
}

/** SQLite's result codes that mean something to a user. Everything else goes on as it is. */
function translated(error: unknown): unknown {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  switch (code) {
    case "SQLITE_BUSY":
      return new HermodError("store-in-use", { cause: error });
    case "SQLITE_NOTADB":
      return new HermodError("store-wrong-key", { cause: error });
    case "SQLITE_FULL":
      return new HermodError("storage-full", { cause: error });
    default:
      return error;
  }
}
