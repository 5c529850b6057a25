import { assert } from "../../lib/assert.js";
import { noBytes } from "../../lib/bytes.js";
import type { DeviceId } from "../../lib/ids.js";
import { limits } from "../../lib/limits.js";
import type { Header } from "../../protos/entry.js";
import type { ToConversation, Watermarks } from "../../protos/messages.js";
import type { Moment, WriteOutcome } from "../ports.js";
import { giveUp, problem } from "./answers.js";
import { deliverAnew, noteHeld, openEntry } from "./fan-out.js";
import { foldHeader } from "./fold.js";
import type { Effect, Message, StoredSnapshot } from "./messages.js";
import type { BucketState } from "./ports.js";
import { clamped } from "./receipts.js";
import { loadSnapshot } from "./snapshot.js";
import { bucketEnd, bucketOf, bucketStart, type Conversation, type Loading } from "./state.js";
import { wake } from "./wake.js";

/*
 * Activation (cluster.md §5): find the head by probing, write this activation's epoch there, and only then read anything for use. Each
 * answer brings the next question; mail waits meanwhile.
 */

export function beginActivation(state: Conversation, shardEpoch: bigint, effects: Effect[]): void {
  state.shardEpoch = shardEpoch;
  state.loading = {
    waiting: [],
    stage: "hint",
    tries: 0,
    head: undefined,
    tried: undefined,
    through: 0n,
    nextHeader: 0n,
    headersDone: false,
    watermarks: undefined,
  };
  effects.push({ type: "read-state" });
}

/** Mail waits for the fence; beyond the bound whoever can be answered is. */
export function hold(state: Conversation, message: ToConversation, effects: Effect[]): void {
  const loading = loadingOf(state);
  if (loading.waiting.length < limits.conversationWaitingMax) loading.waiting.push(message);
  else if ("from" in message) problem(message.from, "overloaded", effects);
}

/** First a hint of where to begin (its value is thrown away), later, behind the fence, the snapshot. */
export function onStateRead(state: Conversation, stored: StoredSnapshot | undefined, now: Moment, effects: Effect[]): void {
  const loading = loadingOf(state);
  if (loading.stage === "hint") {
    probe(loading, stored === undefined || stored.through < 1n ? 0n : bucketOf(stored.through), effects);
    return;
  }
  if (loading.stage !== "read") return;
  if (stored !== undefined && stored.through > state.durable) {
    again(state, now, effects); // a newer owner wrote it
    return;
  }
  loading.stage = "headers";
  loading.through = loadSnapshot(state, stored);
  loading.nextHeader = firstHeader(state, loading.through);
  readHeaders(state, now, effects);
}

function probe(loading: Loading, bucket: bigint, effects: Effect[]): void {
  loading.stage = "probe";
  effects.push({ type: "probe", bucket });
}

/** A bucket is opened only when the one before is full, so a head with room is the head, if the fence finds it unchanged. */
export function onProbed(state: Conversation, bucket: bigint, found: BucketState | undefined, now: Moment, effects: Effect[]): void {
  const loading = loadingOf(state);
  if (found === undefined) {
    if (loading.head !== undefined) fence(state, loading.head, effects);
    else if (bucket > 0n) probe(loading, 0n, effects);
    else becomeUnknown(state, now, effects);
    return;
  }
  const { tried } = loading;
  loading.head = { bucket, cells: found };
  if (tried?.bucket === bucket && tried.epoch === found.epoch && tried.lastSeq === found.lastSeq) afterFence(state, found, effects);
  else if (found.lastSeq === bucketEnd(bucket)) probe(loading, bucket + 1n, effects);
  else fence(state, loading.head, effects);
}

/** The eager fence: on the bucket that the next entry belongs to. */
function fence(state: Conversation, head: NonNullable<Loading["head"]>, effects: Effect[]): void {
  const loading = loadingOf(state);
  const { epoch, lastSeq, fanned, trimmed, masked } = head.cells;
  const lowest = state.shardEpoch << 32n;
  const limit = (state.shardEpoch + 1n) << 32n;
  const mine = epoch + 1n > lowest ? epoch + 1n : lowest;
  if (mine >= limit) {
    state.clean = true; // the newer owner answers for what is open
    giveUp(state, "fenced", effects);
    return;
  }
  state.epoch = mine;
  loading.stage = "fence";
  const bucket = bucketOf(lastSeq + 1n);
  loading.tried = { bucket, epoch: mine, lastSeq };
  if (bucket === head.bucket) effects.push({ type: "fence", bucket, expected: { epoch, lastSeq }, epoch: mine });
  else effects.push({ type: "open-bucket", bucket, cells: { epoch: mine, lastSeq, batch: noBytes, fanned, trimmed, masked } });
}

export function onBucketWritten(state: Conversation, outcome: WriteOutcome, now: Moment, effects: Effect[]): void {
  const { head } = loadingOf(state);
  assert(head !== undefined, "a fence without a head");
  // Refused or unknown: the log says what became of it.
  if (outcome === "applied") afterFence(state, head.cells, effects);
  else again(state, now, effects);
}

