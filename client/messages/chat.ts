import type { AccountId, ConversationId, DeviceId } from "../../lib/ids.js";
import { limits } from "../../lib/limits.js";
import type { Role } from "../../protos/entry.js";
import type { ClientContext } from "../context.js";
import { HermodError } from "../errors.js";
import type { ChatChange, Changes } from "./changes.js";
import { viewOfRow, viewOfSend, type MessageBody, type MessageView } from "./message.js";
import type { Reads } from "./reads.js";
import type { Rosters } from "./rosters.js";
import type { SentMessage } from "./sent-message.js";

export interface ChatMember {
  readonly account: AccountId;
  readonly handle: string | undefined;
  readonly role: Role;
  readonly devices: readonly DeviceId[];
}

/** A conversation at one moment. Frozen; take another one for a later moment. */
export interface ChatSnapshot {
  readonly id: ConversationId;
  readonly type: "direct" | "group" | "self";
  readonly members: readonly ChatMember[];
  /** The newest messages, oldest first; those that the server does not have yet stand last. */
  readonly messages: readonly MessageView[];
  readonly lastSeq: bigint;
  readonly readThrough: bigint;
  readonly rosterSeq: bigint;
}

/** Differences since the batch before. `everything`: more happened than was kept; take a snapshot. */
export type ChatBatch = readonly ChatChange[] | "everything";

/** What a chat needs of the messages' side. */
export interface ChatParts {
  readonly context: ClientContext;
  readonly rosters: Rosters;
  readonly reads: Reads;
  readonly changes: Changes;
  send(chat: ConversationId, body: MessageBody): SentMessage;
  readonly stopped: AbortSignal;
}

/**
 * A conversation.
 *
 * @example
 * const chat = await me.createChat({ participants: ["bob"] });
 * chat.send({ text: "hi" });
 * for await (const batch of chat.changes()) console.log(batch, chat.snapshot().messages.length);
 */
export class Chat {
  readonly id: ConversationId;
  readonly #parts: ChatParts;

  constructor(parts: ChatParts, id: ConversationId) {
    this.#parts = parts;
    this.id = id;
  }

  /** Puts a message into the outbox. */
  send(body: MessageBody): SentMessage {
    return this.#parts.send(this.id, body);
  }

  /** Everything up to `through` (undefined: all that is here) was read by a person. */
  markRead(through?: bigint): void {
    this.#parts.reads.markRead(this.id, through);
  }

  snapshot(messagesMax = 50): ChatSnapshot {
    const { store } = this.#parts.context;
    const row = store.chats.get(this.id);
    const roster = this.#parts.rosters.newest(this.id);
    if (row === undefined || roster === undefined) throw new HermodError("not-found", { message: "no such conversation" });
    const members = [...roster.members].map(([account, { role, devices }]) => {
      const handle = account === this.#parts.context.self.account ? this.#parts.context.self.handle : store.contacts.get(account)?.handle;
      return Object.freeze({ account, handle, role, devices });
    });
    return Object.freeze({
      id: this.id,
      type: row.type,
      members: Object.freeze(members),
      messages: Object.freeze(this.history({ limit: messagesMax }).concat(this.#unsent())),
      lastSeq: row.last,
      readThrough: row.readThrough,
      rosterSeq: roster.seq,
    });
  }

  /** Messages below `before` (undefined: from the end), oldest first. */
  history(page: { readonly before?: bigint; readonly limit?: number } = {}): MessageView[] {
    const { store } = this.#parts.context;
    const wanted = Math.min(page.limit ?? 50, limits.historyPageMax);
    const recipients = this.#parts.reads.recipients(this.id);
    const views: MessageView[] = [];
    let before = page.before;
    while (views.length < wanted) {
      const rows = store.inbox.history(this.id, before, limits.inboxPageEntries);
      for (const row of rows) {
        const view = viewOfRow(this.#parts.context, store, row, recipients);
        if (view !== undefined && views.length < wanted) views.push(view);
      }
      before = rows.at(-1)?.seq;
      if (rows.length < limits.inboxPageEntries) break;
    }
    return views.reverse();
  }

  #unsent(): MessageView[] {
    const { context } = this.#parts;
    const rows = [
      ...context.store.outbox.failed(this.id, limits.inboxPageEntries),
      ...context.store.outbox.pending(this.id, limits.outboxRowsMax),
    ];
    return rows.map((row) => viewOfSend(context, row)).filter((view) => view !== undefined);
  }

  /** Batches of what became different, from now on. Ends when the signal is aborted or the client stops. */
  async *changes(options: { readonly signal?: AbortSignal } = {}): AsyncGenerator<ChatBatch, void, undefined> {
    let kept: ChatChange[] = [];
    let overflowed = false;
    let wake: () => void = () => {};
    const stopListening = this.#parts.changes.listen(this.id, (change) => {
      if (kept.length >= limits.changesKeptMax) overflowed = true;
      else kept.push(change);
      wake();
    });
    const ended = anyOf([options.signal, this.#parts.stopped]);
    const onEnd = (): void => {
      wake();
    };
    ended.addEventListener("abort", onEnd);
    try {
      while (!ended.aborted) {
        if (kept.length === 0) {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
          continue;
        }
        const batch: ChatBatch = overflowed ? "everything" : kept;
        kept = [];
        overflowed = false;
        yield batch;
      }
    } finally {
      stopListening();
      ended.removeEventListener("abort", onEnd);
    }
  }
}

/** Aborted with the first of them. */
export function anyOf(signals: readonly (AbortSignal | undefined)[]): AbortSignal {
  return AbortSignal.any(signals.filter((signal) => signal !== undefined));
}
