import { limits } from "../../lib/limits.js";
import { intersectRanges, mergeRanges, subtractRanges, type Ranges } from "../../lib/ranges.js";
import type { AccountId, DeviceId } from "../../lib/ids.js";
import type { ReceiptNotice, ToConversation, Watermarks } from "../../protos/messages.js";
import { hasDevice, type Roster } from "../../protos/signed/roster.js";
import type { Moment } from "../ports.js";
import { whenAlive } from "./answers.js";
import type { Effect } from "./messages.js";
import { noWatermarks, type Conversation, type DeviceFold } from "./state.js";
import { wake } from "./wake.js";

/*
 * Receipts: how far each device has stored and read, as its actor has written it. Others see one watermark per account, the account's own
 * devices see each other's. Numbers only grow, and never beyond the log.
 */

/** A watermark that claims no more than there is: read ≤ delivered ≤ head. */
export function clamped(marks: Watermarks, head: bigint): Watermarks {
  const delivered = marks.delivered < head ? marks.delivered : head;
  return { delivered, read: marks.read < delivered ? marks.read : delivered, except: marks.except };
}

function grown(old: Watermarks, heard: Watermarks, head: bigint): Watermarks {
  const { delivered, read, except } = clamped(heard, head);
  return {
    delivered: delivered > old.delivered ? delivered : old.delivered,
    read: read > old.read ? read : old.read,
    except: mergeRanges(old.except, except),
  };
}

function same(one: Watermarks, other: Watermarks): boolean {
  if (one.delivered !== other.delivered || one.read !== other.read || one.except.length !== other.except.length) return false;
  return one.except.every(({ from, to }, index) => from === other.except[index]!.from && to === other.except[index]!.to);
}

/** A device that speaks is there: it gets the receipts that it may have missed. */
export function comeBack(state: Conversation, device: DeviceFold, now: Moment, effects: Effect[]): void {
  if (device.attentive) return;
  device.attentive = true;
  device.wantsAll = true;
  state.changedReceipts.add(device.id);
  wake(state, Math.max(state.receiptsDueMs, now.monoMs), effects);
}

/** Tells the device's actor in any case that it was heard: it repeats until then. */
export function onReceipt(
  state: Conversation,
  receipt: Extract<ToConversation, { type: "receipt" }>,
  now: Moment,
  effects: Effect[],
): void {
  const { delivered, read } = receipt.watermarks;
  const message = { type: "receipt-heard", conversation: state.id, delivered, read } as const;
  whenAlive({ type: "tell", mail: { kind: "device", id: receipt.device, message } }, effects);
  const device = state.devices.get(receipt.device);
  if (device?.account !== receipt.account) return;
  const old = device.watermarks;
  device.watermarks = grown(old, receipt.watermarks, state.durable);
  comeBack(state, device, now, effects);
  // Only what a client sent to all ticks: acks of anything else are nobody's business.
  if (!device.wantsAll && (same(old, device.watermarks) || (state.lastTick <= old.delivered && state.lastTick <= old.read))) return;
  state.changedReceipts.add(device.id);
  if (now.monoMs >= state.receiptsDueMs) flushReceipts(state, now, effects, true);
  else wake(state, state.receiptsDueMs, effects);
}

/** At most once a second: to each device the accounts that moved, to the account's own devices the device that moved. */
export function flushReceipts(state: Conversation, now: Moment, effects: Effect[], atOnce = false): void {
  const { roster, changedReceipts } = state;
  if (changedReceipts.size === 0) return;
  if (!atOnce && now.monoMs < state.receiptsDueMs) {
    wake(state, state.receiptsDueMs, effects); // this tick came for something else, and it took the place of the one for receipts
    return;
  }
  // The jitter keeps conversations that began together from telling together.
  state.receiptsDueMs = now.monoMs + limits.receiptCoalesceMs + (Math.floor(now.monoMs) % 97);
  const changed: DeviceFold[] = [];
  for (const id of changedReceipts) changed.push(state.devices.get(id)!);
  changedReceipts.clear();
  if (roster === undefined) return;
  const accounts = new Map<AccountId, ReceiptNotice>();
  for (const { account } of changed) {
    if (accounts.has(account)) continue;
    const notice = accountNotice(state, roster, account);
    const told = state.toldReceipts.get(account);
    if (told !== undefined && same(told, notice.watermarks)) continue;
    state.toldReceipts.set(account, notice.watermarks);
    accounts.set(account, notice);
  }
  for (const device of state.devices.values()) {
    if (device.gone || !hasDevice(roster, device.account, device.id)) continue;
    if (!device.attentive) continue;
    if (device.wantsAll) {
      tellAll(state, roster, device, effects);
      continue;
    }
    const notices: ReceiptNotice[] = [];
    for (const [account, notice] of accounts) if (account !== device.account) notices.push(notice);
    for (const other of changed) if (other.account === device.account && other !== device) notices.push(deviceNotice(other));
    tell(state, device, notices, effects);
  }
}

