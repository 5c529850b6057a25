import { describe, expect, test } from "vitest";
import { limits } from "../../lib/limits.js";
import type { Header, ReadEntry } from "../../protos/entry.js";
import { entitledIntervals, isEntitled } from "../../protos/signed/entitlement.js";
import { framesOf } from "../../actors/device/views.js";
import { seededRand } from "../../lib/random.js";
import { bob, chat, entriesOf, other, phone, Steps } from "../support/device-steps.js";

const control = (op: "add" | "remove" | "devices", listed = true): Partial<Header> => ({
  kind: "membership",
  counter: 0n,
  control: {
    rosterHash: new Uint8Array(32),
    changes: [{ op, account: bob, ...(op === "remove" ? {} : { devices: listed ? [phone] : [] }) }],
    membershipVersion: 1,
  },
});

function view(entries: readonly ReadEntry[], entitled = true): string[] {
  return framesOf(chat, entries, entitled, bob, phone).frames.map(({ what }) => {
    if (what.type === "deliver") return `${what.body === undefined ? "header" : "body"} ${what.header.seq}`;
    return what.type === "skip" || what.type === "missed"
      ? `${what.type === "missed" ? what.why : "skip"} ${what.from}-${what.to}`
      : what.type;
  });
}

describe("what a device gets of a log", () => {
  const cases: { name: string; change: (header: Header) => Partial<ReadEntry>; entitled?: boolean; expected: string[] }[] = [
    { name: "bodies inside its interval", change: () => ({}), expected: ["body 1", "body 2", "body 3"] },
    {
      name: "one skip for all of an interval of others, whatever bodies were read",
      change: () => ({}),
      entitled: false,
      expected: ["skip 1-3"],
    },
    {
      name: "its own entries as headers",
      change: (header) => ({ header: { ...header, device: phone } }),
      expected: ["header 1", "header 2", "header 3"],
    },
    {
      name: "a skip for what names other devices",
      change: (header) => ({ header: { ...header, scope: "subset", targets: [] } }),
      expected: ["skip 1-3"],
    },
    { name: "a skip where there is no body for it", change: () => ({ body: undefined }), expected: ["skip 1-3"] },
    { name: "missed, and why, where its body is gone", change: () => ({ body: undefined, gone: "trimmed" }), expected: ["trimmed 1-3"] },
    {
      name: "each reason on its own",
      change: ({ seq }) => (seq === 2n ? {} : { body: undefined, gone: seq === 1n ? "expired" : "trimmed" }),
      expected: ["expired 1-1", "body 2", "trimmed 3-3"],
    },
    {
      name: "retention as the reason of a body that had no shorter timer",
      change: (header) => ({ body: undefined, gone: "expired", header: { ...header, bodyExpiresMs: header.timeMs + limits.retentionMs } }),
      expected: ["retention 1-3"],
    },
    {
      name: "everything from the entry that adds it",
      change: (header) => ({ header: header.seq === 2n ? { ...header, ...control("add") } : header }),
      entitled: false,
      expected: ["skip 1-1", "body 2", "body 3"],
    },
    {
      name: "nothing after the entry that removes it",
      change: (header) => ({ header: header.seq === 2n ? { ...header, ...control("remove") } : header }),
      expected: ["body 1", "body 2", "skip 3-3"],
    },
    {
      name: "nothing after its account's list drops it",
      change: (header) => ({ header: header.seq === 1n ? { ...header, ...control("devices", false) } : header }),
      expected: ["body 1", "skip 2-3"],
    },
  ];
  test.each(cases)("$name", ({ change, entitled, expected }) => {
    expect(view(entriesOf(1n, 3n, change), entitled)).toEqual(expected);
  });

  test("agrees with the rule that clients use, for any history", () => {
    const rand = seededRand(7);
    const ops = ["add", "remove", "devices"] as const;
    for (let round = 0; round < 300; round++) {
      const entries = entriesOf(1n, 30n, (header) =>
        rand.below(4) === 0 ? { header: { ...header, ...control(ops[rand.below(3)]!, rand.below(2) === 0) } } : {},
      );
      const intervals = entitledIntervals(
        entries.map(({ header }) => header),
        bob,
        phone,
      );
      const bodies = entries.filter(({ header }) => isEntitled(intervals, header.seq)).map(({ header }) => `body ${header.seq}`);
      expect(view(entries, false).filter((word) => word.startsWith("body"))).toEqual(bodies);
    }
  });

  test("names the end of the frame before as prev", () => {
    const frames = framesOf(
      chat,
      entriesOf(5n, 9n, ({ seq }) => (seq === 6n || seq === 7n ? { body: undefined } : {})),
      true,
      bob,
      phone,
    ).frames;
    expect(frames.map(({ what }) => "prev" in what && what.prev)).toEqual([4n, 5n, 7n, 8n]);
  });
});

