import { assert } from "../../lib/assert.js";
import { errorCodes, type ErrorCode } from "../../lib/errors.js";
import type { MessageId } from "../../lib/ids.js";
import { limits } from "../../lib/limits.js";

/**
 * One conversation's sends, in order, as a pure state machine: what goes out next, and what an answer does. Rows with a counter come
 * first and their counters are consecutive; the rest is queued. The shell (sender.ts) commits each change before it acts on the next.
 */
export interface ChatOutbox {
  /** Given to the next row that is encrypted. */
  nextCounter: bigint;
  /** Counter of the newest entry of scope `all` that the server has. */
  previousAll: bigint;
  readonly rows: PendingRow[];
  encrypting: MessageId | undefined;
  /** Transmissions without an answer yet. One that no row remembers belongs to bytes that were given up. */
  readonly flights: Map<number, MessageId>;
  /** A transmission whose answer decides what becomes of the rows behind it: they were refused only because it is not stored yet. */
  behind: number | undefined;
  waitUntilMs: number;
  /** Answers in a row that said "later". */
  delays: number;
}

export interface PendingRow {
  readonly id: MessageId;
  readonly scope: "all" | "subset";
  /** With the ciphertext, committed together. */
  counter: bigint | undefined;
  /** Number of its transmission in flight. */
  flight: number | undefined;
  /** How often it was encrypted again because the server knew another roster. */
  repairs: number;
  /** Rows of scope `subset` may have to wait for something that the others do not need; those go first then. */
  waitUntilMs: number;
}

export type Step =
  | { readonly type: "transmit"; readonly id: MessageId; readonly counter: bigint }
  | { readonly type: "encrypt"; readonly id: MessageId; readonly counter: bigint; readonly previousAll: bigint }
  | { readonly type: "wait"; readonly untilMs: number | undefined };

/** What the server, or the loss of the socket, said to one transmission. */
export type Answer =
  | { readonly type: "ack"; readonly id: MessageId; readonly seq: bigint; readonly serverMs: number }
  | { readonly type: "roster-mismatch" }
  | { readonly type: "out-of-order"; readonly expected: bigint }
  | { readonly type: "problem"; readonly code: ErrorCode; readonly retryAfterMs: number; readonly storedId?: MessageId }
  | { readonly type: "lost" };

/** What is to be committed, in this order. */
export type Change =
  | {
      readonly type: "sent";
      readonly id: MessageId;
      readonly seq: bigint | undefined;
      readonly serverMs: number | undefined;
      /** As the server shows it; the row's own where absent. */
      readonly counter?: bigint;
    }
  | { readonly type: "failed"; readonly id: MessageId; readonly code: ErrorCode }
  /** These rows lose counter and ciphertext; numbering goes on at `nextCounter`. */
  | { readonly type: "reset"; readonly ids: readonly MessageId[]; readonly nextCounter: bigint }
  /** The fold is to be brought up to date before anything is encrypted here again. */
  | { readonly type: "refresh-roster" }
  /** Another message, which is not pending here, holds this counter at the server: ours if the store knows it, else the store was set back. */
  | { readonly type: "claimed"; readonly id: MessageId | undefined; readonly counter: bigint };

export function emptyOutbox(nextCounter: bigint, previousAll: bigint): ChatOutbox {
  return { nextCounter, previousAll, rows: [], encrypting: undefined, flights: new Map(), behind: undefined, waitUntilMs: 0, delays: 0 };
}

export function addRow(outbox: ChatOutbox, row: Pick<PendingRow, "id" | "scope" | "counter">): void {
  const added = { ...row, flight: undefined, repairs: 0, waitUntilMs: 0 };
  if (row.counter === undefined) outbox.rows.push(added);
  else insertNumbered(outbox, added);
}

/** Behind those with a counter, in front of those without: it may have overtaken one that waits. */
function insertNumbered(outbox: ChatOutbox, row: PendingRow): void {
  const unnumbered = outbox.rows.findIndex((each) => each.counter === undefined);
  outbox.rows.splice(unnumbered < 0 ? outbox.rows.length : unnumbered, 0, row);
}

/** The next thing to do. `free` = transmissions that the device may still have in flight, over all conversations. */
export function plan(outbox: ChatOutbox, nowMs: number, free: number): Step {
  if (nowMs < outbox.waitUntilMs) return { type: "wait", untilMs: outbox.waitUntilMs };
  if (outbox.behind !== undefined && outbox.flights.has(outbox.behind)) return { type: "wait", untilMs: undefined };
  const idle = outbox.rows.find((row) => row.flight === undefined && (row.counter !== undefined || row.waitUntilMs <= nowMs));
  if (idle === undefined) return { type: "wait", untilMs: earliestWait(outbox) };
  if (free <= 0) return { type: "wait", untilMs: undefined };
  if (idle.counter !== undefined) return { type: "transmit", id: idle.id, counter: idle.counter };
  if (outbox.encrypting !== undefined || hasStaleFlight(outbox)) return { type: "wait", untilMs: undefined };
  return { type: "encrypt", id: idle.id, counter: outbox.nextCounter, previousAll: previousAllBelow(outbox, outbox.nextCounter) };
}

