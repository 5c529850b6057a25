import { sameBytes } from "../../lib/bytes.js";
import { idBytes, idOf, isIdBytes, type AccountId, type ConversationId, type DeviceId, type MessageId } from "../../lib/ids.js";
import { hermod } from "../../protos/gen/hermod.js";
import type { EntryReference } from "../store/ports.js";

export type ContentPart = Omit<hermod.v1.Content.$Properties, "format" | "context">;
export type Content = hermod.v1.Content;

/** What the content is bound to: the entry that carries it. A reader refuses a body whose context differs from its entry. */
export interface ContentContext {
  readonly chat: ConversationId;
  readonly senderDevice: DeviceId;
  readonly kind: number;
  readonly messageId: MessageId;
  readonly counter: bigint;
  /** Counter of the sending device's entry of scope `all` before this one. */
  readonly previousAll: bigint;
  readonly rosterSeq: bigint;
  readonly rosterHash: Uint8Array;
  /** Version of the sender's own list in that roster. */
  readonly listVersion: number;
  readonly refersTo?: EntryReference;
}

const format = 1;

/** What a person wrote, as the outbox keeps it: without context, which comes with the counter. */
export function encodePart(part: ContentPart): Uint8Array {
  return hermod.v1.Content.encode({ format, ...part }).finish();
}

/** The plaintext of an entry: the part, bound to its place. */
export function bindContent(part: Uint8Array, context: ContentContext): Uint8Array {
  const content = hermod.v1.Content.decode(part);
  content.context = new hermod.v1.Context({
    chatId: idBytes(context.chat),
    senderDevice: idBytes(context.senderDevice),
    kind: context.kind,
    clientMsgId: idBytes(context.messageId),
    counter: context.counter,
    previousAll: context.previousAll,
    rosterSeq: context.rosterSeq,
    rosterHash: context.rosterHash,
    listVersion: context.listVersion,
    ...(context.refersTo === undefined ? {} : { refersTo: writeReference(context.refersTo) }),
  });
  return hermod.v1.Content.encode(content).finish();
}

/** The content of a plaintext; `newer`: of a format that this program does not know, which is never half read. */
export function readContent(bytes: Uint8Array): Content | "malformed" | "newer" {
  let content: Content;
  try {
    content = hermod.v1.Content.decode(bytes);
  } catch {
    return "malformed"; // the decoder throws at malformed bytes and at nothing else
  }
  if (content.format > format) return "newer";
  return content.format === format && content.context !== null ? content : "malformed";
}

/** The first field of the content's context that differs from its entry, or undefined when all are equal. */
export function contextMismatch(content: Content, expected: Omit<ContentContext, "previousAll">): string | undefined {
  const context = content.context;
  if (context === null) return "context";
  if (!sameBytes(context.chatId, idBytes(expected.chat))) return "chat_id";
  if (!sameBytes(context.senderDevice, idBytes(expected.senderDevice))) return "sender_device";
  if (context.kind !== expected.kind) return "kind";
  if (!sameBytes(context.clientMsgId, idBytes(expected.messageId))) return "client_msg_id";
  if (context.counter !== expected.counter) return "counter";
  if (context.previousAll >= context.counter && context.counter > 0n) return "previous_all";
  if (context.rosterSeq !== expected.rosterSeq) return "roster_seq";
  if (!sameBytes(context.rosterHash, expected.rosterHash)) return "roster_hash";
  if (context.listVersion !== expected.listVersion) return "list_version";
  return sameReference(context.refersTo, expected.refersTo) ? undefined : "refers_to";
}

function sameReference(one: hermod.v1.ContentRef | null, other: EntryReference | undefined): boolean {
  if (one === null || other === undefined) return one === null && other === undefined;
  return sameBytes(one.account, idBytes(other.account)) && sameBytes(one.clientMsgId, idBytes(other.messageId)) && one.seq === other.seq;
}

export function writeReference(reference: EntryReference): { account: Uint8Array; clientMsgId: Uint8Array; seq: bigint } {
  return { account: idBytes(reference.account), clientMsgId: idBytes(reference.messageId), seq: reference.seq };
}

/** A reference from the wire; undefined when it is absent or not one. */
export function readReference(wire: hermod.v1.ContentRef | hermod.v1.EntryRef | null | undefined): EntryReference | undefined {
  if (wire === null || wire === undefined || !isIdBytes(wire.account) || !isIdBytes(wire.clientMsgId)) return undefined;
  return { account: idOf<AccountId>(wire.account), messageId: idOf<MessageId>(wire.clientMsgId), seq: wire.seq };
}
