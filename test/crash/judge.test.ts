import { expect, test } from "vitest";
import type { AccountId, DeviceId } from "../../lib/ids.js";
import type { Dump, DumpedRow } from "../support/client-process.js";
import { complaint, judge, type Evidence, type HistoryEvent, type Verdict } from "../support/history.js";

/* The judge of the crash tests is judged: one edit of a valid history breaks each thing that it looks for. */
type Change = (evidence: { events: HistoryEvent[]; dumps: { self: Dump["self"]; rows: DumpedRow[] }[] }) => void;

const self = (device: string): Dump["self"] => ({ account: `of-${device}` as AccountId, device: device as DeviceId, handle: device });

/** Ann sends a1 to a3 at 2, 3 and 5, bob sends b1 at 4; the genesis lies at 1. */
const log = [
  { seq: "2", from: "ann", msg: "a1", counter: "1" },
  { seq: "3", from: "ann", msg: "a2", counter: "2" },
  { seq: "4", from: "bob", msg: "b1", counter: "1" },
  { seq: "5", from: "ann", msg: "a3", counter: "3" },
];

function valid(): Parameters<Change>[0] {
  const events: HistoryEvent[] = ["ann", "bob"].flatMap((dev) => [
    { t: 0, proc: dev, type: "open" },
    { t: 1, proc: dev, dev, type: "registered" },
  ]);
  log.forEach(({ seq, from, msg, counter }, at) => {
    const entry = { conv: "chat", msg, counter };
    events.push({ t: 10 + at * 10, proc: from, dev: from, type: "invoke", sha: `sha-${msg}`, ...entry });
    events.push({ t: 15 + at * 10, proc: from, dev: from, type: "ok", seq, ...entry });
    const other = from === "ann" ? "bob" : "ann";
    events.push({ t: 16 + at * 10, proc: other, dev: other, type: "recv", seq, from, sha: `sha-${msg}`, ...entry });
    events.push({ t: 17 + at * 10, proc: other, dev: other, type: "shown", seq, ...entry });
  });
  const mark = { conv: "chat", account: "of-bob", proc: "ann", dev: "ann", type: "receipt" };
  events.push({ ...mark, t: 90, delivered: "3", read: "2" }, { ...mark, t: 91, delivered: "5", read: "2" });
  const rowsOf = (device: string): DumpedRow[] =>
    log.map((entry) => ({
      conv: "chat",
      state: entry.from === device ? "own" : "read",
      kind: 1,
      sender: `of-${entry.from}`,
      ...entry,
      ...(entry.from === device ? {} : { sha: `sha-${entry.msg}` }),
    }));
  return { events, dumps: ["ann", "bob"].map((device) => ({ self: self(device), rows: rowsOf(device) })) };
}

const eventOf = (events: HistoryEvent[], type: string, msg: string): number =>
  events.findIndex((event) => event.type === type && event.msg === msg);
const edit = (events: HistoryEvent[], type: string, msg: string, change: Partial<HistoryEvent>): void => {
  const at = eventOf(events, type, msg);
  events[at] = { ...events[at]!, ...change };
};

