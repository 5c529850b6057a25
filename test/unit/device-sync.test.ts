import { describe, expect, test } from "vitest";
import { limits } from "../../lib/limits.js";
import type { ConversationId } from "../../lib/ids.js";
import { bob, chat, entriesOf, phone, Steps } from "../support/device-steps.js";

const from = { gateway: "g1", socket: 1, requestId: 7, account: bob, device: phone };

describe("a chat named by syncState", () => {
  test("gets its receipts, then caughtUp, then live", () => {
    const steps = Steps.ready();
    steps.attach(1);
    expect(steps.sync(1, [{ last: 5n }])).toEqual(["read row"]);
    expect(steps.row(5n)).toEqual(["ask receipts"]);
    const notices = [{ account: bob, watermarks: { delivered: 4n, read: 4n, except: [] } }];
    expect(steps.say({ type: "receipts", conversation: chat, notices })).toEqual(["receipt", "caught up", "live"]);
    expect(steps.effects.at(-1)).toMatchObject({ what: { type: "live", requestId: 7 } });
  });

  test("does not wait longer than 2 s for receipts", () => {
    const steps = Steps.ready();
    steps.attach(1);
    steps.sync(1, [{ last: 5n }]);
    steps.row(5n);
    expect(steps.after(limits.receiptsWaitMs)).toEqual(["caught up", "live"]);
  });

  test("waits for its replay", () => {
    const steps = Steps.ready({ a: 4n });
    steps.attach(1);
    steps.sync(1, [{ last: 3n }]);
    steps.row(3n);
    expect(steps.say({ type: "receipts", conversation: chat, notices: [] })).toEqual([]);
    steps.looked(4n);
    steps.entitled();
    expect(steps.slice(4n, 4n)).toEqual(["deliver 4 prev 3", "caught up", "live"]);
  });

  test("that is foreign and one that is unknown are answered alike, in one problem", () => {
    const steps = Steps.ready();
    steps.attach(1);
    const ids = ["x", "y", "z"] as ConversationId[];
    steps.sync(
      1,
      ids.map((id) => ({ last: 3n, in: id })),
    );
    for (const id of ids) steps.row(undefined, id);
    steps.say({ type: "not-a-member", conversation: ids[0]! });
    steps.say({ type: "not-a-member", conversation: ids[1]! });
    expect(steps.say({ type: "not-a-member", conversation: ids[2]! })).toEqual(["problem not-a-member ×3", "live"]);
  });

  test("that the device was removed from is no foreign one while its log owes it something", () => {
    const steps = Steps.ready({ a: 4n });
    steps.attach(1);
    steps.sync(1, [{ last: 3n }]);
    steps.row(3n);
    steps.say({ type: "not-a-member", conversation: chat });
    steps.looked(4n);
    steps.entitled();
    expect(steps.slice(4n, 4n)).toEqual(["deliver 4 prev 3", "caught up", "live"]);
  });
});

describe("a cursor", () => {
  test("beyond the log is a problem, and nothing is believed", () => {
    const steps = Steps.ready();
    steps.attach(1);
    steps.sync(1, [{ last: 99n }]);
    expect(steps.row(5n)).toEqual(["look"]);
    expect(steps.looked(8n, 0, chat, "chat")).toEqual(["problem bad-cursor ×1", "ask receipts"]);
    expect(steps.state.chats.get(chat)).toMatchObject({ acked: 5n, delivered: 5n });
  });

  test("above what was acked and within the log is no ack", () => {
    const steps = Steps.ready();
    steps.attach(1);
    steps.sync(1, [{ last: 7n }]);
    steps.row(5n);
    expect(steps.looked(8n, 0, chat, "chat")).toEqual(["ask receipts"]);
    expect(steps.state.chats.get(chat)).toMatchObject({ acked: 5n, delivered: 5n });
  });

  test("below what was acked changes nothing by itself", () => {
    const steps = Steps.ready();
    steps.attach(1);
    steps.sync(1, [{ last: 2n }]);
    expect(steps.row(5n)).toEqual(["ask receipts"]);
    expect(steps.state.chats.get(chat)?.acked).toBe(5n);
  });

  test("below what was acked, with `full`, lowers the mark and replays, and never lowers the receipt", () => {
    const steps = Steps.ready();
    steps.attach(1);
    steps.sync(1, [{ last: 2n, full: true }]);
    expect(steps.row(5n)).toEqual(["ask receipts", "mark 3"]);
    steps.changed();
    steps.say({ type: "receipts", conversation: chat, notices: [] });
    expect(steps.looked(5n, 0, chat, "chat")).toEqual([]);
    expect(steps.state.chats.get(chat)).toMatchObject({ acked: 2n, delivered: 5n });
    expect(steps.state.marks.get(chat)).toMatchObject({ from: 3n, phase: "durable" });
  });

  test.each([-5n, (1n << 64n) - 1n, 1n << 63n])("of %s harms nobody", (last) => {
    const steps = Steps.ready();
    steps.attach(1);
    steps.sync(1, [{ last, full: true }]);
    steps.row(5n);
    expect(steps.state.phase).toBe("ready");
    expect(steps.state.chats.get(chat)?.acked).toBeGreaterThanOrEqual(0n);
  });
});

