import { limits } from "../../lib/limits.js";
import type { ErrorCode } from "../../lib/errors.js";
import type { ToAccount } from "../../protos/messages.js";
import { extend, type ListState } from "../../protos/signed/device-chain.js";
import { bounds } from "../../protos/signed/bounds.js";
import { readSigned } from "../../protos/signed/signed.js";
import type { WriteOutcome } from "../ports.js";
import { answerAbsent } from "./absent.js";
import { giveUp, problem } from "./flows.js";
import type { AccountEffect } from "./messages.js";
import type { AccountRow } from "./ports.js";
import { firstVersionOf } from "./registration.js";
import { askerOf, type Account } from "./state.js";

/*
 * Probe, fence, read, fold (cluster.md rule 3): rows are used only when they were read under this activation's own epoch. Of an account
 * that nobody registered nothing is written either: there would be no end to the ids that a stranger can make up.
 */

export function onStart(state: Account, shardEpoch: bigint): AccountEffect[] {
  state.shardEpoch = shardEpoch;
  return probe(state);
}

function probe(state: Account): AccountEffect[] {
  if (state.probes++ >= limits.probesMax) return giveUp(state, "unsure");
  return [{ type: "load" }];
}

/** Holds a message back until the account is ready. */
export function hold(state: Account, message: ToAccount): AccountEffect[] {
  if (state.waiting.length < limits.accountFlowsMax) {
    state.waiting.push(message);
    return onLoadingTick(state); // someone new asks: no reason to wait for the next try
  }
  const to = askerOf(message);
  return to === undefined ? [] : [{ type: "answer", to, answer: problem("overloaded", limits.redeliverMinMs) }];
}

/** The store does not answer. Who waits comes again by himself; work that is owed has nobody who would, so it stays and tries again. */
export function onLoadFailed(state: Account): AccountEffect[] {
  if (!state.waiting.some(({ type }) => type === "resume-work")) return giveUp(state, "unsure");
  const answers = state.waiters().map((to): AccountEffect => ({ type: "answer", to, answer: problem("unsure", limits.redeliverMinMs) }));
  state.waiting.splice(0, Infinity, { type: "resume-work" });
  state.probes = 0;
  state.isFenced = false;
  return [...answers, { type: "wake", monoMs: state.now.monoMs + limits.redeliverMaxMs }];
}

/** Tries again, if the last load failed. */
export function onLoadingTick(state: Account): AccountEffect[] {
  return state.probes === 0 ? probe(state) : [];
}

/** @returns the effects, or "ready": the rows are in memory */
export function onLoaded(state: Account, row: AccountRow | undefined): AccountEffect[] | "ready" {
  if (state.isFenced) return fold(state, row);
  if (row === undefined) {
    const registers = state.waiting.filter(
      (message) => message.type === "register" && firstVersionOf(state.id, message).error === undefined,
    );
    if (registers.length === 0) return absent(state);
  }
  const before = row === undefined ? undefined : { epoch: row.epoch, ver: row.ver };
  // A newer owner of the shard was here: this node has lost it.
  if (before !== undefined && before.epoch >= (state.shardEpoch + 1n) << 32n) return giveUp(state, "fenced");
  const own = state.shardEpoch << 32n;
  // A fence whose outcome was unknown is there after all: the epoch is this activation's alone.
  if (before?.epoch === state.epoch) return fold(state, row);
  state.epoch = before !== undefined && before.epoch >= own ? before.epoch + 1n : own;
  return [{ type: "fence", expected: before, epoch: state.epoch }];
}

export function onFenced(state: Account, outcome: WriteOutcome): AccountEffect[] {
  state.isFenced = outcome === "applied";
  return state.isFenced ? [{ type: "load" }] : probe(state);
}

/** The probe saw nobody: each who waits hears so, and nothing is kept. */
function absent(state: Account): AccountEffect[] {
  const answers = state.waiting.flatMap((message) => answerAbsent(state, message));
  state.waiting.length = 0;
  state.phase = "ended";
  return [...answers, { type: "ended" }];
}

function fold(state: Account, row: AccountRow | undefined): AccountEffect[] | "ready" {
  if (row?.epoch !== state.epoch) return giveUp(state, "fenced");
  state.ver = row.ver;
  state.fields = row.account;
  state.versions.push(...row.versions);
  for (const device of row.devices) state.devices.set(device.id, device);
  for (const conversation of row.conversations) state.conversations.set(conversation.conversation, conversation);
  const chain = foldChain(row.versions);
  if (chain === "broken" || chain?.version !== row.account?.head) return giveUp(state, "internal" satisfies ErrorCode);
  state.chain = chain;
  // Question numbers of two activations differ, so that a late answer finds nobody.
  state.nextFlow = Number(state.epoch % 1_048_576n) * 1_048_576 + 1;
  state.work.monoMs = state.now.monoMs;
  state.phase = "ready";
  return "ready";
}

/** The versions were verified before they were stored. */
function foldChain(versions: AccountRow["versions"]): ListState | undefined | "broken" {
  let head: ListState | undefined;
  for (const { signed } of versions) {
    const object = readSigned(signed, bounds.listBodyBytesMax);
    if (object.error !== undefined) return "broken";
    const next = extend(head, object.ok, () => true);
    if (next.error !== undefined) return "broken";
    head = next.ok;
  }
  return head;
}
