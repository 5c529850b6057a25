import { expect, test } from "vitest";
import { snapshotOf } from "../../actors/conversation/snapshot.js";
import {
  ann,
  annPhone,
  asker,
  bob,
  bobLaptop,
  bobPhone,
  bobTablet,
  cells,
  Drive,
  firstEpoch,
  genesis,
  shardEpoch,
} from "../support/conversation-drive.js";

const begun = (hint?: bigint): Drive => {
  const drive = new Drive();
  drive.hear({ type: "start", shardEpoch });
  const stored = hint === undefined ? undefined : { through: hint, version: 1n, snapshot: new Uint8Array(0) };
  drive.hear({ type: "state-read", stored });
  return drive;
};

test("reads a hint before anything else", () => {
  expect(new Drive().hear({ type: "start", shardEpoch })).toEqual(["read-state"]);
});

test.each([
  { hint: undefined, probe: "probe 0" },
  { hint: 0n, probe: "probe 0" },
  { hint: 512n, probe: "probe 0" },
  { hint: 513n, probe: "probe 1" },
])("begins to probe where the hint $hint says", ({ hint, probe }) => {
  const drive = new Drive();
  drive.hear({ type: "start", shardEpoch });
  const stored = hint === undefined ? undefined : { through: hint, version: 1n, snapshot: new Uint8Array(0) };
  expect(drive.hear({ type: "state-read", stored })).toEqual([probe]);
});

test("does without a hint that cannot be read", () => {
  const drive = new Drive();
  drive.hear({ type: "start", shardEpoch });
  expect(drive.hear({ type: "read-failed", what: "state" })).toEqual(["probe 0"]);
});

test("goes back to the first bucket when the hint lied", () => {
  expect(begun(5_000n).hear({ type: "probed", bucket: 9n, found: undefined })).toEqual(["probe 0"]);
});

test("fences the head before it reads anything for use", () => {
  const drive = begun();
  expect(drive.hear({ type: "probed", bucket: 0n, found: cells(firstEpoch, 3n) })).toEqual(["fence 0"]);
  expect(drive.state.epoch).toBe(firstEpoch + 1n);
  expect(drive.hear({ type: "bucket-written", outcome: "applied" })).toEqual(["read-state", "read-receipts"]);
});

test("answers nothing before its fence, and everything after", () => {
  const drive = begun();
  expect(drive.send(1n)).toEqual([]);
  expect(drive.hear({ type: "create", from: asker(annPhone), genesis: genesis() })).toEqual([]);
  expect(drive.hear({ type: "probed", bucket: 0n, found: undefined })).toEqual([
    "clean",
    "if alive: refused not-a-member",
    "dirty",
    "issue-intent",
    "open-bucket 0",
  ]);
});

test.each([
  { e: 0n, epoch: firstEpoch },
  { e: 5n, epoch: firstEpoch },
  { e: firstEpoch, epoch: firstEpoch + 1n },
  { e: firstEpoch + 77n, epoch: firstEpoch + 78n },
])("takes an epoch above $e and not below its shard's", ({ e, epoch }) => {
  const drive = begun();
  drive.hear({ type: "probed", bucket: 0n, found: cells(e, 3n) });
  expect(drive.state.epoch).toBe(epoch);
});

test("gives up when a newer owner of the shard was here, and does not come back by itself", () => {
  const drive = begun();
  drive.send(1n);
  expect(drive.hear({ type: "probed", bucket: 0n, found: cells((shardEpoch + 1n) << 32n, 3n) })).toEqual(["refused fenced", "ended"]);
});

test("probes on behind a full bucket", () => {
  expect(begun().hear({ type: "probed", bucket: 0n, found: cells(3n, 512n) })).toEqual(["probe 1"]);
});

test("fences a full head by opening the bucket of the next sequence", () => {
  const drive = begun();
  drive.hear({ type: "probed", bucket: 0n, found: cells(3n, 512n) });
  expect(drive.hear({ type: "probed", bucket: 1n, found: undefined })).toEqual(["open-bucket 1"]);
});

test("fences an opened bucket without entries", () => {
  const drive = begun();
  drive.hear({ type: "probed", bucket: 0n, found: cells(3n, 512n) });
  expect(drive.hear({ type: "probed", bucket: 1n, found: cells(4n, 512n) })).toEqual(["fence 1"]);
});