describe("10,000 conversations in one sync", () => {
  test("are asked a few at a time, and nothing of them stays", () => {
    const steps = Steps.ready();
    steps.attach(1);
    const ids = Array.from({ length: 10_000 }, (_, index) => `chat ${index}` as ConversationId);
    for (let page = 0; page < 5; page++) {
      const chats = ids.slice(page * 2_000, page * 2_000 + 2_000).map((conversation) => ({ conversation, last: 5n, full: false }));
      steps.say({ type: "sync-state", from, chats, readPending: [], more: page < 4 });
      expect(steps.state.session?.syncing.size).toBe(limits.syncingAtOnce);
    }
    let asked = 0;
    let live = false;
    while (!live && asked < 10_001) {
      const [conversation] = steps.state.session!.syncing.keys();
      steps.row(5n, conversation);
      live = steps.say({ type: "receipts", conversation: conversation!, notices: [] }).includes("live");
      asked++;
      expect(steps.state.chats.size).toBeLessThanOrEqual(limits.quietChatsKept * 2);
    }
    expect({ asked, live }).toEqual({ asked: 10_000, live: true });
  });

  test("more than a device may be in are refused", () => {
    const steps = Steps.ready();
    steps.attach(1);
    const chats = Array.from({ length: 2_000 }, (_, index) => ({ conversation: `${index}` as ConversationId, last: 0n, full: false }));
    let refused = false;
    for (let page = 0; page < 12 && !refused; page++) {
      refused = steps.say({ type: "sync-state", from, chats, readPending: [], more: true }).includes("refuse overloaded");
    }
    expect(refused).toBe(true);
    expect(
      steps.sync(
        1,
        Array.from({ length: 2_001 }, () => ({ last: 0n })),
      ),
    ).toEqual(["refuse bad-request"]);
  });
});

describe("fetch", () => {
  function asked(first: bigint, last: bigint): { steps: Steps; effects: string[] } {
    const steps = Steps.at(5n);
    return { steps, effects: steps.say({ type: "fetch", from, conversation: chat, range: { from: first, to: last } }) };
  }
  const entitle = (steps: Steps, entitled: boolean, next?: bigint): string[] => {
    const { ticket } = steps.state.fetches[0]!;
    return steps.say({ type: "entitled", conversation: chat, why: "fetch", ticket, entitled, ...(next === undefined ? {} : { next }) });
  };
  /** @param joined the entry that adds the device */
  const slice = (steps: Steps, first: bigint, last: bigint, joined = 0n): string[] => {
    const { ticket } = steps.state.fetches[0]!;
    const control = {
      rosterHash: new Uint8Array(32),
      changes: [{ op: "add" as const, account: bob, devices: [phone] }],
      membershipVersion: 1,
    };
    const entries = entriesOf(first, last, (header) => (header.seq === joined ? { header: { ...header, control } } : {}));
    return steps.say({ type: "slice-read", conversation: chat, why: "fetch", ticket, from: first, entries });
  };

  test("gives what was asked for, then says so", () => {
    const { steps, effects } = asked(2n, 4n);
    expect(effects).toEqual(["look"]);
    expect(steps.looked(9n, 0, chat, "fetch")).toEqual(["entitle at 2"]);
    expect(entitle(steps, true)).toEqual(["read from 2"]);
    expect(slice(steps, 2n, 6n)).toEqual(["deliver 2 prev 1", "deliver 3 prev 2", "deliver 4 prev 3", "fetched 2-4"]);
  });

  test("goes to the head at most, and begins where the device came in", () => {
    const { steps } = asked(1n, 200n);
    steps.looked(9n, 0, chat, "fetch");
    expect(entitle(steps, false, 8n)).toEqual(["skip 1-7 prev 0", "read from 8"]);
    expect(slice(steps, 8n, 9n, 8n)).toEqual(["deliver 8 prev 7", "deliver 9 prev 8", "fetched 1-9"]);
  });

  const refused: { name: string; head: bigint; entitled?: boolean; expected: string }[] = [
    { name: "a conversation that does not exist", head: 0n, expected: "refuse not-a-member" },
    { name: "one that the device is not in, alike", head: 9n, entitled: false, expected: "refuse not-a-member" },
  ];
  test.each(refused)("refuses $name", ({ head, entitled, expected }) => {
    const { steps } = asked(2n, 4n);
    const answer = steps.looked(head, 0, chat, "fetch");
    expect(entitled === undefined ? answer : entitle(steps, entitled)).toEqual([expected]);
  });

  test("refuses a range beyond the log, but only to a member", () => {
    const { steps } = asked(20n, 24n);
    steps.looked(9n, 0, chat, "fetch");
    expect(entitle(steps, true)).toEqual(["refuse bad-cursor"]);
  });

  test.each([
    [0n, 5n],
    [6n, 5n],
    [1n, 257n],
    [-4n, 5n],
  ])("refuses %s to %s", (first, last) => {
    expect(asked(first, last).effects).toEqual(["refuse bad-request"]);
  });

  test("of one device waits in line, within a bound", () => {
    const { steps } = asked(1n, 2n);
    let refusals = 0;
    for (let count = 0; count < 20; count++) {
      if (steps.say({ type: "fetch", from, conversation: chat, range: { from: 1n, to: 2n } }).includes("refuse overloaded")) refusals++;
    }
    expect(refusals).toBe(20 - limits.fetchesWaitingMax + 1);
  });
});
