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

  constructor(context: ClientContext, parts: { readonly receiver: Receiver; readonly reads: Reads; readonly staging: Staging }) {
    this.#context = context;
    this.#receiver = parts.receiver;
    this.#reads = parts.reads;
    this.#staging = parts.staging;
  }

  async run(session: Session): Promise<void> {
    const { connection, store } = this.#context;
    const lastOf = (chat: ConversationId): bigint | undefined => store.chats.get(chat)?.last;
    const pages = syncPages(this.#receiver.doubted, this.#reads.unticked(), lastOf, this.#reads.pending());
    try {
      for (const page of pages) {
        if (page.more === true) connection.send({ syncState: page });
        else await connection.request({ syncState: page }, { deadlineMs: limits.syncDeadlineMs });
      }
      await this.#receiver.idle();
      if (connection.session !== session) return;
      connection.caughtUp(session);
      this.#staging.onLive();
      this.#reads.repeat();
    } catch (error) {
      // A lost session begins again by itself; anything else is told, since `live` would never come.
      if (error instanceof HermodError && error.problem === undefined && error.retryable) return;
      const code = error instanceof HermodError ? error.code : "internal";
      this.#context.emit({ type: "problem", code, message: `sync: ${String(error)}` });
    }
  }
}
