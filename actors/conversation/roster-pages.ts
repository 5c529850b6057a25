import type { Asker } from "../../protos/messages.js";
import { hasDevice } from "../../protos/signed/roster.js";
import { refuseByRoster } from "./answers.js";
import type { Effect } from "./messages.js";
import type { Conversation } from "./state.js";

/** More than a page of 64 KiB ever holds. */
const seqsPerPage = 512;

/** Control entries behind a sequence, oldest first. */
export function controlsAfter(state: Conversation, seq: bigint): readonly bigint[] {
  let first = state.controls.length;
  while (first > 0 && state.controls[first - 1]! > seq) first--;
  return state.controls.slice(first, first + seqsPerPage);
}

/** Every member device may read all control entries, also from before it joined: it verifies from the genesis. */
export function onFetchRoster(state: Conversation, from: Asker, fromSeq: bigint, effects: Effect[]): void {
  const { roster } = state;
  if (roster === undefined || !hasDevice(roster, from.account, from.device)) return refuseByRoster(state, from, "not-a-member", effects);
  const seqs = controlsAfter(state, fromSeq - 1n).filter((seq) => seq <= state.durable);
  effects.push({ type: "send-roster", to: from, answer: { rosterSeq: roster.seq, seqs } });
}
