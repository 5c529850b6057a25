import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { InboxRow, Store } from "../../client/store/ports.js";
import { ann, bob, chat, entry, hash, id, laptop, message, one, phone, places, queued, two, type Place } from "./store-place.js";

describe.each(places)("client store on $name", ({ make }) => {
  let place: Place;
  let store: Store;
  beforeEach(async () => {
    place = make();
    store = await place.open();
  });
  afterEach(() => {
    store.close();
    place.end();
  });
  const reopen = async (): Promise<void> => {
    store.close();
    store = await place.open();
  };

  describe("conversations", () => {
    test("are found by their peer, and their watermarks only grow", () => {
      store.transact((tx) => {
        tx.chats.put(chat({ last: 5n }));
        tx.chats.put(chat({ chat: two, type: "self", peer: undefined }));
      });
      expect(store.chats.direct(bob)!.chat).toBe(one);
      expect(store.chats.direct(ann)).toBeUndefined();
      expect(store.chats.self()!.chat).toBe(two);
      expect(store.chats.all()).toHaveLength(2);
      for (const back of [chat({ last: 4n }), chat({ last: 5n, acked: -1n }), chat({ last: 5n, readThrough: -1n })]) {
        expect(() => store.transact((tx) => tx.chats.put(back))).toThrow("goes back");
      }
    });

    test("keep their fold apart, as plain data that never goes back", async () => {
      const fold = { members: new Map([[ann, { role: 3, devices: new Set([phone]) }]]) };
      const row = { chat: one, rosterSeq: 3n, rosterHash: hash, fold };
      store.transact((tx) => {
        tx.chats.putRoster(row);
      });
      await reopen();
      expect(store.chats.roster(one)).toEqual(row);
      expect(() => store.transact((tx) => tx.chats.putRoster({ ...row, rosterSeq: 2n }))).toThrow("goes back");
    });

    test("control entries and receipts", () => {
      const control = (seq: bigint, of = one) => ({ chat: of, seq, kind: 6, body: id(1), rosterHash: hash, deliver: id(2) });
      const receipt = { chat: one, account: bob, deliveredThrough: 2n, readThrough: 1n, except: [{ from: 1n, to: 1n }] };
      store.transact((tx) => {
        for (const seq of [300n, 1n, 20n]) tx.controls.put(control(seq));
        tx.controls.put(control(2n, two));
        tx.receipts.put(receipt);
        tx.receipts.put({ ...receipt, device: phone });
        tx.receipts.put({ ...receipt, chat: two });
      });
      expect(store.controls.list(one, 2n, 9).map((row) => row.seq)).toEqual([20n, 300n]);
      expect(store.controls.list(one, 0n, 1)).toEqual([control(1n)]);
      expect(store.controls.get(one, 20n)).toEqual(control(20n));
      expect(store.receipts.of(one)).toHaveLength(2);
      expect(store.receipts.get(one, bob)).toEqual(receipt);
      expect(store.receipts.get(one, bob, phone)!.device).toBe(phone);
    });

    test("counters grow, cursors and pending reads only move forward", () => {
      store.transact((tx) => {
        tx.counters.accept(one, phone, 4n);
        tx.cursors.put("bot main ž", 3n);
        tx.cursors.put("bot main ž", 2n);
        tx.pendingReads.put(one, 4n);
        tx.pendingReads.put(one, 3n);
        tx.pendingReads.put(two, 1n);
      });
      expect([store.counters.highest(one, phone), store.counters.highest(one, laptop)]).toEqual([4n, 0n]);
      expect(() => store.transact((tx) => tx.counters.accept(one, phone, 4n))).toThrow("grow");
      expect([store.cursors.get("bot main ž"), store.cursors.get("x")]).toEqual([3n, undefined]);
      store.transact((tx) => {
        tx.pendingReads.confirm(one, 3n);
        tx.pendingReads.confirm(two, 1n);
      });
      expect(store.pendingReads.all()).toEqual([{ chat: one, through: 4n }]);
    });

    test("retries are counted per entry, device and direction", () => {
      const row = { direction: "asked", chat: one, seq: 5n, device: phone, count: 1, lastMs: 3 } as const;
      store.transact((tx) => {
        tx.retries.put(row);
        tx.retries.put({ ...row, count: 2 });
        tx.retries.putReset(phone, 77);
      });
      expect(store.retries.get("asked", one, 5n, phone)!.count).toBe(2);
      expect(store.retries.get("answered", one, 5n, phone)).toBeUndefined();
      expect([store.retries.lastResetMs(phone), store.retries.lastResetMs(laptop)]).toEqual([77, undefined]);
    });
  });

  describe("outbox", () => {
    const order = (of = one) => store.outbox.pending(of, 99).map((row) => row.messageId);

    test("keeps the order of sending; distributions go in front; a row that changes keeps its place", () => {
      store.transact((tx) => {
        for (const number of [5, 3, 4]) tx.outbox.append(queued(number));
        tx.outbox.prepend(queued(8));
        tx.outbox.prepend(queued(7));
        tx.outbox.append(queued(1, { chat: two }));
        tx.outbox.update(queued(3, { state: "sending", counter: 1n, envelope: hash, transmitted: true }));
      });
      expect(order()).toEqual([7, 8, 5, 3, 4].map(message));
      expect(store.outbox.pending(one, 2)).toHaveLength(2);
      expect(store.outbox.pendingChats().sort()).toEqual([one, two].sort());
      expect(store.outbox.get(one, message(3))).toMatchObject({ state: "sending", counter: 1n });
    });

    test("a sent or failed row leaves the order and stays to be found; a failed one that is queued again goes to the end", () => {
      store.transact((tx) => {
        for (const number of [1, 2, 3]) tx.outbox.append(queued(number));
        tx.outbox.update(queued(1, { state: "sent", seq: 9n }));
        tx.outbox.update(queued(2, { state: "failed", code: "forbidden" }));
      });
      expect(order()).toEqual([message(3)]);
      expect(store.outbox.failed(one, 9).map((row) => row.messageId)).toEqual([message(2)]);
      expect(store.outbox.get(one, message(1))!.seq).toBe(9n);
      store.transact((tx) => {
        tx.outbox.update(queued(2));
      });
      expect(order()).toEqual([3, 2].map(message));
      expect(store.outbox.failed(one, 9)).toEqual([]);
      store.transact((tx) => {
        tx.outbox.delete(one, message(3));
        tx.outbox.delete(one, message(2));
      });
      expect([order(), store.outbox.pendingChats()]).toEqual([[], []]);
    });

    test("takes a message id once", () => {
      store.transact((tx) => {
        tx.outbox.append(queued(1));
      });
      expect(() => store.transact((tx) => tx.outbox.append(queued(1)))).toThrow("already");
      expect(() => store.transact((tx) => tx.outbox.update(queued(2)))).toThrow("not in the outbox");
    });
  });

  describe("inbox", () => {
    const arrived = (after: bigint, limit = 99) => store.inbox.arrivedAfter(after, limit).map((row) => row.seq);

    test("pages a conversation's history from its end, by sequence and not by text", () => {
      store.transact((tx) => {
        for (const seq of [9n, 10n, 2n, 300n]) tx.inbox.put(entry(seq));
        tx.inbox.put(entry(11n, { chat: two }));
      });
      expect(store.inbox.history(one, undefined, 2).map((row) => row.seq)).toEqual([300n, 10n]);
      expect(store.inbox.history(one, 10n, 9).map((row) => row.seq)).toEqual([9n, 2n]);
      expect(store.inbox.list(one, 9n, 2).map((row) => row.seq)).toEqual([9n, 10n]);
    });

    test("gives each row its place among all arrivals, and keeps it when the row changes", () => {
      const given = store.transact((tx) => [tx.inbox.put(entry(5n)).arrival, tx.inbox.put(entry(4n, { chat: two, arrival: 77n })).arrival]);
      expect(given).toEqual([1n, 2n]);
      store.transact((tx) => {
        tx.inbox.put(entry(5n, { reason: "seen" }));
      });
      expect(arrived(0n)).toEqual([5n, 4n]);
      expect(arrived(1n)).toEqual([4n]);
      expect(store.inbox.lastArrival()).toBe(2n);
    });

    test("a staged row arrives when it is read; a filled placeholder arrives anew; numbers are never used twice", () => {
      store.transact((tx) => {
        tx.inbox.put(entry(1n, { state: "staged", content: undefined, body: { type: 2, bytes: id(1) } }));
        tx.inbox.put(entry(2n, { state: "undecryptable", reason: "bad-mac" }));
        tx.inbox.put(entry(3n));
      });
      expect(arrived(0n)).toEqual([2n, 3n]);
      store.transact((tx) => {
        tx.inbox.put(entry(2n));
        tx.inbox.put(entry(1n));
      });
      expect(arrived(0n)).toEqual([3n, 2n, 1n]);
      expect(arrived(0n, 1)).toEqual([3n]);
      expect(arrived(2n)).toEqual([2n, 1n]);
      store.transact((tx) => {
        tx.inbox.delete(one, 1n);
      });
      expect([arrived(3n), store.inbox.lastArrival()]).toEqual([[], 4n]);
      expect(store.transact((tx) => tx.inbox.put(entry(4n)).arrival)).toBe(5n);
    });

    test("staged rows are listed in order, per device and per conversation", () => {
      const staged = (seq: bigint, changes: Partial<InboxRow> = {}) => entry(seq, { state: "staged", ...changes });
      store.transact((tx) => {
        tx.inbox.put(staged(20n));
        tx.inbox.put(staged(3n, { device: laptop }));
        tx.inbox.put(staged(4n));
        tx.inbox.put(staged(1n, { chat: two }));
      });
      const seqs = (rows: InboxRow[]) => rows.map((row) => row.seq);
      expect(seqs(store.inbox.staged(one, phone, 9))).toEqual([4n, 20n]);
      expect(seqs(store.inbox.staged(one, undefined, 2))).toEqual([3n, 4n]);
      expect(store.inbox.stagedChats().sort()).toEqual([one, two].sort());
      store.transact((tx) => {
        tx.inbox.put(entry(4n));
        tx.inbox.delete(two, 1n);
      });
      expect(seqs(store.inbox.staged(one, phone, 9))).toEqual([20n]);
      expect(store.inbox.stagedChats()).toEqual([one]);
    });

    test("finds a message by who wrote it and its id: two writers may use one id", () => {
      store.transact((tx) => {
        tx.inbox.put(entry(1n, { messageId: message(1) }));
        tx.inbox.put(entry(2n, { messageId: message(1), sender: ann }));
        tx.inbox.put(entry(3n, { messageId: message(1), state: "control" }));
      });
      expect(store.inbox.byMessage(one, bob, message(1))!.seq).toBe(1n);
      expect(store.inbox.byMessage(one, ann, message(1))!.seq).toBe(2n);
      expect(store.inbox.byMessage(two, ann, message(1))).toBeUndefined();
      store.transact((tx) => {
        tx.inbox.delete(one, 1n);
      });
      expect(store.inbox.byMessage(one, bob, message(1))).toBeUndefined();
    });
  });
});
