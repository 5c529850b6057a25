import { idBytes, idOf, type MessageId } from "../../lib/ids.js";
import { limits } from "../../lib/limits.js";
import { point } from "../../lib/point.js";
import { hmac, u32, u64 } from "../../protos/signed/hash.js";
import type { ClientContext } from "../context.js";
import { hasCode } from "../errors.js";
import { valueKey, type InboxRow, type Transaction } from "../store/ports.js";
import { anyOf } from "./chat.js";
import { viewOfRow, type MessageBody, type MessageView } from "./message.js";
import type { SentMessage } from "./sent-message.js";

/** A message of an inbox, with what one does with it. */
export interface InboxMessage extends MessageView {
  readonly seq: bigint;
  readonly text: string;
  /** Answers it. The same reply of the same reader to the same message is sent once, however often the program died in between. */
  reply(body: string | MessageBody): Promise<SentMessage>;
  /** It and everything before it was read by a person. */
  markRead(): void;
}

export interface InboxOptions {
  readonly signal?: AbortSignal;
  /** True shows also what this account wrote on its other devices (`own` on the message). Default false, so that a bot does not answer itself. */
  readonly own?: boolean;
}

/** What an inbox needs of the messages' side. */
export interface InboxParts {
  readonly context: ClientContext;
  readonly stopped: AbortSignal;
  send(row: InboxRow, body: MessageBody, id: MessageId): SentMessage;
  markRead(row: InboxRow): void;
}

const replyKey = valueKey<Uint8Array>("reply-key");

/**
 * A durable reader: every message that can be read, over all conversations, in the order of arrival, each until the loop has asked for the
 * next one. The cursor has a name and is kept in the store; what came while nobody listened is there.
 */
export async function* readInbox(parts: InboxParts, name: string, options: InboxOptions): AsyncGenerator<InboxMessage, void, undefined> {
  const { store } = parts.context;
  const ended = anyOf([options.signal, parts.stopped]);
  let wake: () => void = () => {};
  const stopListening = store.onCommit((tables) => {
    if (tables.has("inbox")) wake();
  });
  const onEnd = (): void => {
    wake();
  };
  ended.addEventListener("abort", onEnd);
  try {
    let cursor = store.cursors.get(name) ?? 0n;
    while (!ended.aborted) {
      const woken = new Promise<void>((resolve) => {
        wake = resolve;
      });
      const rows = store.inbox.arrivedAfter(cursor, limits.inboxPageEntries);
      for (const row of rows) {
        if (ended.aborted) return;
        const message = messageOf(parts, name, row, options);
        if (message !== undefined) {
          yield message;
          if (!confirm(parts.context, name, row)) return;
        }
        cursor = row.arrival ?? cursor;
      }
      if (rows.length === 0) await woken;
    }
  } finally {
    stopListening();
    ended.removeEventListener("abort", onEnd);
  }
}

/** False when the client was stopped meanwhile: the message comes again at the next start. */
function confirm(context: ClientContext, name: string, row: InboxRow): boolean {
  try {
    context.store.transact((tx) => {
      tx.cursors.put(name, row.arrival ?? 0n);
    });
    return true;
  } catch (error) {
    if (hasCode(error, "stopped")) return false;
    throw error;
  }
}

function messageOf(parts: InboxParts, name: string, row: InboxRow, options: InboxOptions): InboxMessage | undefined {
  if (row.state !== "read") return undefined;
  const view = viewOfRow(parts.context, parts.context.store, row, []);
  if (view?.text === undefined || (options.own !== true && view.own)) return undefined;
  const { text } = view;
  let replies = 0;
  return Object.freeze({
    ...view,
    seq: row.seq,
    text,
    reply: async (body: string | MessageBody) => {
      const id = replyId(parts.context, name, row, replies++);
      const reference = { account: row.sender, messageId: row.messageId, seq: row.seq };
      const sent = parts.send(row, { replyTo: reference, ...(typeof body === "string" ? { text: body } : body) }, id);
      point("client.reply-queued");
      return sent;
    },
    markRead: () => {
      parts.markRead(row);
    },
  });
}

/** HMAC(inbox name, message, n-th reply) under a key that only this store has: repeatable here, a random number to everybody else. */
function replyId(context: ClientContext, name: string, row: InboxRow, nth: number): MessageId {
  const key = context.store.values.get(replyKey) ?? context.store.transact((tx) => drawKey(tx, context));
  const place = [idBytes(row.chat), u64(row.seq), idBytes(row.messageId), u32(nth)];
  return idOf(hmac(key, ...place, new TextEncoder().encode(name)).subarray(0, 16));
}

function drawKey(tx: Transaction, context: ClientContext): Uint8Array {
  const key = tx.values.get(replyKey) ?? context.rand.bytes(32);
  tx.values.put(replyKey, key);
  return key;
}
