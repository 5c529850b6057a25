import { describe, expect, test } from "vitest";
import { limits } from "../../lib/limits.js";
import { other, phone, ref, Steps } from "../support/device-steps.js";

describe("a delivery to a device that is offline", () => {
  test("becomes a mark and is accepted only when that is durable", () => {
    const steps = Steps.ready();
    expect(steps.deliver(6n, { from: 4n })).toEqual(["mark 4"]);
    expect(steps.changed()).toEqual(["marked 6"]);
    expect(steps.deliver(7n)).toEqual(["covered 7"]);
  });

  test("that came while the write was under way is covered, not marked: no write proves that it came before", () => {
    const steps = Steps.ready();
    steps.deliver(6n);
    expect(steps.deliver(7n)).toEqual([]);
    expect(steps.changed()).toEqual(["marked 6", "covered 7"]);
  });

  test("below the mark lowers it by a write first", () => {
    const steps = Steps.ready({ a: 6n });
    expect(steps.deliver(5n)).toEqual(["mark 5"]);
    expect(steps.changed()).toEqual(["marked 5"]);
  });

  test("is covered by a mark of an earlier life without a write", () => {
    expect(Steps.ready({ a: 3n }).deliver(9n)).toEqual(["covered 9"]);
  });

  test("of many conversations goes in batches of 128, one write in flight", () => {
    const steps = Steps.ready();
    const effects = [steps.deliver(1n), steps.deliver(1n, { in: other }), steps.deliver(2n)];
    expect(effects).toEqual([["mark 1"], [], []]);
    expect(steps.changed()).toEqual(["marked 1", "covered 2", "mark 1 in b"]);
  });

  test("is held without acceptance beyond the bound, so that it comes again", () => {
    const steps = Steps.ready();
    for (let seq = 1n; seq <= BigInt(limits.openDeliveriesMax) + 5n; seq++) steps.deliver(seq);
    expect(steps.state.openCount).toBe(limits.openDeliveriesMax);
    expect(steps.changed()).toEqual(["marked 1", `covered 2-${limits.openDeliveriesMax}`]);
  });

  test("that is repeated by a new activation of its conversation is accepted for that one", () => {
    const steps = Steps.ready();
    steps.deliver(6n, { activation: 1n });
    expect(steps.deliver(6n, { activation: 2n })).toEqual([]);
    steps.changed();
    expect(steps.effects).toContainEqual(expect.objectContaining({ type: "accept", activation: 2n }));
  });
});

describe("a delivery to a device that is online", () => {
  test("is pushed and not accepted: writing to a socket is no acceptance", () => {
    expect(Steps.at(5n).deliver(6n)).toEqual(["deliver 6 prev 5"]);
  });

  test("of a chat not met before waits for its row, then is pushed with its body", () => {
    const steps = Steps.online();
    expect(steps.deliver(6n)).toEqual(["read row"]);
    expect(steps.deliver(7n)).toEqual([]);
    expect(steps.row(5n)).toEqual(["deliver 6 prev 5", "deliver 7 prev 6"]);
  });

  test("goes over sequences that hold nothing for it", () => {
    const steps = Steps.at(5n);
    expect(steps.deliver(9n, { prev: 5n })).toEqual(["deliver 9 prev 5"]);
    expect(steps.deliver(12n, { prev: 9n })).toEqual(["deliver 12 prev 9"]);
  });

  test("with something missing before it is marked and replayed, never pushed out of order", () => {
    const steps = Steps.at(5n);
    expect(steps.deliver(8n, { prev: 7n, from: 7n })).toEqual(["entitle at 6", "mark 7"]);
    expect(steps.entitled()).toEqual(["read from 6"]);
    expect(steps.slice(6n, 8n)).toEqual(["deliver 6 prev 5", "deliver 7 prev 6", "deliver 8 prev 7"]);
    expect(steps.deliver(9n)).toEqual(["deliver 9 prev 8"]);
  });

  test("without a body that is gone is read from the log, which says so", () => {
    const steps = Steps.at(5n);
    expect(steps.deliver(6n, { body: false })).toEqual(["entitle at 6", "mark 6"]);
    steps.entitled();
    expect(steps.slice(6n, 6n, () => ({ body: undefined, gone: "expired" }))).toEqual(["missed expired 6-6 prev 5"]);
  });

  test("never overtakes the replay of its own conversation", () => {
    const steps = Steps.ready({ a: 4n });
    steps.attach(1);
    expect(steps.sync(1)).toEqual(["look"]);
    expect(steps.deliver(6n)).toEqual(["read row"]);
    expect(steps.looked(5n)).toEqual([]);
    expect(steps.row(3n)).toEqual(["covered 6", "entitle at 4"]);
    expect(steps.deliver(7n)).toEqual(["covered 7"]);
    steps.entitled();
    expect(steps.slice(4n, 6n)).toEqual(["deliver 4 prev 3", "deliver 5 prev 4", "deliver 6 prev 5", "read from 7"]);
    expect(steps.deliver(8n)).toEqual(["covered 8"]);
    expect(steps.slice(7n, 8n)).toEqual(["deliver 7 prev 6", "deliver 8 prev 7", "caught up", "live"]);
    expect(steps.deliver(9n)).toEqual(["covered 9", "deliver 9 prev 8"]);
  });

  test("does overtake the replay of another conversation", () => {
    const steps = Steps.ready({ b: 4n });
    steps.attach(1);
    steps.sync(1);
    steps.deliver(6n);
    expect(steps.row(5n)).toEqual(["deliver 6 prev 5"]);
  });

  test("is pushed once, however often it comes", () => {
    const steps = Steps.at(5n);
    steps.deliver(6n);
    expect(steps.deliver(6n)).toEqual([]);
    expect(steps.deliver(6n, { activation: 2n })).toEqual([]);
  });

  test("that was acked and told already is accepted as acked", () => {
    const steps = Steps.at(5n);
    steps.deliver(6n);
    steps.ack(6n);
    steps.rowWritten();
    expect(steps.heard(6n)).toEqual(["acked 6"]);
    expect(steps.deliver(6n, { activation: 2n })).toEqual(["acked 6"]);
  });

  test("acked in an earlier life is told again before it is accepted", () => {
    const steps = Steps.at(5n);
    expect(steps.deliver(5n)).toEqual(["tell 5/0"]);
    expect(steps.heard(5n)).toEqual(["acked 5"]);
  });
});

