import { expect, test } from "vitest";
import { Ledger, type Logged } from "../../bin/demo/ledger.js";
import type { DeviceId, MessageId } from "../../lib/ids.js";

const ann = "ann" as DeviceId;
const bob = "bob" as DeviceId;
const id = (n: number): MessageId => `m${String(n)}` as MessageId;
const logOf = (...ns: number[]): Logged[] => ns.map((n, index) => ({ seq: BigInt(index + 2), id: id(n), device: ann }));

/** ann sent 1, 2, 3 and all were acknowledged at 2, 3, 4; bob's inbox shows what is given. */
function ledger(...shown: { n: number; seq: bigint; text?: string }[]): Ledger {
  const books = new Ledger();
  books.addDevice(ann);
  books.addDevice(bob);
  for (const n of [1, 2, 3]) {
    books.onSent(ann, id(n), `text ${String(n)}`);
    books.onAcknowledged(id(n), BigInt(n + 1));
  }
  for (const { n, seq, text } of shown) books.onShown(bob, { id: id(n), seq, text: text ?? `text ${String(n)}` });
  return books;
}

const all = [1, 2, 3].map((n) => ({ n, seq: BigInt(n + 1) }));
const none = { lost: 0, shownTwice: 0, outOfOrder: 0, gaps: 0, altered: 0 };

const cases: { name: string; books: Ledger; log: Logged[]; counts: Partial<typeof none> }[] = [
  { name: "finds nothing where nothing is wrong", books: ledger(...all), log: logOf(1, 2, 3), counts: {} },
  { name: "counts what a device never showed at its end", books: ledger(...all.slice(0, 2)), log: logOf(1, 2, 3), counts: { lost: 1 } },
  {
    name: "counts what a device jumped over as lost and as a gap",
    books: ledger(all[0]!, all[2]!),
    log: logOf(1, 2, 3),
    counts: { lost: 1, gaps: 1 },
  },
  {
    name: "counts what was acknowledged and is not on the disk",
    books: ledger(...all),
    log: logOf(1, 2),
    counts: { lost: 1, outOfOrder: 1 },
  },
  { name: "counts what was shown again", books: ledger(...all, all[2]!), log: logOf(1, 2, 3), counts: { shownTwice: 1, outOfOrder: 1 } },
  {
    name: "counts an order that is not the log's",
    books: ledger(all[1]!, all[0]!, all[2]!),
    log: logOf(1, 2, 3),
    counts: { outOfOrder: 1 },
  },
  {
    name: "counts a text that nobody sent",
    books: ledger(...all.slice(0, 2), { n: 3, seq: 4n, text: "other" }),
    log: logOf(1, 2, 3),
    counts: { altered: 1 },
  },
];

test.each(cases)("the demo's judge $name", ({ books, log, counts }) => {
  expect(books.judge(log)).toMatchObject({ ...none, ...counts });
});

test("the demo's judge counts a message that is twice on the disk, and a sender's order that was broken", () => {
  const { shownTwice, outOfOrder } = ledger(...all).judge(logOf(1, 3, 2, 2));
  expect(shownTwice).toBe(1);
  expect(outOfOrder).toBeGreaterThan(0);
});
