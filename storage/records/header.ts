import { noBytes } from "../../lib/bytes.js";
import { idBytes, idOf, type AccountId, type DeviceId, type MessageId } from "../../lib/ids.js";
import type { Control, ControlChange, ConversationType, EntryReference, Header, Role } from "../../protos/entry.js";
import { hermod } from "../../protos/gen/hermod.js";
import { kindNumber, kindOf, scopeNumber, scopeOf, type EntryKind, type Scope } from "../../protos/kinds.js";
import { StoreError } from "../errors.js";
import { RecordReader } from "./reader.js";
import { beginRecord } from "./writer.js";

const { ControlRecord, EntryRefRecord } = hermod.v1;

/** HeaderRecord of records.proto. */
export function encodeHeader(header: Header): Uint8Array {
  // Made first: they are rare, and use the general codec.
  const refersTo = header.refersTo && encodeReference(header.refersTo);
  const control = header.control && encodeControl(header.control);
  const record = beginRecord()
    .big(1, header.seq)
    .big(2, header.epoch)
    .id(3, header.account)
    .id(4, header.device)
    .big(5, header.counter)
    .id(6, header.id)
    .number(7, kindNumber(header.kind))
    .number(8, scopeNumber(header.scope));
  for (const target of header.targets) record.id(9, target);
  return record
    .big(10, header.rosterSeq)
    .bytes(11, header.rosterHash)
    .number(12, header.timeMs)
    .bytes(13, header.hash)
    .bytes(14, refersTo)
    .big(15, header.previousControl)
    .bytes(16, header.commitment)
    .bytes(17, header.frankTag)
    .number(18, header.bodyExpiresMs)
    .bytes(19, control)
    .finish();
}

type Open<T> = { -readonly [Key in keyof T]: T[Key] };

/** The header of a stored value; `corrupt` when it has no sequence, kind or scope. */
export function decodeHeader(value: Uint8Array): Header {
  const reader = new RecordReader(value);
  const targets: DeviceId[] = [];
  const header: Open<Header> = {
    seq: 0n,
    epoch: 0n,
    account: "" as AccountId,
    device: "" as DeviceId,
    counter: 0n,
    id: "" as MessageId,
    kind: "" as EntryKind,
    scope: "" as Scope,
    targets,
    rosterSeq: 0n,
    rosterHash: noBytes,
    timeMs: 0,
    hash: noBytes,
    previousControl: 0n,
    bodyExpiresMs: 0,
  };
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field <= 9) readIdentity(reader, field, header, targets);
    else readRest(reader, field, header);
  }
  if (header.seq === 0n || !header.kind || !header.scope) {
    throw new StoreError("corrupt", "a header without sequence, kind or scope");
  }
  return header;
}

function readIdentity(reader: RecordReader, field: number, header: Open<Header>, targets: DeviceId[]): void {
  switch (field) {
    case 1:
      header.seq = reader.big();
      return;
    case 2:
      header.epoch = reader.big();
      return;
    case 3:
      header.account = reader.id();
      return;
    case 4:
      header.device = reader.id();
      return;
    case 5:
      header.counter = reader.big();
      return;
    case 6:
      header.id = reader.id();
      return;
    case 7:
      header.kind = known(kindOf(reader.number()), "entry kind");
      return;
    case 8:
      header.scope = known(scopeOf(reader.number()), "scope");
      return;
    default:
      targets.push(reader.id());
  }
}

function readRest(reader: RecordReader, field: number, header: Open<Header>): void {
  switch (field) {
    case 10:
      header.rosterSeq = reader.big();
      return;
    case 11:
      header.rosterHash = reader.bytes();
      return;
    case 12:
      header.timeMs = reader.number();
      return;
    case 13:
      header.hash = reader.bytes();
      return;
    case 14:
      header.refersTo = nested(decodeReference, reader.bytes());
      return;
    case 15:
      header.previousControl = reader.big();
      return;
    case 16:
      header.commitment = reader.bytes();
      return;
    case 17:
      header.frankTag = reader.bytes();
      return;
    case 18:
      header.bodyExpiresMs = reader.number();
      return;
    case 19:
      header.control = nested(decodeControl, reader.bytes());
      return;
    default:
      reader.skip();
  }
}

/** The general codec and the ids throw errors of their own. */
function nested<T>(decode: (bytes: Uint8Array) => T, bytes: Uint8Array): T {
  try {
    return decode(bytes);
  } catch (cause) {
    throw new StoreError("corrupt", "a header with a part that does not parse", { cause });
  }
}

function known<T>(word: T | undefined, what: string): T {
  if (word === undefined) throw new StoreError("update-needed", `an ${what} that this program does not know`);
  return word;
}

function encodeReference(reference: EntryReference): Uint8Array {
  return EntryRefRecord.encode({ account: idBytes(reference.account), id: idBytes(reference.id), seq: reference.seq }).finish();
}

function decodeReference(bytes: Uint8Array): EntryReference {
  const record = EntryRefRecord.decode(bytes);
  return { account: idOf(record.account), id: idOf(record.id), seq: record.seq };
}

const roleNumbers = { member: 1, admin: 2, owner: 3 } as const satisfies Record<Role, number>;
const roles = new Map<number, Role>(Object.entries(roleNumbers).map(([role, number]) => [number, role as Role]));

function encodeControl(control: Control): Uint8Array {
  return ControlRecord.encode({
    rosterHash: control.rosterHash,
    type: control.type ?? "",
    membershipVersion: control.membershipVersion,
    changes: control.changes.map((change) => ({
      op: change.op,
      account: idBytes(change.account),
      role: change.role === undefined ? 0 : roleNumbers[change.role],
      listVersion: change.listVersion ?? 0,
      listHash: change.listHash ?? noBytes,
      devices: (change.devices ?? []).map(idBytes),
    })),
  }).finish();
}

function decodeControl(bytes: Uint8Array): Control {
  const record = ControlRecord.decode(bytes);
  return {
    rosterHash: record.rosterHash,
    ...(record.type !== "" && { type: record.type as ConversationType }),
    changes: record.changes.map(decodeChange),
    membershipVersion: record.membershipVersion,
  };
}

/** What an op does not have is left out, so that a change reads back as it was given. */
function decodeChange(record: hermod.v1.ControlChangeRecord.$Properties): ControlChange {
  const op = (record.op ?? "") as ControlChange["op"];
  const role = roles.get(record.role ?? 0);
  const listVersion = record.listVersion ?? 0;
  const listHash = record.listHash ?? noBytes;
  return {
    op,
    account: idOf(record.account ?? noBytes),
    ...(role !== undefined && { role }),
    ...(listVersion !== 0 && { listVersion }),
    ...(listHash.length > 0 && { listHash }),
    ...((op === "add" || op === "devices") && { devices: (record.devices ?? []).map((device) => idOf<DeviceId>(device)) }),
  };
}
