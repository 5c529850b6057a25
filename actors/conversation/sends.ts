import { sameBytes } from "../../lib/bytes.js";
import type { DeviceId } from "../../lib/ids.js";
import { limits } from "../../lib/limits.js";
import { fullBucket, take } from "../../lib/token-bucket.js";
import type { Envelope, Header } from "../../protos/entry.js";
import { isSubsetKind } from "../../protos/kinds.js";
import type { Asker } from "../../protos/messages.js";
import { devicesIn, hasDevice, type Roster } from "../../protos/signed/roster.js";
import type { Moment } from "../ports.js";
import { answerSent, gate, problem, refuseByRoster, whenAlive } from "./answers.js";
import { enqueue, hasRoom, joinAskers, pendingAt } from "./batch.js";
import { recall, remember, storedSend } from "./fold.js";
import type { Effect } from "./messages.js";
import { comeBack } from "./receipts.js";
import { controlsAfter } from "./roster-pages.js";
import { deviceFold, nextSeq, type Conversation, type DeviceFold } from "./state.js";

/** What clients may send so far; the rest is refused until it is built, control kinds for ever. */
const sendable: ReadonlySet<string> = new Set(["message", "resend", "retry-request", "sync", "distribution"]);

/**
 * The checks of a send in their order: duplicate, membership, counter, form, roster, recipients, rate. A refused send frees its counter.
 * Duplicate first: what is in the log stays answered, whatever has changed since.
 */
export function onSend(state: Conversation, from: Asker, envelope: Envelope, now: Moment, effects: Effect[]): void {
  const { counter } = envelope;
  if (counter < 1n) return problem(from, "bad-request", effects, { counter });
  if (state.phase === "draining") return problem(from, "draining", effects, { counter });
  const device = state.devices.get(from.device);
  if (device !== undefined && counter <= device.counter) return answerAgain(state, device, from, envelope, effects);

  const { roster } = state;
  if (roster === undefined || !hasDevice(roster, from.account, from.device)) {
    return refuseByRoster(state, from, "not-a-member", effects, { counter });
  }
  const expected = (device?.counter ?? 0n) + 1n;
  if (counter > expected) return problem(from, "out-of-order", effects, { counter, expected });
  const malformed = formProblem(envelope);
  if (malformed !== undefined) return problem(from, malformed, effects, { counter });
  if (envelope.rosterSeq !== roster.seq) {
    const seqs = controlsAfter(state, envelope.rosterSeq);
    // A roster that is newer than ours: either nobody has it, or we are no longer the owner.
    if (seqs.length === 0) {
      const answer = { mismatchAt: counter, rosterSeq: roster.seq, seqs };
      return whenAlive({ type: "send-roster", to: from, answer }, effects);
    }
    return gate(
      state,
      { seq: roster.seq, to: from, details: { counter }, roster: { mismatchAt: counter, rosterSeq: roster.seq, seqs } },
      effects,
    );
  }
  if (!sameBytes(envelope.rosterHash, roster.hash)) return refuseByRoster(state, from, "roster-forked", effects, { counter });
  if (!rightRecipients(roster, from.device, envelope)) return refuseByRoster(state, from, "wrong-recipients", effects, { counter });
  if (!hasRoom(state)) return problem(from, "overloaded", effects, { counter });
  const retryAfterMs = roster.type === "direct" ? takeRate(state, from, now) : 0;
  if (retryAfterMs > 0) return problem(from, "rate-limited", effects, { counter, retryAfterMs });

  sequence(state, roster, from, envelope, now, effects);
}

function sequence(state: Conversation, roster: Roster, from: Asker, envelope: Envelope, now: Moment, effects: Effect[]): void {
  const header = headerOf(state, roster, from, envelope, now);
  const device = deviceFold(state, from.device, from.account);
  remember(device, storedSend(header), state.durable); // only now is the counter used
  comeBack(state, device, now, effects);
  enqueue(state, { entry: { header, bodies: envelope.bodies }, bytes: envelope.bytes, askers: [from] }, effects);
}

/** The first answer to a counter that was used: from the log, or with the batch that is on its way there. */
function answerAgain(state: Conversation, device: DeviceFold, from: Asker, envelope: Envelope, effects: Effect[]): void {
  const { counter } = envelope;
  const first = recall(device, counter);
  if (first === undefined) return problem(from, "stored-earlier", effects, { counter });
  if (first.id !== envelope.id || !sameBytes(first.hash, envelope.hash)) {
    return gate(state, { seq: first.seq, to: from, code: "id-reused", details: { counter, storedId: first.id } }, effects);
  }
  if (first.seq <= state.durable) return answerSent(state, from, first, false, effects);
  const pending = pendingAt(state, first.seq);
  if (pending !== undefined) joinAskers(pending, from, effects);
}

function formProblem(envelope: Envelope): "forbidden-kind" | "bad-request" | "too-large" | undefined {
  if (!sendable.has(envelope.kind)) return "forbidden-kind";
  if (isSubsetKind(envelope.kind) !== (envelope.scope === "subset")) return "bad-request";
  return envelope.bytes > limits.entryBytesMax || envelope.bodies.length > limits.bodiesMax ? "too-large" : undefined;
}

/** Scope `all`: one shared body, or one for exactly the roster's devices without the sending one. `subset`: devices of the roster. */
function rightRecipients(roster: Roster, sender: DeviceId, { scope, bodies }: Envelope): boolean {
  if (bodies.length === 1 && bodies[0]!.slot === "shared") return scope === "all";
  const devices = devicesIn(roster);
  if (scope === "all" ? bodies.length !== devices.size - 1 : bodies.length === 0) return false;
  const seen = new Set<DeviceId>();
  for (const { slot } of bodies) {
    if (slot === "shared" || slot === sender || seen.has(slot) || !devices.has(slot)) return false;
    seen.add(slot);
  }
  return true;
}

/** Per pair: what one account may send into a direct conversation. 0: taken, else ms to wait. */
function takeRate(state: Conversation, from: Asker, now: Moment): number {
  const rule = { size: limits.sendsPerPairBucket, perSecond: limits.sendsPerPairPerSecond };
  let bucket = state.rates.get(from.account);
  if (bucket === undefined) state.rates.set(from.account, (bucket = fullBucket(rule, now.monoMs)));
  return take(bucket, rule, now.monoMs);
}

function headerOf(state: Conversation, roster: Roster, from: Asker, envelope: Envelope, now: Moment): Header {
  const { retentionMs } = limits;
  const livesMs = envelope.timerMs > 0 && envelope.timerMs < retentionMs ? envelope.timerMs : retentionMs;
  return {
    seq: nextSeq(state),
    epoch: state.epoch,
    account: from.account,
    device: from.device,
    counter: envelope.counter,
    id: envelope.id,
    kind: envelope.kind,
    scope: envelope.scope,
    targets: envelope.scope === "subset" ? envelope.bodies.map(({ slot }) => slot as DeviceId) : [],
    rosterSeq: roster.seq,
    rosterHash: roster.hash,
    timeMs: now.wallMs,
    hash: envelope.hash,
    refersTo: envelope.refersTo,
    previousControl: state.controls.at(-1) ?? 0n,
    commitment: envelope.commitment,
    bodyExpiresMs: now.wallMs + livesMs,
  };
}
