import { expect, test } from "vitest";
import { ann, annPhone, asker, bob, bobLaptop, bobPhone, bobTablet, Drive, eve, evePhone, genesis } from "../support/conversation-drive.js";

const fresh = (): Drive => new Drive().created();
const delivered = (effects: readonly string[]): string[] => effects.filter((effect) => effect.startsWith("deliver"));

test("a genesis opens the first bucket, then appends", () => {
  const drive = new Drive().unknown();
  expect(drive.hear({ type: "create", from: asker(annPhone), genesis: genesis() })).toEqual(["dirty", "issue-intent", "open-bucket 0"]);
  expect(drive.hear({ type: "bucket-written", outcome: "applied" })).toEqual(["append 1"]);
});

test("a genesis goes to every device, the creator's too, and tells each account that it is in", () => {
  const drive = new Drive().unknown();
  drive.hear({ type: "create", from: asker(annPhone), genesis: genesis() });
  drive.hear({ type: "bucket-written", outcome: "applied" });
  expect(drive.appended()).toEqual([
    "deliver 1 to ann prev 0",
    "deliver 1 to bob prev 0",
    "deliver 1 to bob's laptop prev 0",
    "joined to ann",
    "joined to bob",
    "wake-at",
  ]);
  expect(drive.hear({ type: "intent-durable" })).toEqual(["sent at 1"]);
});

test.each([
  { outcome: "refused", effects: ["refused fenced", "recover itself", "ended"] },
  { outcome: "unsure", effects: ["refused unsure", "recover itself", "ended"] },
] as const)("a genesis whose bucket is $outcome is not answered as done", ({ outcome, effects }) => {
  const drive = new Drive().unknown();
  drive.hear({ type: "create", from: asker(annPhone), genesis: genesis() });
  expect(drive.hear({ type: "bucket-written", outcome })).toEqual(effects);
});

test("the same genesis gets its first answer, another one learns that the conversation exists", () => {
  const drive = fresh();
  expect(drive.hear({ type: "create", from: asker(annPhone), genesis: genesis() })).toEqual(["sent at 1"]);
  expect(drive.hear({ type: "create", from: asker(bobPhone), genesis: genesis("bob's") })).toEqual(["sent at 1 (existing)"]);
});

test("the loser of a race hears when the winner's genesis is durable", () => {
  const drive = new Drive().unknown();
  drive.hear({ type: "create", from: asker(annPhone), genesis: genesis() });
  expect(drive.hear({ type: "create", from: asker(bobPhone), genesis: genesis("bob's") })).toEqual([]);
  drive.hear({ type: "bucket-written", outcome: "applied" });
  drive.appended();
  expect(drive.hear({ type: "intent-durable" })).toEqual(["sent at 1", "sent at 1 (existing)"]);
});

test("a stranger's genesis for a conversation that exists is refused", () => {
  expect(fresh().hear({ type: "create", from: asker(evePhone), genesis: genesis("eve's") })).toEqual(["if alive: refused not-a-member"]);
});

test("a device's own entry holds nothing for it and never counts as prev", () => {
  const drive = fresh().sent(1n, 2n);
  drive.send(1n, { from: bobPhone });
  expect(delivered(drive.appended())).toEqual(["deliver 4 to ann prev 1", "deliver 4 to bob's laptop prev 3"]);
  drive.send(3n);
  expect(delivered(drive.appended())).toEqual(["deliver 5 to bob prev 3", "deliver 5 to bob's laptop prev 4"]);
});

test("a subset goes to its devices alone; for the others it is not there", () => {
  const drive = fresh();
  drive.send(1n, { kind: "distribution", scope: "subset", bodies: [{ slot: bobLaptop, type: "whisper", bytes: new Uint8Array(1) }] });
  expect(delivered(drive.appended())).toEqual(["deliver 2 to bob's laptop prev 1"]);
  drive.send(2n);
  expect(delivered(drive.appended())).toEqual(["deliver 3 to bob prev 1", "deliver 3 to bob's laptop prev 2"]);
});

