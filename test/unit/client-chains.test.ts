import { beforeEach, describe, expect, test } from "vitest";
import { DeviceChains, vouchedKey } from "../../client/account/chains.js";
import { ContactBook } from "../../client/account/contacts.js";
import { libsignalCipher } from "../../client/cipher/libsignal.js";
import { HermodError } from "../../client/errors.js";
import type { ClientEvent } from "../../client/events.js";
import { Rest } from "../../client/rest.js";
import { MemoryDisk, openMemoryStore } from "../../client/store/memory.js";
import type { Store } from "../../client/store/ports.js";
import { systemClock } from "../../lib/clock.js";
import { idBytes, idOf, type AccountId } from "../../lib/ids.js";
import { limits } from "../../lib/limits.js";
import { systemRand } from "../../lib/random.js";
import { hermod } from "../../protos/gen/hermod.js";
import { makeDevice, MadeChain } from "../support/chain-maker.js";

type Chain = hermod.v1.DeviceChain.$Properties;

const clock = systemClock();
const cipher = libsignalCipher({ clock, rand: systemRand() });
const laptop = makeDevice();
const phone = makeDevice();
const stranger = makeDevice();

let disk: MemoryDisk;
let store: Store;
let chains: DeviceChains;
let events: ClientEvent[];
let asked: { account: AccountId; fromVersion: number }[][];
let shown: Map<AccountId, MadeChain>;
/** Versions of one account in one answer at most. */
let pageMax: number;
let answer: (chains: Chain[]) => hermod.v1.Devices.$Properties;
let bob: MadeChain;

beforeEach(() => {
  disk = new MemoryDisk();
  events = [];
  asked = [];
  pageMax = 1_000;
  answer = (list) => ({ chains: list });
  bob = new MadeChain();
  bob.grow({ cause: "link", by: bob.first, add: laptop }).grow({ cause: "link", by: bob.first, add: phone });
  shown = new Map([[bob.account, bob]]);
  reopen();
});

function reopen(): void {
  disk.crash();
  store = openMemoryStore(disk);
  chains = new DeviceChains({
    store,
    cipher,
    clock,
    connection: { request: async (frame) => serve(frame.fetchDevices!) },
    emit: (event) => events.push(event),
  });
}

function serve(request: hermod.v1.FetchDevices.$Properties): hermod.v1.ServerFrame {
  const wanted = (request.accounts ?? []).map((entry) => ({
    account: idOf<AccountId>(entry.account!),
    fromVersion: entry.fromVersion ?? 0,
  }));
  asked.push(wanted);
  let more = false;
  const list = wanted.flatMap(({ account, fromVersion }): Chain[] => {
    const chain = shown.get(account);
    if (chain === undefined) return [];
    const versions = chain.versions.slice(fromVersion - 1, fromVersion - 1 + pageMax);
    if (fromVersion - 1 + versions.length < chain.versions.length) more = true;
    return [{ account: idBytes(account), head: chain.versions.length, versions }];
  });
  return hermod.v1.ServerFrame.decode(hermod.v1.ServerFrame.encode({ devices: { more, ...answer(list) } }).finish());
}

const codeOf = async (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => "no error",
    (error: unknown) => (error instanceof HermodError ? error.code : String(error)),
  );
const alarms = (): string[] => events.flatMap((event) => (event.type === "alarm" ? [event.code] : []));

