import { unreachable } from "../../lib/assert.js";
import type { ConversationId } from "../../lib/ids.js";
import type { ToConversation } from "../../protos/messages.js";
import type { Moment } from "../ports.js";
import {
  beginActivation,
  hold,
  onBucketWritten,
  onHeadersRead,
  onLoadingFailed,
  onLoadingTick,
  onProbed,
  onReceiptsRead,
  onStateRead,
} from "./activation.js";
import { onAppended, onBucketOpened, onFull } from "./batch.js";
import { onCreate, onTold } from "./control.js";
import { onAccepted, onEntriesRead, onJoinedHeard, redeliver } from "./fan-out.js";
import { giveUp, onIntentDurable, onIntentFailed, problem, retryIntent } from "./answers.js";
import { carryOn, onDrain, onFannedSaved, onPassivate, onSnapshotSaved } from "./maintenance.js";
import type { Effect, Message } from "./messages.js";
import { flushReceipts, onReceipt, onReceiptsWanted } from "./receipts.js";
import { onFetchRoster } from "./roster-pages.js";
import { onSend } from "./sends.js";
import { Conversation, type Loading } from "./state.js";
import { onBodiesTrimmed, onTrimHeaders, onTrimProbed } from "./trimming.js";

/** One activation, before it knows anything. It begins with `start`. */
export function createConversation(id: ConversationId): Conversation {
  return new Conversation(id);
}

/**
 * Decides what one message does to a conversation, whose state it owns. No clock, no I/O, no randomness.
 *
 * A conversation gives each entry its place in the log, answers the sender when the log has it, and hands it to every device that it holds
 * something for until the device's actor has accepted. An entry holds something for a device that is entitled at its sequence if it is a
 * control entry (also for the one that sent it), or of scope `all` and another device's, or of scope `subset` and names the device. A
 * device's own sends hold nothing for it: `sent` is its copy, they are not delivered to it and never count as `prev`; a reader of the log
 * sees them as headers. `devices` entries are quiet: they hold something for everybody, yet nobody is asked to accept them.
 */
export function step(state: Conversation, message: Message, now: Moment): Effect[] {
  const effects: Effect[] = [];
  hear(state, message, now, effects);
  if (state.loading !== undefined && state.phase !== "loading") hearHeld(state, state.loading, now, effects);
  if (state.phase === "ready" || state.phase === "draining") carryOn(state, now, effects);
  return effects;
}

/** What came while the conversation was loaded, in order. Kept until all of it was heard: if one makes this throw, the others are known. */
function hearHeld(state: Conversation, loading: Loading, now: Moment, effects: Effect[]): void {
  for (const message of loading.waiting) onMail(state, message, now, effects);
  state.loading = undefined;
}

// eslint-disable-next-line max-lines-per-function -- one line per message: the table of what a conversation hears
function hear(state: Conversation, message: Message, now: Moment, effects: Effect[]): void {
  switch (message.type) {
    case "start":
      beginActivation(state, message.shardEpoch, effects);
      return;
    case "send":
    case "create":
    case "told":
    case "fetch-roster":
    case "accepted":
    case "joined-heard":
    case "receipt":
    case "receipts-wanted":
    case "recover":
      if (state.phase === "loading") hold(state, message, effects);
      else onMail(state, message, now, effects);
      return;
    case "tick":
      onTick(state, now, effects);
      return;
    case "passivate":
      onPassivate(state, now, effects);
      return;
    case "drain":
      onDrain(state, now, effects);
      return;
    case "state-read":
      onStateRead(state, message.stored, now, effects);
      return;
    case "probed":
      if (state.phase === "loading") onProbed(state, message.bucket, message.found, now, effects);
      else onTrimProbed(state, message.found, effects);
      return;
    case "bucket-written":
      if (state.phase === "loading") onBucketWritten(state, message.outcome, now, effects);
      else onBucketOpened(state, message.outcome, effects);
      return;
    case "headers-read":
      if (state.phase === "loading") onHeadersRead(state, message.headers, now, effects);
      else onTrimHeaders(state, message.headers, now, effects);
      return;
    case "receipts-read":
      onReceiptsRead(state, message.watermarks, now, effects);
      return;
    case "entries-read":
      onEntriesRead(state, message.entries, now, effects);
      return;
    case "read-failed":
      onReadFailed(state, message.what, now, effects);
      return;
    case "appended":
      onAppended(state, now, effects);
      return;
    case "fenced":
      giveUp(state, "fenced", effects);
      return;
    case "unsure":
      giveUp(state, "unsure", effects);
      return;
    case "full":
      onFull(state, effects);
      return;
    case "intent-durable":
      onIntentDurable(state, effects);
      return;
    case "intent-failed":
      onIntentFailed(state, now, effects);
      return;
    case "fanned-saved":
      onFannedSaved(state, message.fanned, message.outcome);
      return;
    case "snapshot-saved":
      onSnapshotSaved(state, message.through, message.outcome, now);
      return;
    case "bodies-trimmed":
      onBodiesTrimmed(state, message.through, message.outcome);
      return;
    default:
      unreachable(message);
  }
}

/** Mail to a conversation that is loaded. */
function onMail(state: Conversation, message: ToConversation, now: Moment, effects: Effect[]): void {
  // Whoever speaks to it keeps it: what passivation has begun to write is true all the same.
  if (message.type !== "recover" && message.type !== "accepted") state.passivating = false;
  if (state.phase === "ended") {
    if ("from" in message) problem(message.from, "fenced", effects);
    return;
  }
  switch (message.type) {
    case "send":
      onSend(state, message.from, message.envelope, now, effects);
      return;
    case "create":
      onCreate(state, message.from, message.genesis, now, effects);
      return;
    case "told":
      onTold(state, message, now, effects);
      return;
    case "fetch-roster":
      onFetchRoster(state, message.from, message.fromSeq, effects);
      return;
    case "accepted":
      onAccepted(state, message, effects);
      return;
    case "joined-heard":
      onJoinedHeard(state, message.account, effects);
      return;
    case "receipt":
      onReceipt(state, message, now, effects);
      return;
    case "receipts-wanted":
      onReceiptsWanted(state, message, effects);
      return;
    case "recover":
      if (state.clean) effects.push({ type: "clean" });
      return;
    default:
      unreachable(message);
  }
}

function onTick(state: Conversation, now: Moment, effects: Effect[]): void {
  state.wakeMs = Infinity;
  if (state.phase === "loading") {
    onLoadingTick(state, effects);
    return;
  }
  if (state.phase === "ended") return;
  retryIntent(state, effects);
  redeliver(state, now, effects);
  flushReceipts(state, now, effects);
}

function onReadFailed(state: Conversation, what: Extract<Message, { type: "read-failed" }>["what"], now: Moment, effects: Effect[]): void {
  if (state.phase === "loading") onLoadingFailed(state, what, now, effects);
  else if (what === "entries") state.rereading = false;
  else state.writing = undefined; // trimming can wait for its next run
}
