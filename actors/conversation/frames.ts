import { idBytes, type ConversationId } from "../../lib/ids.js";
import type { Entry } from "../../protos/entry.js";
import { bodyTypeNumber, kindNumber, scopeNumber } from "../../protos/kinds.js";
import type { Answer, ReplyTo, ServerFrame } from "../../protos/messages.js";
import type { hermod } from "../../protos/gen/hermod.js";
import type { Effect } from "./messages.js";
import type { RosterAnswer } from "./state.js";

/* What the client sees of a conversation's answers. */

export function sentFrame(id: ConversationId, { to, send, existing }: Extract<Effect, { type: "sent" }>): ServerFrame {
  const { counter, seq, hash, timeMs } = send;
  const chatId = idBytes(id);
  const serverTsMs = BigInt(timeMs);
  // A genesis has no counter and no id of its client's.
  const serverAck =
    counter === 0n
      ? { chatId, seq, serverTsMs, hash, existing }
      : { chatId, clientMsgId: idBytes(send.id), counter, seq, serverTsMs, hash };
  return { requestId: to.requestId, serverAck };
}

/** A refusal: out-of-order is a frame of its own, everything else a problem. */
export function problemAnswer(id: ConversationId, { to, code, details }: Extract<Effect, { type: "refused" }>): Answer {
  const chatId = idBytes(id);
  const counter = details?.counter ?? 0n;
  if (code === "out-of-order") {
    const expected = details?.expected ?? 0n;
    return { type: "frame", frame: { requestId: to.requestId, outOfOrder: { chatId, counter, expected } } };
  }
  const { storedId, retryAfterMs } = details ?? {};
  const shown = storedId === undefined ? { chatId, counter } : { chatId, counter, storedId: idBytes(storedId) };
  return retryAfterMs === undefined ? { type: "problem", code, details: shown } : { type: "problem", code, retryAfterMs, details: shown };
}

/** Control entries for somebody who asked for them, or whose send named an older roster. */
export function rosterFrame(id: ConversationId, to: ReplyTo, answer: RosterAnswer, entries: readonly Entry[], more: boolean): ServerFrame {
  const chatId = idBytes(id);
  const changes = entries.map((entry) => controlFrame(chatId, entry));
  const { requestId } = to;
  if (answer.mismatchAt === undefined) return { requestId, rosterPage: { chatId, entries: changes, more } };
  return { requestId, rosterMismatch: { chatId, counter: answer.mismatchAt, rosterSeq: answer.rosterSeq, changes, more } };
}

/** A control entry holds something for everybody, so the one before it is its `prev` in a page of control entries. */
function controlFrame(chatId: Uint8Array, { header, bodies }: Entry): hermod.v1.Deliver.$Properties {
  const body = bodies[0];
  return {
    chatId,
    seq: header.seq,
    prev: header.previousControl,
    senderAccount: idBytes(header.account),
    senderDevice: idBytes(header.device),
    kind: kindNumber(header.kind),
    scope: scopeNumber(header.scope),
    clientMsgId: idBytes(header.id),
    serverTsMs: BigInt(header.timeMs),
    rosterSeq: header.rosterSeq,
    rosterHash: header.rosterHash,
    hash: header.hash,
    ...(body === undefined ? {} : { body: { type: bodyTypeNumber(body.type), bytes: body.bytes } }),
  };
}