function earliestWait(outbox: ChatOutbox): number | undefined {
  const waits = outbox.rows.filter((row) => row.flight === undefined).map((row) => row.waitUntilMs);
  return waits.length === 0 ? undefined : Math.min(...waits);
}

/** Bytes that were given up may still be on their way: nothing is numbered anew before the server has answered each of them. */
function hasStaleFlight(outbox: ChatOutbox): boolean {
  if (outbox.flights.size === 0) return false;
  const current = new Set(outbox.rows.map((row) => row.flight));
  for (const flight of outbox.flights.keys()) if (!current.has(flight)) return true;
  return false;
}

function previousAllBelow(outbox: ChatOutbox, counter: bigint): bigint {
  let previous = outbox.previousAll;
  for (const row of outbox.rows) {
    if (row.scope === "all" && row.counter !== undefined && row.counter < counter && row.counter > previous) previous = row.counter;
  }
  return previous;
}

export function startEncrypting(outbox: ChatOutbox, id: MessageId): void {
  assert(outbox.encrypting === undefined, "two encryptions in one conversation");
  outbox.encrypting = id;
}

/** Whether what was planned still stands: a reset, or the row's own return from the server, may have come while it was encrypted. */
export function isWanted(outbox: ChatOutbox, id: MessageId, counter: bigint): boolean {
  return outbox.encrypting === id && outbox.nextCounter === counter && find(outbox, id) !== undefined && !hasStaleFlight(outbox);
}

/** Nothing was committed, because it was not wanted any more. */
export function abandon(outbox: ChatOutbox, id: MessageId): void {
  assert(outbox.encrypting === id, "gave up an encryption that nobody began");
  outbox.encrypting = undefined;
}

/** Counter, ciphertext and ratchet are committed. */
export function onEncrypted(outbox: ChatOutbox, id: MessageId, counter: bigint): void {
  const row = find(outbox, id);
  assert(outbox.encrypting === id && row !== undefined, "encrypted a row that nobody asked for");
  assert(counter === outbox.nextCounter, "encrypted under a counter that is not the next");
  remove(outbox, id);
  insertNumbered(outbox, row);
  row.counter = counter;
  outbox.nextCounter = counter + 1n;
  outbox.encrypting = undefined;
}

/** Nothing was committed; `code` says that it never will be. `alone`: what is missing is missing to rows of scope `subset` only. */
export function onNotEncrypted(outbox: ChatOutbox, id: MessageId, code: ErrorCode | undefined, untilMs: number, alone = false): Change[] {
  assert(outbox.encrypting === id, "gave up an encryption that nobody began");
  outbox.encrypting = undefined;
  if (code === undefined && alone) {
    // All of them together, so that many cost no more requests than one.
    for (const row of outbox.rows) if (row.scope === "subset" && row.counter === undefined) row.waitUntilMs = untilMs;
    return [];
  }
  if (code === undefined) {
    outbox.waitUntilMs = untilMs;
    return [];
  }
  remove(outbox, id);
  return [{ type: "failed", id, code }];
}

export function onTransmitted(outbox: ChatOutbox, id: MessageId, flight: number): void {
  const row = find(outbox, id);
  assert(row?.counter !== undefined && row.flight === undefined, "transmitted a row that is not ready");
  row.flight = flight;
  outbox.flights.set(flight, id);
}

/** What one answer does. `jitter` is in [0, 1). */
export function onAnswer(outbox: ChatOutbox, flight: number, answer: Answer, nowMs: number, jitter: number): Change[] {
  outbox.flights.delete(flight);
  const row = outbox.rows.find((each) => each.flight === flight);
  if (answer.type === "ack") return onStored(outbox, answer.id, answer.seq, answer.serverMs);
  // The answer to bytes that were given up says nothing about those that replaced them.
  if (row?.counter === undefined) return [];
  row.flight = undefined;
  switch (answer.type) {
    case "lost":
      // A new session ends the wait. Within one, a request that comes back at once must not be made again at once.
      delay(outbox, nowMs, 0, jitter);
      return [];
    case "roster-mismatch":
      return repair(outbox, row, nowMs, jitter);
    case "out-of-order":
      return onOutOfOrder(outbox, row.counter, answer.expected, nowMs, jitter);
    case "problem":
      return onProblem(outbox, row, answer, nowMs, jitter);
  }
}

/** The server has it: by an acknowledgement, or because the own entry came back as a header. */
export function onStored(
  outbox: ChatOutbox,
  id: MessageId,
  seq: bigint | undefined,
  serverMs: number | undefined,
  counter?: bigint,
): Change[] {
  const row = find(outbox, id);
  if (row === undefined) return [];
  const stored = counter ?? row.counter;
  remove(outbox, id);
  outbox.delays = 0;
  if (stored !== undefined) {
    if (row.scope === "all" && stored > outbox.previousAll) outbox.previousAll = stored;
    const reset = takenBy(outbox, stored);
    return [{ type: "sent", id, seq, serverMs }, ...reset];
  }
  return [{ type: "sent", id, seq, serverMs }];
}

