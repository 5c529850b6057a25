import type { AccountId } from "../../lib/ids.js";
import { limits } from "../../lib/limits.js";
import type { BodySlot, Entry, Header } from "../../protos/entry.js";
import type { ToConversation } from "../../protos/messages.js";
import type { Moment } from "../ports.js";
import { becomeDirty, flushAwaiting } from "./answers.js";
import { holdsFor } from "./fold.js";
import type { Effect } from "./messages.js";
import { wake } from "./wake.js";
import { bucketEnd, bucketOf, type Conversation, type DeviceFold, type OpenDelivery, type OpenEntry } from "./state.js";

/** Hands a durable entry to every device that it holds something for. Called in order of sequence. */
export function fanOut(state: Conversation, entry: Entry, now: Moment, effects: Effect[]): void {
  const open = openEntry(state, entry.header, entry, now);
  if (open === undefined) return;
  open.dueMs = now.monoMs + open.delayMs;
  const { seq } = entry.header;
  for (const device of state.devices.values()) {
    const delivery = device.open.at(-1);
    if (delivery?.seq === seq) deliver(state, device, delivery, entry, effects);
  }
  for (const account of open.joins ?? []) tellJoined(state, account, effects);
  wake(state, open.dueMs, effects);
}

/**
 * Notes for whom an entry holds something and who must accept it; undefined: nobody. `devices` entries are quiet: nobody is asked, and the
 * next delivery says by `from` that they lie before it.
 */
export function openEntry(state: Conversation, header: Header, entry: Entry | undefined, now: Moment): OpenEntry | undefined {
  const { seq } = header;
  const quiet = header.kind === "devices";
  let left = 0;
  for (const device of state.devices.values()) {
    if (!holdsFor(device, header)) continue;
    if (!quiet && !device.gone) {
      device.open.push({ seq, prev: device.held, from: device.loud + 1n });
      left++;
    }
    device.held = seq;
    if (!quiet) device.loud = seq;
  }
  const joins = joinsOf(header);
  left += joins?.size ?? 0;
  if (left === 0) return undefined;
  const open: OpenEntry = { seq, header, entry: undefined, bytes: 0, left, joins, dueMs: now.monoMs, delayMs: limits.redeliverMinMs };
  if (entry !== undefined) keepBodies(state, open, entry);
  state.open.set(seq, open);
  return open;
}

/** The same for an entry that everybody has accepted: only what later deliveries say as `prev`. */
export function noteHeld(state: Conversation, header: Header): void {
  for (const device of state.devices.values()) {
    if (!holdsFor(device, header)) continue;
    if (device.held < header.seq) device.held = header.seq;
    if (header.kind !== "devices" && device.loud < header.seq) device.loud = header.seq;
  }
}

function joinsOf(header: Header): Set<AccountId> | undefined {
  if (header.kind !== "genesis" && header.kind !== "membership") return undefined;
  const joins = new Set<AccountId>();
  for (const change of header.control?.changes ?? []) if (change.op === "add") joins.add(change.account);
  return joins.size > 0 ? joins : undefined;
}

function keepBodies(state: Conversation, open: OpenEntry, entry: Entry): void {
  let bytes = 0;
  for (const body of entry.bodies) bytes += body.bytes.length;
  if (state.openBytes + bytes > limits.openBytesMax) return;
  open.entry = entry;
  open.bytes = bytes;
  state.openBytes += bytes;
}

function deliver(state: Conversation, device: DeviceFold, open: OpenDelivery, entry: Entry, effects: Effect[]): void {
  const { prev, from } = open;
  const delivery = { header: entry.header, prev, from, body: bodyFor(entry, device) };
  const message = { type: "deliver", conversation: state.id, activation: state.epoch, delivery } as const;
  effects.push({ type: "tell", mail: { kind: "device", id: device.id, message } });
}

function bodyFor(entry: Entry, device: DeviceFold): BodySlot | undefined {
  for (const body of entry.bodies) if (body.slot === "shared" || body.slot === device.id) return body;
  return undefined;
}

function tellJoined(state: Conversation, account: AccountId, effects: Effect[]): void {
  const version = state.roster?.members.get(account)?.listVersion ?? 0;
  effects.push({ type: "tell", mail: { kind: "account", id: account, message: { type: "joined", conversation: state.id, version } } });
}

/** A device's actor took responsibility. What it answers to an earlier activation says nothing about this one's deliveries. */
export function onAccepted(state: Conversation, accepted: Extract<ToConversation, { type: "accepted" }>, effects: Effect[]): void {
  if (accepted.activation !== state.epoch) return;
  const device = state.devices.get(accepted.device);
  if (device === undefined) return;
  if (accepted.how === "gone") {
    device.gone = true;
    releaseAll(state, device);
  } else {
    release(state, device, accepted.range.from, accepted.range.to);
    if (accepted.how === "acked") device.attentive = true;
    else if (accepted.how === "marked") device.attentive = false;
  }
  flushAwaiting(state, effects);
}

