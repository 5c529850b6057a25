import { assert } from "../../lib/assert.js";
import { HermodError } from "../errors.js";
import { decodeRow, encodeRow } from "./codec.js";
import type { Engine } from "./engine.js";
import type { Store, TableName, Transaction } from "./ports.js";
import type { Tables } from "./rows-of.js";
import * as account from "./tables/account.js";
import * as conversation from "./tables/conversation.js";
import { inboxTable } from "./tables/inbox.js";
import { outboxTable } from "./tables/outbox.js";

/** Version of the tables. A store of a newer one is refused, an older one is brought up at opening (none yet). */
const schema = 1;

/** The store over an engine: typed tables, one transaction at a time. Both adapters are this with another engine below. Closes the engine if it throws. */
export function openKeyedStore(engine: Engine): Store {
  try {
    return storeOver(engine, countOpening(engine));
  } catch (error) {
    engine.close();
    throw error;
  }
}

function storeOver(engine: Engine, generation: bigint): Store {
  const listeners = new Set<(tables: ReadonlySet<TableName>) => void>();
  let writing: Set<TableName> | undefined;
  let open = true;

  const guarded = guard(engine, () => open);
  const tables: Tables = {
    engine: guarded,
    touched: (table) => {
      assert(writing !== undefined, "a write outside of a transaction");
      writing.add(table);
    },
  };
  const transaction = transactionOver(tables);

  const transact = <Result>(work: (tx: Transaction) => Result): Result => {
    assert(writing === undefined, "a transaction inside another");
    guarded.begin();
    const changed = (writing = new Set<TableName>());
    let result: Result;
    try {
      result = work(transaction);
      assert(!isPromise(result), "a transaction that is not synchronous");
    } catch (error) {
      writing = undefined;
      engine.rollback();
      throw error;
    }
    writing = undefined;
    engine.commit();
    if (changed.size > 0) for (const listener of listeners) listener(changed);
    return result;
  };

  return {
    ...transaction,
    generation,
    transact,
    onCommit: (listener) => {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
    close: () => {
      assert(writing === undefined, "a store closed inside a transaction");
      if (!open) return;
      open = false;
      listeners.clear();
      engine.close();
    },
  };
}

function transactionOver(tables: Tables): Transaction {
  return {
    identity: account.identityTable(tables),
    values: account.valueTable(tables),
    chains: account.chainTable(tables),
    evidence: account.evidenceTable(tables),
    contacts: account.contactTable(tables),
    blocks: account.blockTable(tables),
    cipherRows: account.cipherRowTable(tables),
    chats: conversation.chatTable(tables),
    controls: conversation.controlTable(tables),
    receipts: conversation.receiptTable(tables),
    outbox: outboxTable(tables),
    inbox: inboxTable(tables),
    counters: conversation.counterTable(tables),
    cursors: conversation.cursorTable(tables),
    pendingReads: conversation.pendingReadTable(tables),
    retries: conversation.retryTable(tables),
  };
}

/** Checks the version of the tables and counts this opening. */
function countOpening(engine: Engine): bigint {
  const number = (key: string): bigint | undefined => {
    const bytes = engine.get("meta", key);
    return bytes === undefined ? undefined : (decodeRow(bytes) as bigint);
  };
  const found = number("schema") ?? BigInt(schema);
  if (found !== BigInt(schema))
    throw new HermodError("update-needed", { message: `the store has format ${found}, this program knows ${schema}` });
  const generation = (number("generation") ?? 0n) + 1n;
  engine.begin();
  engine.put("meta", "schema", encodeRow(BigInt(schema)));
  engine.put("meta", "generation", encodeRow(generation));
  engine.commit();
  return generation;
}

/** A store that was closed says so, whatever is asked of it. */
function guard(engine: Engine, isOpen: () => boolean): Engine {
  const check = (): Engine => {
    if (!isOpen()) throw new HermodError("stopped", { message: "the store is closed" });
    return engine;
  };
  return {
    get: (table, key) => check().get(table, key),
    scan: (table, range) => check().scan(table, range),
    keys: (table, range) => check().keys(table, range),
    put: (table, key, value) => {
      check().put(table, key, value);
    },
    delete: (table, key) => {
      check().delete(table, key);
    },
    begin: () => {
      check().begin();
    },
    commit: () => {
      check().commit();
    },
    rollback: () => {
      check().rollback();
    },
    close: () => {
      check().close();
    },
  };
}

function isPromise(value: unknown): boolean {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}