describe("the window", () => {
  test("holds 64 entries; the next is marked and comes by replay when acks make room", () => {
    const steps = Steps.at(0n);
    for (let seq = 1n; seq <= 64n; seq++) expect(steps.deliver(seq)).toEqual([`deliver ${seq} prev ${seq - 1n}`]);
    expect(steps.deliver(65n)).toEqual(["mark 65"]);
    expect(steps.changed()).toEqual(["marked 65"]);
    expect(steps.ack(10n)).toEqual(["write row 10/0", "entitle at 65"]);
    expect(steps.entitled()).toEqual(["read from 65"]);
    expect(steps.slice(65n, 65n)).toEqual(["deliver 65 prev 64"]);
  });

  test("holds 256 KiB; one larger entry goes only into an empty window", () => {
    const steps = Steps.at(0n);
    expect(steps.deliver(1n, { bytes: 130_000 })).toEqual(["deliver 1 prev 0"]);
    expect(steps.deliver(2n, { bytes: 130_000 })).toEqual(["deliver 2 prev 1"]);
    expect(steps.deliver(3n, { bytes: 130_000 })).toEqual(["entitle at 3", "mark 3"]);
  });

  test("an ack frees exactly what it covers", () => {
    const steps = Steps.at(0n);
    for (let seq = 1n; seq <= 10n; seq++) steps.deliver(seq, { bytes: 100 });
    steps.ack(4n);
    expect(steps.state.session).toMatchObject({ windowEntries: 6, windowBytes: 600 });
    steps.ack(10n);
    expect(steps.state.session).toMatchObject({ windowEntries: 0, windowBytes: 0 });
  });
});

describe("a device that does not ack", () => {
  test("gets a durable mark after 2 s, and what was pushed is pushed again from the log", () => {
    const steps = Steps.at(5n);
    steps.deliver(6n);
    steps.deliver(7n);
    expect(steps.after(limits.ackWaitMs - 1)).toEqual([]);
    expect(steps.after(1)).toEqual(["mark 6"]);
    expect(steps.changed()).toEqual(["marked 6-7", "entitle at 6"]);
    steps.entitled();
    expect(steps.slice(6n, 7n)).toEqual(["deliver 6 prev 5", "deliver 7 prev 6"]);
    expect(steps.state.session).toMatchObject({ windowEntries: 2 });
  });

  test("gets none when it acked in time", () => {
    const steps = Steps.at(5n);
    steps.deliver(6n);
    steps.ack(6n);
    expect(steps.after(limits.ackWaitMs).filter((effect) => effect.startsWith("mark"))).toEqual([]);
  });

  test("is closed after 10 s and loses nothing", () => {
    const steps = Steps.at(5n);
    steps.deliver(6n);
    steps.after(limits.ackWaitMs);
    steps.changed();
    expect(steps.after(limits.noAckCloseMs - limits.ackWaitMs)).toEqual(["close 1 slow-consumer"]);
    expect(steps.state.session).toBeUndefined();
    expect(steps.state.marks.size).toBe(1);
  });

  test("is not closed while acks make progress", () => {
    const steps = Steps.at(5n);
    for (let seq = 6n; seq < 30n; seq++) {
      steps.deliver(seq);
      steps.nowMs += 1_900;
      steps.ack(seq);
      steps.say({ type: "tick" });
    }
    expect(steps.state.session?.ref).toEqual(ref(1));
  });
});

describe("a revoked device", () => {
  test("answers its account only when that is durable, is closed, and takes nothing any more", () => {
    const steps = Steps.at(5n);
    steps.deliver(6n);
    const account = steps.state.account!;
    expect(steps.say({ type: "revoke", account })).toEqual(["write revoked"]);
    expect(steps.changed()).toEqual(["close 1 revoked", "gone 6", "tell-revoked"]);
    expect(steps.deliver(7n)).toEqual(["gone 7"]);
    expect(steps.attach(2)).toEqual(["close 2 revoked"]);
    expect(steps.say({ type: "revoke", account })).toEqual(["tell-revoked"]);
  });

  test("waits for the write in flight first", () => {
    const steps = Steps.ready();
    steps.deliver(1n);
    expect(steps.say({ type: "revoke", account: "account" as never })).toEqual([]);
    expect(steps.changed()).toEqual(["marked 1", "write revoked"]);
  });

  test("is known as such after a reload", () => {
    const steps = Steps.ready({}, { revoked: true });
    expect(steps.deliver(1n)).toEqual(["gone 1"]);
    expect(steps.attach(1)).toEqual(["close 1 revoked"]);
    expect(steps.state.id).toBe(phone);
  });
});
