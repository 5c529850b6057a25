import { describe, expect, test } from "vitest";
import { limits } from "../../lib/limits.js";
import { bob, chat, phone, ref, Steps } from "../support/device-steps.js";

describe("the highest conn wins", () => {
  test("a higher one closes the lower", () => {
    const steps = Steps.at(5n);
    expect(steps.attach(2, 2n)).toEqual(["close 1 replaced"]);
    expect(steps.state.session?.ref).toEqual(ref(2));
  });

  const losers: { name: string; conn: bigint }[] = [
    { name: "a lower one is closed itself", conn: 4n },
    { name: "the same one from another socket is a copied store", conn: 5n },
    { name: "the lowest is closed", conn: 0n },
  ];
  test.each(losers)("$name", ({ conn }) => {
    const steps = Steps.ready();
    steps.attach(1, 5n);
    expect(steps.attach(2, conn)).toEqual(["close 2 replaced"]);
    expect(steps.state.session?.ref).toEqual(ref(1));
  });

  test("also against one that left already", () => {
    const steps = Steps.ready();
    steps.attach(1, 5n);
    steps.detach(1);
    expect(steps.attach(2, 5n)).toEqual(["close 2 replaced"]);
    expect(steps.attach(3, 6n)).toEqual([]);
  });

  test("at the end of what a counter holds", () => {
    const steps = Steps.ready();
    steps.attach(1, (1n << 63n) - 2n);
    expect(steps.attach(2, (1n << 63n) - 1n)).toEqual(["close 1 replaced"]);
    expect(steps.attach(3, 1n)).toEqual(["close 3 replaced"]);
  });
});

describe("resume", () => {
  test("everything above acked is pushed again to a new connection", () => {
    const steps = Steps.at(5n);
    steps.deliver(6n);
    steps.deliver(7n);
    steps.attach(2);
    expect(steps.sync(2)).toEqual(["entitle at 6"]);
    steps.entitled();
    expect(steps.slice(6n, 7n)).toEqual(["deliver 6 prev 5", "deliver 7 prev 6", "live"]);
  });

  test("the same socket attached again is the same session, and everything above acked is pushed again", () => {
    const steps = Steps.at(5n);
    steps.deliver(6n);
    expect(steps.attach(1)).toEqual(["entitle at 6"]);
    expect(steps.state.session).toMatchObject({ started: true, windowEntries: 0 });
  });

  test("after a reload pushes begin at once when the socket has synced before", () => {
    const steps = Steps.ready({ a: 6n });
    expect(steps.attach(1, 1n, true)).toEqual(["look"]);
  });

  test("else when syncState comes, or after a pause", () => {
    const steps = Steps.ready({ a: 6n });
    expect(steps.attach(1)).toEqual([]);
    expect(steps.after(limits.syncGraceMs - 1)).toEqual([]);
    expect(steps.after(1)).toEqual(["look"]);
    expect(steps.sync(1)).toEqual([]);
  });

  test("what comes between attach and syncState is neither pushed nor forgotten", () => {
    const steps = Steps.at(5n);
    steps.attach(2);
    expect(steps.deliver(6n)).toEqual([]);
    expect(steps.sync(2)).toEqual(["entitle at 6"]);
  });

  test("reconnecting twice in the middle of a replay begins anew, and slices of the old one are thrown away", () => {
    const steps = Steps.ready({ a: 4n });
    steps.attach(1);
    steps.sync(1);
    steps.looked(6n);
    steps.row(3n);
    steps.entitled();
    const { ticket } = steps.state.chats.get(chat)!.replay;
    steps.attach(2);
    steps.attach(3);
    expect(steps.sync(3)).toEqual(["look"]);
    expect(steps.say({ type: "slice-read", conversation: chat, why: "replay", ticket, from: 4n, entries: [] })).toEqual([]);
    expect(steps.looked(6n)).toEqual(["entitle at 4"]);
    steps.entitled();
    expect(steps.slice(4n, 6n).at(0)).toBe("deliver 4 prev 3");
  });

  test("an ack in the middle of a replay moves it on", () => {
    const steps = Steps.ready({ a: 4n });
    steps.attach(1);
    steps.sync(1);
    steps.looked(8n);
    steps.row(3n);
    steps.entitled();
    steps.slice(4n, 5n);
    expect(steps.ack(5n)).toEqual(["write row 5/0"]);
    expect(steps.slice(6n, 8n)).toEqual(["deliver 6 prev 5", "deliver 7 prev 6", "deliver 8 prev 7", "caught up", "live"]);
  });

  test("acks of an old connection are ignored, and it is told so", () => {
    const steps = Steps.at(5n);
    steps.deliver(6n);
    steps.attach(2);
    expect(steps.ack(6n, { socket: 1 })).toEqual([]);
    expect(steps.ack(6n, { socket: 1, requestId: 3 })).toEqual(["refuse replaced"]);
    expect(steps.state.chats.get(chat)?.acked).toBe(5n);
  });

  test("whoever speaks without being attached has to connect anew", () => {
    const steps = Steps.ready();
    expect(steps.ack(6n)).toEqual(["close 1 draining"]);
    expect(steps.sync(1)).toEqual(["refuse draining", "close 1 draining"]);
  });
});

