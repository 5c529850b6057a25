import { assert } from "../../lib/assert.js";
import type { ErrorCode } from "../../lib/errors.js";
import type { DeviceId } from "../../lib/ids.js";
import { limits } from "../../lib/limits.js";
import type { Answer, ReplyTo, ToAccount } from "../../protos/messages.js";
import type { WriteOutcome } from "../ports.js";
import { bookkeeping } from "./bookkeeping.js";
import type { AccountEffect, Flow, Question } from "./messages.js";
import { apply, type Account, type Running, type Waits } from "./state.js";

/** Runs flows: gives them their answers in turn, one write and one holder of the lock at a time. */

export function problem(code: ErrorCode, retryAfterMs?: number): Answer {
  return retryAfterMs === undefined ? { type: "problem", code } : { type: "problem", code, retryAfterMs };
}

/** Starts a request, unless too many are on their way. */
export function begin(state: Account, to: ReplyTo | undefined, flow: Flow): AccountEffect[] {
  if (to !== undefined && state.flows.size >= limits.accountFlowsMax) {
    return [{ type: "answer", to, answer: problem("overloaded", limits.redeliverMinMs) }];
  }
  const running: Running = { id: state.nextFlow++, flow, to };
  state.flows.set(running.id, running);
  return advance(state, running, undefined);
}

/** A port answered. */
export function onAnswered(state: Account, flow: number, answer: unknown): AccountEffect[] {
  const running = state.flows.get(flow);
  return running === undefined ? [] : advance(state, running, answer);
}

/** A port could not answer: what it was asked for may or may not have happened. */
export function onUnanswered(state: Account, flow: number): AccountEffect[] {
  const running = state.flows.get(flow);
  if (running === undefined) return [];
  running.flow.return(undefined);
  return finish(state, running, problem("unsure", limits.redeliverMinMs));
}

/** The write in flight is decided. Anything but `applied` ends this life: the next one fences, reads the rows and knows. */
export function onChanged(state: Account, outcome: WriteOutcome): AccountEffect[] {
  const { writing } = state;
  assert(writing !== undefined, "the store confirmed a write that nobody made");
  if (outcome !== "applied") return giveUp(state, outcome === "refused" ? "fenced" : "unsure");
  state.writing = undefined;
  state.ver += 1n;
  apply(state, writing.changes);
  const running = writing.flow === undefined ? undefined : state.flows.get(writing.flow);
  const resumed = running === undefined ? [] : advance(state, running, undefined);
  return [...resumed, ...write(state)];
}

/** One write in flight; flows before bookkeeping. */
export function write(state: Account): AccountEffect[] {
  if (state.writing !== undefined || state.phase !== "ready") return [];
  const flow = state.writes.shift();
  const waits = flow === undefined ? undefined : state.flows.get(flow)?.waits;
  const changes = waits?.type === "write" ? waits.build() : bookkeeping(state);
  if (changes === undefined) return [];
  state.writing = { changes, flow };
  return [{ type: "change", epoch: state.epoch, ver: state.ver, changes }];
}

/** Nobody who waits is left to a timeout, and what is owed to devices and conversations is not left to chance: the next life sees to it. */
export function giveUp(state: Account, code: ErrorCode): AccountEffect[] {
  const owes = state.phase === "ready" && code !== "draining" && state.work.listed;
  state.phase = "ended";
  const answers = state.waiters().map((to): AccountEffect => ({ type: "answer", to, answer: problem(code, limits.redeliverMinMs) }));
  state.waiting.length = 0;
  state.flows.clear();
  const resume: AccountEffect = { type: "tell", mail: { kind: "account", id: state.id, message: { type: "resume-work" } } };
  return [...answers, { type: "ended" }, ...(owes ? [resume] : [])];
}

/** Flows whose time has come: sleepers, and those who wait for other accounts. */
export function wakeFlows(state: Account): AccountEffect[] {
  const effects: AccountEffect[] = [];
  for (const running of [...state.flows.values()]) {
    const { waits } = running;
    if (waits === undefined || !("dueMs" in waits)) continue;
    if (waits.dueMs > state.now.monoMs) effects.push({ type: "wake", monoMs: waits.dueMs });
    else effects.push(...advance(state, running, overdue(waits)));
  }
  return effects;
}

function overdue(waits: Waits): unknown {
  if (waits.type === "describe") return { heads: waits.heads, silent: true };
  return waits.type === "until-revoked" ? false : undefined;
}

