import { describe, expect, test } from "vitest";
import {
  addRow,
  emptyOutbox,
  onAnswer,
  onEncrypted,
  onNotEncrypted,
  onReconnected,
  onStored,
  onTransmitted,
  isWanted,
  plan,
  startEncrypting,
  type Answer,
  type Change,
  type ChatOutbox,
  type Step,
} from "../../client/messages/outbox.js";
import type { MessageId } from "../../lib/ids.js";
import { messageOf } from "../support/entries.js";

const a = messageOf("a");
const b = messageOf("b");
const c = messageOf("c");
const d = messageOf("d");
const names = new Map<MessageId | undefined, string>([
  [a, "a"],
  [b, "b"],
  [c, "c"],
  [d, "d"],
]);

/** Rows a, b, c, d: `encrypted` of them with counters from 5 on, `flying` of those in flight as flights 1, 2 …; acknowledged up to 4. */
function at(rows: readonly MessageId[], encrypted = 0, flying = 0): ChatOutbox {
  const outbox = emptyOutbox(5n + BigInt(encrypted), 4n);
  rows.forEach((id, index) => addRow(outbox, { id, scope: "all", counter: index < encrypted ? 5n + BigInt(index) : undefined }));
  rows.slice(0, flying).forEach((id, index) => onTransmitted(outbox, id, index + 1));
  return outbox;
}

function brief(step: Step): string {
  switch (step.type) {
    case "transmit":
      return `transmit ${names.get(step.id)} ${step.counter}`;
    case "encrypt":
      return `encrypt ${names.get(step.id)} ${step.counter} after ${step.previousAll}`;
    case "wait":
      return step.untilMs === undefined ? "wait" : "wait for the clock";
  }
}

const next = (outbox: ChatOutbox, free = 64): string => brief(plan(outbox, 0, free));

function told(change: Change): string {
  switch (change.type) {
    case "sent":
      return `sent ${names.get(change.id)} at ${change.seq}`;
    case "failed":
      return `failed ${names.get(change.id)} ${change.code}`;
    case "reset":
      return `reset [${change.ids.map((id) => names.get(id)).join(" ")}] to ${change.nextCounter}`;
    case "refresh-roster":
      return "refresh";
    case "claimed":
      return `claimed ${names.get(change.id) ?? "unknown"} ${change.counter}`;
  }
}

const ack = (id: MessageId, seq: bigint): Answer => ({ type: "ack", id, seq, serverMs: 1 });
const problem = (code: Extract<Answer, { type: "problem" }>["code"], storedId?: MessageId): Answer => ({
  type: "problem",
  code,
  retryAfterMs: 0,
  ...(storedId === undefined ? {} : { storedId }),
});

describe("what goes out next", () => {
  const cases: { name: string; outbox: ChatOutbox; free?: number; step: string }[] = [
    { name: "nothing is left", outbox: at([]), step: "wait" },
    { name: "a counter is given when it is encrypted, not before", outbox: at([a, b]), step: "encrypt a 5 after 4" },
    { name: "what has a ciphertext goes first", outbox: at([a, b], 1), step: "transmit a 5" },
    { name: "the next is encrypted while the first is in flight", outbox: at([a, b], 1, 1), step: "encrypt b 6 after 5" },
    { name: "a full window waits", outbox: at([a, b], 1, 1), free: 0, step: "wait" },
    { name: "everything in flight waits", outbox: at([a, b], 2, 2), step: "wait" },
  ];
  test.each(cases)("$name", ({ outbox, free, step }) => {
    expect(next(outbox, free)).toBe(step);
  });
});

describe("what an answer does to a, b, c in flight under 5, 6, 7 and d queued", () => {
  const cases: { name: string; flight: number; answer: Answer; changes: string[]; then: string }[] = [
    { name: "an ack sends it", flight: 1, answer: ack(a, 9n), changes: ["sent a at 9"], then: "encrypt d 8 after 7" },
    { name: "acks come in any order", flight: 2, answer: ack(b, 9n), changes: ["sent b at 9"], then: "encrypt d 8 after 7" },
    {
      name: "what was lost keeps the bytes, and goes again when its time or a new session comes",
      flight: 1,
      answer: { type: "lost" },
      changes: [],
      then: "wait for the clock",
    },
    {
      name: "a mismatch resets it and all behind it, and nothing is numbered before the rest was answered",
      flight: 1,
      answer: { type: "roster-mismatch" },
      changes: ["refresh", "reset [a b c] to 5"],
      then: "wait",
    },
    {
      name: "a mismatch in the middle leaves what is before it",
      flight: 2,
      answer: { type: "roster-mismatch" },
      changes: ["refresh", "reset [b c] to 6"],
      then: "wait",
    },
    {
      name: "a final refusal frees its counter for the next",
      flight: 1,
      answer: problem("too-large"),
      changes: ["failed a too-large", "reset [b c] to 5"],
      then: "wait",
    },
    {
      name: "out of order keeps the bytes and waits for the answer to the one before",
      flight: 2,
      answer: { type: "out-of-order", expected: 5n },
      changes: [],
      then: "wait",
    },
    { name: "a rate limit keeps the bytes and waits", flight: 1, answer: problem("rate-limited"), changes: [], then: "wait for the clock" },
    {
      name: "an outcome that the store did not say keeps the bytes",
      flight: 1,
      answer: problem("unsure"),
      changes: [],
      then: "wait for the clock",
    },
    {
      name: "stored earlier is sent, its place not known yet",
      flight: 1,
      answer: problem("stored-earlier"),
      changes: ["sent a at undefined"],
      then: "encrypt d 8 after 7",
    },
    {
      name: "an own id under the counter is sent, the rest goes behind it",
      flight: 1,
      answer: problem("id-reused", b),
      changes: ["sent b at undefined", "reset [a c] to 6"],
      then: "wait",
    },
    {
      name: "a foreign id under the counter is for the store to know",
      flight: 1,
      answer: problem("id-reused", messageOf("x")),
      changes: ["claimed unknown 5", "reset [a b c] to 6"],
      then: "wait",
    },
    {
      name: "a server that expects what it has acknowledged is not followed",
      flight: 1,
      answer: { type: "out-of-order", expected: 3n },
      changes: ["claimed unknown 3"],
      then: "wait for the clock",
    },
    {
      name: "wrong recipients are derived anew",
      flight: 1,
      answer: problem("wrong-recipients"),
      changes: ["refresh", "reset [a b c] to 5"],
      then: "wait",
    },
  ];
  test.each(cases)("$name", ({ flight, answer, changes, then }) => {
    const outbox = at([a, b, c, d], 3, 3);
    expect(onAnswer(outbox, flight, answer, 0, 0).map(told)).toEqual(changes);
    expect(next(outbox)).toBe(then);
  });
});

