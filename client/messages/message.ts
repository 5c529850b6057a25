import type { ErrorCode } from "../../lib/errors.js";
import type { AccountId, ConversationId, DeviceId, MessageId } from "../../lib/ids.js";
import { hermod } from "../../protos/gen/hermod.js";
import type { ClientContext } from "../context.js";
import type { EntryReference, InboxRow, OutboxRow, Reads } from "../store/ports.js";
import { readContent, readReference } from "./content.js";
import { byAccount, tickOfAll } from "./receipts.js";

/** Where an own message stands: the lowest that all recipients have reached. */
export type MessageState = "queued" | "sending" | "sent" | "delivered" | "read" | "failed";

/** What a person writes. */
export interface MessageBody {
  readonly text: string;
  /** The message that this one answers. */
  readonly replyTo?: EntryReference;
}

/** A message as it is shown. Never changes: a newer state is a new object. */
export interface MessageView {
  readonly chatId: ConversationId;
  readonly id: MessageId;
  /** Undefined before the server has it. */
  readonly seq: bigint | undefined;
  readonly sender: AccountId;
  readonly senderDevice: DeviceId;
  readonly senderHandle: string | undefined;
  /** Sent by this account, on whichever of its devices. */
  readonly own: boolean;
  /** Undefined where no text can be shown: see `unreadable`. */
  readonly text: string | undefined;
  readonly replyTo: EntryReference | undefined;
  /** The server's time, or the own clock before it has the message; for display only. */
  readonly atMs: number;
  /** Own messages of this device only. */
  readonly state: MessageState | undefined;
  readonly failure: ErrorCode | undefined;
  /** Why there is no text: it was refused, could not be decrypted (yet), or is lost. */
  readonly unreadable: { readonly why: "refused" | "undecryptable" | "waiting" | "missed"; readonly reason: string } | undefined;
  /** A message of the same device is missing before this one. */
  readonly gapBefore: boolean;
}

const messageKind = 1;

/** A row of the inbox as a message, or undefined for what people do not read. */
export function viewOfRow(context: ClientContext, reads: Reads, row: InboxRow, recipients: readonly AccountId[]): MessageView | undefined {
  if (row.kind !== messageKind && row.state !== "missed") return undefined;
  const content = row.content === undefined ? undefined : readContent(row.content);
  const text = typeof content === "object" ? content.text : undefined;
  const mine = row.device === context.self.device && row.state === "own";
  return Object.freeze({
    chatId: row.chat,
    id: row.messageId,
    seq: row.seq,
    sender: row.sender,
    senderDevice: row.device,
    senderHandle: handleOf(context, reads, row.sender),
    own: row.sender === context.self.account && row.state !== "missed",
    text: text?.text,
    replyTo: readReference(text?.replyTo),
    atMs: row.serverMs,
    state: mine ? stateAt(reads, row.chat, row.seq, recipients) : undefined,
    failure: undefined,
    unreadable: unreadable(row),
    gapBefore: row.state === "read" && row.reason === "message-missing",
  });
}

/** A row of the outbox that the server does not have yet, or never will. */
export function viewOfSend(context: ClientContext, row: OutboxRow): MessageView | undefined {
  if (row.kind !== messageKind || row.state === "sent") return undefined;
  const text = hermod.v1.Content.decode(row.content).text;
  return Object.freeze({
    chatId: row.chat,
    id: row.messageId,
    seq: undefined,
    sender: context.self.account,
    senderDevice: context.self.device,
    senderHandle: context.self.handle,
    own: true,
    text: text?.text,
    replyTo: readReference(text?.replyTo),
    atMs: row.queuedMs,
    state: row.state,
    failure: row.code as ErrorCode | undefined,
    unreadable: undefined,
    gapBefore: false,
  });
}

/** State of an own message that has a sequence. */
export function stateAt(reads: Reads, chat: ConversationId, seq: bigint, recipients: readonly AccountId[]): MessageState {
  const tick = tickOfAll(seq, recipients, byAccount(reads.receipts.of(chat)));
  return tick === "none" ? "sent" : tick;
}

function handleOf(context: ClientContext, reads: Reads, account: AccountId): string | undefined {
  return account === context.self.account ? context.self.handle : reads.contacts.get(account)?.handle;
}

function unreadable(row: InboxRow): MessageView["unreadable"] {
  const reason = row.reason ?? "";
  switch (row.state) {
    case "refused":
    case "undecryptable":
    case "missed":
      return { why: row.state, reason };
    case "staged":
      return { why: "waiting", reason: "predecessor" };
    default:
      return undefined;
  }
}
