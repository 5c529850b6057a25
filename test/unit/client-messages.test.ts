import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bindContent, contextMismatch, encodePart, readContent, type ContentContext } from "../../client/messages/content.js";
import { addExcept, covers, placeOf } from "../../client/messages/cursor.js";
import { jsonHistory } from "../../client/messages/history.js";
import { foldReceipt, tickOf, tickOfAll, type Watermarks } from "../../client/messages/receipts.js";
import { judge, lacksPredecessor, screen } from "../../client/messages/receive.js";
import { syncPages } from "../../client/messages/sync.js";
import type { Entry } from "../../client/messages/entry.js";
import { systemClock } from "../../lib/clock.js";
import type { ConversationId } from "../../lib/ids.js";
import { limits } from "../../lib/limits.js";
import type { Roster } from "../../protos/signed/roster.js";
import { accountOf, conversationOf, deviceOf, messageOf } from "../support/entries.js";

const big = (values: readonly number[]): bigint[] => values.map(BigInt);

describe("the cursor", () => {
  test.each([
    { name: "what follows is next", at: [4, 4, 5], place: "next" },
    { name: "nothing for this device between is next", at: [4, 2, 9], place: "next" },
    { name: "something between has not come", at: [4, 5, 6], place: "early" },
    { name: "what is stored is a duplicate", at: [4, 3, 4], place: "duplicate" },
    { name: "old is a duplicate, whatever its prev says", at: [4, 9, 2], place: "duplicate" },
    { name: "the first of all", at: [0, 0, 1], place: "next" },
  ])("$name", ({ at, place }) => {
    const [last, prev, seq] = big(at);
    expect(placeOf(last!, prev!, seq!)).toBe(place);
  });

  test("except never shrinks, stays within its bound, and covers all that was ever added", () => {
    const span = fc.tuple(fc.integer({ min: 1, max: 400 }), fc.integer({ min: 0, max: 5 }));
    fc.assert(
      fc.property(fc.array(span, { maxLength: 60 }), (spans) => {
        let except: ReturnType<typeof addExcept> = [];
        for (const [from, length] of spans) {
          const before = except;
          except = addExcept(except, { from: BigInt(from), to: BigInt(from + length) });
          expect(except.length).toBeLessThanOrEqual(limits.exceptRangesMax);
          for (const old of before) for (let seq = old.from; seq <= old.to; seq++) expect(covers(except, seq)).toBe(true);
          for (let seq = from; seq <= from + length; seq++) expect(covers(except, BigInt(seq))).toBe(true);
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe("ticks", () => {
  const marks = (deliveredThrough: number, readThrough: number, ...except: [number, number][]): Watermarks => ({
    deliveredThrough: BigInt(deliveredThrough),
    readThrough: BigInt(readThrough),
    except: except.map(([from, to]) => ({ from: BigInt(from), to: BigInt(to) })),
  });

  test.each([
    { name: "above the watermark: none", seq: 6, at: marks(5, 5), tick: "none" },
    { name: "delivered", seq: 5, at: marks(5, 4), tick: "delivered" },
    { name: "read", seq: 4, at: marks(5, 4), tick: "read" },
    { name: "what is left out never ticks", seq: 3, at: marks(5, 5, [3, 3]), tick: "none" },
    { name: "nothing heard", seq: 1, at: undefined, tick: "none" },
  ])("$name", ({ seq, at, tick }) => {
    expect(tickOf(BigInt(seq), at)).toBe(tick);
  });

  test("watermarks never fall, and read never passes delivered", () => {
    const receipt = fc.record({
      deliveredThrough: fc.bigInt({ min: 0n, max: 50n }),
      readThrough: fc.bigInt({ min: 0n, max: 60n }),
      except: fc.constant([]),
    });
    fc.assert(
      fc.property(fc.array(receipt, { minLength: 1 }), (receipts) => {
        let known: Watermarks | undefined;
        for (const each of receipts) {
          const after = foldReceipt(known, each);
          expect(after.deliveredThrough >= (known?.deliveredThrough ?? 0n)).toBe(true);
          expect(after.readThrough >= (known?.readThrough ?? 0n)).toBe(true);
          expect(after.readThrough <= after.deliveredThrough).toBe(true);
          known = after;
        }
      }),
    );
  });

  test("what ticked is not taken back by a later receipt that leaves it out", () => {
    const known = foldReceipt(undefined, marks(5, 5));
    expect(tickOf(3n, foldReceipt(known, marks(9, 5, [3, 3], [7, 7])))).toBe("read");
    expect(tickOf(7n, foldReceipt(known, marks(9, 5, [3, 3], [7, 7])))).toBe("none");
  });

  test("a message stands where its slowest recipient does", () => {
    const [ann, bob] = [accountOf("ann"), accountOf("bob")];
    const receipts = new Map([
      [ann, marks(9, 9)],
      [bob, marks(9, 2)],
    ]);
    expect(tickOfAll(2n, [ann, bob], receipts)).toBe("read");
    expect(tickOfAll(3n, [ann, bob], receipts)).toBe("delivered");
    expect(tickOfAll(3n, [ann, bob, accountOf("eve")], receipts)).toBe("none");
  });
});

const chat = conversationOf("team");
const [ann, phone, eve] = [accountOf("ann"), deviceOf("phone"), deviceOf("eve")];
const hash = new Uint8Array(32).fill(7);
const member = { role: "member" as const, listVersion: 3, listHash: hash, devices: [phone] };
const roster: Roster = {
  conversation: chat,
  type: "direct",
  seq: 4n,
  hash,
  members: new Map([[ann, member]]),
  membershipVersion: 0,
  membershipHash: hash,
  lastRemovalSeq: 0n,
};
const entry: Entry = {
  chat,
  seq: 9n,
  prev: 8n,
  sender: ann,
  device: phone,
  kind: "message",
  scope: "all",
  messageId: messageOf("m"),
  counter: 6n,
  serverMs: 0,
  rosterSeq: 4n,
  rosterHash: hash,
  body: { type: "whisper", bytes: new Uint8Array(8) },
  hash,
};

describe("a reader's checks before decryption", () => {
  test.each([
    { name: "opens what is new from a device of the roster", given: entry, highest: 5n, type: "open" },
    { name: "a counter may leave some out", given: entry, highest: 1n, type: "open" },
    { name: "refuses a device that is not in the roster", given: { ...entry, device: eve }, highest: 0n, type: "foreign-device" },
    { name: "refuses a device of another account", given: { ...entry, sender: accountOf("bob") }, highest: 0n, type: "foreign-device" },
    { name: "refuses a counter that was accepted", given: entry, highest: 6n, type: "replayed" },
    { name: "refuses a lower counter", given: entry, highest: 9n, type: "replayed" },
    {
      name: "finds no body for this device",
      given: { ...entry, body: { type: "none" as const, bytes: new Uint8Array(0) } },
      highest: 0n,
      type: "empty",
    },
    {
      name: "a bare signature is no message",
      given: { ...entry, body: { type: "signed" as const, bytes: hash } },
      highest: 0n,
      type: "unsupported",
    },
  ])("$name", ({ given, highest, type }) => {
    const screening = screen(given, roster, highest);
    expect(screening.type === "refuse" ? screening.reason : screening.type).toBe(type);
  });
});

describe("a reader's checks after decryption", () => {
  const context: ContentContext = {
    chat,
    senderDevice: phone,
    kind: 1,
    messageId: messageOf("m"),
    counter: 6n,
    previousAll: 5n,
    rosterSeq: 4n,
    rosterHash: hash,
    listVersion: 3,
  };
  const opened = (changes: Partial<ContentContext>, part = encodePart({ text: { text: "hi" } })) => {
    const content = readContent(bindContent(part, { ...context, ...changes }));
    if (typeof content === "string") throw new Error(content);
    return content;
  };

  test("takes what says the same inside and outside", () => {
    expect(judge(opened({}), entry, roster)).toBeUndefined();
  });

  test.each<[string, Partial<ContentContext>]>([
    ["chat_id", { chat: conversationOf("other") }],
    ["sender_device", { senderDevice: eve }],
    ["kind", { kind: 11 }],
    ["client_msg_id", { messageId: messageOf("n") }],
    ["counter", { counter: 7n }],
    ["previous_all", { previousAll: 6n }],
    ["roster_seq", { rosterSeq: 3n }],
    ["roster_hash", { rosterHash: new Uint8Array(32) }],
    ["list_version", { listVersion: 2 }],
    ["refers_to", { refersTo: { account: ann, messageId: messageOf("x"), seq: 1n } }],
  ])("refuses another %s", (field, changes) => {
    expect(judge(opened(changes), entry, roster)).toBe("context");
    const { previousAll: _previousAll, ...expected } = context;
    expect(contextMismatch(opened(changes), expected)).toBe(field);
  });

  test("refuses a roster that is not the newest below the entry, and one with another hash", () => {
    const newer = { ...roster, seq: 8n };
    expect(judge(opened({}), entry, newer)).toBe("roster");
    expect(judge(opened({}), entry, { ...roster, hash: new Uint8Array(32) })).toBe("roster");
  });

  test("refuses a part that its kind does not carry", () => {
    expect(judge(opened({}, encodePart({ sync: {} })), entry, roster)).toBe("unsupported");
  });

  test("never half reads a newer format", () => {
    expect(readContent(Uint8Array.of(8, 2))).toBe("newer");
    expect(readContent(Uint8Array.of(8, 1))).toBe("malformed");
    expect(readContent(Uint8Array.of(255))).toBe("malformed");
  });
});

test.each([
  { name: "nothing is missing after its predecessor", given: [5n, { counter: 5n, seq: 7n }, 0n, true], lacks: false },
  { name: "a message was left out", given: [5n, { counter: 4n, seq: 7n }, 0n, true], lacks: true },
  { name: "what the server declared lost is said already", given: [5n, { counter: 4n, seq: 7n }, 8n, true], lacks: false },
  { name: "the first of a member from the start", given: [2n, undefined, 0n, true], lacks: true },
  { name: "the first for a device that was linked later", given: [2n, undefined, 0n, false], lacks: false },
] as const)("$name", ({ given: [previous, seen, missed, fromStart], lacks }) => {
  expect(lacksPredecessor(previous, seen, missed, fromStart)).toBe(lacks);
});

test("what a device says of itself comes in pages, the last without more", () => {
  const chats = Array.from({ length: 4_500 }, (_, index) => conversationOf(`chat ${index}`));
  const pages = syncPages(new Set(chats.slice(0, 2)), chats, () => 7n, []);
  expect(pages.map((page) => [page.chats!.length, page.more])).toEqual([
    [2_000, true],
    [2_000, true],
    [500, false],
  ]);
  expect(pages[0]!.chats!.filter((state) => state.full)).toHaveLength(2);
  expect(syncPages(new Set<ConversationId>(), [], () => undefined, [])).toEqual([{ chats: [], readPending: [], more: false }]);
});

test("a history line carries time, process and device, and 64-bit values as text", () => {
  const lines: string[] = [];
  const history = jsonHistory({ clock: systemClock(), proc: "p1", dev: () => "d1", write: (line) => lines.push(line) });
  history.write({ type: "ok", f: "send", conv: chat, counter: 6n, seq: 2n ** 60n });
  expect(JSON.parse(lines[0]!)).toMatchObject({ proc: "p1", dev: "d1", type: "ok", counter: "6", seq: "1152921504606846976" });
  expect(lines[0]!.endsWith("}\n")).toBe(true);
});
