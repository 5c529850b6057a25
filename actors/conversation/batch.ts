import { assert } from "../../lib/assert.js";
import { noBytes } from "../../lib/bytes.js";
import { limits } from "../../lib/limits.js";
import type { ReplyTo } from "../../protos/messages.js";
import { isControl } from "../../protos/kinds.js";
import type { Moment, WriteOutcome } from "../ports.js";
import { answerSent, becomeDirty, giveUp, problem, refusePending, releaseGated } from "./answers.js";
import { fanOut, releaseAll } from "./fan-out.js";
import { foldIntervals, storedSend } from "./fold.js";
import type { Effect } from "./messages.js";
import { bucketEnd, bucketOf, fannedThrough, nextSeq, type Conversation, type PendingEntry } from "./state.js";

/** Takes an entry that has its sequence. It leaves with this batch or the next: one is in flight, what comes meanwhile is the next. */
export function enqueue(state: Conversation, pending: PendingEntry, effects: Effect[]): void {
  assert(pending.entry.header.seq === nextSeq(state), "entries are sequenced in the order in which they wait");
  state.waiting.push(pending);
  state.waitingBytes += pending.bytes;
  appendNext(state, effects);
}

/** Whether the bounds of what may wait allow one more. */
export function hasRoom(state: Conversation): boolean {
  return (
    state.waiting.length < limits.conversationWaitingMax &&
    state.waitingBytes < limits.conversationWaitingBytesMax &&
    state.open.size < limits.openEntriesMax
  );
}

/** The entry of that sequence that waits for the log. */
export function pendingAt(state: Conversation, seq: bigint): PendingEntry | undefined {
  const index = Number(seq - state.durable - 1n);
  return index < state.appending.length ? state.appending[index] : state.waiting[index - state.appending.length];
}

/** One more request that waits for the same answer. */
export function joinAskers(pending: PendingEntry, to: ReplyTo, effects: Effect[]): void {
  if (pending.askers.length < limits.askersPerSendMax) pending.askers.push(to);
  else problem(to, "overloaded", effects, { counter: pending.entry.header.counter });
}

/** One batch in flight, never across the end of a bucket, whose first write opens it. */
function appendNext(state: Conversation, effects: Effect[]): void {
  if (state.appending.length > 0 || state.waiting.length === 0 || state.opening) return;
  const lastSeq = state.durable;
  const bucket = bucketOf(lastSeq + 1n);
  becomeDirty(state, effects);
  if (!state.bucketOpen) {
    state.opening = true;
    const { epoch, trimmed, masked } = state;
    const cells = { epoch, lastSeq, batch: noBytes, fanned: fannedThrough(state), trimmed, masked };
    effects.push({ type: "open-bucket", bucket, cells });
    return;
  }
  state.appending = state.waiting.splice(0, batchLength(state, bucket));
  for (const { bytes } of state.appending) state.waitingBytes -= bytes;
  const fanned = fannedThrough(state);
  const entries = state.appending.map(({ entry }) => entry);
  effects.push({ type: "append", bucket, epoch: state.epoch, lastSeq, batch: nextBatchId(state), fanned, entries });
}

/** At most 64 entries and 256 KiB, within the bucket; at least one. */
function batchLength(state: Conversation, bucket: bigint): number {
  const room = Number(bucketEnd(bucket) - state.durable);
  const most = Math.min(state.waiting.length, limits.batchEntriesMax, room);
  let bytes = state.waiting[0]!.bytes;
  let length = 1;
  while (length < most && bytes + state.waiting[length]!.bytes <= limits.batchBytesMax) bytes += state.waiting[length++]!.bytes;
  return length;
}

/** Unique: no two activations share an epoch, and one activation counts. */
function nextBatchId(state: Conversation): Uint8Array {
  const id = new Uint8Array(16);
  const view = new DataView(id.buffer);
  view.setBigUint64(0, state.epoch);
  view.setBigUint64(8, ++state.batches);
  return id;
}

export function onBucketOpened(state: Conversation, outcome: WriteOutcome, effects: Effect[]): void {
  state.opening = false;
  if (outcome === "applied") {
    state.bucketOpen = true;
    appendNext(state, effects);
  } else {
    giveUp(state, outcome === "refused" ? "fenced" : "unsure", effects);
  }
}

/** The sender hears back, and devices hear at all, only from here: once the log has the batch. */
export function onAppended(state: Conversation, now: Moment, effects: Effect[]): void {
  const batch = state.appending;
  assert(batch.length > 0, "the log confirmed a batch nobody sent");
  state.appending = [];
  const full = bucketEnd(bucketOf(state.durable + 1n));
  for (const pending of batch) settle(state, pending, now, effects);
  if (state.durable === full) state.bucketOpen = false;
  releaseGated(state, effects);
  appendNext(state, effects);
}

function settle(state: Conversation, { entry, askers, told }: PendingEntry, now: Moment, effects: Effect[]): void {
  const { header } = entry;
  state.durable = header.seq;
  if (isControl(header.kind)) {
    foldIntervals(state, header);
    if (header.kind === "genesis") state.trimDueMs = header.timeMs + limits.trimAfterMs;
    for (const device of state.devices.values()) if (device.gone && device.open.length > 0) releaseAll(state, device);
  } else if (header.scope === "all") {
    state.lastTick = header.seq;
  }
  fanOut(state, entry, now, effects);
  if (askers.length > 0) {
    const send = storedSend(header);
    for (const to of askers) answerSent(state, to, send, false, effects);
  }
  if (told !== undefined) {
    const message = { type: "told-heard", conversation: state.id, version: told.version } as const;
    effects.push({ type: "tell", mail: { kind: "account", id: told.account, message } });
  }
}

/** The store had no room and wrote nothing: everybody who waits hears so, and the counters and the roster are as the log has them. */
export function onFull(state: Conversation, effects: Effect[]): void {
  dropWaiting(state, [...state.appending, ...state.waiting], "storage-full", effects);
  state.appending = [];
}

/** Takes back what was sequenced but not given to the log. */
export function dropWaiting(
  state: Conversation,
  dropped: readonly PendingEntry[],
  code: "storage-full" | "draining",
  effects: Effect[],
): void {
  for (const pending of [...dropped].reverse()) undo(state, pending);
  refusePending(dropped, code, effects);
  const first = dropped[0]?.entry.header.seq;
  if (first !== undefined) {
    for (const { to, details } of state.gated.filter(({ seq }) => seq >= first)) problem(to, code, effects, details);
    state.gated = state.gated.filter(({ seq }) => seq < first);
  }
  state.waiting = [];
  state.waitingBytes = 0;
}

function undo(state: Conversation, { entry, before }: PendingEntry): void {
  const { header } = entry;
  if (before !== undefined) {
    state.roster = before.roster;
    state.controls.pop();
    if (header.kind === "genesis") state.genesis = undefined;
    return;
  }
  const device = state.devices.get(header.device);
  assert(device?.counter === header.counter, "sends are taken back in reverse");
  device.counter--;
  device.recent.pop();
}