test("after a mismatch the answers to the old bytes change nothing, and then all are encrypted from there on", () => {
  const outbox = at([a, b, c], 3, 3);
  onAnswer(outbox, 1, { type: "roster-mismatch" }, 0, 0);
  expect(onAnswer(outbox, 2, { type: "out-of-order", expected: 5n }, 0, 0)).toEqual([]);
  expect(next(outbox)).toBe("wait");
  expect(onAnswer(outbox, 3, { type: "roster-mismatch" }, 0, 0)).toEqual([]);
  expect(next(outbox)).toBe("encrypt a 5 after 4");
});

test("refused only because one before it has no answer yet, they wait for that answer and nothing else", () => {
  const outbox = at([a, b, c], 3, 3);
  expect(onAnswer(outbox, 2, { type: "out-of-order", expected: 5n }, 0, 0)).toEqual([]);
  expect(onAnswer(outbox, 3, { type: "out-of-order", expected: 5n }, 0, 0)).toEqual([]);
  expect(next(outbox)).toBe("wait");
  expect(onAnswer(outbox, 1, { type: "roster-mismatch" }, 0, 0).map(told)).toEqual(["refresh", "reset [a b c] to 5"]);
  expect(next(outbox)).toBe("encrypt a 5 after 4");
});

test("a burst of refusals waits once", () => {
  const outbox = at([a, b, c], 3, 3);
  for (const flight of [1, 2, 3]) onAnswer(outbox, flight, problem("rate-limited"), 0, 0);
  expect(outbox.waitUntilMs).toBeLessThan(300);
  expect(brief(plan(outbox, 300, 64))).toBe("transmit a 5");
});

test("an old frame that was stored all the same is an ack, and the numbers go on behind it", () => {
  const outbox = at([a, b], 2, 2);
  onAnswer(outbox, 1, { type: "roster-mismatch" }, 0, 0);
  expect(onAnswer(outbox, 2, ack(b, 9n), 0, 0).map(told)).toEqual(["sent b at 9"]);
  expect(onStored(outbox, a, 8n, 1, 5n).map(told)).toEqual(["sent a at 8", "reset [] to 6"]);
});

test("a reset overtakes an encryption that is under way", () => {
  const outbox = at([a, b, c], 2, 2);
  startEncrypting(outbox, c);
  expect(isWanted(outbox, c, 7n)).toBe(true);
  onAnswer(outbox, 1, problem("forbidden"), 0, 0);
  expect(isWanted(outbox, c, 7n)).toBe(false);
});

test("an encryption that can never be made fails its row and nothing else", () => {
  const outbox = at([a, b]);
  startEncrypting(outbox, a);
  expect(onNotEncrypted(outbox, a, "list-forked", 0).map(told)).toEqual(["failed a list-forked"]);
  expect(next(outbox)).toBe("encrypt b 5 after 4");
});

test("a new session sends everything in flight again, in order", () => {
  const outbox = at([a, b, c], 2, 2);
  onReconnected(outbox);
  expect(next(outbox)).toBe("transmit a 5");
  onTransmitted(outbox, a, 8);
  expect(next(outbox)).toBe("transmit b 6");
});

test("only entries for all count as the one before", () => {
  const outbox = emptyOutbox(5n, 4n);
  addRow(outbox, { id: a, scope: "subset", counter: undefined });
  addRow(outbox, { id: b, scope: "all", counter: undefined });
  startEncrypting(outbox, a);
  onEncrypted(outbox, a, 5n);
  onTransmitted(outbox, a, 1);
  expect(next(outbox)).toBe("encrypt b 6 after 4");
});
