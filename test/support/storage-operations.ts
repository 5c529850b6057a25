import type { Stores } from "../../storage/open.js";
import { accountOf, bytesOf, conversationOf, deviceOf, genesisAt, linkOf, messageAt } from "./entries.js";

export const conversation = conversationOf("team");
const key = { conversation, bucket: 0n };
export const ann = accountOf("ann");
export const bob = accountOf("bob");
export const phone = deviceOf("ann phone");
const link = linkOf("offer");
const opened = { epoch: 5n, lastSeq: 0n, batch: new Uint8Array(0), fanned: 0n, trimmed: 0n, masked: 0n };
const batch = bytesOf("batch 1");
const entries = [genesisAt(1n, { epoch: 5n }), messageAt(2n, { epoch: 5n })];
const fields = { state: "active", handle: "ann", createdMs: 1, head: 1, headHash: bytesOf("head"), usedLinks: [link] } as const;
const approval = { account: ann, body: bytesOf("body"), signer: bytesOf("signer"), signature: bytesOf("signature"), mac: bytesOf("mac") };
const lease = { epoch: 1n, owner: "node", incarnation: "one", state: "held", intentLow: { epoch: 1n, slice: 0 } } as const;
export const prekeys = [1, 2, 3].map((id) => ({ id, key: bytesOf(`key ${id}`), signature: new Uint8Array(0) }));

/** One call of a port, its outcome whatever its write meets, and what is there afterwards. */
export interface Operation {
  readonly name: string;
  readonly before?: (stores: Stores) => Promise<unknown>;
  readonly act: (stores: Stores) => Promise<unknown>;
  readonly outcome: unknown;
  readonly look: (stores: Stores) => Promise<unknown>;
  readonly then: unknown;
}

const openLog = (stores: Stores): Promise<unknown> => stores.log.open(key, opened);
const openedWith = (changes: object): unknown => ({ ...opened, bodiesExpireMs: 0, ...changes });
const nobody = new Uint8Array(0);