/** From here on nobody else can append; what is read now stays true. */
function afterFence(state: Conversation, cells: BucketState, effects: Effect[]): void {
  const loading = loadingOf(state);
  state.durable = cells.lastSeq;
  state.fannedStored = cells.fanned;
  state.trimmed = cells.trimmed;
  state.masked = cells.masked;
  state.bucketOpen = true;
  loading.stage = "read";
  effects.push({ type: "read-state" }, { type: "read-receipts" });
}

/**
 * Where to read headers from: behind the snapshot; but where devices have not accepted everything, from the start of that bucket, so
 * that each open delivery gets the `prev` it had.
 */
function firstHeader(state: Conversation, through: bigint): bigint {
  const { durable, fannedStored } = state;
  if (fannedStored >= through || fannedStored >= durable) return through + 1n;
  const start = fannedStored === 0n ? 1n : bucketStart(bucketOf(fannedStored));
  const before = start - 1n;
  for (const device of state.devices.values()) {
    if (device.held <= fannedStored && device.loud <= fannedStored) continue;
    const since = device.intervals[0]?.from ?? 0n;
    device.held = since <= before ? before : 0n;
    device.loud = since <= before ? before : since - 1n;
  }
  return start;
}

function readHeaders(state: Conversation, now: Moment, effects: Effect[]): void {
  const loading = loadingOf(state);
  if (loading.nextHeader > state.durable) {
    loading.headersDone = true;
    becomeReady(state, now, effects);
    return;
  }
  const bucket = bucketOf(loading.nextHeader);
  const end = bucketEnd(bucket);
  effects.push({ type: "read-headers", bucket, from: loading.nextHeader, to: end < state.durable ? end : state.durable });
}

export function onHeadersRead(state: Conversation, headers: readonly Header[], now: Moment, effects: Effect[]): void {
  const loading = loadingOf(state);
  assert(headers.length > 0, `${state.id} has no header at ${loading.nextHeader}`);
  for (const header of headers) {
    assert(header.seq === loading.nextHeader, `${state.id} has a gap at ${loading.nextHeader}`);
    loading.nextHeader++;
    if (header.seq > loading.through) foldHeader(state, header);
    if (header.seq > state.fannedStored) openEntry(state, header, undefined, now);
    else noteHeld(state, header);
  }
  readHeaders(state, now, effects);
}

export function onReceiptsRead(state: Conversation, watermarks: ReadonlyMap<DeviceId, Watermarks>, now: Moment, effects: Effect[]): void {
  if (state.phase !== "loading") return;
  loadingOf(state).watermarks = watermarks;
  becomeReady(state, now, effects);
}

function becomeReady(state: Conversation, now: Moment, effects: Effect[]): void {
  const { headersDone, watermarks } = loadingOf(state);
  if (!headersDone || watermarks === undefined) return;
  for (const [id, found] of watermarks) {
    const device = state.devices.get(id);
    if (device !== undefined) device.watermarks = clamped(found, state.durable);
  }
  if (state.snapshotMs === 0) state.snapshotMs = now.wallMs;
  state.trimCheckMs = now.monoMs + limits.trimEveryMs;
  state.phase = "ready"; // the mail that waited is heard next (behaviour.ts)
  deliverAnew(state, now, effects);
}

/** No bucket was ever opened: there is nothing to fence, and only a genesis can begin it. */
function becomeUnknown(state: Conversation, now: Moment, effects: Effect[]): void {
  const loading = loadingOf(state);
  state.epoch = state.shardEpoch << 32n;
  loading.headersDone = true;
  loading.watermarks = new Map();
  becomeReady(state, now, effects);
}

/** Somebody moved the log, or the store did not say: from the probe on, after a pause that grows. */
function again(state: Conversation, now: Moment, effects: Effect[]): void {
  const loading = loadingOf(state);
  loading.tries++;
  if (loading.tries >= limits.activationTriesMax) {
    state.clean = false;
    giveUp(state, "unsure", effects);
    return;
  }
  if (loading.tries === 1) {
    restart(state, effects);
    return;
  }
  loading.stage = "pause";
  wake(state, now.monoMs + Math.min(50 * 2 ** loading.tries, 2_000), effects);
}

function restart(state: Conversation, effects: Effect[]): void {
  const loading = loadingOf(state);
  const bucket = loading.head?.bucket ?? 0n;
  state.devices.clear();
  state.open.clear();
  state.roster = undefined;
  state.genesis = undefined;
  state.controls = [];
  loading.head = undefined;
  loading.headersDone = false;
  loading.watermarks = undefined;
  probe(loading, bucket, effects);
}

export function onLoadingTick(state: Conversation, effects: Effect[]): void {
  if (state.loading?.stage === "pause") restart(state, effects);
}

export function onLoadingFailed(
  state: Conversation,
  what: Extract<Message, { type: "read-failed" }>["what"],
  now: Moment,
  effects: Effect[],
): void {
  const loading = loadingOf(state);
  if (loading.stage === "pause") return;
  if (loading.stage === "hint" && what === "state") probe(loading, 0n, effects);
  else if (what === "receipts" && ++loading.tries < limits.activationTriesMax) effects.push({ type: "read-receipts" });
  else again(state, now, effects);
}

function loadingOf(state: Conversation): Loading {
  assert(state.loading !== undefined, "an answer to an activation that is over");
  return state.loading;
}