describe("a drain", () => {
  function owed(): Steps {
    const steps = Steps.ready({ a: 1n, b: 1n });
    steps.attach(1);
    steps.sync(1);
    return steps;
  }

  test("begins with the conversation whose newest entry is the newest", () => {
    const steps = owed();
    steps.looked(5n, 1_000, chat);
    expect(steps.looked(5n, 2_000, other)).toEqual(["read row in b", "read row"]);
  });

  test("waits for the order before it begins", () => {
    expect(owed().looked(5n, 1_000, chat)).toEqual([]);
  });

  test("sends live once all are done, caughtUp for each", () => {
    const steps = owed();
    steps.looked(1n, 1_000, chat);
    steps.looked(1n, 2_000, other);
    steps.row(undefined, other);
    steps.entitled(true, undefined, other);
    expect(steps.slice(1n, 1n, () => ({}), other)).toEqual(["deliver 1 prev 0 in b", "caught up in b"]);
    steps.row(undefined, chat);
    steps.entitled(true, undefined, chat);
    expect(steps.slice(1n, 1n)).toEqual(["deliver 1 prev 0", "caught up", "live"]);
  });

  test("says live when nothing is owed", () => {
    const steps = Steps.ready();
    steps.attach(1);
    expect(steps.sync(1)).toEqual(["live"]);
  });

  test("does not read what lies before the device came in", () => {
    const steps = owed();
    steps.looked(2_000n, 1, chat);
    steps.looked(0n, 2, other);
    steps.row(undefined, chat);
    expect(steps.entitled(false, 1_900n)).toEqual(["skip 1-1899 prev 0", "read from 1900"]);
  });

  test("passes over all that comes after it was removed", () => {
    const steps = owed();
    steps.looked(2_000n, 1, chat);
    steps.looked(1n, 2, other);
    steps.row(undefined, chat);
    expect(steps.entitled(false)).toEqual(["skip 1-2000 prev 0", "caught up"]);
  });

  test("skips only as far as it asked, also when it is added again meanwhile", () => {
    const steps = owed();
    steps.looked(20n, 1, chat);
    steps.looked(1n, 2, other);
    steps.row(undefined, chat);
    steps.deliver(25n);
    expect(steps.entitled(false)).toEqual(["skip 1-20 prev 0", "entitle at 21"]);
  });

  test("reads at most what the window has room for, and goes on with acks", () => {
    const steps = owed();
    steps.looked(200n, 1, chat);
    steps.looked(1n, 2, other);
    steps.row(undefined, chat);
    steps.entitled();
    expect(steps.slice(1n, 64n).at(-1)).toBe("deliver 64 prev 63");
    expect(steps.effects.some(({ type }) => type === "read-slice")).toBe(false);
    steps.ack(60n);
    const read = steps.effects.find((effect) => effect.type === "read-slice");
    expect(read).toMatchObject({ from: 65n, entries: 60 });
  });

  test("never passes over a hole in what it read: it reads again", () => {
    const steps = owed();
    steps.looked(5n, 1, chat);
    steps.looked(1n, 2, other);
    steps.row(undefined, chat);
    steps.entitled();
    const { ticket } = steps.state.chats.get(chat)!.replay;
    const holed = entriesOf(1n, 5n).filter(({ header }) => header.seq !== 3n);
    const read = { type: "slice-read", conversation: chat, why: "replay", ticket } as const;
    expect(steps.say({ ...read, from: 1n, entries: holed })).toEqual(["deliver 1 prev 0", "deliver 2 prev 1", "read from 3"]);
    expect(steps.say({ ...read, from: 3n, entries: holed.slice(2) })).toEqual([]);
    expect(steps.after(limits.readRetryMs)).toEqual(["read from 3"]);
  });

  test("asks again for what the store did not answer", () => {
    const steps = owed();
    const effect = steps.effects.find(({ type }) => type === "look") ?? { type: "load" as const };
    expect(steps.say({ type: "failed", effect })).toEqual([]);
    expect(steps.after(limits.readRetryMs)).toHaveLength(1);
  });
});
