import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Overlay } from "../../client/cipher/overlay.js";
import { hasCode } from "../../client/errors.js";
import { MemoryDisk, openMemoryStore } from "../../client/store/memory.js";
import type { Store, TableName } from "../../client/store/ports.js";
import { valueKey } from "../../client/store/ports.js";
import { ann, bob, chat, entry, hash, id, one, phone, places, queued, type Place } from "./store-place.js";

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