describe("heads", () => {
  test("are fetched from version 1, verified, stored, and asked for again from the known head", async () => {
    const heads = await chains.ensureHead([bob.account, bob.account]);
    expect(heads.get(bob.account)!.version).toBe(3);
    expect(chains.at(bob.account, 2)!.devices).toHaveLength(2);
    expect(chains.at(bob.account, 4)).toBeUndefined();
    reopen();
    expect(chains.head(bob.account)!.listHash).toEqual(bob.head.listHash);
    await chains.ensureHead([bob.account]);
    expect(asked.map(([first]) => first!.fromVersion)).toEqual([1, 3]);
  });
  test("come in pages", async () => {
    pageMax = 2;
    expect((await chains.ensureHead([bob.account])).get(bob.account)!.version).toBe(3);
    expect(asked.length).toBe(2);
  });
  test("of 300 accounts are asked for in requests of 128", async () => {
    const many = Array.from({ length: 300 }, () => new MadeChain());
    for (const chain of many) shown.set(chain.account, chain);
    expect((await chains.ensureHead(many.map(({ account }) => account))).size).toBe(300);
    expect(asked.map((accounts) => accounts.length)).toEqual([128, 128, 44]);
  });
  test("of nobody are not found", async () => {
    expect(await codeOf(chains.ensureHead([new MadeChain().account]))).toBe("not-found");
  });
  test("a change is told with what was before", async () => {
    const told: unknown[] = [];
    await chains.ensureHead([bob.account]);
    chains.onChange((list, before) => told.push([list.version, before?.version]));
    await chains.ensureHead([bob.account]);
    bob.grow({ cause: "unlink", by: bob.first, remove: [laptop] });
    await chains.ensureHead([bob.account]);
    expect(told).toEqual([[4, 3]]);
  });
  test("a version that is named is fetched when it is above the known head", async () => {
    await chains.ensureHead([bob.account]);
    bob.grow({ cause: "unlink", by: bob.first, remove: [laptop] });
    expect((await chains.ensureVersion(bob.account, 4)).devices).toHaveLength(2);
    expect(await codeOf(chains.ensureVersion(bob.account, 5))).toBe("not-found");
  });
});

describe("a lying server", () => {
  beforeEach(() => chains.ensureHead([bob.account]));

  test("that rolls a list back is alarmed about, and the highest stays", async () => {
    shown.set(bob.account, bob.fork(2));
    expect(await codeOf(chains.ensureHead([bob.account]))).toBe("list-invalid");
    expect(events).toMatchObject([{ type: "alarm", code: "list-invalid", detail: expect.stringContaining("rolled back") as string }]);
    expect(chains.head(bob.account)!.version).toBe(3);
  });
  test("that forks a list: the proof is kept, sending stops, also after a restart, until the user decides", async () => {
    shown.set(bob.account, bob.fork(2).grow({ cause: "link", by: bob.first, add: stranger }));
    expect(await codeOf(chains.ensureHead([bob.account]))).toBe("list-forked");
    expect(alarms()).toEqual(["list-forked"]);
    const [evidence] = store.evidence.about(bob.account, 10);
    expect(evidence).toMatchObject({ what: "list-forked" });
    expect(evidence!.proofs).toHaveLength(2);
    reopen();
    expect(() => {
      chains.assertUsable(bob.account);
    }).toThrow(expect.objectContaining({ code: "list-forked" }) as Error);
    expect(chains.head(bob.account)!.devices.some(({ id }) => id === stranger.device)).toBe(false);
  });
  test("that lies without end fills no disk", async () => {
    shown.set(bob.account, bob.fork(2).grow({ cause: "link", by: bob.first, add: stranger }));
    for (let round = 0; round < 40; round++) await codeOf(chains.ensureHead([bob.account]));
    expect(store.evidence.about(bob.account, 100)).toHaveLength(limits.evidencePerAccountMax);
  });
  const lies: { name: string; lie: (list: Chain[]) => hermod.v1.Devices.$Properties; code: string }[] = [
    {
      name: "says that the head is higher than it shows",
      lie: (list) => ({ chains: list.map((chain) => ({ ...chain, head: 9 })) }),
      code: "list-invalid",
    },
    {
      name: "says so and promises more without end",
      lie: (list) => ({ chains: list.map((chain) => ({ ...chain, head: 9 })), more: true }),
      code: "list-invalid",
    },
    {
      name: "shows a chain without its account",
      lie: (list) => ({ chains: list.map((chain) => ({ ...chain, account: new Uint8Array(3) })) }),
      code: "list-invalid",
    },
    { name: "shows nothing and promises more", lie: () => ({ chains: [], more: true }), code: "list-invalid" },
  ];
  test.each(lies)("that $name", async ({ lie, code }) => {
    answer = lie;
    expect(await codeOf(chains.ensureHead([bob.account]))).toBe(code);
    expect(asked.length).toBeLessThan(5);
  });
  test("versions before the bad one are kept", async () => {
    const bad = bob.fork(3).grow({ cause: "unlink", by: bob.first, remove: [laptop] });
    const forged = bad.make({ cause: "link", by: bob.first, forge: stranger, add: stranger });
    shown.set(bob.account, Object.assign(bad.fork(4), { versions: [...bad.versions, forged] }));
    expect(await codeOf(chains.ensureHead([bob.account]))).toBe("list-invalid");
    expect(chains.head(bob.account)!.version).toBe(4);
  });
});

