import type { Dump, DumpedRow } from "./client-process.js";

/** A line of a client's history; 64-bit values are decimal text. */
export interface HistoryEvent {
  readonly t: number;
  readonly proc: string;
  readonly dev?: string;
  readonly type: string;
  readonly conv?: string;
  readonly seq?: string;
  readonly msg?: string;
  readonly counter?: string;
  readonly sha?: string;
  readonly from?: string;
  readonly code?: string;
  readonly account?: string;
  readonly device?: string;
  readonly delivered?: string;
  readonly read?: string;
  readonly own?: boolean;
  readonly kind?: unknown;
  readonly state?: string;
}

/** What the clients wrote down while they ran, and what their stores hold at the end (awake devices that belong to their accounts). */
export interface Evidence {
  readonly events: readonly HistoryEvent[];
  readonly dumps: readonly Dump[];
}

export interface Verdict {
  readonly acknowledged: number;
  readonly recovered: number;
  readonly lost: string[];
  readonly double: string[];
  readonly order: string[];
  readonly gaps: string[];
  /** Anything else that must not be: two ids at one sequence, bytes from nowhere, a broken session, a receipt that fell. */
  readonly wrong: string[];
}

const messageKind = 1;

interface Logged {
  readonly msg: string;
  readonly dev: string | undefined;
  readonly counter: bigint | undefined;
  readonly witness: string;
}

/** Decides from the clients' evidence alone whether what the product promises held. Near-linear; nothing is asked of the server. */
export function judge(evidence: Evidence): Verdict {
  const verdict: Verdict = { acknowledged: 0, recovered: 0, lost: [], double: [], order: [], gaps: [], wrong: [] };
  const log = readLog(evidence, verdict);
  judgeCounters(log, verdict);
  const acknowledged = judgeAcknowledged(evidence, verdict);
  judgeOrigin(evidence, verdict);
  judgeRealTime(evidence, verdict);
  judgeDumps(evidence, log, verdict);
  judgeShown(evidence, verdict);
  judgeReceipts(evidence, verdict);
  return { ...verdict, acknowledged: acknowledged.size, recovered: countRecovered(log, acknowledged) };
}

/** Who has broken what, in one line each; undefined when everything held. */
export function complaint(verdict: Verdict): string | undefined {
  const found = (["lost", "double", "order", "gaps", "wrong"] as const).flatMap((name) =>
    verdict[name].slice(0, 10).map((line) => `${name}: ${line}`),
  );
  return found.length === 0 ? undefined : found.join("\n");
}

type Log = Map<string, Map<bigint, Logged>>;

/** conversation → sequence → what lies there, from every acknowledgement, every delivery and every store; all must agree (I2), no message twice (I4). */
function readLog({ events, dumps }: Evidence, verdict: Verdict): Log {
  const log: Log = new Map();
  const places = new Map<string, bigint>();
  const add = (conv: string, seq: bigint, logged: Logged): void => {
    const entries = log.get(conv) ?? new Map<bigint, Logged>();
    log.set(conv, entries);
    const there = entries.get(seq);
    if (there !== undefined && there.msg !== logged.msg) {
      verdict.wrong.push(`${conv}/${seq}: ${there.msg} (${there.witness}), but ${logged.msg} (${logged.witness})`);
    } else if (there === undefined) entries.set(seq, logged);
    const key = `${conv}/${logged.dev ?? ""}/${logged.msg}`;
    const place = places.get(key) ?? seq;
    places.set(key, place);
    if (place !== seq)
      verdict.double.push(`${logged.msg} of ${String(logged.dev)} is at ${conv}/${place} and at ${seq} (${logged.witness})`);
  };
  for (const event of events) {
    if (event.conv === undefined || event.seq === undefined || event.msg === undefined) continue;
    if (event.type !== "ok" && event.type !== "recv" && event.type !== "filled") continue;
    const dev = event.type === "ok" ? event.dev : event.from;
    const counter = event.counter === undefined ? undefined : BigInt(event.counter);
    add(event.conv, BigInt(event.seq), { msg: event.msg, dev, counter, witness: `${event.type} of ${event.proc}` });
  }
  for (const { self, rows } of dumps) {
    for (const row of rows.filter(isUsersEntry)) {
      add(row.conv, BigInt(row.seq), { msg: row.msg, dev: row.from, counter: BigInt(row.counter), witness: `store of ${self.device}` });
    }
  }
  return log;
}

/** Rows of what a device has sent; `missed` and control entries have no id of their own. */
function isUsersEntry(row: DumpedRow): boolean {
  return row.state !== "control" && row.state !== "missed" && row.counter !== "0";
}

