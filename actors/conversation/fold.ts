import { limits } from "../../lib/limits.js";
import type { DeviceId } from "../../lib/ids.js";
import type { Header } from "../../protos/entry.js";
import { isControl } from "../../protos/kinds.js";
import { isEntitled } from "../../protos/signed/entitlement.js";
import { foldControl } from "../../protos/signed/roster.js";
import { deviceFold, type Conversation, type DeviceFold, type StoredSend } from "./state.js";

/** Adds one header of the log, in order, to everything that is a fold over headers. Who got what of it stands in fan-out.ts. */
export function foldHeader(state: Conversation, header: Header): void {
  if (isControl(header.kind)) {
    state.roster = foldControl(state.id, state.roster, header);
    state.controls.push(header.seq);
    if (header.kind === "genesis") {
      state.genesis = storedSend(header);
      state.trimDueMs = header.timeMs + limits.trimAfterMs;
    }
    foldIntervals(state, header);
    return;
  }
  remember(deviceFold(state, header.device, header.account), storedSend(header));
  if (header.scope === "all") state.lastTick = header.seq;
}

export function storedSend(header: Header): StoredSend {
  return { counter: header.counter, id: header.id, hash: header.hash, seq: header.seq, timeMs: header.timeMs };
}

/**
 * Uses a counter and keeps the first answer for its retries.
 *
 * @param durable of the log: what it does not have yet is kept, however much that is. A retry of it must not hear `stored-earlier`, and a
 *   snapshot must not count it
 */
export function remember(device: DeviceFold, send: StoredSend, durable = send.seq): void {
  const { recent } = device;
  device.counter = send.counter;
  recent.push(send);
  // Cut in halves, so that a long run of sends does not move the list each time.
  if (recent.length < 2 * limits.recentSendsPerDevice) return;
  let cut = recent.length - limits.recentSendsPerDevice;
  while (cut > 0 && recent[cut - 1]!.seq > durable) cut--;
  recent.splice(0, cut);
}

/** The first answer to a counter, if it is recent enough. */
export function recall(device: DeviceFold, counter: bigint): StoredSend | undefined {
  const { recent } = device;
  const first = recent[0];
  return first === undefined || counter < first.counter ? undefined : recent[Number(counter - first.counter)];
}

/** What a control entry does to who is entitled from here on. The entry itself belongs to both sides of the change. */
export function foldIntervals(state: Conversation, header: Header): void {
  for (const change of header.control?.changes ?? []) {
    if (change.op === "role") continue;
    const listed = new Set<DeviceId>(change.op === "remove" ? [] : change.devices);
    for (const device of state.devices.values()) {
      if (device.account !== change.account || listed.has(device.id)) continue;
      leave(device, header.seq);
      // Off the list is unlinked, and an unlinked device never returns.
      if (change.op === "devices") device.gone = true;
    }
    for (const id of listed) join(deviceFold(state, id, change.account), header.seq);
  }
}

function join(device: DeviceFold, seq: bigint): void {
  const last = device.intervals.at(-1);
  if (last !== undefined && last.to === undefined) return;
  device.intervals.push({ from: seq });
  // A mark of this interval starts inside it.
  if (device.loud < seq - 1n) device.loud = seq - 1n;
}

function leave(device: DeviceFold, seq: bigint): void {
  const last = device.intervals.at(-1);
  if (last !== undefined && last.to === undefined) device.intervals[device.intervals.length - 1] = { from: last.from, to: seq };
}

/** Whether an entry held something for a device: see the rule at `step`. */
export function holdsFor(device: DeviceFold, header: Header): boolean {
  const last = device.intervals.at(-1);
  if (last === undefined) return false;
  const inLast = last.from <= header.seq && (last.to === undefined || header.seq <= last.to);
  if (!inLast && !isEntitled(device.intervals, header.seq)) return false;
  if (isControl(header.kind)) return true;
  return header.scope === "all" ? header.device !== device.id : header.targets.includes(device.id);
}
