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

/** What the fields said, before anybody judged them. */
interface Fields {
  format: number;
  chat: Uint8Array;
  counter: bigint;
  id: Uint8Array;
  kind: number;
  scope: number;
  rosterSeq: bigint;
  rosterHash: Uint8Array;
  refersTo: EntryReference | undefined;
  timerMs: bigint;
  urgent: boolean;
  commitment: Uint8Array;
  readonly bodies: BodySlot[];
}

function read(raw: Uint8Array): Read | undefined {
  const fields: Fields = {
    format: 0,
    chat: noBytes,
    counter: 0n,
    id: noBytes,
    kind: 0,
    scope: 0,
    rosterSeq: 0n,
    rosterHash: noBytes,
    refersTo: undefined,
    timerMs: 0n,
    urgent: false,
    commitment: noBytes,
    bodies: [],
  };
  const reader = new WireReader(raw);
  while (reader.next()) {
    if (!readShort(reader, fields) && !readLong(reader, fields)) reader.skip();
    if (fields.bodies.length > limits.bodiesMax) return undefined;
  }
  return judge(fields);
}

/** Fields 1 to 8: every send has them. */
function readShort(reader: WireReader, fields: Fields): boolean {
  if (reader.field === 1) fields.format = varint(reader);
  else if (reader.field === 2) fields.chat = reader.bytes();
  else if (reader.field === 3) fields.counter = long(reader);
  else if (reader.field === 4) fields.id = reader.bytes();
  else if (reader.field === 5) fields.kind = varint(reader);
  else if (reader.field === 6) fields.scope = varint(reader);
  else if (reader.field === 7) fields.rosterSeq = long(reader);
  else if (reader.field === 8) fields.rosterHash = reader.bytes();
  else return false;
  return true;
}

function readLong(reader: WireReader, fields: Fields): boolean {
  if (reader.field === 13) fields.bodies.push(readBody(reader.bytes(), 1));
  else if (reader.field === 14) fields.bodies.push(readBody(reader.bytes(), 2));
  else if (reader.field === 9) fields.refersTo = readReference(reader.bytes());
  else if (reader.field === 10) fields.timerMs = long(reader);
  else if (reader.field === 11) fields.urgent = varint(reader) !== 0;
  else if (reader.field === 12) fields.commitment = reader.bytes();
  else return false;
  return true;
}

function judge(fields: Fields): Read | undefined {
  const kind = kindOf(fields.kind);
  const scope = scopeOf(fields.scope);
  const { format, chat, counter, id, rosterHash, commitment, timerMs, refersTo } = fields;
  if (format !== 1 || kind === undefined || scope === undefined || counter === 0n || !isIdBytes(chat) || !isIdBytes(id)) return undefined;
  if (rosterHash.length !== 32 || (commitment.length !== 0 && commitment.length !== 32) || timerMs > BigInt(limits.retentionMs))
    return undefined;
  return {
    conversation: idOf<ConversationId>(chat),
    counter,
    id: idOf<MessageId>(id),
    kind,
    scope,
    rosterSeq: fields.rosterSeq,
    rosterHash,
    ...(refersTo === undefined ? {} : { refersTo }),
    timerMs: Number(timerMs),
    urgent: fields.urgent,
    ...(commitment.length === 0 ? {} : { commitment }),
    bodies: fields.bodies,
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
