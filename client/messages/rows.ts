import { idOf, type ConversationId, type DeviceId, type MessageId } from "../../lib/ids.js";
import { bodyTypeNumber, bodyTypeOf, kindNumber, kindOf, scopeNumber, scopeOf } from "../../protos/kinds.js";
import { valueKey, type InboxRow, type InboxState } from "../store/ports.js";
import type { Entry } from "./entry.js";
import type { SeenAll } from "./receive.js";

/** An entry as a row of the inbox. */
export function rowOf(
  entry: Entry,
  state: InboxState,
  storedMs: number,
  more: Partial<Pick<InboxRow, "content" | "reason">> = {},
): InboxRow {
  const { chat, seq, sender, device, messageId, counter, rosterSeq, rosterHash, serverMs, refersTo, body } = entry;
  return {
    chat,
    seq,
    state,
    kind: kindNumber(entry.kind),
    scope: scopeNumber(entry.scope),
    sender,
    device,
    messageId,
    counter,
    rosterSeq,
    rosterHash,
    serverMs,
    ...(refersTo === undefined ? {} : { refersTo }),
    ...more,
    ...(state === "staged" && body !== undefined ? { body: { type: bodyTypeNumber(body.type), bytes: body.bytes } } : {}),
    storedMs,
  };
}

/** The entry that a row was made of, as far as checks need it. Undefined for a row of a newer program. */
export function entryOf(row: InboxRow): Entry | undefined {
  const { chat, seq, sender, device, messageId, counter, rosterSeq, rosterHash, serverMs, refersTo, body } = row;
  const kind = kindOf(row.kind);
  const type = body === undefined ? undefined : bodyTypeOf(body.type);
  if (kind === undefined) return undefined;
  return {
    chat,
    seq,
    prev: seq - 1n,
    sender,
    device,
    kind,
    scope: scopeOf(row.scope) ?? "subset",
    messageId,
    counter,
    serverMs,
    rosterSeq,
    rosterHash,
    ...(refersTo === undefined ? {} : { refersTo }),
    ...(body === undefined || type === undefined ? {} : { body: { type, bytes: body.bytes } }),
    hash: new Uint8Array(0),
  };
}

/** The id of an entry that has none. */
export const noMessage: MessageId = idOf<MessageId>(new Uint8Array(16));

export function seenAllKey(chat: ConversationId, device: DeviceId): ReturnType<typeof valueKey<SeenAll>> {
  return valueKey<SeenAll>(`seen-all/${chat}/${device}`);
}

/** The last sequence of a conversation that the server declared lost to this device. */
export function missedKey(chat: ConversationId): ReturnType<typeof valueKey<bigint>> {
  return valueKey<bigint>(`missed/${chat}`);
}
