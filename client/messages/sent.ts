import type { ConversationId } from "../../lib/ids.js";
import type { ClientContext } from "../context.js";
import { valueKey, type InboxRow, type OutboxRow, type Reads, type Transaction } from "../store/ports.js";
import { boundOf } from "./encryption.js";
import type { Change, ChatOutbox } from "./outbox.js";

/** Set for good once the server's word has shown that this store is older than what left this device: its ratchets were used before. */
export const setBackKey = valueKey<boolean>("set-back");

/** Whether a store was once found to be older than the server's word: it never sends again. */
export function isSetBack(reads: Pick<Reads, "values">): boolean {
  return reads.values.get(setBackKey) === true;
}

/** The newest own message of a conversation that still waits for ticks: what syncState names. */
export function tickKey(chat: ConversationId): ReturnType<typeof valueKey<bigint>> {
  return valueKey<bigint>(`${tickPrefix}${chat}`);
}
export const tickPrefix = "ticks/";

/**
 * Writes what the outbox rules decided. To be called inside a transaction, after the rules have changed `outbox`.
 *
 * @returns true when the server names an id of ours that this store does not know: the store is older than the server's word
 */
export function commitChanges(
  tx: Transaction,
  chat: ConversationId,
  outbox: ChatOutbox,
  changes: readonly Change[],
  context: ClientContext,
): boolean {
  let rolledBack = false;
  for (const change of changes) {
    switch (change.type) {
      case "sent":
        commitSent(tx, chat, change, context);
        break;
      case "failed": {
        const row = tx.outbox.get(chat, change.id);
        if (row !== undefined && row.state !== "sent") tx.outbox.update({ ...withoutCiphertext(row), state: "failed", code: change.code });
        break;
      }
      case "reset":
        for (const id of change.ids) {
          const row = tx.outbox.get(chat, id);
          if (row?.state === "sending") tx.outbox.update({ ...withoutCiphertext(row), state: "queued" });
        }
        break;
      case "claimed":
        if (change.id === undefined || tx.outbox.get(chat, change.id) !== undefined) break;
        tx.values.put(setBackKey, true);
        rolledBack = true;
        break;
      case "refresh-roster":
        break;
    }
  }
  const row = tx.chats.get(chat);
  if (row !== undefined && (row.nextCounter !== outbox.nextCounter || row.previousAll !== outbox.previousAll)) {
    tx.chats.put({ ...row, nextCounter: outbox.nextCounter, previousAll: outbox.previousAll });
  }
  return rolledBack;
}

function commitSent(tx: Transaction, chat: ConversationId, change: Extract<Change, { type: "sent" }>, context: ClientContext): void {
  const row = tx.outbox.get(chat, change.id);
  if (row === undefined) return;
  const { envelope: _envelope, code: _code, ...kept } = row;
  const { seq, serverMs } = change;
  tx.outbox.update({ ...kept, state: "sent", ...(seq === undefined ? {} : { seq }), ...(serverMs === undefined ? {} : { serverMs }) });
  if (seq === undefined) return;
  if (tx.inbox.get(chat, seq) === undefined) tx.inbox.put(ownRow(row, seq, change, context));
  if (row.kind === messageKind && tx.chats.get(chat)?.type !== "self") tx.values.put(tickKey(chat), seq);
}

const messageKind = 1;

function withoutCiphertext(row: OutboxRow): OutboxRow {
  const { counter: _counter, envelope: _envelope, rosterSeq: _rosterSeq, ...kept } = row;
  return kept;
}

/** An own entry as the inbox keeps it, with the content that only this device has. */
function ownRow(row: OutboxRow, seq: bigint, sent: Extract<Change, { type: "sent" }>, context: ClientContext): InboxRow {
  const bound = boundOf(row);
  const roster = row.rosterSeq === undefined ? undefined : context.store.controls.get(row.chat, row.rosterSeq);
  return {
    chat: row.chat,
    seq,
    state: "own",
    kind: row.kind,
    scope: row.scope,
    sender: context.self.account,
    device: context.self.device,
    messageId: row.messageId,
    counter: row.counter ?? sent.counter ?? 0n,
    rosterSeq: row.rosterSeq ?? 0n,
    rosterHash: roster?.rosterHash ?? new Uint8Array(0),
    serverMs: sent.serverMs ?? 0,
    ...(row.refersTo === undefined ? {} : { refersTo: row.refersTo }),
    ...(bound === undefined ? {} : { content: bound }),
    storedMs: context.clock.now(),
  };
}
