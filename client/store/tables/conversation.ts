import { assert } from "../../../lib/assert.js";
import type { AccountId, ConversationId, DeviceId } from "../../../lib/ids.js";
import { free, keyOf, ordered } from "../keys.js";
import type {
  ChatRow,
  ChatWrites,
  ControlRow,
  ControlWrites,
  CounterWrites,
  CursorWrites,
  PendingReadWrites,
  ReceiptRow,
  ReceiptWrites,
  RetryRow,
  RetryWrites,
  RosterRow,
} from "../ports.js";
import { all, RowsOf, type Tables } from "../rows-of.js";

export function chatTable(tables: Tables): ChatWrites {
  const rows = new RowsOf<ChatRow>(tables, "chats", "chats");
  const peers = new RowsOf<ConversationId>(tables, "chats", "chat_peers");
  const rosters = new RowsOf<RosterRow>(tables, "chats", "rosters");
  const byPeer = (peer: string): ChatRow | undefined => {
    const chat = peers.get(peer);
    return chat === undefined ? undefined : rows.get(chat);
  };
  return {
    get: (chat) => rows.get(chat),
    all: () => rows.scan({ prefix: "", limit: all }),
    direct: (peer) => byPeer(peer),
    self: () => byPeer("self"),
    roster: (chat) => rosters.get(chat),
    put: (row) => {
      const before = rows.get(row.chat);
      assert(before === undefined || before.last <= row.last, "a conversation's last sequence that goes back");
      assert(before === undefined || before.acked <= row.acked, "an ack that goes back");
      assert(before === undefined || before.readThrough <= row.readThrough, "a read watermark that goes back");
      rows.put(row.chat, row);
      if (before === undefined && row.type === "self") peers.put("self", row.chat);
      if (before === undefined && row.type === "direct" && row.peer !== undefined) peers.put(row.peer, row.chat);
    },
    putRoster: (row) => {
      assert((rosters.get(row.chat)?.rosterSeq ?? 0n) <= row.rosterSeq, "a roster that goes back");
      rosters.put(row.chat, row);
    },
  };
}

export function controlTable(tables: Tables): ControlWrites {
  const rows = new RowsOf<ControlRow>(tables, "controls", "controls");
  return {
    get: (chat, seq) => rows.get(keyOf(chat, ordered(seq))),
    list: (chat, from, limit) => rows.scan({ prefix: keyOf(chat, ""), from: keyOf(chat, ordered(from)), limit }),
    put: (row) => {
      rows.put(keyOf(row.chat, ordered(row.seq)), row);
    },
  };
}

export function receiptTable(tables: Tables): ReceiptWrites {
  const rows = new RowsOf<ReceiptRow>(tables, "receipts", "receipts");
  const key = (chat: ConversationId, account: AccountId, device: DeviceId | undefined) => keyOf(chat, account, device ?? "");
  return {
    of: (chat) => rows.scan({ prefix: keyOf(chat, ""), limit: all }),
    get: (chat, account, device) => rows.get(key(chat, account, device)),
    put: (row) => {
      rows.put(key(row.chat, row.account, row.device), row);
    },
  };
}

export function counterTable(tables: Tables): CounterWrites {
  const rows = new RowsOf<bigint>(tables, "counters", "counters");
  const highest = (chat: ConversationId, device: DeviceId): bigint => rows.get(keyOf(chat, device)) ?? 0n;
  return {
    highest,
    accept: (chat, device, counter) => {
      assert(counter > highest(chat, device), "a counter that does not grow");
      rows.put(keyOf(chat, device), counter);
    },
  };
}

export function cursorTable(tables: Tables): CursorWrites {
  const rows = new RowsOf<bigint>(tables, "cursors", "cursors");
  return {
    get: (name) => rows.get(free(name)),
    put: (name, arrival) => {
      if (arrival > (rows.get(free(name)) ?? -1n)) rows.put(free(name), arrival);
    },
  };
}

export function pendingReadTable(tables: Tables): PendingReadWrites {
  const rows = new RowsOf<bigint>(tables, "pendingReads", "pending_reads");
  return {
    all: () => rows.entries({ prefix: "", limit: all }).map(({ key, row }) => ({ chat: key as ConversationId, through: row })),
    put: (chat, through) => {
      if (through > (rows.get(chat) ?? -1n)) rows.put(chat, through);
    },
    confirm: (chat, through) => {
      const pending = rows.get(chat);
      if (pending !== undefined && pending <= through) rows.delete(chat);
    },
  };
}

export function retryTable(tables: Tables): RetryWrites {
  const rows = new RowsOf<RetryRow>(tables, "retries", "retries");
  const resets = new RowsOf<number>(tables, "retries", "resets");
  const key = (row: Pick<RetryRow, "direction" | "chat" | "seq" | "device">) =>
    keyOf(row.direction, row.chat, ordered(row.seq), row.device);
  return {
    get: (direction, chat, seq, device) => rows.get(key({ direction, chat, seq, device })),
    lastResetMs: (device) => resets.get(device),
    put: (row) => {
      rows.put(key(row), row);
    },
    putReset: (device, atMs) => {
      resets.put(device, atMs);
    },
  };
}
