import { sameBytes } from "../../lib/bytes.js";
import type { FakeFirst } from "./fake-wire.js";

/** One chain of the other side: the number that comes next, and the numbers before it that were not read. */
interface Chain {
  readonly key: Uint8Array;
  readonly next: number;
  readonly skipped: readonly number[];
}

export interface FakeState {
  readonly id: Uint8Array;
  /** Own sending chain. */
  readonly key: Uint8Array;
  readonly counter: number;
  /** Newest first. */
  readonly chains: readonly Chain[];
  /** Set until the other side has answered: every message is a first message. */
  readonly first?: FakeFirst;
  readonly sinceMs: number;
}

export interface FakeSession {
  readonly current?: FakeState;
  /** Newest first. */
  readonly archived: readonly FakeState[];
}

// libsignal's limits, and what it does at them.
const skippedMax = 2_000;
const forwardMax = 25_000;
const chainsMax = 5;
const archivedMax = 40;
const unansweredMaxMs = 30 * 86_400_000;

export const noSession: FakeSession = { archived: [] };

export function isUsable(session: FakeSession, nowMs: number): boolean {
  const state = session.current;
  return state !== undefined && (state.first === undefined || nowMs - state.sinceMs < unansweredMaxMs);
}

/** Makes a state the current one; the one before is archived. */
export function withCurrent(session: FakeSession, state: FakeState): FakeSession {
  const others = [...(session.current === undefined ? [] : [session.current]), ...session.archived];
  return { current: state, archived: others.filter((other) => !sameBytes(other.id, state.id)).slice(0, archivedMax) };
}

export function archive(session: FakeSession): FakeSession {
  const others = session.current === undefined ? [] : [session.current];
  return { archived: [...others, ...session.archived].slice(0, archivedMax) };
}

export function stateOf(session: FakeSession, matches: (state: FakeState) => boolean): FakeState | undefined {
  return session.current !== undefined && matches(session.current) ? session.current : session.archived.find(matches);
}

/**
 * The state after it read number `counter` of the chain `key`. A key not seen before is a turn of the ratchet: the own sending chain
 * begins anew with `fresh`.
 */
export function received(state: FakeState, key: Uint8Array, counter: number, fresh: Uint8Array): FakeState | "duplicate" | "too-far" {
  const known = state.chains.find((chain) => sameBytes(chain.key, key));
  const chain = advanced(known ?? { key, next: 0, skipped: [] }, counter);
  if (typeof chain === "string") return chain;
  const { first: _answered, ...answered } = state;
  if (known !== undefined) return { ...answered, chains: state.chains.map((other) => (other === known ? chain : other)) };
  return { ...answered, key: fresh, counter: 0, chains: [chain, ...state.chains].slice(0, chainsMax) };
}

function advanced(chain: Chain, counter: number): Chain | "duplicate" | "too-far" {
  if (counter < chain.next) {
    if (!chain.skipped.includes(counter)) return "duplicate";
    return { ...chain, skipped: chain.skipped.filter((other) => other !== counter) };
  }
  if (counter - chain.next > forwardMax) return "too-far";
  const skipped = Array.from({ length: counter - chain.next }, (_, index) => chain.next + index);
  return { ...chain, next: counter + 1, skipped: [...chain.skipped, ...skipped].slice(-skippedMax) };
}
