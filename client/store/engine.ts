/** Every table of a store, tables of references included. The name is also that of its SQL table. */
export const engineTables = [
  "meta",
  "identity",
  "vals",
  "chains",
  "chain_versions",
  "evidence",
  "contacts",
  "handles",
  "blocks",
  "cipher_rows",
  "chats",
  "chat_peers",
  "rosters",
  "controls",
  "receipts",
  "outbox",
  "outbox_pending",
  "outbox_failed",
  "inbox",
  "inbox_messages",
  "inbox_arrivals",
  "inbox_staged",
  "counters",
  "cursors",
  "pending_reads",
  "retries",
  "resets",
] as const;

export type EngineTable = (typeof engineTables)[number];

export interface ScanRange {
  /** Only keys that begin with this. */
  readonly prefix: string;
  /** First key, included; at least `prefix` where absent. */
  readonly from?: string;
  /** End, excluded. */
  readonly before?: string;
  readonly reverse?: boolean;
  readonly limit: number;
}

/**
 * Ordered rows in named tables: what an adapter of the store has to bring; the typed tables are built on it once. Keys are printable
 * ASCII without "~", ordered by code. Values go in and come out as copies. Writes happen between `begin` and `commit` or `rollback` only.
 */
export interface Engine {
  get(table: EngineTable, key: string): Uint8Array | undefined;
  scan(table: EngineTable, range: ScanRange): { readonly key: string; readonly value: Uint8Array }[];
  keys(table: EngineTable, range: ScanRange): string[];
  put(table: EngineTable, key: string, value: Uint8Array): void;
  delete(table: EngineTable, key: string): void;
  begin(): void;
  /** All writes since `begin` are durable when this returns. If it throws, none is, and the transaction is over. */
  commit(): void;
  rollback(): void;
  close(): void;
}

/** Bounds of a scan as two keys: `first ≤ key < end`. */
export function boundsOf(range: ScanRange): { readonly first: string; readonly end: string } {
  const end = `${range.prefix}~`;
  return {
    first: range.from !== undefined && range.from > range.prefix ? range.from : range.prefix,
    end: range.before !== undefined && range.before < end ? range.before : end,
  };
}