describe("leaving", () => {
  test("turns what was not acked into marks at once", () => {
    const steps = Steps.at(5n);
    steps.deliver(6n);
    steps.deliver(7n);
    expect(steps.detach(1)).toEqual(["mark 6"]);
    expect(steps.changed()).toEqual(["marked 6-7"]);
  });

  test("of an older socket changes nothing", () => {
    const steps = Steps.at(5n);
    steps.attach(2);
    expect(steps.detach(1)).toEqual([]);
    expect(steps.state.session?.ref).toEqual(ref(2));
  });

  test("does not mark what was acked and is only being told", () => {
    const steps = Steps.at(5n);
    steps.deliver(6n);
    steps.ack(6n);
    expect(steps.detach(1)).toEqual([]);
    expect(steps.rowWritten()).toEqual(["tell 6/0"]);
    expect(steps.heard(6n)).toEqual(["acked 6"]);
  });
});

describe("passivation", () => {
  test("happens when nothing is under way", () => {
    const steps = Steps.ready({ a: 4n });
    expect(steps.say({ type: "passivate" })).toEqual(["end"]);
  });

  const busy: { name: string; make: () => Steps }[] = [
    { name: "somebody is connected", make: () => Steps.at(5n) },
    {
      name: "a mark is being written",
      make: () =>
        (() => {
          const steps = Steps.ready();
          steps.deliver(1n);
          return steps;
        })(),
    },
    {
      name: "a receipt is on its way",
      make: () => {
        const steps = Steps.at(5n);
        steps.deliver(6n);
        steps.ack(6n);
        steps.detach(1);
        steps.rowWritten();
        return steps;
      },
    },
  ];
  test.each(busy)("not while $name", ({ make }) => {
    expect(make().say({ type: "passivate" })).toEqual([]);
  });

  test("a drained device marks what is unaccepted, then ends", () => {
    const steps = Steps.at(5n);
    steps.deliver(6n);
    expect(steps.say({ type: "drain" })).toEqual(["mark 6"]);
    expect(steps.attach(2)).toEqual(["close 2 draining"]);
    expect(steps.changed()).toEqual(["marked 6", "close 1 draining", "end"]);
  });
});

describe("loading", () => {
  test("fences before marks are used or anything is answered", () => {
    const steps = new Steps();
    const row = { epoch: 7n << 32n, ver: 3n, revoked: false, marks: new Map([[chat, 4n]]) };
    expect(steps.say({ type: "start", shardEpoch: 7n })).toEqual(["load"]);
    expect(steps.deliver(5n)).toEqual([]);
    expect(steps.attach(1)).toEqual([]);
    expect(steps.say({ type: "loaded", row })).toEqual([`fence ${(7n << 32n) + 1n}`]);
    expect(steps.state.marks.size).toBe(0);
    expect(steps.deliver(6n)).toEqual([]);
    expect(steps.say({ type: "fenced", outcome: "applied", row })).toEqual(["covered 5", "covered 6"]);
    expect(steps.state.session?.ref).toEqual(ref(1));
  });

  test.each(["refused", "unsure"] as const)("reads again after a fence that is %s", (outcome) => {
    const steps = new Steps();
    steps.say({ type: "start", shardEpoch: 1n });
    steps.say({ type: "loaded", row: undefined });
    expect(steps.say({ type: "fenced", outcome, row: undefined })).toEqual(["load"]);
  });

  test("gives up when a newer owner was here, and answers who waits", () => {
    const steps = new Steps();
    steps.say({ type: "start", shardEpoch: 7n });
    steps.attach(1);
    steps.sync(1);
    const row = { epoch: 8n << 32n, ver: 3n, revoked: false, marks: new Map() };
    expect(steps.say({ type: "loaded", row })).toEqual(["refuse fenced", "close 1 draining", "end"]);
  });

  test("tries a failed load again a few times", () => {
    const steps = new Steps();
    steps.say({ type: "start", shardEpoch: 1n });
    for (let attempt = 1; attempt < 5; attempt++) {
      expect(steps.say({ type: "load-failed" })).toEqual([]);
      expect(steps.after(limits.readRetryMs)).toEqual(["load"]);
    }
    expect(steps.say({ type: "load-failed" })).toEqual(["end"]);
  });

  test("keeps mail within a bound", () => {
    const steps = new Steps();
    steps.say({ type: "start", shardEpoch: 1n });
    for (let seq = 1n; seq <= BigInt(limits.deviceWaitingMax); seq++) steps.deliver(seq);
    expect(steps.sync(1)).toEqual(["refuse overloaded"]);
    expect(steps.attach(2)).toEqual(["close 2 draining"]);
    expect(steps.state.waiting.length).toBe(limits.deviceWaitingMax);
  });

  test("names the session that waits to be attached, in case it must be dropped", () => {
    const steps = new Steps();
    steps.say({ type: "start", shardEpoch: 1n });
    steps.attach(1);
    expect(steps.state.attached()).toEqual(ref(1));
  });

  test("takes 10,000 marks", () => {
    const marks = new Map(Array.from({ length: 10_000 }, (_, index) => [`${index}` as typeof chat, 1n]));
    const steps = Steps.ready({}, { marks });
    steps.attach(1);
    expect(steps.sync(1)).toHaveLength(limits.looksAtOnce);
    expect(steps.state.chats.size).toBe(0);
    expect(steps.state.account).toBe(bob);
    expect(steps.state.id).toBe(phone);
  });
});
