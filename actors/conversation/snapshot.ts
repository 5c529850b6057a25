import { idBytes, idOf, type AccountId, type DeviceId } from "../../lib/ids.js";
import { limits } from "../../lib/limits.js";
import { hermod } from "../../protos/gen/hermod.js";
import type { ConversationType } from "../../protos/entry.js";
import { roleNumber, roleOf } from "../../protos/signed/roles.js";
import type { Roster, RosterMember } from "../../protos/signed/roster.js";
import type { Moment } from "../ports.js";
import type { StoredSnapshot } from "./messages.js";
import { deviceFold, type Conversation, type DeviceFold, type StoredSend } from "./state.js";

/*
 * The fold of a log as bytes: one version byte, then a SnapshotRecord. A cache: one that is lost, old, of another version or damaged costs
 * a longer read of headers, nothing else.
 */
const version = 1;

/** What the log has of the fold through `durable`; sends that are still on their way are left out. */
export function snapshotOf(state: Conversation, now: Moment): Uint8Array {
  const oldest = oldestSend(state);
  const record = {
    ...(state.roster === undefined ? {} : { roster: rosterRecord(state.roster) }),
    controls: state.controls,
    devices: [...state.devices.values()].map((device) => deviceRecord(device, state.durable, oldest)),
    lastTick: state.lastTick,
    trimmed: state.trimmed,
    trimDueMs: BigInt(state.trimDueMs),
    madeMs: BigInt(now.wallMs),
    ...(state.genesis === undefined ? {} : { genesis: sendRecord(state.genesis) }),
  };
  const body = hermod.v1.SnapshotRecord.encode(record).finish();
  const bytes = new Uint8Array(body.length + 1);
  bytes[0] = version;
  bytes.set(body, 1);
  return bytes;
}

/** The sequence from which on sends are kept, so that a snapshot stays small in a conversation with very many senders. */
function oldestSend(state: Conversation): bigint {
  const seqs: bigint[] = [];
  for (const device of state.devices.values()) for (const { seq } of device.recent.slice(-limits.recentSendsPerDevice)) seqs.push(seq);
  if (seqs.length <= limits.snapshotSendsMax) return 0n;
  seqs.sort((a, b) => (a < b ? -1 : 1));
  return seqs[seqs.length - limits.snapshotSendsMax]!;
}

function deviceRecord(device: DeviceFold, durable: bigint, oldest: bigint): hermod.v1.SnapshotDeviceRecord.$Properties {
  const stored = device.recent.filter(({ seq }) => seq <= durable);
  const counter = stored.at(-1)?.counter ?? (device.recent.length > 0 ? device.recent[0]!.counter - 1n : device.counter);
  return {
    id: idBytes(device.id),
    account: idBytes(device.account),
    intervals: device.intervals.map(({ from, to }) => ({ from, to: to ?? 0n })),
    held: device.held,
    loud: device.loud,
    counter,
    recent: stored
      .slice(-limits.recentSendsPerDevice)
      .filter(({ seq }) => seq >= oldest)
      .map(sendRecord),
    gone: device.gone,
  };
}

function sendRecord({ counter, id, hash, seq, timeMs }: StoredSend): hermod.v1.SnapshotSendRecord.$Properties {
  return { counter, id: idBytes(id), hash, seq, timeMs: BigInt(timeMs) };
}

function rosterRecord(roster: Roster): hermod.v1.RosterRecord.$Properties {
  const members = [...roster.members].map(([account, { role, listVersion, listHash, devices }]) => ({
    account: idBytes(account),
    role: roleNumber(role),
    listVersion,
    listHash,
    devices: devices.map((device) => idBytes(device)),
  }));
  const { type, seq, hash, membershipVersion, membershipHash, lastRemovalSeq } = roster;
  return { type, seq, hash, members, membershipVersion, membershipHash, lastRemovalSeq };
}

/**
 * Takes the stored fold into a fresh state.
 *
 * @returns through which sequence; 0n: nothing usable is stored
 */
export function loadSnapshot(state: Conversation, stored: StoredSnapshot | undefined): bigint {
  state.snapshotVersion = stored?.version ?? 0n;
  if (stored?.snapshot[0] !== version) return 0n;
  let record: hermod.v1.SnapshotRecord;
  try {
    record = hermod.v1.SnapshotRecord.decode(stored.snapshot.subarray(1));
  } catch {
    return 0n; // a damaged cache
  }
  if (record.controls[0] !== 1n) return 0n; // no genesis, no roster
  state.roster = rosterOf(state, record.roster);
  state.genesis = sendOf(record.genesis);
  state.controls = [...record.controls];
  for (const device of record.devices) loadDevice(state, device);
  state.lastTick = record.lastTick;
  if (record.trimmed > state.trimmed) state.trimmed = record.trimmed;
  state.trimDueMs = Number(record.trimDueMs);
  state.snapshotMs = Number(record.madeMs);
  state.snapshotThrough = stored.through;
  return stored.through;
}

function loadDevice(state: Conversation, record: hermod.v1.SnapshotDeviceRecord): void {
  const device = deviceFold(state, idOf<DeviceId>(record.id), idOf<AccountId>(record.account));
  device.intervals = record.intervals.map(({ from, to }) => (to === 0n ? { from } : { from, to }));
  device.held = record.held;
  device.loud = record.loud;
  device.counter = record.counter;
  device.recent = record.recent.map(sendOf);
  device.gone = record.gone;
}

function sendOf({ counter, id, hash, seq, timeMs }: hermod.v1.SnapshotSendRecord): StoredSend {
  return { counter, id: idOf(id), hash, seq, timeMs: Number(timeMs) };
}

function rosterOf(state: Conversation, record: hermod.v1.RosterRecord): Roster {
  const members = record.members.map((member): [AccountId, RosterMember] => {
    const { account, role, listVersion, listHash, devices } = member;
    return [
      idOf<AccountId>(account),
      { role: roleOf(role) ?? "member", listVersion, listHash, devices: devices.map((id) => idOf<DeviceId>(id)) },
    ];
  });
  const { seq, hash, membershipVersion, membershipHash, lastRemovalSeq } = record;
  const type = record.type as ConversationType;
  return { conversation: state.id, type, seq, hash, members: new Map(members), membershipVersion, membershipHash, lastRemovalSeq };
}