test.each(["refused", "unsure"] as const)("looks again when the fence was %s", (outcome) => {
  const drive = begun();
  drive.hear({ type: "probed", bucket: 0n, found: cells(firstEpoch, 3n) });
  expect(drive.hear({ type: "bucket-written", outcome })).toEqual(["probe 0"]);
});

test("finds its own epoch there: the fence was written after all", () => {
  const drive = begun();
  drive.hear({ type: "probed", bucket: 0n, found: cells(firstEpoch, 3n) });
  drive.hear({ type: "bucket-written", outcome: "unsure" });
  expect(drive.hear({ type: "probed", bucket: 0n, found: cells(firstEpoch + 1n, 3n) })).toEqual(["read-state", "read-receipts"]);
});

test("fences again where somebody appended in between", () => {
  const drive = begun();
  drive.hear({ type: "probed", bucket: 0n, found: cells(firstEpoch, 3n) });
  drive.hear({ type: "bucket-written", outcome: "refused" });
  expect(drive.hear({ type: "probed", bucket: 0n, found: cells(firstEpoch + 9n, 4n) })).toEqual(["fence 0"]);
  expect(drive.state.epoch).toBe(firstEpoch + 10n);
});

test("pauses longer each time it loses, and gives up after eight", () => {
  const drive = begun();
  drive.send(1n);
  const heard: string[] = [];
  for (let tries = 0; tries < 8; tries++) {
    drive.hear({ type: "probed", bucket: 0n, found: cells(firstEpoch + BigInt(tries) * 2n, 3n) });
    heard.push(...drive.hear({ type: "bucket-written", outcome: "refused" }));
    drive.hear({ type: "tick" });
  }
  expect(heard.slice(-3)).toEqual(["refused unsure", "recover itself", "ended"]);
  expect(heard.filter((effect) => effect === "wake-at")).toHaveLength(6);
});

test("begins again when a snapshot is ahead of the log: a newer owner wrote it", () => {
  const drive = new Drive().created().fenced();
  expect(drive.hear({ type: "state-read", stored: { through: 9n, version: 3n, snapshot: new Uint8Array(0) } })).toEqual(["probe 0"]);
});

test.each([undefined, new Uint8Array(0), Uint8Array.of(2, 1, 1), Uint8Array.of(1, 255, 255, 255)])(
  "reads all headers when the snapshot is lost, newer or damaged: %s",
  (snapshot) => {
    const drive = new Drive().created().sent(1n).fenced();
    const stored = snapshot && { through: 1n, version: 3n, snapshot };
    expect(drive.hear({ type: "state-read", stored })).toEqual(["read-headers 1 to 2"]);
  },
);

test("folds counters, roster and answers from headers alone", () => {
  const before = new Drive().created().sent(1n, 2n);
  const drive = before.next();
  drive.readAll();
  expect(drive.state.phase).toBe("ready");
  expect(drive.state.roster).toEqual(before.state.roster);
  expect(drive.send(1n)).toEqual(["sent at 2"]);
  expect(drive.send(2n, { text: "other" })).toEqual(["refused id-reused"]);
  expect(drive.send(4n)).toEqual(["refused out-of-order expected 3"]);
  expect(drive.send(3n)).toContain("append 4");
});

test("waits for receipts and headers both", () => {
  const drive = new Drive().created().fenced();
  drive.hear({ type: "state-read", stored: undefined });
  expect(drive.readAll()).toEqual([]);
  expect(drive.hear({ type: "receipts-read", watermarks: new Map() })).toEqual(["clean"]);
});

test("reads receipts again when the store did not answer", () => {
  const drive = new Drive().created().fenced();
  expect(drive.hear({ type: "read-failed", what: "receipts" })).toEqual(["read-receipts"]);
});

test("a snapshot and the tail behind it fold to what all headers do", () => {
  const before = new Drive().created().sent(1n, 2n);
  const snapshot = { through: 3n, version: 1n, snapshot: snapshotOf(before.state, before.now) };
  before.told(2, [bobPhone, bobLaptop, bobTablet]);
  before.appended();
  before.sent(3n);
  const long = before.next();
  long.readAll();
  const short = before.next(before.state.durable, snapshot);
  expect(short.readAll()).toEqual(["clean"]);
  expect(short.state.roster).toEqual(long.state.roster);
  expect(short.state.controls).toEqual(long.state.controls);
  expect(short.state.devices).toEqual(long.state.devices);
  expect(short.state.genesis).toEqual(long.state.genesis);
  expect(short.state.lastTick).toBe(long.state.lastTick);
});

