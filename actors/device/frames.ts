import { idBytes, type ConversationId } from "../../lib/ids.js";
import { noBytes } from "../../lib/bytes.js";
import { unreachable } from "../../lib/assert.js";
import type { Header } from "../../protos/entry.js";
import { hermod } from "../../protos/gen/hermod.js";
import { bodyTypeNumber, kindNumber, scopeNumber, type BodyType } from "../../protos/kinds.js";
import type { ServerFrame } from "../../protos/messages.js";
import type { MissedReason, Pushed } from "./messages.js";

const missedWhy: Readonly<Record<MissedReason, hermod.v1.MissedWhy>> = {
  retention: hermod.v1.MissedWhy.MISSED_WHY_RETENTION,
  expired: hermod.v1.MissedWhy.MISSED_WHY_EXPIRED,
  trimmed: hermod.v1.MissedWhy.MISSED_WHY_TRIMMED,
};

/** What is pushed, as the client's frame. */
export function frameOf(what: Pushed): ServerFrame {
  switch (what.type) {
    case "deliver":
      return { deliver: deliverOf(what.conversation, what.header, what.body, what.prev, what.replay) };
    case "skip":
      return { skip: { chatId: idBytes(what.conversation), from: what.from, to: what.to, prev: what.prev } };
    case "missed": {
      const { from, to, prev } = what;
      return { missed: { chatId: idBytes(what.conversation), from, to, prev, why: missedWhy[what.why] } };
    }
    case "receipt": {
      const { account, device, watermarks } = what.notice;
      const { delivered: deliveredThrough, read: readThrough, except } = watermarks;
      const receipt = { chatId: idBytes(what.conversation), account: idBytes(account), deliveredThrough, readThrough, except: [...except] };
      return { receipt: device === undefined ? receipt : { ...receipt, device: idBytes(device) } };
    }
    case "caught-up":
      return { caughtUp: { chatId: idBytes(what.conversation) } };
    case "read-stored":
      return readStoredFrame(what.conversation, what.through);
    case "live":
      return { requestId: what.requestId, live: {} };
    case "problem": {
      const [only] = what.conversations;
      const chatIds = what.conversations.map(idBytes);
      return {
        problem:
          what.code === "bad-cursor" && only !== undefined ? { code: what.code, chatId: idBytes(only) } : { code: what.code, chatIds },
      };
    }
    case "frame":
      return what.frame;
    default:
      return unreachable(what);
  }
}

export function readStoredFrame(conversation: ConversationId, through: bigint): ServerFrame {
  return { readStored: { chatId: idBytes(conversation), through } };
}

export function fetchedFrame(conversation: ConversationId, from: bigint, to: bigint): ServerFrame {
  return { fetched: { chatId: idBytes(conversation), from, to } };
}

function deliverOf(
  conversation: ConversationId,
  header: Header,
  body: { readonly type: BodyType; readonly bytes: Uint8Array } | undefined,
  prev: bigint,
  replay: boolean,
): hermod.v1.Deliver.$Properties {
  const { refersTo } = header;
  return {
    chatId: idBytes(conversation),
    seq: header.seq,
    prev,
    senderAccount: idBytes(header.account),
    senderDevice: idBytes(header.device),
    kind: kindNumber(header.kind),
    scope: scopeNumber(header.scope),
    clientMsgId: idBytes(header.id),
    counter: header.counter,
    serverTsMs: BigInt(header.timeMs),
    rosterSeq: header.rosterSeq,
    rosterHash: header.rosterHash,
    ...(refersTo === undefined
      ? {}
      : { refersTo: { account: idBytes(refersTo.account), clientMsgId: idBytes(refersTo.id), seq: refersTo.seq } }),
    ...(body === undefined ? {} : { body: { type: bodyTypeNumber(body.type), bytes: body.bytes } }),
    replay,
    frankTag: header.frankTag ?? noBytes,
    commitment: header.commitment ?? noBytes,
    hash: header.hash,
  };
}