/** Gives a flow its answer and carries it on to its next question. */
export function advance(state: Account, running: Running, first: unknown): AccountEffect[] {
  const effects: AccountEffect[] = [];
  let answer = first;
  delete running.waits;
  for (;;) {
    const step = running.flow.next(answer);
    if (step.done === true) return [...effects, ...finish(state, running, step.value)];
    const seen = handle(state, running, step.value, effects);
    if (seen === undefined) return effects;
    answer = seen.answer;
    delete running.waits;
  }
}

const nothing = { answer: undefined };

/** Sees to a question. Undefined: its answer comes later. */
function handle(state: Account, running: Running, question: Question, effects: AccountEffect[]): { readonly answer: unknown } | undefined {
  const now = state.now.monoMs;
  switch (question.type) {
    case "emit":
      effects.push(...question.effects);
      return nothing;
    case "lock": {
      const queue = state.locks.get(question.name) ?? [];
      state.locks.set(question.name, queue);
      queue.push(running.id);
      running.waits = { type: "lock" };
      return queue[0] === running.id ? nothing : undefined;
    }
    case "unlock":
      effects.push(...unlock(state, running, question.name));
      return nothing;
    case "write":
      running.waits = { type: "write", build: question.build };
      state.writes.push(running.id);
      effects.push(...write(state));
      return undefined;
    case "until-revoked": {
      const devices = new Set(question.devices.filter((device) => state.work.revoking.has(device)));
      if (devices.size === 0) return { answer: true };
      running.waits = { type: "until-revoked", devices, dueMs: now + limits.requestDeadlineMs };
      effects.push({ type: "wake", monoMs: running.waits.dueMs });
      return undefined;
    }
    case "describe":
      effects.push(...describeOthers(state, running, question.members));
      return undefined;
    case "sleep":
      running.waits = { type: "sleep", dueMs: now + question.ms };
      effects.push({ type: "wake", monoMs: running.waits.dueMs });
      return undefined;
    default:
      running.waits = { type: "port", question };
      effects.push({ type: "ask", flow: running.id, question });
      return undefined;
  }
}

function describeOthers(state: Account, running: Running, members: Extract<Question, { type: "describe" }>["members"]): AccountEffect[] {
  const dueMs = state.now.monoMs + limits.describeDeadlineMs;
  running.waits = { type: "describe", left: new Set(members.map(({ account }) => account)), heads: new Map(), dueMs };
  const asked = members.map(({ account: id, fromVersion }): AccountEffect => {
    const message = { type: "describe", account: state.id, question: running.id, fromVersion } as const;
    return { type: "tell", mail: { kind: "account", id, message } };
  });
  return [...asked, { type: "wake", monoMs: dueMs }];
}

function finish(state: Account, running: Running, answer: Answer | undefined): AccountEffect[] {
  state.flows.delete(running.id);
  const effects: AccountEffect[] = [];
  if (running.to !== undefined && answer !== undefined) effects.push({ type: "answer", to: running.to, answer });
  for (const [name, queue] of state.locks) if (queue.includes(running.id)) effects.push(...unlock(state, running, name));
  return effects;
}

/** Takes the flow out of the row for a lock, and lets the next one go on if it had it. */
function unlock(state: Account, running: Running, name: string): AccountEffect[] {
  const queue = state.locks.get(name) ?? [];
  const place = queue.indexOf(running.id);
  if (place >= 0) queue.splice(place, 1);
  if (queue.length === 0) state.locks.delete(name);
  const next = place === 0 && queue[0] !== undefined ? state.flows.get(queue[0]) : undefined;
  return next?.waits?.type === "lock" ? advance(state, next, undefined) : [];
}

/** An account said what its list is; the one that asked goes on when it was the last. */
export function onDescribed(state: Account, message: Extract<ToAccount, { type: "described" }>): AccountEffect[] {
  const running = state.flows.get(message.question);
  const waits = running?.waits;
  if (running === undefined || waits?.type !== "describe" || !waits.left.delete(message.account)) return [];
  waits.heads.set(message.account, message.head);
  return waits.left.size > 0 ? [] : advance(state, running, { heads: waits.heads, silent: false });
}

/** A device's own partition says revoked; who waited for the last one goes on. */
export function resumeRevoked(state: Account, device: DeviceId): AccountEffect[] {
  const effects: AccountEffect[] = [];
  for (const running of [...state.flows.values()]) {
    const { waits } = running;
    if (waits?.type === "until-revoked" && waits.devices.delete(device) && waits.devices.size === 0) {
      effects.push(...advance(state, running, true));
    }
  }
  return effects;
}
