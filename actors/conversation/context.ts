import type { ConversationId } from "../../lib/ids.js";
import type { ShellContext } from "../context.js";
import type { Message } from "./messages.js";
import type { ConversationLog, ConversationStates, Intents, Receipts } from "./ports.js";

/** The ports that a conversation's shell works with. */
export interface ConversationPorts {
  readonly log: ConversationLog;
  readonly states: ConversationStates;
  readonly receipts: Receipts;
  readonly intents: Intents;
}

export type ConversationContext = ShellContext<ConversationId, Message, ConversationPorts>;