export function onJoinedHeard(state: Conversation, account: AccountId, effects: Effect[]): void {
  for (const open of state.open.values()) if (open.joins?.delete(account)) releaseOne(state, open);
  flushAwaiting(state, effects);
}

function release(state: Conversation, device: DeviceFold, from: bigint, to: bigint): void {
  const { open } = device;
  if (open.length === 0 || open[0]!.seq > to) return;
  if (open.length === 1 && open[0]!.seq >= from) {
    releaseSeq(state, open.pop()!.seq);
    return;
  }
  device.open = open.filter(({ seq }) => {
    if (seq < from || seq > to) return true;
    releaseSeq(state, seq);
    return false;
  });
}

/** Nothing is owed to an unlinked device. */
export function releaseAll(state: Conversation, device: DeviceFold): void {
  for (const { seq } of device.open) releaseSeq(state, seq);
  device.open = [];
}

function releaseSeq(state: Conversation, seq: bigint): void {
  const open = state.open.get(seq);
  if (open !== undefined) releaseOne(state, open);
}

function releaseOne(state: Conversation, open: OpenEntry): void {
  open.left--;
  if (open.left > 0) return;
  state.openBytes -= open.bytes;
  state.open.delete(open.seq);
}

/** What devices had not accepted when the last owner stopped is delivered again, under an intent of this owner's present slice. */
export function deliverAnew(state: Conversation, now: Moment, effects: Effect[]): void {
  if (state.open.size === 0) {
    effects.push({ type: "clean" });
    return;
  }
  becomeDirty(state, effects);
  redeliver(state, now, effects);
}

/** Delivers again what is due: per device the oldest first, no more than its window; bodies that are not at hand are read first. */
export function redeliver(state: Conversation, now: Moment, effects: Effect[]): void {
  if (state.open.size === 0) return;
  const due = new Set<OpenEntry>();
  let missing: bigint | undefined;
  for (const device of state.devices.values()) {
    for (const delivery of device.open.slice(0, limits.redeliverEntries)) {
      const open = state.open.get(delivery.seq);
      if (open === undefined || open.dueMs > now.monoMs) continue;
      if (open.entry !== undefined) deliver(state, device, delivery, open.entry, effects);
      else if (missing === undefined || delivery.seq < missing) missing = delivery.seq;
      if (open.entry !== undefined) due.add(open);
    }
  }
  let nextMs = Infinity;
  for (const open of state.open.values()) {
    if (open.dueMs <= now.monoMs && open.joins !== undefined && open.joins.size > 0) {
      for (const account of open.joins) tellJoined(state, account, effects);
      due.add(open);
    }
    if (due.has(open)) backOff(open, now);
    if (open.dueMs > now.monoMs && open.dueMs < nextMs) nextMs = open.dueMs;
  }
  if (missing !== undefined) reread(state, missing, now, effects);
  // What is due but stands behind a device's window comes with the next round.
  wake(state, nextMs === Infinity ? now.monoMs + limits.redeliverMinMs : nextMs, effects);
}

function backOff(open: OpenEntry, now: Moment): void {
  open.delayMs = Math.min(open.delayMs * 2, limits.redeliverMaxMs);
  open.dueMs = now.monoMs + open.delayMs;
}

function reread(state: Conversation, from: bigint, now: Moment, effects: Effect[]): void {
  if (state.rereading) return;
  state.rereading = true;
  const bucket = bucketOf(from);
  const last = [bucketEnd(bucket), state.durable, from + BigInt(limits.redeliverEntries) - 1n].reduce((a, b) => (a < b ? a : b));
  effects.push({ type: "read-entries", bucket, from, to: last });
}

/** Bodies of open entries are at hand again. One that expired meanwhile is delivered without: the log says the rest. */
export function onEntriesRead(state: Conversation, entries: readonly Entry[], now: Moment, effects: Effect[]): void {
  state.rereading = false;
  const found = new Map(entries.map((entry) => [entry.header.seq, entry]));
  for (const device of state.devices.values()) {
    for (const delivery of device.open.slice(0, limits.redeliverEntries)) {
      const entry = found.get(delivery.seq);
      if (entry !== undefined) deliver(state, device, delivery, entry, effects);
    }
  }
  for (const entry of entries) {
    const open = state.open.get(entry.header.seq);
    if (open === undefined) continue;
    if (open.entry === undefined) keepBodies(state, open, entry);
    for (const account of open.joins ?? []) tellJoined(state, account, effects);
    open.dueMs = now.monoMs + open.delayMs;
    wake(state, open.dueMs, effects);
  }
  if (entries.length > 0) redeliver(state, now, effects);
}
