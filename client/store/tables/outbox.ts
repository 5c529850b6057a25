import { assert } from "../../../lib/assert.js";
import type { ConversationId, MessageId } from "../../../lib/ids.js";
import { keyOf, ordered } from "../keys.js";
import type { OutboxRow, OutboxWrites } from "../ports.js";
import { all, RowsOf, type Tables } from "../rows-of.js";

/** A row and, while it waits, its place. Places grow to both sides from the middle, so that rows can be put in front. */
interface Placed {
  readonly row: OutboxRow;
  readonly place?: bigint;
}

const middle = 1n << 63n;

export function outboxTable(tables: Tables): OutboxWrites {
  const rows = new RowsOf<Placed>(tables, "outbox", "outbox");
  const pending = new RowsOf<MessageId>(tables, "outbox", "outbox_pending");
  const failed = new RowsOf<true>(tables, "outbox", "outbox_failed");
  const key = (row: Pick<OutboxRow, "chat" | "messageId">) => keyOf(row.chat, row.messageId);

  const edge = (chat: ConversationId, reverse: boolean): bigint | undefined => {
    const found = pending.keys({ prefix: keyOf(chat, ""), reverse, limit: 1 })[0];
    return found === undefined ? undefined : BigInt(`0x${found.slice(chat.length + 1)}`);
  };
  const behind = (chat: ConversationId): bigint => (edge(chat, true) ?? middle) + 1n;
  const inFront = (chat: ConversationId): bigint => (edge(chat, false) ?? middle) - 1n;

  const write = (row: OutboxRow, place: bigint | undefined): void => {
    rows.put(key(row), place === undefined ? { row } : { row, place });
    if (place !== undefined) pending.put(keyOf(row.chat, ordered(place)), row.messageId);
    if (row.state === "failed") failed.put(key(row), true);
  };
  const erase = (placed: Placed): void => {
    if (placed.place !== undefined) pending.delete(keyOf(placed.row.chat, ordered(placed.place)));
    if (placed.row.state === "failed") failed.delete(key(placed.row));
    rows.delete(key(placed.row));
  };
  const add = (row: OutboxRow, place: bigint): void => {
    assert(!rows.has(key(row)), "a message id that is in the outbox already");
    assert(waits(row), "an outbox row begins as queued or sending");
    write(row, place);
  };
  const listed = (chat: ConversationId, ids: readonly MessageId[]): OutboxRow[] =>
    ids.map((messageId) => {
      const placed = rows.get(keyOf(chat, messageId));
      assert(placed !== undefined, "a place in the outbox without its row");
      return placed.row;
    });
  return {
    get: (chat, messageId) => rows.get(keyOf(chat, messageId))?.row,
    pending: (chat, limit) => listed(chat, pending.scan({ prefix: keyOf(chat, ""), limit })),
    pendingChats: () => groups(pending),
    failed: (chat, limit) =>
      listed(
        chat,
        failed.keys({ prefix: keyOf(chat, ""), limit }).map((found) => found.slice(chat.length + 1) as MessageId),
      ),
    append: (row) => {
      add(row, behind(row.chat));
    },
    prepend: (row) => {
      add(row, inFront(row.chat));
    },
    update: (row) => {
      const before = rows.get(key(row));
      assert(before !== undefined, "a change of a row that is not in the outbox");
      erase(before);
      write(row, waits(row) ? (before.place ?? behind(row.chat)) : undefined);
    },
    delete: (chat, messageId) => {
      const before = rows.get(keyOf(chat, messageId));
      if (before !== undefined) erase(before);
    },
  };
}

function waits(row: OutboxRow): boolean {
  return row.state === "queued" || row.state === "sending";
}

/** The conversations that have keys here, each found by one step over all of its keys. */
export function groups(rows: RowsOf<unknown>): ConversationId[] {
  const chats: ConversationId[] = [];
  for (let from = ""; chats.length < all;) {
    const next = rows.keys({ prefix: "", from, limit: 1 })[0];
    if (next === undefined) break;
    const chat = next.slice(0, next.indexOf("/")) as ConversationId;
    chats.push(chat);
    from = keyOf(chat, "}");
  }
  return chats;
}
