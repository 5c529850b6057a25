import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Overlay } from "../../client/cipher/overlay.js";
import { hasCode } from "../../client/errors.js";
import { MemoryDisk, openMemoryStore } from "../../client/store/memory.js";
import { openStore } from "../../client/store/open.js";
import { type ChatRow, type InboxRow, type OutboxRow, type Store, type TableName, valueKey } from "../../client/store/ports.js";
import { idOf, type AccountId, type ConversationId, type DeviceId, type MessageId } from "../../lib/ids.js";
import { systemRand } from "../../lib/random.js";

/** A place where one store lives. `open` again after `close` finds what was committed. */
interface Place {
  open(): Promise<Store>;
  end(): void;
}

function memory(): Place {
  const disk = new MemoryDisk();
  return { open: async () => openMemoryStore(disk), end: () => undefined };
}

function sqlcipher(): Place {
  const dir = mkdtempSync(join(tmpdir(), "hermod-store-"));
  return {
    open: () => openStore({ dir, rand: systemRand() }),
    end: () => {
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

const id = (number: number): Uint8Array => new Uint8Array(16).fill(number);
const [ann, bob] = [idOf<AccountId>(id(1)), idOf<AccountId>(id(2))];
const [phone, laptop] = [idOf<DeviceId>(id(11)), idOf<DeviceId>(id(12))];
const [one, two] = [idOf<ConversationId>(id(21)), idOf<ConversationId>(id(22))];
const message = (number: number): MessageId => idOf<MessageId>(Uint8Array.from({ length: 16 }, (_, index) => (index === 15 ? number : 99)));
const hash = new Uint8Array(32).fill(7);

function chat(changes: Partial<ChatRow> = {}): ChatRow {
  return {
    ...{ chat: one, type: "direct", peer: bob, last: 0n, acked: 0n, readThrough: 0n, nextCounter: 1n, previousAll: 0n },
    ...{ except: [], createdMs: 1, changedMs: 1 },
    ...changes,
  };
}

function queued(number: number, changes: Partial<OutboxRow> = {}): OutboxRow {
  return {
    ...{ chat: one, messageId: message(number), state: "queued", kind: 1, scope: 1, content: id(number), transmitted: false, queuedMs: 5 },
    ...changes,
  };
}

function entry(seq: bigint, changes: Partial<InboxRow> = {}): InboxRow {
  return {
    ...{ chat: one, seq, state: "read", kind: 1, scope: 1, sender: bob, device: phone, messageId: message(Number(seq)), counter: seq },
    ...{ rosterSeq: 1n, rosterHash: hash, serverMs: 9, storedMs: 10, content: id(3) },
    ...changes,
  };
}

describe.each([
  { name: "memory", make: memory },
  { name: "sqlcipher", make: sqlcipher },
])("client store on $name", ({ make }) => {
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

  describe("transactions", () => {
    const colour = valueKey<string>("colour");

    test("what was committed is there after the store was opened again, and the opening is counted", async () => {
      const before = store.generation;
      store.transact((tx) => {
        tx.values.put(colour, "red");
      });
      await reopen();
      expect(store.values.get(colour)).toBe("red");
      expect(store.generation).toBe(before + 1n);
    });

    test("nothing stays of a transaction that throws, and the error goes on", async () => {
      store.transact((tx) => {
        tx.values.put(colour, "red");
        tx.outbox.append(queued(1));
        tx.inbox.put(entry(1n));
      });
      const failing = (): void => {
        store.transact((tx) => {
          tx.values.put(colour, "blue");
          tx.values.put(valueKey("other"), 1n);
          tx.outbox.append(queued(2));
          tx.outbox.update(queued(1, { state: "failed", code: "forbidden" }));
          tx.inbox.put(entry(2n));
          tx.inbox.delete(one, 1n);
          tx.cipherRows.put("session/x", id(1));
          throw new Error("no");
        });
      };
      expect(failing).toThrow("no");
      for (const again of [false, true]) {
        if (again) await reopen();
        expect(store.values.get(colour)).toBe("red");
        expect(store.values.names("")).toEqual(["colour"]);
        expect(store.outbox.pending(one, 9)).toEqual([queued(1)]);
        expect(store.outbox.failed(one, 9)).toEqual([]);
        expect(store.inbox.list(one, 0n, 9).map((row) => row.seq)).toEqual([1n]);
        expect(store.inbox.lastArrival()).toBe(1n);
        expect(store.cipherRows.keys("")).toEqual([]);
      }
    });

    test("a transaction reads its own writes, and the result comes back", () => {
      const seen = store.transact((tx) => {
        tx.values.put(colour, "red");
        return tx.values.get(colour);
      });
      expect(seen).toBe("red");
    });

    test("a promise as a result, a transaction inside another and a write outside are mistakes that leave nothing", () => {
      const asynchronous = () =>
        store.transact(async (tx) => {
          tx.values.put(colour, "red");
        });
      const nested = () => {
        store.transact((tx) => {
          tx.values.put(colour, "red");
          store.transact(() => undefined);
        });
      };
      let kept: Parameters<Parameters<Store["transact"]>[0]>[0] | undefined;
      store.transact((tx) => {
        kept = tx;
      });
      expect(asynchronous).toThrow("mistake");
      expect(nested).toThrow("mistake");
      expect(() => kept!.values.put(colour, "red")).toThrow();
      expect(store.values.get(colour)).toBeUndefined();
      store.transact((tx) => {
        tx.values.put(colour, "green");
      });
      expect(store.values.get(colour)).toBe("green");
    });

    test("listeners hear after the commit which tables were written, and nothing of what failed or only read", () => {
      const heard: TableName[][] = [];
      const stop = store.onCommit((tables) => heard.push([...tables].sort()));
      store.transact((tx) => {
        tx.inbox.put(entry(1n));
        tx.cursors.put("bot", 1n);
      });
      store.transact((tx) => tx.inbox.lastArrival());
      expect(() =>
        store.transact((tx) => {
          tx.chats.put(chat());
          throw new Error("no");
        }),
      ).toThrow();
      stop();
      store.transact((tx) => {
        tx.chats.put(chat());
      });
      expect(heard).toEqual([["cursors", "inbox"]]);
    });

    test("a closed store says so, closes twice, and was held by one at a time", async () => {
      const second = await place.open().then(
        () => undefined,
        (error: unknown) => error,
      );
      expect(hasCode(second, "store-in-use")).toBe(true);
      store.close();
      store.close();
      expect(() => store.values.get(colour)).toThrow(expect.objectContaining({ code: "stopped" }));
      expect(() => store.transact(() => undefined)).toThrow(expect.objectContaining({ code: "stopped" }));
      store = await place.open();
    });

    test("rows are copies: what a caller does to them changes nothing", () => {
      const content = id(5);
      store.transact((tx) => {
        tx.inbox.put(entry(1n, { content }));
        tx.cipherRows.put("k", content);
      });
      content.fill(0);
      store.inbox.get(one, 1n)!.content!.fill(0);
      store.cipherRows.get("k")!.fill(0);
      expect(store.inbox.get(one, 1n)!.content).toEqual(id(5));
      expect(store.cipherRows.get("k")).toEqual(id(5));
    });
  });

  describe("account", () => {
    test("identity and values hold plain data of every kind", async () => {
      const identity = { how: "register", stage: "drawn", device: phone, credential: hash, servers: ["a"], request: id(1) } as const;
      const everything = {
        list: [1, -2.5, 2n ** 64n, -3n, null],
        map: new Map([[ann, { set: new Set(["x"]) }]]),
        bytes: id(4),
        text: "žlutý 🐴",
        yes: true,
      };
      store.transact((tx) => {
        tx.identity.put(identity);
        tx.values.put(valueKey("a/1"), everything);
        tx.values.put(valueKey("a/2"), 1);
        tx.values.put(valueKey("b"), 1);
        tx.values.delete(valueKey("a/2"));
      });
      await reopen();
      expect(store.identity.get()).toEqual(identity);
      expect(store.values.get(valueKey("a/1"))).toEqual(everything);
      expect(store.values.names("a/")).toEqual(["a/1"]);
    });

    test("a device list never goes back, and a version keeps its bytes", () => {
      const row = { account: ann, version: 12, listHash: hash, rootKey: hash, verifyAgain: false, forked: false };
      store.transact((tx) => {
        for (const version of [2, 1, 10, 9]) tx.chains.putVersion(ann, version, id(version));
        tx.chains.putVersion(bob, 3, id(3));
        tx.chains.put(row);
        tx.chains.put({ ...row, forked: true });
      });
      expect(store.chains.versions(ann, 2, 2)).toEqual([
        { version: 2, signed: id(2) },
        { version: 9, signed: id(9) },
      ]);
      expect(store.chains.version(bob, 3)).toEqual(id(3));
      expect(store.chains.all()).toEqual([{ ...row, forked: true }]);
      expect(() => store.transact((tx) => tx.chains.put({ ...row, version: 11 }))).toThrow("goes back");
      expect(() => store.transact((tx) => tx.chains.putVersion(ann, 2, id(77)))).toThrow("second body");
    });

    test("evidence stays in the order in which it came", () => {
      const proof = (detail: string) => ({ about: "who/ever ~", what: "list-forked", detail, proofs: [id(1), id(2)], atMs: 3 }) as const;
      store.transact((tx) => {
        tx.evidence.add(proof("b"));
        tx.evidence.add(proof("a"));
        tx.evidence.add({ ...proof("c"), about: "who" });
      });
      expect(store.evidence.about("who/ever ~", 9)).toEqual([proof("b"), proof("a")]);
    });

    test("a handle belongs to one contact", () => {
      store.transact((tx) => {
        tx.contacts.put({ account: ann, handle: "alice", addedMs: 1 });
        tx.contacts.put({ account: bob, handle: "alice", addedMs: 2 });
      });
      expect(store.contacts.byHandle("alice")!.account).toBe(bob);
      expect(store.contacts.get(ann)).toEqual({ account: ann, addedMs: 1 });
      store.transact((tx) => {
        tx.contacts.put({ account: bob, handle: "bob", addedMs: 2 });
        tx.blocks.add(bob);
      });
      expect(store.contacts.byHandle("alice")).toBeUndefined();
      expect(store.contacts.all()).toHaveLength(2);
      expect([store.blocks.has(bob), store.blocks.has(ann), store.blocks.all()]).toEqual([true, false, [bob]]);
      store.transact((tx) => {
        tx.contacts.delete(bob);
        tx.blocks.delete(bob);
      });
      expect([store.contacts.byHandle("bob"), store.blocks.all()]).toEqual([undefined, []]);
    });

    test("an overlay's dirty rows are written by its flush and by nothing else", () => {
      store.transact((tx) => {
        tx.cipherRows.put("s/a", id(1));
        tx.cipherRows.put("s/b", id(2));
      });
      const overlay = new Overlay(store.cipherRows);
      overlay.put("s/c", id(3));
      overlay.delete("s/a");
      expect([overlay.keys("s/"), overlay.get("s/a"), overlay.get("s/b")]).toEqual([["s/b", "s/c"], undefined, id(2)]);
      expect(store.cipherRows.keys("s/")).toEqual(["s/a", "s/b"]);
      store.transact((tx) => {
        overlay.flush(tx.cipherRows);
      });
      expect(store.cipherRows.keys("s/")).toEqual(["s/b", "s/c"]);
    });
  });

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

test("a memory disk's crash takes the store from its holder and keeps what was committed", () => {
  const disk = new MemoryDisk();
  const store = openMemoryStore(disk);
  store.transact((tx) => {
    tx.values.put(valueKey("a"), 1);
  });
  const old = disk.copy();
  expect(() =>
    store.transact((tx) => {
      tx.values.put(valueKey("a"), 2);
      disk.crash();
    }),
  ).toThrow();
  expect(() => store.values.get(valueKey("a"))).toThrow(expect.objectContaining({ code: "stopped" }));
  const next = openMemoryStore(disk);
  expect(next.values.get(valueKey("a"))).toBe(1);
  next.transact((tx) => {
    tx.values.put(valueKey("a"), 3);
  });
  expect(openMemoryStore(old).values.get(valueKey("a"))).toBe(1);
});
