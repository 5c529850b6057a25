import { sameBytes } from "../../lib/bytes.js";
import type { Header } from "../../protos/entry.js";
import { entitledIntervals, isEntitled } from "../../protos/signed/entitlement.js";
import type { World } from "./conversation-world.js";
import type { WorldDevice } from "./world-device.js";

/** What must hold once the world is calm and everything has been drained: an empty list. */
export async function violations(world: World): Promise<string[]> {
  const found = [...world.broken];
  for (const id of world.conversations) {
    const log = await world.log(id);
    found.push(...logViolations(log));
    for (const device of world.devices.values()) found.push(...deviceViolations(device, id, log));
    const host = world.owner;
    const state = host.stateOf(id);
    if (state !== undefined && !state.clean) found.push(`${id} is not clean: ${state.open.size} open from ${[...state.open.keys()][0]}`);
  }
  return found;
}

/** One header per sequence without gaps, epochs that do not fall, each device's counters 1, 2, 3 …, no id twice. */
function logViolations(log: readonly Header[]): string[] {
  const found: string[] = [];
  const counters = new Map<string, bigint>();
  const ids = new Map<string, bigint>();
  let epoch = 0n;
  log.forEach((header, index) => {
    if (header.seq !== BigInt(index) + 1n) found.push(`gap: ${header.seq} at place ${index + 1}`);
    if (header.epoch < epoch) found.push(`epoch falls at ${header.seq}`);
    epoch = header.epoch;
    if (header.counter === 0n) return;
    const last = counters.get(header.device) ?? 0n;
    if (header.counter !== last + 1n) found.push(`counter ${header.counter} after ${last} at ${header.seq}`);
    counters.set(header.device, header.counter);
    if (ids.has(header.id)) found.push(`id twice: ${ids.get(header.id)} and ${header.seq}`);
    ids.set(header.id, header.seq);
  });
  return found;
}

function deviceViolations(device: WorldDevice, id: World["conversations"][number], log: readonly Header[]): string[] {
  const found: string[] = [];
  const chat = device.chat(id);
  for (const sending of chat.sends) {
    if (sending.seq === undefined) {
      found.push(`${sending.text} was never answered`);
      continue;
    }
    const header = log[Number(sending.seq) - 1];
    if (header === undefined || !sameBytes(header.hash, sending.envelope.hash))
      found.push(`acked ${sending.text} is not at ${sending.seq}`);
  }
  const intervals = entitledIntervals(log, device.account, device.id);
  for (const header of log) {
    const control = header.control !== undefined;
    const holds = isEntitled(intervals, header.seq) && (control || header.device !== device.id);
    const body = chat.have.get(header.seq);
    if (holds && body === undefined && header.kind !== "devices")
      found.push(`${device.name} lacks ${header.seq} (${header.kind}), last ${chat.last}`);
    if (!holds && body !== undefined) found.push(`${device.name} has ${header.seq}, which is not for it`);
    if (holds && !control && body !== undefined && !body.endsWith(`for ${device.id}`))
      found.push(`${device.name} has another's body at ${header.seq}`);
  }
  return found;
}
