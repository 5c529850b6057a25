import { sameBytes } from "../../lib/bytes.js";
import type { AccountId } from "../../lib/ids.js";
import { bounds } from "../../protos/signed/bounds.js";
import { extend, type ListState } from "../../protos/signed/device-chain.js";
import { readDeviceList } from "../../protos/signed/device-list.js";
import { readSigned } from "../../protos/signed/signed.js";
import type { Verify } from "../../protos/signed/verdict.js";

/** A list version that an own device vouched for in its start-up sync. */
export interface Vouched {
  readonly version: number;
  readonly listHash: Uint8Array;
}

/** Why a shown chain was not followed further. */
export type ChainProblem =
  /** Two properly signed bodies for one version, or one that contradicts the own devices' word: `proofs` show it to anyone. */
  | { readonly type: "forked"; readonly version: number; readonly detail: string; readonly proofs: readonly Uint8Array[] }
  /** Bytes that break a rule. Whoever showed them lied or is broken. */
  | { readonly type: "invalid"; readonly code: string; readonly detail: string; readonly proofs: readonly Uint8Array[] };

export interface ChainCheck {
  /** New versions that hold, in order, with their bytes. Also those in front of a problem. */
  readonly grown: readonly { readonly state: ListState; readonly signed: Uint8Array }[];
  readonly problem: ChainProblem | undefined;
}

export interface Offer {
  readonly account: AccountId;
  /** States of versions 1 … n as they were verified before; empty: the account is new. */
  readonly known: readonly ListState[];
  readonly signedAt: (version: number) => Uint8Array | undefined;
  /** Signed versions as the server showed them, ascending; may begin at or below the known head, to show that it did not change. */
  readonly versions: readonly Uint8Array[];
  readonly vouched: Vouched | undefined;
  readonly verify: Verify;
}

/** Follows a chain that was shown, by every rule, from what is known. Remembers nothing. */
export function checkChain(offer: Offer): ChainCheck {
  const states = [...offer.known];
  const grown: { state: ListState; signed: Uint8Array }[] = [];
  for (const signed of offer.versions) {
    const step = checkVersion(offer, states, signed);
    if ("problem" in step) return { grown, problem: step.problem };
    if (step.state === undefined) continue;
    states.push(step.state);
    grown.push({ state: step.state, signed });
  }
  return { grown, problem: undefined };
}

type Step = { readonly state: ListState | undefined } | { readonly problem: ChainProblem };

function checkVersion(offer: Offer, states: readonly ListState[], signed: Uint8Array): Step {
  const object = readSigned(signed, bounds.listBodyBytesMax);
  if (object.error !== undefined) return invalid(object.error, object.detail, signed);
  const list = readDeviceList(object.ok.body);
  if (list.error !== undefined) return invalid(list.error, list.detail, signed);
  const { version, hash } = list.ok;
  const same = states[version - 1];
  if (same !== undefined) {
    if (sameBytes(same.listHash, hash)) return { state: undefined };
    return otherBody(offer, states, version, signed);
  }
  const next = extend(states.at(-1), object.ok, offer.verify);
  if (next.error === "list-forked") return forked(version, next.detail, [...proofAt(offer, version - 1), signed]);
  if (next.error !== undefined) return invalid(next.error, next.detail, signed);
  if (next.ok.account !== offer.account) return invalid("list-invalid", "version 1 of another account", signed);
  const { vouched } = offer;
  if (vouched?.version === version && !sameBytes(vouched.listHash, hash)) {
    return forked(version, "contradicts what an own device vouched for", [signed]);
  }
  return { state: next.ok };
}

/** Another body for a version that is known: a fork if it is truly signed, else a forgery. */
function otherBody(offer: Offer, states: readonly ListState[], version: number, signed: Uint8Array): Step {
  const object = readSigned(signed, bounds.listBodyBytesMax);
  if (object.error !== undefined) return invalid(object.error, object.detail, signed);
  const other = extend(states[version - 2], object.ok, offer.verify);
  // Another version 1 has another hash, so it is another account's; from version 2 on a valid one is the account's own second word.
  if (version > 1 && (other.error === undefined || other.error === "list-forked")) {
    return forked(version, `two bodies for version ${version}`, [...proofAt(offer, version), signed]);
  }
  if (other.error === undefined) return invalid("list-invalid", "version 1 of another account", signed);
  return invalid(other.error, `not the known version ${version}: ${other.detail}`, signed);
}

function proofAt(offer: Offer, version: number): Uint8Array[] {
  const signed = offer.signedAt(version);
  return signed === undefined ? [] : [signed];
}

function forked(version: number, detail: string, proofs: readonly Uint8Array[]): Step {
  return { problem: { type: "forked", version, detail, proofs } };
}

function invalid(code: string, detail: string, proof: Uint8Array): Step {
  return { problem: { type: "invalid", code, detail, proofs: [proof] } };
}