test("a devices entry is quiet, and the next delivery says that it lies before", () => {
  const drive = fresh();
  drive.told(2, [bobPhone, bobLaptop, bobTablet]);
  expect(drive.appended()).toEqual(["told-heard to bob"]);
  drive.send(1n);
  expect(delivered(drive.appended())).toEqual([
    "deliver 3 to bob prev 2 from 2",
    "deliver 3 to bob's laptop prev 2 from 2",
    "deliver 3 to bob's tablet prev 2 from 2",
  ]);
});

test("a mark of a new device starts with the entry that added it", () => {
  const drive = fresh().sent(1n, 2n);
  drive.told(2, [bobPhone, bobLaptop, bobTablet]);
  drive.appended();
  drive.send(3n);
  expect(delivered(drive.appended())).toContain("deliver 5 to bob's tablet prev 4 from 4");
});

test("a list that is known is heard at once, one on its way with its entry", () => {
  const drive = fresh();
  expect(drive.told(1, [bobPhone])).toEqual(["if alive: told-heard to bob"]);
  expect(drive.told(2, [bobPhone])).toEqual(["dirty", "issue-intent", "append 2"]);
  expect(drive.told(2, [bobPhone])).toEqual([]);
  expect(drive.appended()).toContain("told-heard to bob");
  expect(drive.told(2, [bobPhone])).toEqual(["if alive: told-heard to bob"]);
});

test("an account that is not in, or a conversation that is not there, is heard at once", () => {
  expect(fresh().told(2, [evePhone], eve)).toEqual(["if alive: told-heard to eve"]);
  expect(new Drive().unknown().told(2, [bobPhone])).toEqual(["if alive: told-heard to bob"]);
});

test("an unlinked device gets nothing any more, and nothing waits for it", () => {
  const drive = fresh();
  drive.send(1n);
  drive.appended();
  drive.accepted(bobPhone, 2n);
  drive.hear({ type: "intent-durable" });
  drive.told(2, [bobPhone]);
  drive.appended();
  expect(drive.state.open.size).toBe(0);
  drive.send(2n);
  expect(delivered(drive.appended())).toEqual(["deliver 4 to bob prev 3 from 3"]);
});

test("an account's own new device does not speak for the sender's", () => {
  const drive = fresh();
  drive.told(2, [annPhone, bobTablet], ann);
  drive.appended();
  drive.send(1n);
  expect(delivered(drive.appended())).toEqual([
    "deliver 3 to bob prev 2 from 2",
    "deliver 3 to bob's laptop prev 2 from 2",
    "deliver 3 to bob's tablet prev 2 from 2",
  ]);
});

test("what was accepted is clean, and the next send needs a new intent", () => {
  const drive = fresh();
  drive.send(1n);
  drive.appended();
  drive.hear({ type: "intent-durable" });
  expect(drive.accepted(bobPhone, 2n)).toEqual([]);
  expect(drive.accepted(bobLaptop, 2n, "marked")).toEqual(["clean"]);
  expect(drive.send(2n)).toEqual(["dirty", "issue-intent", "append 3"]);
});

test("is not clean while an intent is on its way", () => {
  const drive = fresh();
  drive.send(1n);
  drive.appended();
  drive.accepted(bobPhone, 2n);
  expect(drive.accepted(bobLaptop, 2n)).toEqual(["sent at 2"]);
  expect(drive.hear({ type: "intent-durable" })).toEqual(["clean"]);
});

test("an acceptance of another activation accepts nothing", () => {
  const drive = fresh();
  drive.send(1n);
  drive.appended();
  drive.accepted(bobPhone, 2n, "acked", drive.state.epoch - 1n);
  expect(drive.state.open.get(2n)!.left).toBe(2);
});

test("an acceptance twice, of a stranger, or of nothing counts once", () => {
  const drive = fresh();
  drive.send(1n);
  drive.appended();
  drive.accepted(bobPhone, 2n);
  drive.accepted(bobPhone, 2n);
  drive.accepted(evePhone, 2n);
  drive.accepted(bobLaptop, 9n);
  expect(drive.state.open.get(2n)!.left).toBe(1);
});

test("a range accepts all that was delivered in it", () => {
  const drive = fresh();
  for (const counter of [1n, 2n, 3n]) {
    drive.send(counter);
    drive.appended();
  }
  drive.hear({ type: "accepted", activation: drive.state.epoch, device: bobPhone, range: { from: 2n, to: 3n }, how: "marked" });
  drive.hear({ type: "accepted", activation: drive.state.epoch, device: bobLaptop, range: { from: 1n, to: 4n }, how: "marked" });
  expect([...drive.state.open.keys()]).toEqual([4n]);
});