/** Along a log each device's counters rise (I6); a counter lies at one place. */
function judgeCounters(log: Log, verdict: Verdict): void {
  for (const [conv, entries] of log) {
    const last = new Map<string, bigint>();
    for (const [seq, { dev, counter }] of [...entries].sort(([a], [b]) => (a < b ? -1 : 1))) {
      if (dev === undefined || counter === undefined || counter === 0n) continue;
      const before = last.get(dev) ?? 0n;
      if (counter === before) verdict.double.push(`${conv}/${seq}: counter ${counter} of ${dev} again`);
      else if (counter < before) verdict.order.push(`${conv}/${seq}: counter ${counter} of ${dev} after ${before}`);
      last.set(dev, counter);
    }
  }
}

/** What was acknowledged lies at its place in every store that should have it, readable and with its bytes (I1, I3). */
function judgeAcknowledged({ events, dumps }: Evidence, verdict: Verdict): Set<string> {
  const sha = new Map<string, string>();
  for (const event of events)
    if (event.type === "invoke" && event.sha !== undefined) sha.set(`${event.conv!}/${event.dev!}/${event.msg!}`, event.sha);
  const founders = foundersOf(events);
  const stores = dumps.map(({ self, rows, retired }) => ({
    self,
    at: new Map(rows.map((row) => [`${row.conv}/${row.seq}`, row])),
    first: firstOf(rows, founders.has(self.device)),
    last: lastOf(rows, retired),
  }));
  const acknowledged = new Set<string>();
  const wide = wideMessages(dumps);
  for (const event of events) {
    if (event.type !== "ok") continue;
    const key = `${event.conv!}/${event.dev!}/${event.msg!}`;
    acknowledged.add(key);
    for (const { self, at, first, last } of stores) {
      const from = first.get(event.conv!);
      const seq = BigInt(event.seq!);
      if (from === undefined || seq < from || seq > last(event.conv!) || !wide.has(key)) continue;
      const row = at.get(`${event.conv!}/${event.seq!}`);
      if (row === undefined || row.msg !== event.msg)
        verdict.lost.push(`${key} acknowledged at ${event.seq!}: ${self.device} has ${row?.msg ?? "nothing"} there`);
      else if (row.sha !== undefined && sha.has(key) && row.sha !== sha.get(key))
        verdict.wrong.push(`${key}: other bytes at ${self.device}`);
    }
  }
  return acknowledged;
}

/** Devices that registered their account: members of their conversations from the first message on. */
function foundersOf(events: readonly HistoryEvent[]): ReadonlySet<string | undefined> {
  return new Set(events.filter((event) => event.type === "registered").map((event) => event.dev));
}

/** From where a store must be whole: everything for a founder; for a linked device the first message that it has, what lies before is older than it. */
function firstOf(rows: readonly DumpedRow[], founder: boolean): Map<string, bigint> {
  const first = new Map<string, bigint>();
  for (const row of rows) {
    if (founder) {
      first.set(row.conv, 0n);
      continue;
    }
    if (row.kind !== messageKind) continue;
    const seq = BigInt(row.seq);
    if (seq < (first.get(row.conv) ?? seq + 1n)) first.set(row.conv, seq);
  }
  return first;
}

/** How far a store must be whole: to the end, or for a device that has gone to the newest message it had when it went. */
function lastOf(rows: readonly DumpedRow[], retired: boolean | undefined): (conv: string) => bigint {
  if (retired !== true) return () => 1n << 63n;
  const last = new Map<string, bigint>();
  for (const row of rows) if (row.kind === messageKind && BigInt(row.seq) > (last.get(row.conv) ?? 0n)) last.set(row.conv, BigInt(row.seq));
  return (conv) => last.get(conv) ?? 0n;
}

/** Messages that go to everybody: some store shows their kind. What no store has at all counts too, or a loss at all devices were none. */
function wideMessages(dumps: readonly Dump[]): { has(key: string): boolean } {
  const narrow = new Set<string>();
  for (const { rows } of dumps) for (const row of rows) if (row.kind !== messageKind) narrow.add(`${row.conv}/${row.from}/${row.msg}`);
  return { has: (key) => !narrow.has(key) };
}

/** Delivered bytes are what a device sent (I5). */
function judgeOrigin({ events, dumps }: Evidence, verdict: Verdict): void {
  const sent = new Set(events.filter((event) => event.type === "invoke").map((event) => `${event.conv!}/${event.dev!}/${event.msg!}`));
  const writers = new Set(events.map((event) => event.dev));
  for (const { self, rows } of dumps) {
    for (const row of rows) {
      if (row.kind !== messageKind || row.state !== "read" || !writers.has(row.from)) continue;
      if (!sent.has(`${row.conv}/${row.from}/${row.msg}`)) verdict.wrong.push(`${row.conv}/${row.seq} at ${self.device}: nobody sent it`);
    }
  }
}

