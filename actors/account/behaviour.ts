import { unreachable } from "../../lib/assert.js";
import type { ToAccount } from "../../protos/messages.js";
import type { Moment, WriteOutcome } from "../ports.js";
import { answerAbsent } from "./absent.js";
import { hold, onFenced, onLoaded, onLoadFailed, onLoadingTick, onStart } from "./activation.js";
import { authenticate } from "./authentication.js";
import { onSeen } from "./bookkeeping.js";
import { createChat } from "./create-chat.js";
import { describe, fetchDevices } from "./devices.js";
import { begin, onAnswered, onChanged, onDescribed, onUnanswered, problem, wakeFlows, write } from "./flows.js";
import { approveLink, completeLink, recoverDevice } from "./links.js";
import { changeDevices } from "./lists.js";
import type { AccountEffect, AccountMessage } from "./messages.js";
import { fetchPrekeys } from "./prekeys.js";
import { giveUpRegistration, isOverdue, register } from "./registration.js";
import { drain, leaveDrained, passivate } from "./passivation.js";
import { askerOf, isActive, type Account } from "./state.js";
import { putKeys } from "./uploads.js";
import { endWork, onJoined, onRevokedDurable, onRowsWritten, onToldHeard, resumeWork, seeToWork } from "./work.js";

/** Decides what one message does to an account, whose state it owns. No clock, no I/O, no randomness. */
export function step(state: Account, message: AccountMessage, now: Moment): AccountEffect[] {
  if (state.phase === "ended") return late(message);
  state.now = now;
  const effects = onMessage(state, message);
  if (state.phase !== "ready") return effects;
  effects.push(...write(state), ...endWork(state), ...leaveDrained(state));
  return effects;
}

function onMessage(state: Account, message: AccountMessage): AccountEffect[] {
  switch (message.type) {
    case "start":
      return onStart(state, message.shardEpoch);
    case "loaded": {
      const effects = onLoaded(state, message.row);
      return effects === "ready" ? onReady(state) : effects;
    }
    case "fenced":
      return onFenced(state, message.outcome);
    case "changed":
      return onWritten(state, message.outcome);
    case "answered":
      return onAnswered(state, message.flow, message.answer);
    case "unanswered":
      return message.flow === undefined ? onLoadFailed(state) : onUnanswered(state, message.flow);
    case "tick":
      return state.phase === "ready" ? [...wakeFlows(state), ...seeToWork(state)] : onLoadingTick(state);
    case "passivate":
      return passivate(state);
    case "drain":
      return drain(state);
    default:
      return state.phase === "ready" ? onAsked(state, message) : hold(state, message);
  }
}

function onWritten(state: Account, outcome: WriteOutcome): AccountEffect[] {
  const changes = state.writing?.changes;
  const effects = onChanged(state, outcome);
  return changes === undefined || state.phase !== "ready" ? effects : [...onRowsWritten(state, changes), ...effects];
}

/** Rows are in memory: what an earlier life left open goes on, then whoever waited has a turn. */
function onReady(state: Account): AccountEffect[] {
  const held = state.waiting.splice(0);
  return [...resume(state), ...held.flatMap((message) => (state.phase === "ready" ? onAsked(state, message) : late(message)))];
}

function resume(state: Account): AccountEffect[] {
  return isOverdue(state) ? begin(state, undefined, giveUpRegistration(state)) : resumeWork(state);
}

function onAsked(state: Account, message: ToAccount): AccountEffect[] {
  if (state.draining) return refused(message, "draining");
  if (message.type === "register") return begin(state, message.to, register(state, message));
  if (message.type === "resume-work") {
    state.work.listed = true; // it says so: left at the end of this step if nothing is owed
    return resume(state);
  }
  if (!isActive(state)) return answerAbsent(state, message);
  switch (message.type) {
    case "authenticate":
      return authenticate(state, message);
    case "create-chat":
      return begin(state, message.from, createChat(state, message));
    case "change-devices":
      return begin(state, message.from, changeDevices(state, message));
    case "put-keys":
      return begin(state, message.from, putKeys(state, message));
    case "fetch-prekeys":
      return fetchPrekeys(state, message);
    case "fetch-devices":
      return fetchDevices(state, message);
    case "approve-link":
      return begin(state, message.from, approveLink(state, message));
    case "complete-link":
      return begin(state, message.to, completeLink(state, message));
    case "recover-device":
      return begin(state, message.to, recoverDevice(state, message));
    case "describe":
      return describe(state, message);
    case "described":
      return onDescribed(state, message);
    case "joined":
      return onJoined(state, message);
    case "told-heard":
      return onToldHeard(state, message);
    case "revoked-durable":
      return onRevokedDurable(state, message.device);
    case "seen":
      onSeen(state, message.device);
      return [];
    default:
      return unreachable(message);
  }
}

/** This life is over; what still comes to it is told to come again. */
function late(message: AccountMessage): AccountEffect[] {
  return "to" in message || "from" in message ? refused(message, "fenced") : [];
}

function refused(message: ToAccount, code: "draining" | "fenced"): AccountEffect[] {
  const to = askerOf(message);
  return to === undefined ? [] : [{ type: "answer", to, answer: problem(code, 500) }];
}
