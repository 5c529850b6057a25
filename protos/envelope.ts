import { createHash } from "node:crypto";
import { noBytes } from "../lib/bytes.js";
import { idOf, isIdBytes, type ConversationId, type DeviceId, type MessageId } from "../lib/ids.js";
import { limits } from "../lib/limits.js";
import type { BodySlot, EntryReference, Envelope } from "./entry.js";
import { bodyTypeOf, kindOf, scopeOf, type BodyType } from "./kinds.js";
import { WireReader } from "./wire.js";

/**
 * The lazy view of a send: one pass over the raw envelope, bodies as views into it, nothing else copied. The server reads no more than
 * this of a send. Equal to the generated decoder on every valid envelope (property test); anything malformed is undefined.
 *
 * @param raw owned by the caller from now on: bodies point into it
 */
export function parseEnvelope(raw: Uint8Array): Envelope | undefined {
  try {
    const envelope = read(raw);
    return envelope === undefined ? undefined : { ...envelope, hash: createHash("sha256").update(raw).digest(), bytes: raw.length };
  } catch {
    return undefined;
  }
}

type Read = Omit<Envelope, "hash" | "bytes">;

function read(raw: Uint8Array): Read | undefined {
  const reader = new WireReader(raw);
  let format = 0;
  let chat = noBytes;
  let counter = 0n;
  let id = noBytes;
  let kind = 0;
  let scope = 0;
  let rosterSeq = 0n;
  let rosterHash = noBytes;
  let refersTo: EntryReference | undefined;
  let timerMs = 0n;
  let urgent = false;
  let commitment = noBytes;
  const bodies: BodySlot[] = [];
  while (reader.next()) {
    switch (reader.field) {
      case 1:
        format = varint(reader);
        break;
      case 2:
        chat = reader.bytes();
        break;
      case 3:
        counter = long(reader);
        break;
      case 4:
        id = reader.bytes();
        break;
      case 5:
        kind = varint(reader);
        break;
      case 6:
        scope = varint(reader);
        break;
      case 7:
        rosterSeq = long(reader);
        break;
      case 8:
        rosterHash = reader.bytes();
        break;
      case 9:
        refersTo = readReference(reader.bytes());
        break;
      case 10:
        timerMs = long(reader);
        break;
      case 11:
        urgent = varint(reader) !== 0;
        break;
      case 12:
        commitment = reader.bytes();
        break;
      case 13:
        bodies.push(readBody(reader.bytes(), 1));
        break;
      case 14:
        bodies.push(readBody(reader.bytes(), 2));
        break;
      default:
        reader.skip();
    }
    if (bodies.length > limits.bodiesMax) return undefined;
  }
  const kindWord = kindOf(kind);
  const scopeWord = scopeOf(scope);
  if (format !== 1 || kindWord === undefined || scopeWord === undefined || counter === 0n || !isIdBytes(chat) || !isIdBytes(id))
    return undefined;
  if (rosterHash.length !== 32 || (commitment.length !== 0 && commitment.length !== 32) || timerMs > BigInt(limits.retentionMs))
    return undefined;
  return {
    conversation: idOf<ConversationId>(chat),
    counter,
    id: idOf<MessageId>(id),
    kind: kindWord,
    scope: scopeWord,
    rosterSeq,
    rosterHash,
    ...(refersTo === undefined ? {} : { refersTo }),
    timerMs: Number(timerMs),
    urgent,
    ...(commitment.length === 0 ? {} : { commitment }),
    bodies,
  };
}

function varint(reader: WireReader): number {
  if (reader.wireType !== 0) throw new Error("not a varint");
  return reader.uint32();
}

function long(reader: WireReader): bigint {
  if (reader.wireType !== 0) throw new Error("not a varint");
  return reader.uint64();
}

/** `typeField` 1: Body {type, bytes}. 2: DeviceBody {device, type, bytes}. */
function readBody(bytes: Uint8Array, typeField: 1 | 2): BodySlot {
  const reader = new WireReader(bytes);
  let device: Uint8Array | undefined;
  let type: BodyType | undefined;
  let content = noBytes;
  while (reader.next()) {
    if (reader.field === typeField) type = bodyTypeOf(varint(reader));
    else if (reader.field === typeField + 1) content = reader.bytes();
    else if (typeField === 2 && reader.field === 1) device = reader.bytes();
    else reader.skip();
  }
  if (type === undefined || (typeField === 2 && device === undefined)) throw new Error("a body without type or device");
  return { slot: device === undefined ? "shared" : idOf<DeviceId>(device), type, bytes: content };
}

function readReference(bytes: Uint8Array): EntryReference {
  const reader = new WireReader(bytes);
  let account = noBytes;
  let id = noBytes;
  let seq = 0n;
  while (reader.next()) {
    if (reader.field === 1) account = reader.bytes();
    else if (reader.field === 2) id = reader.bytes();
    else if (reader.field === 3) seq = long(reader);
    else reader.skip();
  }
  return { account: idOf(account), id: idOf(id), seq };
}