export const operations: Operation[] = [
  {
    name: "opens a bucket",
    act: (stores) => stores.log.open(key, opened),
    outcome: "applied",
    look: (stores) => stores.log.probe(key),
    then: openedWith({}),
  },
  {
    name: "does not open a bucket that another epoch opened",
    before: openLog,
    act: (stores) => stores.log.open(key, { ...opened, epoch: 6n }),
    outcome: "refused",
    look: (stores) => stores.log.probe(key),
    then: openedWith({}),
  },
  {
    name: "fences a bucket",
    before: openLog,
    act: (stores) => stores.log.fence(key, { epoch: 5n, lastSeq: 0n }, 2n ** 63n + 1n),
    outcome: "applied",
    look: (stores) => stores.log.probe(key),
    then: openedWith({ epoch: 2n ** 63n + 1n }),
  },
  {
    name: "does not fence on an epoch that has passed",
    before: openLog,
    act: (stores) => stores.log.fence(key, { epoch: 4n, lastSeq: 0n }, 6n),
    outcome: "refused",
    look: (stores) => stores.log.probe(key),
    then: openedWith({}),
  },
  {
    name: "appends a batch once",
    before: openLog,
    act: (stores) => stores.log.append(key, 5n, 0n, batch, 0n, entries),
    outcome: { type: "appended" },
    look: async (stores) => [await stores.log.entries(key, 1n, 512n, 512), (await stores.log.probe(key))?.lastSeq],
    then: [entries, 2n],
  },
  {
    name: "fences an append of a lower epoch",
    before: async (stores) => [await openLog(stores), await stores.log.fence(key, { epoch: 5n, lastSeq: 0n }, 6n)],
    act: (stores) => stores.log.append(key, 5n, 0n, batch, 0n, entries),
    outcome: { type: "fenced" },
    look: (stores) => stores.log.headers(key, 1n, 512n),
    then: [],
  },
  {
    name: "does not append behind a head that has moved",
    before: async (stores) => [await openLog(stores), await stores.log.append(key, 5n, 0n, batch, 0n, entries)],
    act: (stores) => stores.log.append(key, 5n, 0n, bytesOf("batch 2"), 0n, entries),
    outcome: { type: "fenced" },
    look: async (stores) => (await stores.log.probe(key))?.batch,
    then: Buffer.from(batch),
  },
  {
    name: "moves fanned",
    before: async (stores) => [await openLog(stores), await stores.log.append(key, 5n, 0n, batch, 0n, entries)],
    act: (stores) => stores.log.saveFanned(key, 5n, 2n, 2n),
    outcome: "applied",
    look: async (stores) => (await stores.log.probe(key))?.fanned,
    then: 2n,
  },
  {
    name: "trims bodies of messages, never of control entries",
    before: async (stores) => [await openLog(stores), await stores.log.append(key, 5n, 0n, batch, 0n, entries)],
    act: (stores) => stores.log.trim(key, 5n, 2n),
    outcome: "applied",
    look: (stores) => stores.log.entries(key, 1n, 2n, 9),
    then: [entries[0], { header: entries[1]!.header, bodies: [] }],
  },
  {
    name: "does not trim under another epoch",
    before: async (stores) => [await openLog(stores), await stores.log.append(key, 5n, 0n, batch, 0n, entries)],
    act: (stores) => stores.log.trim(key, 4n, 2n),
    outcome: "refused",
    look: (stores) => stores.log.entries(key, 1n, 2n, 9),
    then: entries,
  },
  {
    name: "writes a snapshot under its version",
    act: (stores) => stores.conversationStates.write(conversation, 0n, 7n, bytesOf("snapshot")),
    outcome: "applied",
    look: (stores) => stores.conversationStates.read(conversation),
    then: { through: 7n, version: 1n, snapshot: Buffer.from(bytesOf("snapshot")) },
  },
  {
    name: "does not overwrite another's snapshot",
    before: (stores) => stores.conversationStates.write(conversation, 0n, 7n, bytesOf("snapshot")),
    act: (stores) => stores.conversationStates.write(conversation, 0n, 8n, bytesOf("other")),
    outcome: "refused",
    look: async (stores) => (await stores.conversationStates.read(conversation))?.through,
    then: 7n,
  },
  {
    name: "fences a device that never was",
    act: (stores) => stores.deviceStates.fence(phone, undefined, 9n),
    outcome: "applied",
    look: (stores) => stores.deviceStates.load(phone),
    then: { epoch: 9n, ver: 0n, revoked: false, marks: new Map() },
  },
  {
    name: "sets and clears marks",
    before: async (stores) => [
      await stores.deviceStates.fence(phone, undefined, 9n),
      await stores.deviceStates.change(phone, 9n, 0n, { set: [{ conversation: conversationOf("old"), from: 1n }], clear: [] }),
    ],
    act: (stores) =>
      stores.deviceStates.change(phone, 9n, 1n, { set: [{ conversation, from: 2n ** 63n }], clear: [conversationOf("old")] }),
    outcome: "applied",
    look: (stores) => stores.deviceStates.load(phone),
    then: { epoch: 9n, ver: 2n, revoked: false, marks: new Map([[conversation, 2n ** 63n]]) },
  },
  {
    name: "revokes a device and drops its marks",
    before: async (stores) => [
      await stores.deviceStates.fence(phone, undefined, 9n),
      await stores.deviceStates.change(phone, 9n, 0n, { set: [{ conversation, from: 1n }], clear: [] }),
    ],
    act: (stores) => stores.deviceStates.change(phone, 9n, 1n, { set: [], clear: [], revoked: true }),
    outcome: "applied",
    look: (stores) => stores.deviceStates.load(phone),
    then: { epoch: 9n, ver: 2n, revoked: true, marks: new Map() },
  },
  {
    name: "refuses marks under a ver that has moved",
    before: async (stores) => [
      await stores.deviceStates.fence(phone, undefined, 9n),
      await stores.deviceStates.change(phone, 9n, 0n, { set: [], clear: [] }),
      await stores.deviceStates.change(phone, 9n, 1n, { set: [], clear: [] }),
    ],
    act: (stores) => stores.deviceStates.change(phone, 9n, 0n, { set: [{ conversation, from: 1n }], clear: [] }),
    outcome: "refused",
    look: async (stores) => (await stores.deviceStates.load(phone))?.marks.size,
    then: 0,
  },
  {
    name: "keeps receipts monotone",
    before: (stores) => stores.receiptRows.write(conversation, phone, { delivered: 9n, read: 3n, except: [{ from: 4n, to: 5n }] }),
    act: (stores) =>
      stores.receiptRows
        .write(conversation, phone, { delivered: 7n, read: 4n, except: [{ from: 6n, to: 6n }] })
        .catch(() => stores.receiptRows.write(conversation, phone, { delivered: 7n, read: 4n, except: [{ from: 6n, to: 6n }] })),
    outcome: undefined,
    look: (stores) => stores.receipts.read(conversation),
    then: new Map([[phone, { delivered: 9n, read: 4n, except: [{ from: 4n, to: 6n }] }]]),
  },
  {
    name: "changes an account under its ver",
    before: (stores) => stores.accounts.fence(ann, undefined, 3n),
    act: (stores) =>
      stores.accounts.change(ann, 3n, 0n, {
        account: fields,
        version: { number: 1, signed: bytesOf("list"), storedMs: 4 },
        conversations: [{ conversation, told: 1, joinedMs: 2, activeMs: 3 }],
      }),
    outcome: "applied",
    look: async (stores) => {
      const row = await stores.accounts.load(ann);
      return [row?.ver, row?.account?.handle, row?.account?.usedLinks, row?.versions.length, row?.conversations];
    },
    then: [1n, "ann", [link], 1, [{ conversation, told: 1, joinedMs: 2, activeMs: 3 }]],
  },
  {
    name: "refuses a change of a fenced account",
    before: async (stores) => [
      await stores.accounts.fence(ann, undefined, 3n),
      await stores.accounts.fence(ann, { epoch: 3n, ver: 0n }, 4n),
    ],
    act: (stores) => stores.accounts.change(ann, 3n, 0n, { account: fields }),
    outcome: "refused",
    look: async (stores) => (await stores.accounts.load(ann))?.account,
    then: undefined,
  },
  {
    name: "claims a handle",
    act: (stores) => stores.handles.claim("ann", ann),
    outcome: "applied",
    look: (stores) => stores.handles.read("ann"),
    then: ann,
  },
  {
    name: "does not claim another's handle",
    before: (stores) => stores.handles.claim("ann", ann),
    act: (stores) => stores.handles.claim("ann", bob),
    outcome: "refused",
    look: (stores) => stores.handles.read("ann"),
    then: ann,
  },
  {
    name: "releases a handle",
    before: (stores) => stores.handles.claim("ann", ann),
    act: (stores) => stores.handles.release("ann", ann),
    outcome: "applied",
    look: (stores) => stores.handles.read("ann"),
    then: undefined,
  },
  {
    name: "does not release another's handle",
    before: (stores) => stores.handles.claim("ann", ann),
    act: (stores) => stores.handles.release("ann", bob),
    outcome: "refused",
    look: (stores) => stores.handles.read("ann"),
    then: ann,
  },
  {
    name: "uses an invite once",
    before: (stores) => stores.invites.create("welcome", 1),
    act: (stores) => stores.invites.use("welcome", ann),
    outcome: "applied",
    look: async (stores) => [await stores.invites.use("welcome", ann), await stores.invites.use("welcome", bob)],
    then: ["applied", "refused"],
  },
  {
    name: "knows no invite that was not created",
    act: (stores) => stores.invites.use("guess", ann),
    outcome: "refused",
    look: (stores) => stores.invites.use("guess", bob),
    then: "refused",
  },
  {
    name: "opens and approves a link",
    before: (stores) => stores.links.open(link, bytesOf("identity"), Date.now() + 60_000),
    act: (stores) => stores.links.approve(link, approval),
    outcome: "applied",
    look: async (stores) => (await stores.links.read(link))?.approval?.account,
    then: ann,
  },
  {
    name: "does not redirect a link that was approved",
    before: async (stores) => [
      await stores.links.open(link, bytesOf("identity"), Date.now() + 60_000),
      await stores.links.approve(link, approval),
    ],
    act: (stores) => stores.links.approve(link, { ...approval, account: bob }),
    outcome: "refused",
    look: async (stores) => (await stores.links.read(link))?.approval?.account,
    then: ann,
  },
  {
    name: "puts prekeys",
    act: (stores) => stores.prekeys.put(ann, phone, "ec", prekeys, 1),
    outcome: "applied",
    look: async (stores) => [
      (await stores.prekeys.oldest(ann, phone, "ec", 2)).map((one) => one.id),
      await stores.prekeys.count(ann, phone, "ec"),
    ],
    then: [[1, 2], 3],
  },
  {
    name: "does not bring a claimed prekey back",
    before: async (stores) => [await stores.prekeys.put(ann, phone, "ec", prekeys, 1), await stores.prekeys.claim(ann, phone, "ec", 2)],
    act: (stores) => stores.prekeys.put(ann, phone, "ec", prekeys, 1),
    outcome: "applied",
    look: async (stores) => (await stores.prekeys.oldest(ann, phone, "ec", 9)).map((one) => one.id),
    then: [1, 3],
  },
  {
    name: "drops a device's prekeys for good",
    before: (stores) => stores.prekeys.put(ann, phone, "kyber", prekeys, 1),
    act: (stores) => stores.prekeys.drop(ann, phone),
    outcome: "applied",
    look: async (stores) => [await stores.prekeys.put(ann, phone, "kyber", prekeys, 1), await stores.prekeys.count(ann, phone, "kyber")],
    then: ["refused", 0],
  },
  {
    name: "takes a lease that nobody had",
    act: (stores) => stores.leases.take(3, undefined, "node", "one"),
    outcome: "applied",
    look: (stores) => stores.leases.read(3),
    then: lease,
  },
  {
    name: "takes over a lease and keeps its low-water",
    before: async (stores) => [
      await stores.leases.take(3, undefined, "node", "one"),
      await stores.leases.saveIntentLow(3, 1n, "one", { epoch: 1n, slice: 7 }),
    ],
    act: (stores) => stores.leases.take(3, lease, "node", "two"),
    outcome: "applied",
    look: (stores) => stores.leases.read(3),
    then: { ...lease, epoch: 2n, incarnation: "two", intentLow: { epoch: 1n, slice: 7 } },
  },
  {
    name: "does not take a lease that has moved on",
    before: async (stores) => [await stores.leases.take(3, undefined, "node", "one"), await stores.leases.take(3, lease, "node", "two")],
    act: (stores) => stores.leases.take(3, lease, "node", "three"),
    outcome: "refused",
    look: async (stores) => (await stores.leases.read(3))?.incarnation,
    then: "two",
  },
  {
    name: "does not move another incarnation's low-water",
    before: (stores) => stores.leases.take(3, undefined, "node", "one"),
    act: (stores) => stores.leases.saveIntentLow(3, 1n, "two", { epoch: 1n, slice: 9 }),
    outcome: "refused",
    look: (stores) => stores.leases.read(3),
    then: lease,
  },
  {
    name: "creates its configuration once",
    act: (stores) => stores.clusterConfigs.readOrCreate({ format: 1, shards: 1024, serverKey: bytesOf("key") }),
    outcome: { format: 1, shards: 1024, serverKey: Buffer.from(bytesOf("key")) },
    look: (stores) => stores.clusterConfigs.readOrCreate({ format: 2, shards: 4, serverKey: nobody }),
    then: { format: 1, shards: 1024, serverKey: Buffer.from(bytesOf("key")) },
  },
];
