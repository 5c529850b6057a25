import type { Chat } from "../../client/messages/chat.js";
import type { Client } from "../../client/client.js";

/** The direct conversation with a handle or account id, as far as this store knows it; with the own handle: the self conversation. */
export function knownChat(me: Client, who: string): Chat | undefined {
  const self = me.self;
  for (const chat of me.chats()) {
    const { type, members } = chat.snapshot(0);
    const own = who === self?.handle || who === self?.account;
    if (type === "self" && own) return chat;
    if (type === "direct" && !own && members.some(({ account, handle }) => handle === who || account === who)) return chat;
  }
  return undefined;
}
