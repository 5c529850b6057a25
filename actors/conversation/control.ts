import { assert } from "../../lib/assert.js";
import { sameBytes } from "../../lib/bytes.js";
import { idOf, type MessageId } from "../../lib/ids.js";
import type { BodySlot, Header } from "../../protos/entry.js";
import type { Asker, CheckedGenesis, ToConversation } from "../../protos/messages.js";
import { noHash } from "../../protos/signed/hash.js";
import { applyGenesis, applyTold, controlOf, type Roster } from "../../protos/signed/roster.js";
import { toldHash, writeTold } from "../../protos/signed/told.js";
import type { Moment } from "../ports.js";
import { answerSent, gate, problem, refuseByRoster, whenAlive } from "./answers.js";
import { enqueue, hasRoom, joinAskers, pendingAt } from "./batch.js";
import { storedSend } from "./fold.js";
import type { Effect } from "./messages.js";
import { nextSeq, type Conversation } from "./state.js";

/**
 * A genesis begins a conversation. The same one again gets its first answer; another one learns that the conversation exists and fetches
 * whose genesis stands.
 */
export function onCreate(state: Conversation, from: Asker, genesis: CheckedGenesis, now: Moment, effects: Effect[]): void {
  if (genesis.conversation !== state.id) return problem(from, "bad-request", effects);
  if (state.phase === "draining") return problem(from, "draining", effects);
  const { roster, genesis: stored } = state;
  if (roster !== undefined && stored !== undefined) {
    if (!roster.members.has(from.account)) return refuseByRoster(state, from, "not-a-member", effects);
    const existing = !sameBytes(stored.hash, genesis.hash);
    const pending = stored.seq > state.durable ? pendingAt(state, stored.seq) : undefined;
    if (pending === undefined) answerSent(state, from, stored, existing, effects);
    else if (existing) gate(state, { seq: stored.seq, to: from, send: stored }, effects);
    else joinAskers(pending, from, effects);
    return;
  }
  const after = applyGenesis(genesis);
  const hash = genesis.hash;
  const header = controlHeader(state, now, { account: from.account, device: from.device, kind: "genesis", hash, after });
  assert(header.seq === 1n, "a genesis is the first entry");
  state.genesis = storedSend(header);
  const body: BodySlot = { slot: "shared", type: "signed", bytes: genesis.signed };
  sequenceControl(state, header, body, after, [from], undefined, effects);
}

/** An account's device list moved. One that is known, or not of a member, or told to a conversation that does not exist, is heard at once. */
export function onTold(state: Conversation, told: Extract<ToConversation, { type: "told" }>, now: Moment, effects: Effect[]): void {
  const { account, version, listHash, devices } = told;
  const { roster } = state;
  const member = roster?.members.get(account);
  if (roster === undefined || member === undefined || version <= member.listVersion) {
    // Known, but by an entry that is still on its way: the answer comes with its batch.
    if (roster === undefined || roster.seq <= state.durable) {
      const message = { type: "told-heard", conversation: state.id, version } as const;
      whenAlive({ type: "tell", mail: { kind: "account", id: account, message } }, effects);
    }
    return;
  }
  if (state.phase === "draining" || !hasRoom(state)) return; // the account tells again
  const after = applyTold(roster, { account, version, listHash }, devices, nextSeq(state));
  assert(after.error === undefined, "a newer list of a member applies");
  const hash = toldHash({ account, version, listHash });
  // The server's own entry: it names the account that moved, and its first device for want of a sender.
  const header = controlHeader(state, now, { account, device: devices[0]!, kind: "devices", hash, after: after.ok });
  const body: BodySlot = { slot: "shared", type: "told", bytes: writeTold({ account, version, listHash }) };
  sequenceControl(state, header, body, after.ok, [], { account, version }, effects);
}

function sequenceControl(
  state: Conversation,
  header: Header,
  body: BodySlot,
  after: Roster,
  askers: Asker[],
  told: { account: Asker["account"]; version: number } | undefined,
  effects: Effect[],
): void {
  const before = { roster: state.roster };
  state.roster = after;
  state.controls.push(header.seq);
  const pending = { entry: { header, bodies: [body] }, bytes: body.bytes.length + 512, askers, before };
  enqueue(state, told === undefined ? pending : { ...pending, told }, effects);
}

type ControlFields = Pick<Header, "account" | "device" | "kind" | "hash"> & { readonly after: Roster };

function controlHeader(state: Conversation, now: Moment, { account, device, kind, hash, after }: ControlFields): Header {
  return {
    seq: nextSeq(state),
    epoch: state.epoch,
    account,
    device,
    counter: 0n,
    id: idOf<MessageId>(hash.subarray(0, 16)),
    kind,
    scope: "all",
    targets: [],
    rosterSeq: state.roster?.seq ?? 0n,
    rosterHash: state.roster?.hash ?? noHash,
    timeMs: now.wallMs,
    hash,
    previousControl: state.controls.at(-1) ?? 0n,
    bodyExpiresMs: 0,
    control: controlOf(state.roster, after),
  };
}
