import { describe, expect, test } from "vitest";
import { limits } from "../../lib/limits.js";
import { chat, Steps } from "../support/device-steps.js";

/** Everything of a marked chat was replayed up to 6; the client has acked nothing yet. */
function drained(): Steps {
  const steps = Steps.ready({ a: 4n });
  steps.attach(1);
  steps.sync(1);
  steps.looked(6n);
  steps.row(3n);
  steps.entitled();
  expect(steps.slice(4n, 6n)).toEqual(["deliver 4 prev 3", "deliver 5 prev 4", "deliver 6 prev 5", "caught up", "live"]);
  return steps;
}

describe("a mark goes", () => {
  test("when everything up to the head is acked, durable and told", () => {
    const steps = drained();
    expect(steps.ack(6n)).toEqual(["write row 6/0"]);
    expect(steps.rowWritten()).toEqual(["tell 6/0"]);
    expect(steps.heard(6n)).toEqual(["clear"]);
    expect(steps.state.marks.get(chat)?.phase).toBe("clearing");
    expect(steps.changed()).toEqual([]);
    expect(steps.state.marks.size).toBe(0);
  });

  const early: { name: string; before: (steps: Steps) => void }[] = [
    { name: "not before the receipt is durable", before: (steps) => steps.ack(6n) },
    { name: "not before the receipt is told", before: (steps) => (steps.ack(6n), steps.rowWritten()) },
    { name: "not when the conversation has heard of less", before: (steps) => (steps.ack(6n), steps.rowWritten(), steps.heard(5n)) },
    { name: "not when less is acked than the head", before: (steps) => (steps.ack(5n), steps.rowWritten(), steps.heard(5n)) },
    {
      name: "not when more was heard of than is acked",
      before: (steps) => (steps.deliver(7n), steps.ack(6n), steps.rowWritten(), steps.heard(6n)),
    },
    { name: "not when the row may not have been written", before: (steps) => (steps.ack(6n), steps.rowWritten(false), steps.heard(6n)) },
    {
      name: "not when the word of an older session says so",
      before: (steps) => (steps.attach(2), steps.ack(6n, { socket: 1 }), steps.heard(6n)),
    },
  ];
  test.each(early)("$name", ({ before }) => {
    const steps = drained();
    before(steps);
    expect(steps.effects.map(({ type }) => type)).not.toContain("change");
    expect(steps.state.marks.get(chat)?.phase).toBe("durable");
  });

  test("only after a look at the head when it was written in this session", () => {
    const steps = Steps.at(5n);
    steps.deliver(6n);
    steps.after(limits.ackWaitMs);
    expect(steps.changed()).toEqual(["marked 6", "entitle at 6"]);
    steps.entitled();
    expect(steps.slice(6n, 6n)).toEqual(["deliver 6 prev 5"]);
    expect(steps.ack(6n)).toEqual(["write row 6/0"]);
    steps.rowWritten();
    expect(steps.heard(6n)).toEqual(["look"]);
    expect(steps.looked(6n, 0, chat, "chat")).toEqual(["clear"]);
  });

  test("after what the head holds and nobody delivered was handed over too", () => {
    const steps = Steps.at(5n);
    steps.deliver(6n);
    steps.after(limits.ackWaitMs);
    steps.changed();
    steps.entitled();
    steps.slice(6n, 6n);
    steps.ack(6n);
    steps.rowWritten();
    steps.heard(6n);
    expect(steps.looked(8n, 0, chat, "chat")).toEqual(["read from 7"]);
    const own = { device: steps.state.id };
    expect(steps.slice(7n, 8n, (header) => ({ header: { ...header, ...own }, body: undefined }))).toEqual([
      "header 7 prev 6",
      "header 8 prev 7",
    ]);
    steps.nowMs += limits.receiptWriteEveryMs;
    expect(steps.ack(8n)).toEqual(["write row 8/0"]);
    steps.rowWritten();
    expect(steps.heard(8n)).toEqual(["clear"]);
  });
});

describe("a clearing mark", () => {
  function clearing(): Steps {
    const steps = drained();
    steps.ack(6n);
    steps.rowWritten();
    expect(steps.heard(6n)).toEqual(["clear"]);
    return steps;
  }

  test("covers nothing: what comes meanwhile is pushed and waits for its own ack", () => {
    const steps = clearing();
    expect(steps.deliver(7n)).toEqual(["deliver 7 prev 6"]);
    expect(steps.changed()).toEqual([]);
    steps.nowMs += limits.receiptWriteEveryMs;
    steps.ack(7n);
    steps.rowWritten();
    expect(steps.heard(7n)).toEqual(["acked 7"]);
  });

  test("gives way to a new mark when the device leaves meanwhile", () => {
    const steps = clearing();
    steps.deliver(7n);
    expect(steps.detach(1)).toEqual([]);
    expect(steps.changed()).toEqual(["mark 7"]);
    expect(steps.changed()).toEqual(["marked 7"]);
  });

  test("whose end is not known ends the activation: the next one reads what is there", () => {
    const steps = clearing();
    steps.deliver(7n);
    expect(steps.changed("unsure")).toEqual(["close 1 draining", "end"]);
    expect(steps.state.phase).toBe("stopped");
    expect(steps.deliver(8n)).toEqual([]);
  });
});

describe("a long drain", () => {
  test("raises its mark behind what is acked, so that a break repeats little", () => {
    const steps = Steps.ready({ a: 1n });
    steps.attach(1);
    steps.sync(1);
    steps.looked(400n);
    steps.row(undefined);
    steps.entitled();
    let at = 0n;
    while (at < 320n) {
      steps.slice(at + 1n, at + 64n);
      at += 64n;
      steps.nowMs += limits.receiptWriteEveryMs;
      steps.ack(at);
      steps.rowWritten();
      steps.heard(at);
      if (at === 256n) expect(steps.effects.map((effect) => effect.type)).toContain("change");
    }
    expect(steps.state.marks.get(chat)).toMatchObject({ from: 257n, phase: "durable" });
  });
});

describe("a write", () => {
  test("that is refused ends the activation", () => {
    const steps = Steps.ready();
    steps.deliver(6n);
    expect(steps.changed("refused")).toEqual(["end"]);
  });

  test("goes under the version after the last one", () => {
    const steps = Steps.ready();
    steps.deliver(6n);
    expect(steps.effects).toContainEqual(expect.objectContaining({ type: "change", ver: 4n }));
    steps.changed();
    steps.deliver(3n);
    expect(steps.effects).toContainEqual(expect.objectContaining({ type: "change", ver: 5n }));
  });
});
