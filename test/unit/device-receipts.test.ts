import { describe, expect, test } from "vitest";
import { limits } from "../../lib/limits.js";
import { chat, other, Steps } from "../support/device-steps.js";

/** 6, 7 and 8 were pushed. */
function pushed(): Steps {
  const steps = Steps.at(5n);
  for (const seq of [6n, 7n, 8n]) steps.deliver(seq);
  return steps;
}

describe("acceptance by ack", () => {
  test("waits for the row, then for the conversation", () => {
    const steps = pushed();
    expect(steps.ack(8n)).toEqual(["write row 8/0"]);
    expect(steps.heard(8n)).toEqual([]);
    expect(steps.rowWritten()).toEqual(["tell 8/0"]);
    expect(steps.heard(7n)).toEqual(["acked 6-7"]);
    expect(steps.heard(8n)).toEqual(["acked 8"]);
  });

  test("is told again until it is heard, with growing pauses", () => {
    const steps = pushed();
    steps.ack(8n);
    steps.rowWritten();
    expect(steps.after(limits.redeliverMinMs)).toEqual(["tell 8/0"]);
    expect(steps.after(limits.redeliverMinMs)).toEqual([]);
    expect(steps.after(limits.redeliverMinMs)).toEqual(["tell 8/0"]);
    steps.heard(8n);
    expect(steps.after(limits.redeliverMaxMs * 2)).toEqual([]);
  });

  test("a row that may not have been written is written again", () => {
    const steps = pushed();
    steps.ack(8n);
    expect(steps.rowWritten(false)).toEqual([]);
    expect(steps.after(limits.readRetryMs)).toEqual(["write row 8/0"]);
    expect(steps.rowWritten()).toEqual(["tell 8/0"]);
  });

  test("rows are written at most five times a second", () => {
    const steps = pushed();
    expect(steps.ack(6n)).toEqual(["write row 6/0"]);
    steps.rowWritten();
    expect(steps.ack(7n)).toEqual([]);
    expect(steps.ack(8n)).toEqual([]);
    expect(steps.after(limits.receiptWriteEveryMs)).toEqual(["write row 8/0"]);
  });

  test("one write is under way at a time", () => {
    const steps = pushed();
    steps.ack(6n);
    steps.nowMs += 10_000;
    expect(steps.ack(8n)).toEqual([]);
    expect(steps.rowWritten()).toEqual(["tell 6/0", "write row 8/0"]);
  });
});

describe("an ack", () => {
  const harmless: { name: string; through: bigint }[] = [
    { name: "of nothing", through: 0n },
    { name: "backwards", through: 2n },
    { name: "of what was acked", through: 5n },
  ];
  test.each(harmless)("$name moves nothing", ({ through }) => {
    const steps = pushed();
    expect(steps.ack(through)).toEqual([]);
    expect(steps.state.chats.get(chat)).toMatchObject({ acked: 5n, delivered: 5n });
  });

  test.each([-1n, 1n << 63n, (1n << 64n) - 1n])("of %s is refused and closes the session", (through) => {
    const steps = pushed();
    expect(steps.ack(through, { requestId: 4 })).toEqual(["refuse bad-cursor", "close 1 bad-cursor", "mark 6"]);
  });

  test("above what was handed out is held against the log, and beyond its head refused and closed", () => {
    const steps = pushed();
    expect(steps.ack(9n)).toEqual(["look"]);
    expect(steps.looked(8n, 0, chat, "chat")).toEqual(["close 1 bad-cursor", "mark 6"]);
    expect(steps.state.chats.get(chat)?.acked).toBe(5n);
  });

  test("above what was handed out and within the log is a client that stored more before its owner was lost", () => {
    const steps = Steps.ready({ a: 4n });
    steps.attach(1);
    steps.sync(1);
    steps.looked(9n);
    steps.row(3n);
    steps.entitled();
    steps.slice(4n, 5n);
    expect(steps.ack(8n)).toEqual(["write row 8/0", "entitle at 9"]);
    expect(steps.entitled()).toEqual(["read from 9"]);
    expect(steps.slice(9n, 9n)).toEqual(["deliver 9 prev 8", "caught up", "live"]);
  });

  test("of the last sequence that there can be is no special case", () => {
    const end = (1n << 63n) - 1n;
    const steps = Steps.at(end - 1n);
    expect(steps.deliver(end)).toEqual([`deliver ${end} prev ${end - 1n}`]);
    expect(steps.ack(end)).toEqual([`write row ${end}/0`]);
    steps.rowWritten();
    expect(steps.heard(end)).toEqual([`acked ${end}`]);
  });

  test("for a chat that nothing ties to this device asks the log for its members", () => {
    const steps = Steps.at(5n);
    expect(steps.ack(3n, { in: other })).toEqual(["read row in b"]);
    expect(steps.row(undefined, other)).toEqual(["look in b"]);
    expect(steps.looked(9n, 0, other, "chat")).toEqual(["entitle at 3 in b"]);
    const answer = { type: "entitled", conversation: other, why: "ack", ticket: 0, entitled: false } as const;
    expect(steps.say(answer)).toEqual(["close 1 bad-cursor"]);
  });

  test("for a chat that does not exist is refused alike", () => {
    const steps = Steps.at(5n);
    steps.ack(3n, { in: other });
    steps.row(undefined, other);
    expect(steps.looked(0n, 0, other, "chat")).toEqual(["close 1 bad-cursor"]);
  });
});

