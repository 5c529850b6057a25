import { isErrorCode } from "../../lib/errors.js";
import { parseId, type AccountId, type ConversationId, type MessageId } from "../../lib/ids.js";
import type { ClientContext } from "../context.js";
import { HermodError } from "../errors.js";
import type { OutboxRow } from "../store/ports.js";
import type { Changes } from "./changes.js";
import { stateAt, type MessageState } from "./message.js";
import { tickOf, type Tick } from "./receipts.js";
import type { Reads } from "./reads.js";

/** What `sent` resolves with: the message's place in its conversation. */
export interface SentAt {
  readonly seq: bigint;
  readonly serverMs: number;
}

/**
 * An own message that is in the outbox. Its promises are made when they are asked for and follow the store: they also resolve for a
 * message that was sent in an earlier run of the program.
 *
 * @example
 * const sent = me.sendMessage({ chatId: chat.id, body: { text: "hi" } });
 * await sent.sent;
 * await sent.deliveredTo("bob");
 */
export class SentMessage {
  readonly chatId: ConversationId;
  readonly id: MessageId;
  readonly #watch: Watch;

  constructor(watch: Watch, chatId: ConversationId, id: MessageId) {
    this.chatId = chatId;
    this.id = id;
    this.#watch = watch;
  }

  /** Resolves once the server has stored it; rejects when it was refused for good, or the client was stopped. */
  get sent(): Promise<SentAt> {
    return this.#watch.until(this.chatId, () => this.#place());
  }

  /** Resolves once a device of this account (id or handle) has stored it. */
  deliveredTo(recipient: string): Promise<void> {
    return this.#reached(recipient, ["delivered", "read"]);
  }

  /** Resolves once this account has read it. */
  readBy(recipient: string): Promise<void> {
    return this.#reached(recipient, ["read"]);
  }

  /** The state of this moment. */
  get state(): MessageState {
    const row = this.#watch.row(this.chatId, this.id);
    if (row?.state !== "sent" || row.seq === undefined) return row?.state ?? "failed";
    return stateAt(this.#watch.context.store, this.chatId, row.seq, this.#watch.reads.recipients(this.chatId));
  }

  #place(): SentAt | undefined {
    const row = this.#watch.row(this.chatId, this.id);
    if (row?.state === "failed") throw failureOf(row);
    return row?.state === "sent" && row.seq !== undefined ? { seq: row.seq, serverMs: row.serverMs ?? 0 } : undefined;
  }

  #reached(recipient: string, ticks: readonly Tick[]): Promise<void> {
    return this.#watch
      .until(this.chatId, () => {
        const place = this.#place();
        const account = this.#watch.accountOf(recipient);
        if (place === undefined || account === undefined) return undefined;
        // Of the own account the receipts name each device; of others they speak as one.
        const { store, self } = this.#watch.context;
        const marks = store.receipts.of(this.chatId).filter((row) => row.account === account && row.device !== self.device);
        return marks.some((row) => ticks.includes(tickOf(place.seq, row))) ? true : undefined;
      })
      .then(() => undefined);
  }
}

function failureOf(row: OutboxRow): HermodError {
  const code = row.code ?? "internal";
  return new HermodError(isErrorCode(code) ? code : "internal");
}

/** Waits for facts of the store: looked at once, and again after every change of the conversation. */
export class Watch {
  readonly context: ClientContext;
  readonly reads: Reads;
  readonly #changes: Changes;
  readonly #waiting = new Set<(error: HermodError) => void>();

  constructor(context: ClientContext, reads: Reads, changes: Changes) {
    this.context = context;
    this.reads = reads;
    this.#changes = changes;
  }

  row(chat: ConversationId, id: MessageId): OutboxRow | undefined {
    return this.context.store.outbox.get(chat, id);
  }

  /** An account by its id or by its handle as this device knows it. */
  accountOf(recipient: string): AccountId | undefined {
    const { store, self } = this.context;
    if (recipient === self.handle) return self.account;
    return store.contacts.byHandle(recipient)?.account ?? parseId<AccountId>(recipient);
  }

  until<Fact>(chat: ConversationId, look: () => Fact | undefined): Promise<Fact> {
    return new Promise((resolve, reject) => {
      const check = (): void => {
        try {
          const fact = look();
          if (fact === undefined) return;
          end();
          resolve(fact);
        } catch (error) {
          fail(error instanceof HermodError ? error : new HermodError("internal", { cause: error }));
        }
      };
      const fail = (error: HermodError): void => {
        end();
        reject(error);
      };
      const end = (): void => {
        stopListening();
        this.#waiting.delete(fail);
      };
      const stopListening = this.#changes.listen(chat, check);
      this.#waiting.add(fail);
      check();
    });
  }

  /** Nobody who waits is left to wait for ever. */
  stop(): void {
    for (const fail of [...this.#waiting]) fail(new HermodError("stopped"));
  }
}
