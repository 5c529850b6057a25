import type { ConversationId, MessageId } from "../../lib/ids.js";

/** What became different in a conversation. A hint: whoever needs more reads the store. */
export type ChatChange =
  | { readonly type: "message"; readonly id: MessageId; readonly seq: bigint | undefined }
  | { readonly type: "receipts" }
  | { readonly type: "roster"; readonly seq: bigint }
  | { readonly type: "read"; readonly through: bigint };

export type ChangeListener = (change: ChatChange) => void;

/** Tells, after a commit, what it changed, to whoever watches the conversation. */
export class Changes {
  readonly #listeners = new Map<ConversationId, Set<ChangeListener>>();

  tell(chat: ConversationId, change: ChatChange): void {
    for (const listener of [...(this.#listeners.get(chat) ?? [])]) listener(change);
  }

  listen(chat: ConversationId, listener: ChangeListener): () => void {
    const listeners = this.#listeners.get(chat) ?? new Set();
    this.#listeners.set(chat, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#listeners.get(chat) === listeners) this.#listeners.delete(chat);
    };
  }
}