test("a snapshot leaves out what is still on its way to the log", () => {
  const before = new Drive().created().sent(1n);
  const clean = snapshotOf(before.state, before.now);
  before.send(2n);
  before.send(3n);
  expect(snapshotOf(before.state, before.now)).toEqual(clean);
});

test("delivers what was not accepted again, under an intent of its own", () => {
  const before = new Drive().created().sent(1n);
  before.send(2n);
  before.appended();
  const drive = before.next(2n);
  expect(drive.readAll()).toEqual(["dirty", "issue-intent", "read-entries 3 to 3", "wake-at"]);
  expect(drive.hear({ type: "entries-read", entries: before.entries.slice(2) })).toEqual([
    "deliver 3 to bob prev 2",
    "deliver 3 to bob's laptop prev 2",
  ]);
  expect(drive.send(2n)).toEqual([]); // a repeated `sent` needs this owner's intent
  expect(drive.hear({ type: "intent-durable" })).toEqual(["sent at 3"]);
});

test("an answer to what all devices have needs no intent of this owner", () => {
  const drive = new Drive().created().sent(1n).next();
  drive.readAll();
  expect(drive.send(1n)).toEqual(["sent at 2"]);
});

test("redelivers with the prev of before, also when the snapshot is ahead of what was accepted", () => {
  const before = new Drive().created().sent(1n);
  before.send(1n, { from: bobPhone }); // 3: not for bob's phone
  before.appended();
  before.send(2n); // 4
  before.appended();
  const snapshot = { through: 4n, version: 1n, snapshot: snapshotOf(before.state, before.now) };
  for (const stored of [snapshot, undefined]) {
    const drive = before.next(2n, stored);
    drive.readAll();
    expect(drive.hear({ type: "entries-read", entries: before.entries.slice(2) }).filter((effect) => effect.startsWith("deliver"))).toEqual(
      ["deliver 3 to ann prev 1", "deliver 4 to bob prev 2", "deliver 3 to bob's laptop prev 2", "deliver 4 to bob's laptop prev 3"],
    );
  }
});

test("redelivers a genesis to devices and accounts that were not told", () => {
  const before = new Drive().unknown();
  before.hear({ type: "create", from: asker(annPhone), genesis: genesis() });
  before.hear({ type: "bucket-written", outcome: "applied" });
  before.appended();
  const drive = before.next(0n);
  expect(drive.readAll()).toEqual(["dirty", "issue-intent", "joined to ann", "joined to bob", "read-entries 1 to 1", "wake-at"]);
});

test("does nothing more for what is left to nobody but the sender", () => {
  const before = new Drive().created();
  before.hear({ type: "accepted", activation: before.state.epoch, device: bobLaptop, range: { from: 1n, to: 1n }, how: "gone" });
  expect(before.state.open.size).toBe(0);
  expect(before.hear({ type: "joined-heard", account: ann })).toEqual([]);
  expect(before.hear({ type: "joined-heard", account: bob })).toEqual([]);
});

test("keeps at most 1,024 messages while it loads and answers the rest", () => {
  const drive = begun();
  for (let n = 0; n < 1_024; n++) expect(drive.hear({ type: "recover" })).toEqual([]);
  expect(drive.send(1n)).toEqual(["refused overloaded"]);
});

test("drops its load when the node drains", () => {
  const drive = begun();
  drive.send(1n);
  expect(drive.hear({ type: "drain" })).toEqual(["refused draining", "ended"]);
});

test("names everybody who waits", () => {
  const drive = new Drive().created();
  drive.send(1n);
  drive.send(1n);
  drive.send(2n);
  expect(drive.state.waiters()).toHaveLength(3);
  drive.appended();
  expect(drive.state.waiters()).toHaveLength(3);
});

test("names also who waits behind a message that makes it throw as soon as it is loaded", () => {
  const drive = begun();
  drive.hear({ type: "create", from: asker(annPhone, 1), genesis: { ...genesis(), members: undefined! } });
  drive.send(1n, { from: bobPhone });
  expect(() => drive.hear({ type: "probed", bucket: 0n, found: undefined })).toThrow();
  expect(drive.state.waiters().map(({ requestId }) => requestId)).toEqual([1, 1]);
});
