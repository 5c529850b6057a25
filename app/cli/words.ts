import type { MessageView } from "../../client/messages/message.js";

/** What stands for an account or device whose name is not known. */
export function shortId(id: string): string {
  return `${id.slice(0, 8)}…`;
}

export function nameOf(message: Pick<MessageView, "own" | "sender" | "senderHandle">): string {
  return message.own ? "you" : (message.senderHandle ?? shortId(message.sender));
}

/** Text of others, made harmless for a terminal: nothing in it moves the cursor, changes colours or reverses the line. */
export function printable(text: string): string {
  return (
    text
      .replace(/\t/g, "    ")
      .replace(/\r\n?/g, "\n")
      // eslint-disable-next-line no-control-regex -- control characters are what this is about
      .replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, "\ufffd")
  );
}

/** HH:MM of the local day, or with the date when it was another day. */
export function timeOf(ms: number, nowMs: number): string {
  const at = new Date(ms);
  const time = `${two(at.getHours())}:${two(at.getMinutes())}`;
  return at.toDateString() === new Date(nowMs).toDateString() ? time : `${dayOf(ms)} ${time}`;
}

/** YYYY-MM-DD of the local time zone. */
export function dayOf(ms: number): string {
  const at = new Date(ms);
  return `${String(at.getFullYear())}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}

/** What is shown in place of a text that cannot be shown. */
export function textOf(message: MessageView): string {
  if (message.text !== undefined) return printable(message.text);
  switch (message.unreadable?.why) {
    case "waiting":
      return "(waiting for this message)";
    case "missed":
      return `(lost to this device: ${message.unreadable.reason})`;
    case "refused":
      return `(refused: ${message.unreadable.reason})`;
    case "undecryptable":
      return `(cannot be decrypted: ${message.unreadable.reason})`;
    case undefined:
      return "(no text)";
  }
}

/** How far an own message is, in three columns. */
export function ticksOf(state: MessageView["state"]): string {
  switch (state) {
    case undefined:
      return "   ";
    case "queued":
    case "sending":
      return "…  ";
    case "sent":
      return "✓  ";
    case "delivered":
      return "✓✓ ";
    case "read":
      return "✓✓r";
    case "failed":
      return "✗  ";
  }
}

export const ticksLegend = "…  waits to be sent   ✓  the server has it   ✓✓  a device of the other side has it   ✓✓r  read   ✗  refused";

/** A message as one JSON object; these names are documented and stay. */
export function jsonOf(message: MessageView, type: string): Record<string, unknown> {
  return {
    type,
    chat: message.chatId,
    id: message.id,
    seq: message.seq === undefined ? null : String(message.seq),
    sender: message.sender,
    senderDevice: message.senderDevice,
    handle: message.senderHandle ?? null,
    own: message.own,
    text: message.text ?? null,
    time: new Date(message.atMs).toISOString(),
    state: message.state ?? null,
    replyTo:
      message.replyTo === undefined
        ? null
        : { sender: message.replyTo.account, id: message.replyTo.messageId, seq: String(message.replyTo.seq) },
    unreadable: message.unreadable ?? null,
    gapBefore: message.gapBefore,
  };
}
