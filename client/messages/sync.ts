import { idBytes, type ConversationId } from "../../lib/ids.js";
import { limits } from "../../lib/limits.js";
import type { hermod } from "../../protos/gen/hermod.js";
import type { Session } from "../connection/ports.js";
import type { ClientContext } from "../context.js";
import { HermodError } from "../errors.js";
import type { Reads } from "./reads.js";
import type { Receiver } from "./receiver.js";
import type { Staging } from "./staging.js";

type ChatState = hermod.v1.SyncChatState.$Properties;
type Page = hermod.v1.SyncState.$Properties;

/**
 * What a device says of itself after `welcome`: the conversations that it doubts, those that hold own messages without all ticks, and READ
 * watermarks without an answer. What it is owed the server knows.
 */
export function syncPages(
  doubted: ReadonlySet<ConversationId>,
  unticked: readonly ConversationId[],
  lastOf: (chat: ConversationId) => bigint | undefined,
  readPending: readonly { readonly chatId: Uint8Array; readonly through: bigint }[],
): Page[] {
  const chats: ChatState[] = [];
  for (const chat of new Set([...doubted, ...unticked])) {
    const last = lastOf(chat);
    if (last !== undefined) chats.push({ chatId: idBytes(chat), last, full: doubted.has(chat) });
  }
  const pages: Page[] = [];
  for (let at = 0; at < chats.length || at < readPending.length || at === 0; at += limits.syncChatsMax) {
    const end = at + limits.syncChatsMax;
    pages.push({
      chats: chats.slice(at, end),
      readPending: readPending.slice(at, end),
      more: end < chats.length || end < readPending.length,
    });
  }
  return pages;
}

/** Brings a new session to `live`: says where the device stands, and waits until everything owed is stored. */
export class SyncEngine {
  readonly #context: ClientContext;
  readonly #receiver: Receiver;
  readonly #reads: Reads;
  readonly #staging: Staging;
  readonly #stopped: AbortSignal;

  constructor(
    context: ClientContext,
    parts: { readonly receiver: Receiver; readonly reads: Reads; readonly staging: Staging; readonly stopped: AbortSignal },
  ) {
    this.#context = context;
    this.#receiver = parts.receiver;
    this.#reads = parts.reads;
    this.#staging = parts.staging;
    this.#stopped = parts.stopped;
  }

  /** What is put off is asked for again as long as the session lives: nothing is delivered to a device that has not said where it stands. */
  async run(session: Session): Promise<void> {
    const { connection, clock } = this.#context;
    for (let tries = 0; connection.session === session && !this.#stopped.aborted; tries++) {
      const waitMs = await this.#once(session);
      if (waitMs === undefined) return;
      const backOffMs = Math.min(limits.outboxDelayMaxMs, limits.outboxDelayMinMs * 2 ** Math.min(tries, 16));
      await clock.sleep(Math.max(waitMs, backOffMs), this.#stopped);
    }
  }

  /** Undefined when there is nothing to repeat, else after how long at least. */
  async #once(session: Session): Promise<number | undefined> {
    const { connection, store } = this.#context;
    try {
      const lastOf = (chat: ConversationId): bigint | undefined => store.chats.get(chat)?.last;
      const pages = syncPages(this.#receiver.doubted, this.#reads.unticked(), lastOf, this.#reads.pending());
      for (const page of pages) {
        if (page.more === true) connection.send({ syncState: page });
        else await connection.request({ syncState: page }, { deadlineMs: limits.syncDeadlineMs });
      }
      await this.#receiver.idle();
      if (connection.session !== session) return undefined;
      connection.caughtUp(session);
      this.#staging.onLive();
      this.#reads.repeat();
      return undefined;
    } catch (error) {
      // A lost session begins again by itself. What is refused for good is told, since `live` will never come.
      if (error instanceof HermodError && error.retryable) return error.retryAfterMs ?? 0;
      if (this.#stopped.aborted) return undefined;
      const code = error instanceof HermodError ? error.code : "internal";
      this.#context.emit({ type: "problem", code, message: `sync: ${String(error)}` });
      return undefined;
    }
  }
}
