import { sameBytes } from "../../lib/bytes.js";
import { idOf, isIdBytes, type ConversationId } from "../../lib/ids.js";
import type { hermod } from "../../protos/gen/hermod.js";
import type { ClientContext } from "../context.js";
import { HermodError } from "../errors.js";
import { valueKey, type Transaction, type ValueKey } from "../store/ports.js";
import type { Rosters } from "./rosters.js";

interface NamedChat {
  readonly rosterSeq: bigint;
  readonly rosterHash: Uint8Array;
}

const prefix = "named-chat/";
const keyOf = (chat: ConversationId): ValueKey<NamedChat> => valueKey<NamedChat>(`${prefix}${chat}`);

/** In the transaction that stores the entry: once that is acked, nobody names these conversations again. */
export function rememberNamed(tx: Transaction, sync: hermod.v1.Sync): void {
  for (const { chatId, rosterSeq, rosterHash } of sync.chats) {
    if (isIdBytes(chatId)) tx.values.put(keyOf(idOf<ConversationId>(chatId)), { rosterSeq, rosterHash: new Uint8Array(rosterHash) });
  }
}

/** Conversations that an own device named: fetched, verified, and held against the roster that it vouches for. Goes on where a lost server cut it off. */
export class NamedChats {
  readonly #context: ClientContext;
  readonly #rosters: Rosters;
  readonly #stopped: AbortSignal;
  #learning = Promise.resolve();

  constructor(context: ClientContext, rosters: Rosters, stopped: AbortSignal) {
    this.#context = context;
    this.#rosters = rosters;
    this.#stopped = stopped;
  }

  /** One after the other; resolves when this pass is over. What is not reachable now is tried again with the next session. */
  learn(): Promise<void> {
    this.#learning = this.#learning.then(() => this.#pass());
    return this.#learning;
  }

  async #pass(): Promise<void> {
    const { store } = this.#context;
    if (this.#stopped.aborted) return;
    for (const name of store.values.names(prefix)) {
      if (this.#stopped.aborted || this.#context.connection.session === undefined) return;
      const chat = name.slice(prefix.length) as ConversationId;
      const named = store.values.get(keyOf(chat));
      if (named === undefined) continue;
      try {
        if (this.#rosters.newest(chat) === undefined) await this.#rosters.catchUp(chat);
        this.#compare(chat, named);
      } catch (error) {
        // Not reachable now: it stays named. What the server refuses for good is met again, if ever, with its next entry, and verified then.
        if (!(error instanceof HermodError) || error.retryable) continue;
      }
      if (this.#stopped.aborted) return;
      store.transact((tx) => {
        tx.values.delete(keyOf(chat));
      });
    }
  }

  #compare(chat: ConversationId, named: NamedChat): void {
    const roster = this.#rosters.before(chat, named.rosterSeq + 1n);
    if (roster === undefined || (roster.seq === named.rosterSeq && sameBytes(roster.hash, named.rosterHash))) return;
    this.#context.emit({
      type: "alarm",
      code: "roster-forked",
      chatId: chat,
      detail: "an own device has another roster of this conversation",
    });
  }
}