describe("what own devices say", () => {
  const self = { account: new MadeChain().account, device: laptop.device, handle: "alice" };
  const book = (): ContactBook =>
    new ContactBook({
      store,
      clock,
      rest: new Rest({ servers: [], clock, fetch }),
      chains,
      self,
      bearer: () => "",
      emit: (event) => events.push(event),
    });
  const contact = (version: number, over: hermod.v1.SyncContact.$Properties = {}): hermod.v1.SyncContact.$Properties => ({
    account: idBytes(bob.account),
    handle: "bob",
    version,
    listHash: bob.states[version - 1]!.listHash,
    ...over,
  });
  const verified = (version: number): hermod.v1.SyncContact.$Properties => ({
    verified: true,
    verifiedRoot: bob.first.identityKey,
    verifiedVersion: version,
    verifiedListHash: bob.states[version - 1]!.listHash,
  });
  const apply = (...contacts: hermod.v1.SyncContact.$Properties[]): void => {
    store.transact((tx) => {
      book().apply(tx, { contacts });
    });
  };
  const row = () => store.chains.get(bob.account);

  test("names the contact before its list is known, and is verified with it", async () => {
    apply(contact(2, verified(2)));
    expect(store.contacts.byHandle("bob")!.account).toBe(bob.account);
    expect(row()).toBeUndefined();
    await chains.ensureHead([bob.account]);
    expect(row()).toMatchObject({ version: 3, verifyAgain: false, verified: { version: 2 } });
  });
  test("a removal against rank since the comparison asks for another one", async () => {
    bob.grow({ cause: "recover", by: phone, remove: [bob.first] });
    apply(contact(2, verified(2)));
    await chains.ensureHead([bob.account]);
    expect(row()).toMatchObject({ verifyAgain: true });
  });
  test("a chain that contradicts it is a fork, whether it is shown later or was known before", async () => {
    const listHash = new Uint8Array(32).fill(1);
    apply(contact(2, { listHash }));
    expect(await codeOf(chains.ensureHead([bob.account]))).toBe("list-forked");
    expect(row()).toMatchObject({ version: 1, forked: true });

    disk = new MemoryDisk();
    reopen();
    await chains.ensureHead([bob.account]);
    apply(contact(2, { listHash }));
    expect(row()).toMatchObject({ version: 3, forked: true });
    expect(alarms()).toEqual(["list-forked", "list-forked"]);
    expect(store.evidence.about(bob.account, 9)).toHaveLength(1);
  });
  test("a verification of another root, or of a list that never was, is not taken", async () => {
    apply(contact(2, { ...verified(2), verifiedRoot: stranger.identityKey }));
    await chains.ensureHead([bob.account]);
    expect(row()!.verified).toBeUndefined();
    apply(contact(3, { ...verified(3), verifiedListHash: new Uint8Array(32) }));
    expect(row()!.verified).toBeUndefined();
    apply(contact(3, verified(3)));
    expect(row()!.verified).toMatchObject({ version: 3 });
  });
  test("malformed contacts are left out, and nobody's handle is taken away", () => {
    const other = new MadeChain();
    apply(contact(1), { account: idBytes(other.account), handle: "bob" }, { account: new Uint8Array(3), handle: "x" }, {});
    expect(store.contacts.byHandle("bob")!.account).toBe(bob.account);
    expect(store.contacts.get(other.account)!.handle).toBeUndefined();
    expect(store.contacts.all()).toHaveLength(2);
    apply({ account: idBytes(other.account), version: 5, listHash: new Uint8Array(31) });
    expect(store.values.get(vouchedKey(other.account))).toBeUndefined();
  });
  test("goes out in pages that end with done", () => {
    for (let index = 0; index < 250; index++) {
      store.transact((tx) => {
        tx.contacts.put({ account: idOf(systemRand().bytes(16)), handle: `contact${index}`, addedMs: 1 });
      });
    }
    const pages = book().pages();
    expect(pages.map((page) => page.contacts?.length ?? 0)).toEqual([100, 100, 51, 0]);
    expect(pages.map((page) => page.done ?? false)).toEqual([false, false, false, true]);
    for (const page of pages) expect(hermod.v1.Sync.encode(page).finish().length).toBeLessThan(32_768);
  });
});