/** Acknowledged before the other was begun: before it in the log (I7). */
function judgeRealTime({ events }: Evidence, verdict: Verdict): void {
  const highest = new Map<string, bigint>();
  const floor = new Map<string, bigint>();
  for (const event of [...events].sort((a, b) => a.t - b.t)) {
    if (event.conv === undefined || event.msg === undefined) continue;
    const key = `${event.conv}/${event.dev!}/${event.msg}`;
    // The first transmission counts: a retry after a kill may long be in the log.
    if (event.type === "invoke" && !floor.has(key)) floor.set(key, highest.get(event.conv) ?? 0n);
    if (event.type !== "ok" || event.seq === undefined) continue;
    const seq = BigInt(event.seq);
    if (seq <= (floor.get(key) ?? 0n))
      verdict.order.push(`${key} at ${seq}, though ${String(floor.get(key))} was acknowledged before it was sent`);
    if (seq > (highest.get(event.conv) ?? 0n)) highest.set(event.conv, seq);
  }
}

/** Each store is whole: no message missing between its first and the conversation's newest, nothing undecryptable or refused (I3). */
function judgeDumps({ events, dumps }: Evidence, log: Log, verdict: Verdict): void {
  const founders = foundersOf(events);
  const wide = wideMessages(dumps);
  for (const { self, rows, retired } of dumps) {
    const first = firstOf(rows, founders.has(self.device));
    const last = lastOf(rows, retired);
    const held = new Set(rows.map((row) => `${row.conv}/${row.seq}`));
    for (const row of rows) {
      const at = `${row.conv}/${row.seq} at ${self.device}`;
      if (row.state === "missed") verdict.gaps.push(`${at}: missed ${String(row.reason)}`);
      else if (row.state !== "read" && row.state !== "own" && row.state !== "control")
        verdict.wrong.push(`${at}: ${row.state} ${String(row.reason)}`);
      else if (row.reason !== undefined) verdict.gaps.push(`${at}: ${row.reason}`);
    }
    for (const [conv, entries] of log) {
      const from = first.get(conv);
      if (from === undefined) continue;
      for (const [seq, { msg, dev }] of entries) {
        if (seq < from || seq > last(conv) || held.has(`${conv}/${seq}`) || !wide.has(`${conv}/${String(dev)}/${msg}`)) continue;
        if (dev === self.device) verdict.lost.push(`${conv}/${seq}: ${self.device} does not know its own`);
        else verdict.gaps.push(`${conv}/${seq}: ${self.device} has nothing there`);
      }
    }
  }
}

/** Shown once and in order. After a kill the one message that was not confirmed yet is shown again: the promise of a cursor. */
function judgeShown({ events }: Evidence, verdict: Verdict): void {
  const readers = new Map<string, { shown: Set<string>; last: Map<string, bigint>; unconfirmed: string | undefined; reopened: boolean }>();
  for (const event of events) {
    const reader = readers.get(event.proc) ?? { shown: new Set(), last: new Map(), unconfirmed: undefined, reopened: false };
    readers.set(event.proc, reader);
    if (event.type === "open") reader.reopened = true;
    if (event.type !== "shown") continue;
    const at = `${event.conv!}/${event.seq!}`;
    const seq = BigInt(event.seq!);
    if (reader.shown.has(at)) {
      if (!(reader.reopened && reader.unconfirmed === at)) verdict.double.push(`${event.proc} was shown ${at} twice`);
    } else if (seq <= (reader.last.get(event.conv!) ?? 0n))
      verdict.order.push(`${event.proc} was shown ${at} after ${String(reader.last.get(event.conv!))}`);
    reader.shown.add(at);
    reader.last.set(event.conv!, seq);
    reader.unconfirmed = at;
    reader.reopened = false;
  }
}

/** Watermarks rise, and read never passes delivered (I8). */
function judgeReceipts({ events }: Evidence, verdict: Verdict): void {
  const marks = new Map<string, { delivered: bigint; read: bigint }>();
  for (const event of events) {
    if (event.type !== "receipt") continue;
    const key = `${event.proc} ${event.conv!} ${event.account!} ${event.device ?? "all"}`;
    const [delivered, read] = [BigInt(event.delivered ?? 0), BigInt(event.read ?? 0)];
    const before = marks.get(key);
    if (before !== undefined && (delivered < before.delivered || read < before.read)) verdict.wrong.push(`a receipt fell: ${key}`);
    if (read > delivered) verdict.wrong.push(`read before delivered: ${key}`);
    marks.set(key, { delivered, read });
  }
}

/** In the log without an answer that reached its sender: legal, and worth a number. */
function countRecovered(log: Log, acknowledged: ReadonlySet<string>): number {
  let recovered = 0;
  for (const [conv, entries] of log)
    for (const { msg, dev } of entries.values()) if (!acknowledged.has(`${conv}/${String(dev)}/${msg}`)) recovered++;
  return recovered;
}
