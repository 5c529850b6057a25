import { assert, unreachable } from "../../lib/assert.js";
import { limits } from "../../lib/limits.js";
import type { Moment } from "../ports.js";
import { begin, onFenced, onLoaded, onLoadFailed } from "./activation.js";
import { onDeliver } from "./deliveries.js";
import { drain, endIfDrained, passivate } from "./ending.js";
import { onFetch } from "./fetch.js";
import { considerClear, issueWrite } from "./marks.js";
import type { DeviceEffect, DeviceMail, DeviceMessage, Turn } from "./messages.js";
import { pumpReplay } from "./replay.js";
import { onEntitled, onFailed, onLooked, onRowRead, onSlice } from "./reads.js";
import { onAck, onReceiptHeard, onRowWritten } from "./receipts.js";
import { onAttach, onDetach, onNack, onNotice } from "./sessions.js";
import type { Device } from "./state.js";
import { onNotAMember, onReceipts, onSyncState, pumpSync } from "./sync.js";
import { onTick } from "./timers.js";
import { onChanged, onRevoke } from "./writes.js";

/**
 * Decides what one message does to a device: its sessions, its marks, its deliveries. Owns the state and changes it in place; reads no
 * clock, does no I/O.
 */
export function step(state: Device, message: DeviceMessage, now: Moment): DeviceEffect[] {
  const turn: Turn = { nowMs: now.monoMs, effects: [] };
  if (state.phase === "stopped") return turn.effects;
  handle(state, message, turn);
  if (isOpen(state)) goOn(state, turn);
  return turn.effects;
}

function isOpen(state: Device): boolean {
  return state.phase === "ready" || state.phase === "draining";
}

/** What may go on after any message: marks that may go, replay while the window has room, the next write, the end of a drain. */
function goOn(state: Device, turn: Turn): void {
  let rounds = 0;
  do {
    assert(++rounds < 1_000, "a step that never ends");
    for (const chat of state.touched) {
      state.touched.delete(chat);
      considerClear(state, chat, turn);
    }
    pumpReplay(state, turn);
    pumpSync(state, turn);
    issueWrite(state, turn);
  } while (state.touched.size > 0);
  endIfDrained(state, turn);
}

function handle(state: Device, message: DeviceMessage, turn: Turn): void {
  switch (message.type) {
    case "start":
      begin(state, message.shardEpoch, turn);
      return;
    case "tick":
      onTick(state, turn);
      return;
    case "passivate":
      passivate(state, turn);
      return;
    case "drain":
      drain(state, turn);
      return;
    case "loaded":
      onLoaded(state, message.row, turn);
      return;
    case "load-failed":
      onLoadFailed(state, turn);
      return;
    case "fenced":
      onFenced(state, message.outcome, message.row, turn, onMail);
      return;
    case "changed":
      onChanged(state, message.outcome, turn);
      return;
    case "row-read":
      onRowRead(state, message.conversation, message.watermarks, turn);
      return;
    case "row-written":
      onRowWritten(state, message.conversation, message.durable, turn);
      return;
    case "looked":
      onLooked(state, message, turn);
      return;
    case "entitled":
      onEntitled(state, message, turn);
      return;
    case "slice-read":
      onSlice(state, message, turn);
      return;
    case "failed":
      onFailed(state, message.effect, turn);
      return;
    default:
      receive(state, message, turn);
  }
}

/** Nothing is answered before the fence: mail waits, within a bound. Deliveries beyond it are not accepted, so they come again. */
function receive(state: Device, mail: DeviceMail, turn: Turn): void {
  if (state.phase !== "loading") onMail(state, mail, turn);
  else if (state.waiting.length < limits.deviceWaitingMax) state.waiting.push(mail);
  else if (mail.type === "attach") turn.effects.push({ type: "close", session: mail.session, reason: "draining" });
  else if ("from" in mail && mail.from.requestId !== 0) turn.effects.push({ type: "refuse", to: mail.from, code: "overloaded" });
}

function onMail(state: Device, mail: DeviceMail, turn: Turn): void {
  switch (mail.type) {
    case "attach":
      onAttach(state, mail, turn);
      return;
    case "detach":
      onDetach(state, mail.session, turn);
      return;
    case "deliver":
      onDeliver(state, mail, turn);
      return;
    case "receipts":
      onReceipts(state, mail.conversation, mail.notices, turn);
      return;
    case "receipt-heard":
      onReceiptHeard(state, mail.conversation, mail.delivered, mail.read, turn);
      return;
    case "not-a-member":
      onNotAMember(state, mail.conversation, turn);
      return;
    case "ack":
      onAck(state, mail, turn);
      return;
    case "nack":
      onNack(state, mail.from, mail.conversation, mail.seq, mail.reason, turn);
      return;
    case "sync-state":
      onSyncState(state, mail, turn);
      return;
    case "fetch":
      onFetch(state, mail, turn);
      return;
    case "revoke":
      onRevoke(state, mail.account, turn);
      return;
    case "notice":
      onNotice(state, mail.frame, turn);
      return;
    default:
      unreachable(mail);
  }
}
