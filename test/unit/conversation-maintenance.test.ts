import { expect, test } from "vitest";
import type { Header } from "../../protos/entry.js";
import { ann, annPhone, asker, bobLaptop, bobPhone, cells, Drive, genesis } from "../support/conversation-drive.js";

const written = (): Drive => new Drive().created().sent(1n);
const day = 24 * 3_600_000;
const headersOf = (drive: Drive): Header[] => drive.entries.map(({ header }) => header);
/** Everybody has everything. */
const allHave = (drive: Drive): Drive => {
  for (const device of [annPhone, bobPhone, bobLaptop]) drive.receipt(device, drive.state.durable);
  return drive.later(5_000);
};

test("an idle conversation saves what was accepted, then its fold, then ends", () => {
  const drive = written();
  expect(drive.hear({ type: "passivate" })).toEqual(["save-fanned 2"]);
  expect(drive.hear({ type: "fanned-saved", fanned: 2n, outcome: "applied" })).toEqual(["save-snapshot 2"]);
  expect(drive.hear({ type: "snapshot-saved", through: 2n, outcome: "applied" })).toEqual(["ended"]);
});

test.each(["refused", "unsure"] as const)("it ends also when these writes are %s", (outcome) => {
  const drive = written();
  drive.hear({ type: "passivate" });
  expect(drive.hear({ type: "fanned-saved", fanned: 2n, outcome })).toEqual(["save-snapshot 2"]);
  expect(drive.hear({ type: "snapshot-saved", through: 2n, outcome })).toEqual(["ended"]);
});

test("what was never written to ends at once", () => {
  expect(new Drive().unknown().hear({ type: "passivate" })).toEqual(["ended"]);
});

test.each([
  { name: "a batch in flight", work: (d: Drive) => d.send(2n) },
  {
    name: "an open delivery",
    work: (d: Drive) => {
      d.send(2n);
      d.appended();
      d.hear({ type: "intent-durable" });
      d.accepted(bobPhone, 3n);
    },
  },
  {
    name: "an intent on its way",
    work: (d: Drive) => {
      d.send(2n);
      d.appended();
      for (const device of [bobPhone, bobLaptop]) d.accepted(device, 3n);
    },
  },
])("stays while there is $name", ({ work }) => {
  const drive = written();
  work(drive);
  expect(drive.hear({ type: "passivate" })).toEqual([]);
});

test("whoever speaks to it while it saves keeps it", () => {
  const drive = written();
  drive.hear({ type: "passivate" });
  expect(drive.send(2n)).toContain("append 3");
  expect(drive.hear({ type: "fanned-saved", fanned: 2n, outcome: "applied" })).toEqual([]);
  expect(drive.state.phase).toBe("ready");
});

test("a later batch carries what was accepted", () => {
  const drive = written();
  drive.send(2n);
  drive.appended();
  expect(drive.state.open.size).toBe(1);
  drive.hear({ type: "intent-durable" });
  for (const device of [bobPhone, bobLaptop]) drive.accepted(device, 3n);
  expect(drive.send(3n)).toEqual(["dirty", "issue-intent", "append 4"]);
});

test("a fold is written every 256 appends, once at a time, and under the version that it found", () => {
  const drive = new Drive().created();
  const saved: string[] = [];
  for (let counter = 1n; counter <= 300n; counter++) {
    drive.later(1_000).send(counter);
    const effects = drive.appended();
    if (effects.includes("save-snapshot 256"))
      saved.push(...drive.hear({ type: "snapshot-saved", through: 256n, outcome: "applied" }), "saved");
    drive.hear({ type: "intent-durable" });
    for (const device of [bobPhone, bobLaptop]) drive.accepted(device, drive.state.durable);
  }
  expect(saved).toEqual(["saved"]);
  expect(drive.state.snapshotThrough).toBe(256n);
  expect(drive.state.snapshotVersion).toBe(1n);
});

test("a fold is written after 12 hours", () => {
  expect(
    written()
      .later(12 * 3_600_000)
      .send(2n),
  ).toContain("save-snapshot 2");
});

test("a fold that another owner wrote is not written over", () => {
  const drive = written();
  drive.later(12 * 3_600_000).send(2n);
  drive.hear({ type: "snapshot-saved", through: 2n, outcome: "refused" });
  drive.appended();
  drive.later(12 * 3_600_000).send(3n);
  expect(drive.appended().filter((effect) => effect.startsWith("save"))).toEqual([]);
});

test("a draining node refuses what the log was not given and waits for the rest", () => {
  const drive = written();
  drive.send(2n);
  drive.send(3n);
  drive.hear({ type: "intent-durable" });
  expect(drive.hear({ type: "drain" })).toEqual(["refused draining"]);
  expect(drive.send(3n)).toEqual(["refused draining"]);
  expect(drive.hear({ type: "create", from: asker(annPhone), genesis: genesis() })).toEqual(["refused draining"]);
  expect(drive.appended()).toContain("sent at 3");
  drive.accepted(bobPhone, 3n);
  expect(drive.accepted(bobLaptop, 3n, "marked")).toEqual(["clean", "save-fanned 3"]);
  expect(drive.hear({ type: "fanned-saved", fanned: 3n, outcome: "applied" })).toEqual(["save-snapshot 3"]);
  expect(drive.hear({ type: "snapshot-saved", through: 3n, outcome: "applied" })).toEqual(["ended"]);
});