describe("READ", () => {
  test("is answered when the row holds it", () => {
    const steps = pushed();
    expect(steps.ack(8n, { status: "read" })).toEqual(["write row 8/8"]);
    expect(steps.rowWritten()).toEqual(["answer read stored 8", "tell 8/8"]);
  });

  test("of what the row holds already is answered at once", () => {
    const steps = pushed();
    steps.ack(8n, { status: "read" });
    steps.rowWritten();
    expect(steps.ack(7n, { status: "read" })).toEqual(["answer read stored 7"]);
  });

  test("never exceeds delivered", () => {
    const steps = pushed();
    steps.ack(7n, { status: "read" });
    expect(steps.state.chats.get(chat)).toMatchObject({ delivered: 7n, read: 7n });
  });

  test("that a syncState still waits for is pushed when it is durable", () => {
    const steps = pushed();
    const from = { gateway: "g1", socket: 1, requestId: 7, account: steps.state.account!, device: steps.state.id };
    const readPending = [{ conversation: chat, through: 7n }];
    expect(steps.say({ type: "sync-state", from, chats: [], readPending, more: false })).toEqual(["write row 7/7", "live"]);
    expect(steps.rowWritten()).toEqual(["read stored 7", "tell 7/7"]);
  });

  test("is answered with a code when the activation ends first", () => {
    const steps = pushed();
    steps.ack(8n, { status: "read" });
    steps.deliver(20n, { prev: 15n });
    expect(steps.changed("unsure")).toEqual(["refuse unsure", "close 1 draining", "end"]);
  });
});

describe("except", () => {
  test("of an ack that is too many to wait is not forgotten", () => {
    const steps = Steps.ready();
    steps.attach(1);
    steps.sync(1);
    steps.ack(7n, { except: [{ from: 6n, to: 6n }] });
    for (let through = 8n; through < 8n + BigInt(limits.acksWaitingMax) * 2n; through++) steps.ack(through);
    steps.row(100n);
    expect(steps.state.chats.get(chat)?.except).toEqual([{ from: 6n, to: 6n }]);
  });

  test("rides with the watermark and never shrinks", () => {
    const steps = pushed();
    steps.ack(7n, { except: [{ from: 6n, to: 6n }] });
    steps.ack(8n, { except: [{ from: 8n, to: 8n }] });
    steps.ack(8n);
    expect(steps.state.chats.get(chat)?.except).toEqual([
      { from: 6n, to: 6n },
      { from: 8n, to: 8n },
    ]);
  });

  test("is written even when the watermark stands", () => {
    const steps = pushed();
    steps.ack(8n);
    steps.rowWritten();
    steps.nowMs += limits.receiptWriteEveryMs;
    expect(steps.ack(8n, { except: [{ from: 7n, to: 7n }] })).toEqual(["write row 8/0"]);
    steps.rowWritten();
    expect(steps.ack(8n, { except: [{ from: 7n, to: 7n }] })).toEqual([]);
  });

  const lies = [
    { name: "above the watermark", except: [{ from: 8n, to: 9n }] },
    { name: "upside down", except: [{ from: 8n, to: 7n }] },
    { name: "of sequence 0", except: [{ from: 0n, to: 1n }] },
    { name: "of too many ranges", except: Array.from({ length: limits.exceptRangesMax + 1 }, () => ({ from: 6n, to: 6n })) },
  ];
  test.each(lies)("$name is refused", ({ except }) => {
    expect(pushed().ack(8n, { except })).toContain("close 1 bad-cursor");
  });

  test("grows where it must be shortened", () => {
    const steps = Steps.at(0n);
    for (let seq = 1n; seq <= 60n; seq++) steps.deliver(seq);
    for (let seq = 1n; seq <= 60n; seq += 2n) steps.ack(60n, { except: [{ from: seq, to: seq }] });
    const { except } = steps.state.chats.get(chat)!;
    expect(except.length).toBeLessThanOrEqual(limits.exceptRangesMax);
    for (let seq = 1n; seq <= 60n; seq += 2n) expect(except.some(({ from, to }) => from <= seq && seq <= to)).toBe(true);
  });
});