test("gone accepts everything and ends deliveries", () => {
  const drive = fresh();
  drive.send(1n);
  drive.appended();
  drive.send(2n);
  drive.appended();
  drive.accepted(bobLaptop, 3n, "gone");
  expect([...drive.state.open.values()].map(({ left }) => left)).toEqual([1, 1]);
  drive.send(3n);
  expect(delivered(drive.appended())).toEqual(["deliver 4 to bob prev 3"]);
});

test("delivers again after a second, then less and less often, what is not accepted", () => {
  const drive = fresh();
  drive.send(1n);
  drive.appended();
  drive.hear({ type: "intent-durable" });
  drive.accepted(bobPhone, 2n);
  expect(delivered(drive.later(999).hear({ type: "tick" }))).toEqual([]);
  const gaps: number[] = [];
  for (let waited = 999, n = 0; n < 6;) {
    waited += 100;
    if (delivered(drive.later(100).hear({ type: "tick" })).length === 0) continue;
    gaps.push(Math.round(waited / 1_000));
    waited = 0;
    n++;
  }
  expect(gaps).toEqual([1, 2, 4, 8, 10, 10]);
});

test("repeats an account's joining until it was heard", () => {
  const drive = new Drive().unknown();
  drive.hear({ type: "create", from: asker(annPhone), genesis: genesis() });
  drive.hear({ type: "bucket-written", outcome: "applied" });
  drive.appended();
  for (const device of [annPhone, bobPhone, bobLaptop]) drive.accepted(device, 1n);
  drive.hear({ type: "joined-heard", account: bob });
  expect(drive.later(1_000).hear({ type: "tick" })).toEqual(["joined to ann", "wake-at"]);
  drive.hear({ type: "intent-durable" });
  expect(drive.hear({ type: "joined-heard", account: ann })).toEqual(["clean"]);
});

test("asks for an intent again when the port gave up", () => {
  const drive = fresh();
  drive.send(1n);
  drive.appended();
  drive.hear({ type: "intent-failed" });
  expect(drive.later(1_000).hear({ type: "tick" })).toContain("issue-intent");
});

test("opens the next bucket where one ends, and no batch crosses it", () => {
  const drive = fresh();
  for (let counter = 1n; counter <= 509n; counter++) drive.later(1_000).sent(counter);
  expect(drive.state.durable).toBe(510n);
  drive.later(60_000);
  drive.send(510n);
  drive.send(511n);
  drive.send(512n);
  expect(drive.appended().at(-1)).toBe("append 512");
  expect(drive.appended().at(-1)).toBe("open-bucket 1");
  expect(drive.hear({ type: "bucket-written", outcome: "applied" })).toEqual(["append 513"]);
});

test("too many open deliveries refuse further sends", () => {
  const drive = fresh();
  drive.state.open.clear();
  for (let n = 0; n < 8_192; n++) drive.state.open.set(BigInt(n), {} as never);
  expect(drive.send(1n)).toEqual(["refused overloaded"]);
});

test("recover says clean where it is", () => {
  const drive = fresh();
  expect(drive.hear({ type: "recover" })).toEqual(["clean"]);
  drive.send(1n);
  expect(drive.hear({ type: "recover" })).toEqual([]);
});

test("pages of control entries are for members", () => {
  const drive = fresh();
  drive.told(2, [bobPhone, bobLaptop]);
  expect(drive.hear({ type: "fetch-roster", from: asker(bobLaptop), fromSeq: 1n })).toEqual(["roster page 1"]);
  drive.appended();
  expect(drive.hear({ type: "fetch-roster", from: asker(bobLaptop), fromSeq: 1n })).toEqual(["roster page 1 2"]);
  expect(drive.hear({ type: "fetch-roster", from: asker(bobLaptop), fromSeq: 2n })).toEqual(["roster page 2"]);
  expect(drive.hear({ type: "fetch-roster", from: asker(evePhone), fromSeq: 1n })).toEqual(["if alive: refused not-a-member"]);
});