/** A counter that the server has given to something else than our rows believe: they are numbered behind it. */
function takenBy(outbox: ChatOutbox, counter: bigint): Change[] {
  if (outbox.rows.some((row) => row.counter === counter)) return resetFrom(outbox, counter, counter + 1n);
  if (outbox.nextCounter > counter) return [];
  outbox.nextCounter = counter + 1n;
  return [{ type: "reset", ids: [], nextCounter: outbox.nextCounter }];
}

function onOutOfOrder(outbox: ChatOutbox, counter: bigint, expected: bigint, nowMs: number, jitter: number): Change[] {
  const missing = outbox.rows.find((row) => row.counter === expected);
  if (expected < counter && missing !== undefined) {
    // One before it is not stored: the same bytes again, from there, once it is known what became of it.
    if (missing.flight === undefined) delay(outbox, nowMs, 0, jitter);
    else outbox.behind = missing.flight;
    return [];
  }
  // Nothing of ours has that counter, though everything below was acknowledged: the server knows less than it said.
  delay(outbox, nowMs, limits.outboxDelayMaxMs, jitter);
  return [{ type: "claimed", id: undefined, counter: expected }];
}

function onProblem(
  outbox: ChatOutbox,
  row: PendingRow,
  answer: Extract<Answer, { type: "problem" }>,
  nowMs: number,
  jitter: number,
): Change[] {
  const counter = row.counter;
  assert(counter !== undefined, "an answer to a row without a counter");
  switch (answer.code) {
    case "stored-earlier":
      return onStored(outbox, row.id, undefined, undefined);
    case "id-reused":
      return onIdReused(outbox, row, counter, answer.storedId);
    case "wrong-recipients":
      if (row.repairs < limits.outboxRepairsMax) return repair(outbox, row, nowMs, jitter);
      return refuse(outbox, row, counter, answer.code);
    default:
      if (errorCodes[answer.code].retry === "never") return refuse(outbox, row, counter, answer.code);
      delay(outbox, nowMs, answer.retryAfterMs, jitter);
      return [];
  }
}

function onIdReused(outbox: ChatOutbox, row: PendingRow, counter: bigint, storedId: MessageId | undefined): Change[] {
  if (storedId === undefined) return [{ type: "claimed", id: undefined, counter }];
  if (find(outbox, storedId) !== undefined) return onStored(outbox, storedId, undefined, undefined, counter);
  return [{ type: "claimed", id: storedId, counter }, ...resetFrom(outbox, counter, counter + 1n)];
}

/** The row itself stays in its place; it and all behind it are encrypted again. */
function repair(outbox: ChatOutbox, row: PendingRow, nowMs: number, jitter: number): Change[] {
  assert(row.counter !== undefined, "repaired a row without a counter");
  row.repairs += 1;
  if (row.repairs > limits.outboxRepairsMax) delay(outbox, nowMs, 0, jitter);
  return [{ type: "refresh-roster" }, ...resetFrom(outbox, row.counter, row.counter)];
}

function refuse(outbox: ChatOutbox, row: PendingRow, counter: bigint, code: ErrorCode): Change[] {
  remove(outbox, row.id);
  return [{ type: "failed", id: row.id, code }, ...resetFrom(outbox, counter, counter)];
}

function resetFrom(outbox: ChatOutbox, from: bigint, nextCounter: bigint): Change[] {
  const ids: MessageId[] = [];
  for (const row of outbox.rows) {
    if (row.counter === undefined || row.counter < from) continue;
    row.counter = undefined;
    row.flight = undefined;
    ids.push(row.id);
  }
  outbox.nextCounter = nextCounter;
  return [{ type: "reset", ids, nextCounter }];
}

/** Answers of one burst count once. */
function delay(outbox: ChatOutbox, nowMs: number, atLeastMs: number, jitter: number): void {
  const ceiling = Math.min(limits.outboxDelayMaxMs, limits.outboxDelayMinMs * 2 ** Math.min(outbox.delays, 16));
  const backOffMs = nowMs < outbox.waitUntilMs ? 0 : Math.ceil(ceiling * (0.5 + jitter / 2));
  if (backOffMs > 0) outbox.delays += 1;
  outbox.waitUntilMs = Math.max(outbox.waitUntilMs, nowMs + atLeastMs + backOffMs);
}

/** The socket is new: whatever was in flight goes again with the same bytes, and nobody waits for the old one. */
export function onReconnected(outbox: ChatOutbox): void {
  outbox.flights.clear();
  outbox.behind = undefined;
  for (const row of outbox.rows) {
    row.flight = undefined;
    row.waitUntilMs = 0;
  }
  outbox.waitUntilMs = 0;
  outbox.delays = 0;
}

function find(outbox: ChatOutbox, id: MessageId): PendingRow | undefined {
  return outbox.rows.find((row) => row.id === id);
}

function remove(outbox: ChatOutbox, id: MessageId): void {
  const at = outbox.rows.findIndex((row) => row.id === id);
  if (at >= 0) outbox.rows.splice(at, 1);
}