/** A device that syncs: everything, also where that is nothing, since it waits for the answer; or that it has no business here. */
export function onReceiptsWanted(
  state: Conversation,
  { account, device: id }: Extract<ToConversation, { type: "receipts-wanted" }>,
  effects: Effect[],
): void {
  const { roster } = state;
  if (roster === undefined || !hasDevice(roster, account, id)) {
    whenAlive({ type: "tell", mail: { kind: "device", id, message: { type: "not-a-member", conversation: state.id } } }, effects);
    return;
  }
  const device = state.devices.get(id);
  if (device === undefined) return; // its devices entry is on its way to the log; it asks again
  device.attentive = true;
  device.wantsAll = false;
  effects.push(receiptsTo(state, device, allNotices(state, roster, device)));
}

function tellAll(state: Conversation, roster: Roster, device: DeviceFold, effects: Effect[]): void {
  device.wantsAll = false;
  tell(state, device, allNotices(state, roster, device), effects);
}

function allNotices(state: Conversation, roster: Roster, device: DeviceFold): readonly ReceiptNotice[] {
  const notices: ReceiptNotice[] = [];
  for (const [account, member] of roster.members) {
    if (account !== device.account) notices.push(accountNotice(state, roster, account));
    else notices.push(...ownNotices(state, member.devices, device));
  }
  return notices.filter(({ watermarks }) => watermarks.delivered > 0n);
}

function tell(state: Conversation, device: DeviceFold, notices: readonly ReceiptNotice[], effects: Effect[]): void {
  if (notices.length > 0) effects.push(receiptsTo(state, device, notices));
}

function receiptsTo(state: Conversation, { id }: DeviceFold, notices: readonly ReceiptNotice[]): Effect {
  return { type: "tell", mail: { kind: "device", id, message: { type: "receipts", conversation: state.id, notices } } };
}

function deviceNotice({ account, id, watermarks }: DeviceFold): ReceiptNotice {
  return { account, device: id, watermarks };
}

function ownNotices(state: Conversation, ids: readonly DeviceId[], asking: DeviceFold): ReceiptNotice[] {
  const notices: ReceiptNotice[] = [];
  for (const id of ids) {
    const device = state.devices.get(id);
    if (device !== undefined && device !== asking) notices.push(deviceNotice(device));
  }
  return notices;
}

/** What any of an account's devices has: the highest watermarks, without what none of them covers. */
function accountNotice(state: Conversation, roster: Roster, account: AccountId): ReceiptNotice {
  const marks: Watermarks[] = [];
  for (const id of roster.members.get(account)?.devices ?? []) marks.push(state.devices.get(id)?.watermarks ?? noWatermarks);
  return { account, watermarks: combined(marks) };
}

/** @param marks of one account's devices */
export function combined(marks: readonly Watermarks[]): Watermarks {
  let delivered = 0n;
  let read = 0n;
  for (const mark of marks) {
    if (mark.delivered > delivered) delivered = mark.delivered;
    if (mark.read > read) read = mark.read;
  }
  let uncovered: Ranges | undefined;
  for (const mark of marks) {
    const beyond: Ranges = mark.delivered < delivered ? [{ from: mark.delivered + 1n, to: delivered }] : [];
    const lacks = mergeRanges(mark.except, beyond, Number.MAX_SAFE_INTEGER);
    uncovered = uncovered === undefined ? lacks : intersectRanges(uncovered, lacks, Number.MAX_SAFE_INTEGER);
  }
  const except = subtractRanges(uncovered ?? [], [{ from: delivered + 1n, to: 1n << 64n }]);
  return { delivered, read, except };
}