const broken: { name: string; as: keyof Verdict; change: Change }[] = [
  { name: "an acknowledged message that its recipient does not have", as: "lost", change: ({ dumps }) => dumps[1]!.rows.pop() },
  { name: "one that nobody has", as: "lost", change: ({ dumps }) => dumps.forEach(({ rows }) => rows.pop()) },
  { name: "an own message that its sender does not know", as: "lost", change: ({ dumps }) => dumps[0]!.rows.splice(0, 1) },
  {
    name: "other bytes at the recipient",
    as: "wrong",
    change: ({ dumps }) => (dumps[1]!.rows[0] = { ...dumps[1]!.rows[0]!, sha: "sha-of-something-else" }),
  },
  {
    name: "two ids at one sequence",
    as: "wrong",
    change: ({ dumps }) => (dumps[1]!.rows[0] = { ...dumps[1]!.rows[0]!, msg: "a2", counter: "2" }),
  },
  {
    name: "one message at two sequences",
    as: "double",
    change: ({ dumps }) => dumps[1]!.rows.push({ ...dumps[1]!.rows[3]!, seq: "6" }),
  },
  {
    name: "one counter twice",
    as: "double",
    change: ({ events }) => {
      events.push({ ...events[eventOf(events, "ok", "a3")]!, msg: "a4", seq: "6" });
    },
  },
  {
    name: "a sender's messages in another order",
    as: "order",
    change: ({ events, dumps }) => {
      edit(events, "ok", "a1", { counter: "2" });
      edit(events, "recv", "a1", { counter: "2" });
      edit(events, "ok", "a2", { counter: "1" });
      edit(events, "recv", "a2", { counter: "1" });
      for (const { rows } of dumps) {
        rows[0] = { ...rows[0]!, counter: "2" };
        rows[1] = { ...rows[1]!, counter: "1" };
      }
    },
  },
  {
    name: "a message sequenced before one that was acknowledged before it was sent",
    as: "order",
    change: ({ events }) => {
      edit(events, "invoke", "b1", { t: 60 });
      edit(events, "ok", "b1", { t: 61 });
    },
  },
  {
    name: "a message shown twice",
    as: "double",
    change: ({ events }) => events.push({ ...events[eventOf(events, "shown", "a1")]!, t: 99 }),
  },
  {
    name: "messages shown out of order",
    as: "order",
    change: ({ events }) => {
      const [first, second] = [eventOf(events, "shown", "a1"), eventOf(events, "shown", "a2")];
      [events[first], events[second]] = [events[second]!, events[first]!];
    },
  },
  {
    name: "one shown again after a restart that was confirmed before it",
    as: "double",
    change: ({ events }) => events.push({ t: 98, proc: "bob", type: "open" }, { ...events[eventOf(events, "shown", "a1")]!, t: 99 }),
  },
  {
    name: "a message that was missed",
    as: "gaps",
    change: ({ dumps }) => (dumps[1]!.rows[1] = { ...dumps[1]!.rows[1]!, state: "missed", msg: "" }),
  },
  {
    name: "a sender's message missing before one that is there",
    as: "gaps",
    change: ({ dumps }) => (dumps[1]!.rows[1] = { ...dumps[1]!.rows[1]!, reason: "message-missing" }),
  },
  {
    name: "a broken cipher session",
    as: "wrong",
    change: ({ dumps }) => (dumps[1]!.rows[1] = { ...dumps[1]!.rows[1]!, state: "undecryptable", reason: "bad-mac" }),
  },
  { name: "a message from nowhere", as: "wrong", change: ({ events }) => events.splice(eventOf(events, "invoke", "a1"), 1) },
  {
    name: "a receipt that fell",
    as: "wrong",
    change: ({ events }) => events.push({ ...events.at(-1)!, t: 92, delivered: "4" }),
  },
  { name: "read before delivered", as: "wrong", change: ({ events }) => events.push({ ...events.at(-1)!, t: 92, read: "6" }) },
];

test("a valid history is not complained of", () => {
  const verdict = judge(valid());
  expect(complaint(verdict)).toBeUndefined();
  expect(verdict.acknowledged).toBe(4);
});

test("neither is an answer that was lost with its process, nor the unconfirmed message that is shown again", () => {
  const evidence = valid();
  evidence.events.splice(eventOf(evidence.events, "ok", "a3"), 1);
  evidence.events.push({ t: 98, proc: "bob", type: "open" }, { ...evidence.events[eventOf(evidence.events, "shown", "a3")]!, t: 99 });
  const verdict = judge(evidence);
  expect(complaint(verdict)).toBeUndefined();
  expect(verdict).toMatchObject({ acknowledged: 3, recovered: 1 });
});

test.each(broken)("$name is found", ({ as, change }) => {
  const evidence = valid();
  change(evidence);
  expect(judge(evidence as Evidence)[as]).not.toEqual([]);
});
