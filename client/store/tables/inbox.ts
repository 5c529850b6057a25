import type { AccountId, ConversationId, DeviceId, MessageId } from "../../../lib/ids.js";
import { keyOf, ordered } from "../keys.js";
import type { InboxRow, InboxWrites } from "../ports.js";
import { RowsOf, type Tables } from "../rows-of.js";
import { groups } from "./outbox.js";

/** The inbox: entries by (conversation, sequence), with three tables of references: by message, by arrival, staged. */
export function inboxTable(tables: Tables): InboxWrites {
  const inbox = new Inbox(tables);
  return {
    get: (chat, seq) => inbox.get(chat, seq),
    byMessage: (chat, sender, messageId) => inbox.byMessage(chat, sender, messageId),
    history: (chat, before, limit) => inbox.history(chat, before, limit),
    list: (chat, from, limit) => inbox.list(chat, from, limit),
    arrivedAfter: (arrival, limit) => inbox.arrivedAfter(arrival, limit),
    lastArrival: () => inbox.lastArrival(),
    staged: (chat, device, limit) => inbox.staged(chat, device, limit),
    stagedChats: () => inbox.stagedChats(),
    put: (row) => inbox.put(row),
    delete: (chat, seq) => {
      inbox.delete(chat, seq);
    },
  };
}

class Inbox {
  readonly #rows: RowsOf<InboxRow>;
  readonly #messages: RowsOf<bigint>;
  /** Key of the row that arrived, or null: it arrived anew later, or is gone. Numbers are never used twice. */
  readonly #arrivals: RowsOf<string | null>;
  readonly #staged: RowsOf<true>;

  constructor(tables: Tables) {
    this.#rows = new RowsOf(tables, "inbox", "inbox");
    this.#messages = new RowsOf(tables, "inbox", "inbox_messages");
    this.#arrivals = new RowsOf(tables, "inbox", "inbox_arrivals");
    this.#staged = new RowsOf(tables, "inbox", "inbox_staged");
  }

  get(chat: ConversationId, seq: bigint): InboxRow | undefined {
    return this.#rows.get(keyOf(chat, ordered(seq)));
  }

  byMessage(chat: ConversationId, sender: AccountId, messageId: MessageId): InboxRow | undefined {
    const seq = this.#messages.get(keyOf(chat, sender, messageId));
    return seq === undefined ? undefined : this.get(chat, seq);
  }

  history(chat: ConversationId, before: bigint | undefined, limit: number): InboxRow[] {
    const end = before === undefined ? {} : { before: keyOf(chat, ordered(before)) };
    return this.#rows.scan({ prefix: keyOf(chat, ""), ...end, reverse: true, limit });
  }

  list(chat: ConversationId, from: bigint, limit: number): InboxRow[] {
    return this.#rows.scan({ prefix: keyOf(chat, ""), from: keyOf(chat, ordered(from)), limit });
  }

  arrivedAfter(arrival: bigint, limit: number): InboxRow[] {
    const found: InboxRow[] = [];
    for (let from = arrival + 1n; found.length < limit;) {
      const page = this.#arrivals.entries({ prefix: "", from: ordered(from), limit });
      for (const { row } of page) {
        const entry = row === null ? undefined : this.#rows.get(row);
        if (entry !== undefined && found.length < limit) found.push(entry);
      }
      const last = page.at(-1);
      if (last === undefined || page.length < limit) break;
      from = BigInt(`0x${last.key}`) + 1n;
    }
    return found;
  }

  lastArrival(): bigint {
    const last = this.#arrivals.keys({ prefix: "", reverse: true, limit: 1 })[0];
    return last === undefined ? 0n : BigInt(`0x${last}`);
  }

  staged(chat: ConversationId, device: DeviceId | undefined, limit: number): InboxRow[] {
    const prefix = keyOf(chat, device === undefined ? "" : keyOf(device, ""));
    const rows = this.#staged.keys({ prefix, limit: device === undefined ? Number.MAX_SAFE_INTEGER : limit }).map((key) => {
      return this.#rows.get(keyOf(chat, key.slice(key.lastIndexOf("/") + 1)));
    });
    const found = rows.filter((row) => row !== undefined);
    return found.sort((a, b) => (a.seq < b.seq ? -1 : 1)).slice(0, limit);
  }

  stagedChats(): ConversationId[] {
    return groups(this.#staged);
  }

  put(given: InboxRow): InboxRow {
    const before = this.get(given.chat, given.seq);
    if (before !== undefined) this.#unlink(before, given);
    const { arrival: _given, ...plain } = given;
    const arrival = this.#arrivalOf(before, given);
    const row: InboxRow = arrival === undefined ? plain : { ...plain, arrival };
    const key = keyOf(row.chat, ordered(row.seq));
    this.#rows.put(key, row);
    if (isMessage(row)) this.#messages.put(keyOf(row.chat, row.sender, row.messageId), row.seq);
    if (row.state === "staged") this.#staged.put(stagedKey(row), true);
    if (arrival !== undefined && arrival !== before?.arrival) this.#arrivals.put(ordered(arrival), key);
    if (before?.arrival !== undefined && arrival !== before.arrival) this.#arrivals.put(ordered(before.arrival), null);
    return row;
  }

  delete(chat: ConversationId, seq: bigint): void {
    const before = this.get(chat, seq);
    if (before === undefined) return;
    this.#unlink(before, undefined);
    if (before.arrival !== undefined) this.#arrivals.put(ordered(before.arrival), null);
    this.#rows.delete(keyOf(chat, ordered(seq)));
  }

  #arrivalOf(before: InboxRow | undefined, row: InboxRow): bigint | undefined {
    if (row.state === "staged") return undefined;
    const filled = before?.state === "undecryptable" && row.state !== "undecryptable";
    return before?.arrival === undefined || filled ? this.lastArrival() + 1n : before.arrival;
  }

  /** Takes away the references of a row that changes to `next`, or goes. */
  #unlink(before: InboxRow, next: InboxRow | undefined): void {
    if (before.state === "staged") this.#staged.delete(stagedKey(before));
    const key = keyOf(before.chat, before.sender, before.messageId);
    const same = next !== undefined && isMessage(next) && next.sender === before.sender && next.messageId === before.messageId;
    if (!same && this.#messages.get(key) === before.seq) this.#messages.delete(key);
  }
}

/** Control entries and losses carry no id that anybody gave them. */
function isMessage(row: InboxRow): boolean {
  return row.state !== "control" && row.state !== "missed";
}

function stagedKey(row: InboxRow): string {
  return keyOf(row.chat, row.device, ordered(row.seq));
}