test("an earlier tick does not take the place of the one that ends a drain", () => {
  const drive = written();
  drive.send(2n);
  drive.appended();
  drive.hear({ type: "drain" });
  expect(drive.later(500).hear({ type: "tick" })).toContain("wake-at");
  expect(drive.later(1_500).hear({ type: "tick" }).at(-1)).toBe("ended");
});

test("a draining node does not wait for ever: its next owner delivers the rest", () => {
  const drive = written();
  drive.send(2n);
  drive.appended();
  drive.hear({ type: "drain" });
  const effects = drive.later(2_000).hear({ type: "tick" });
  expect(effects.slice(-3)).toEqual(["refused draining", "recover itself", "ended"]);
});

test.each([
  { name: "nobody lacks anything and it is old", have: [annPhone, bobPhone, bobLaptop], age: day + 6_000, trims: true },
  { name: "one device lacks it", have: [annPhone, bobPhone], age: day + 6_000, trims: false },
  { name: "it is younger than a day", have: [annPhone, bobPhone, bobLaptop], age: day - 60_000, trims: false },
])("trims only what everybody has for a day: $name", ({ have, age, trims }) => {
  const drive = written();
  for (const device of have) drive.receipt(device, 2n);
  drive.later(age);
  drive.hear({ type: "passivate" });
  const effects = drive.hear({ type: "fanned-saved", fanned: 2n, outcome: "applied" });
  expect(effects).toEqual([trims ? "read-headers 1 to 2" : "save-snapshot 2"]);
});

test("a device that is away holds its bodies back like any other", () => {
  const drive = new Drive().created();
  drive.send(1n);
  drive.appended();
  drive.hear({ type: "intent-durable" });
  drive.accepted(bobPhone, 2n);
  drive.accepted(bobLaptop, 2n, "marked");
  for (const device of [annPhone, bobPhone]) drive.receipt(device, 2n);
  drive.later(day + 6_000);
  drive.hear({ type: "passivate" });
  expect(drive.hear({ type: "fanned-saved", fanned: 2n, outcome: "applied" })).toEqual(["save-snapshot 2"]);
});

test("trims through the newest that is old enough, under the epoch that its bucket bears", () => {
  const drive = written().later(day);
  drive.sent(2n, 3n);
  allHave(drive);
  drive.hear({ type: "passivate" });
  expect(drive.hear({ type: "fanned-saved", fanned: 4n, outcome: "applied" })).toEqual(["read-headers 1 to 4"]);
  expect(drive.hear({ type: "headers-read", headers: headersOf(drive) })).toEqual(["probe 0"]);
  expect(drive.hear({ type: "probed", bucket: 0n, found: cells(drive.state.epoch, 4n) })).toEqual(["trim through 2"]);
  expect(drive.hear({ type: "bodies-trimmed", through: 2n, outcome: "applied" })).toEqual(["save-snapshot 4"]);
  expect(drive.state.trimmed).toBe(2n);
});

test("leaves a bucket alone that a newer owner has touched", () => {
  const drive = allHave(written()).later(2 * day);
  drive.hear({ type: "passivate" });
  drive.hear({ type: "fanned-saved", fanned: 2n, outcome: "applied" });
  drive.hear({ type: "headers-read", headers: headersOf(drive) });
  expect(drive.hear({ type: "probed", bucket: 0n, found: cells(drive.state.epoch + 1n, 2n) })).toEqual(["save-snapshot 2"]);
});

test("a device that only sends holds back nothing", () => {
  const drive = written();
  drive.receipt(annPhone, 1n);
  for (const device of [bobPhone, bobLaptop]) drive.receipt(device, 2n);
  drive.later(2 * day);
  drive.hear({ type: "passivate" });
  expect(drive.hear({ type: "fanned-saved", fanned: 2n, outcome: "applied" })).toEqual(["read-headers 1 to 2"]);
});

test("an unlinked device holds back nothing", () => {
  const drive = written();
  drive.told(2, [bobPhone]);
  drive.appended();
  drive.hear({ type: "intent-durable" });
  drive.receipt(annPhone, 3n);
  drive.receipt(bobPhone, 3n);
  drive.later(2 * day);
  drive.hear({ type: "passivate" });
  expect(drive.hear({ type: "fanned-saved", fanned: 3n, outcome: "applied" })).toEqual(["read-headers 1 to 3"]);
});

test("a trim that the store cannot read for waits for its next run", () => {
  const drive = allHave(written()).later(2 * day);
  drive.hear({ type: "passivate" });
  drive.hear({ type: "fanned-saved", fanned: 2n, outcome: "applied" });
  expect(drive.hear({ type: "read-failed", what: "headers" })).toEqual(["save-snapshot 2"]);
});

test("an entry's bodies expire with the retention or its timer, a control entry's never", () => {
  const drive = new Drive().created();
  drive.send(1n);
  drive.send(2n, { timerMs: 5_000 });
  drive.appended();
  drive.appended();
  expect(drive.entries.map(({ header }) => (header.bodyExpiresMs === 0 ? 0 : header.bodyExpiresMs - drive.now.wallMs))).toEqual([
    0,
    30 * day,
    5_000,
  ]);
  expect(drive.entries[0]!.header.account).toBe(ann);
});
