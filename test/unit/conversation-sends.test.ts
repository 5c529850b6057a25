import { expect, test } from "vitest";
import { createConversation } from "../../actors/conversation/behaviour.js";
import { loadSnapshot, snapshotOf } from "../../actors/conversation/snapshot.js";
import type { Envelope } from "../../protos/entry.js";
import { annPhone, bobLaptop, bobPhone, bobTablet, Drive, evePhone, team } from "../support/conversation-drive.js";

const fresh = (): Drive => new Drive().created();
const inFlight = (): Drive => {
  const drive = fresh();
  drive.send(1n);
  return drive;
};
/** bob's laptop is unlinked at 2; the entry is in the log. */
const moved = (): Drive => {
  const drive = fresh();
  drive.told(2, [bobPhone]);
  drive.appended();
  drive.hear({ type: "intent-durable" });
  return drive;
};
const shared: Pick<Envelope, "bodies"> = { bodies: [{ slot: "shared", type: "senderkey", bytes: new Uint8Array(3) }] };
const bodyFor = (slot: typeof annPhone): Envelope["bodies"][number] => ({ slot, type: "whisper", bytes: new Uint8Array(3) });
const subset = { kind: "distribution", scope: "subset" } as const;

const cases: { name: string; given: () => Drive; when: (drive: Drive) => string[]; effects: string[] }[] = [
  { name: "asks the log before it answers", given: fresh, when: (d) => d.send(1n), effects: ["dirty", "issue-intent", "append 2"] },
  {
    name: "fans out once the log has it, and keeps the answer until the intent is durable",
    given: inFlight,
    when: (d) => d.appended(),
    effects: ["deliver 2 to bob prev 1", "deliver 2 to bob's laptop prev 1"],
  },
  {
    name: "answers once the intent is durable",
    given: () => {
      const d = inFlight();
      d.appended();
      return d;
    },
    when: (d) => d.hear({ type: "intent-durable" }),
    effects: ["sent at 2"],
  },
  {
    name: "answers at once when the intent was first",
    given: () => {
      const d = inFlight();
      d.hear({ type: "intent-durable" });
      return d;
    },
    when: (d) => d.appended(),
    effects: ["deliver 2 to bob prev 1", "deliver 2 to bob's laptop prev 1", "sent at 2"],
  },
  {
    name: "needs no intent when every device has accepted",
    given: () => {
      const d = inFlight();
      d.appended();
      d.accepted(bobPhone, 2n);
      return d;
    },
    when: (d) => d.accepted(bobLaptop, 2n, "marked"),
    effects: ["sent at 2"],
  },
  { name: "waits its turn behind the batch in flight", given: inFlight, when: (d) => d.send(2n), effects: [] },
  { name: "gives a retry its first answer", given: () => fresh().sent(1n), when: (d) => d.send(1n), effects: ["sent at 2"] },
  {
    name: "gives it even when the roster has moved since",
    given: () => {
      const d = fresh().sent(1n);
      d.told(2, [bobPhone]);
      d.appended();
      return d;
    },
    when: (d) => d.send(1n, { rosterSeq: 1n }),
    effects: ["sent at 2"],
  },
  {
    name: "gives it even to a device unlinked since",
    given: () => {
      const d = fresh();
      d.send(1n, { from: bobLaptop });
      d.appended();
      d.hear({ type: "intent-durable" });
      d.told(2, [bobPhone]);
      d.appended();
      return d;
    },
    when: (d) => d.send(1n, { from: bobLaptop }),
    effects: ["sent at 2"],
  },
  { name: "does not answer a retry before the log has it", given: inFlight, when: (d) => d.send(1n), effects: [] },
  {
    name: "never gives one message's answer to another",
    given: () => fresh().sent(1n),
    when: (d) => d.send(1n, { text: "other" }),
    effects: ["refused id-reused"],
  },
  {
    name: "nor the same id with other bytes",
    given: () => fresh().sent(1n),
    when: (d) => d.send(1n, { hash: new Uint8Array(32) }),
    effects: ["refused id-reused"],
  },
  {
    name: "says that a counter is used only when its entry is durable",
    given: inFlight,
    when: (d) => d.send(1n, { text: "other" }),
    effects: [],
  },
  {
    name: "refuses a gap, so that a sender's order holds",
    given: () => fresh().sent(1n),
    when: (d) => d.send(3n),
    effects: ["refused out-of-order expected 2"],
  },
  { name: "counts what is in flight", given: inFlight, when: (d) => d.send(3n), effects: ["refused out-of-order expected 2"] },
  { name: "refuses counter 0", given: fresh, when: (d) => d.send(0n), effects: ["refused bad-request"] },
  { name: "refuses a counter below 0", given: fresh, when: (d) => d.send(-1n), effects: ["refused bad-request"] },
  {
    name: "refuses a stranger, if it still owns the conversation",
    given: fresh,
    when: (d) => d.send(1n, { from: evePhone }),
    effects: ["if alive: refused not-a-member"],
  },
  {
    name: "refuses a device that was unlinked",
    given: moved,
    when: (d) => d.send(1n, { from: bobLaptop }),
    effects: ["if alive: refused not-a-member"],
  },
  {
    name: "refuses everybody where there is no conversation",
    given: () => new Drive().unknown(),
    when: (d) => d.send(1n),
    effects: ["if alive: refused not-a-member"],
  },
  {
    name: "refuses what was encrypted for an older roster, with what it lacks",
    given: moved,
    when: (d) => d.send(1n, { rosterSeq: 1n }),
    effects: ["roster-mismatch 2"],
  },
  {
    name: "refuses a roster that does not exist yet, if it still owns the conversation",
    given: fresh,
    when: (d) => d.send(1n, { rosterSeq: 9n }),
    effects: ["if alive: roster-mismatch"],
  },
  {
    name: "refuses the same roster with another hash",
    given: fresh,
    when: (d) => d.send(1n, { rosterHash: new Uint8Array(32) }),
    effects: ["refused roster-forked"],
  },
  {
    name: "judges the roster at the sequence: a refusal waits for the control entry that it rests on",
    given: () => {
      const d = fresh();
      d.told(2, [bobPhone]);
      return d;
    },
    when: (d) => d.send(1n, { rosterSeq: 1n }),
    effects: [],
  },
  {
    name: "and takes a send that knows of the entry in flight",
    given: () => {
      const d = fresh();
      d.told(2, [bobPhone]);
      d.send(1n);
      return d;
    },
    when: (d) => d.appended(),
    effects: ["told-heard to bob", "append 3"],
  },
  {
    name: "wants a body for every device but the sender",
    given: fresh,
    when: (d) => d.send(1n, { bodies: [bodyFor(bobPhone)] }),
    effects: ["refused wrong-recipients"],
  },
  {
    name: "wants none twice",
    given: fresh,
    when: (d) => d.send(1n, { bodies: [bodyFor(bobPhone), bodyFor(bobPhone)] }),
    effects: ["refused wrong-recipients"],
  },
  {
    name: "wants none for a stranger",
    given: fresh,
    when: (d) => d.send(1n, { bodies: [bodyFor(bobPhone), bodyFor(evePhone)] }),
    effects: ["refused wrong-recipients"],
  },
  {
    name: "wants none for the sender",
    given: fresh,
    when: (d) => d.send(1n, { bodies: [bodyFor(bobPhone), bodyFor(annPhone)] }),
    effects: ["refused wrong-recipients"],
  },
  { name: "takes one shared body for all", given: fresh, when: (d) => d.send(1n, shared), effects: ["dirty", "issue-intent", "append 2"] },
  {
    name: "takes a subset of the roster",
    given: fresh,
    when: (d) => d.send(1n, { ...subset, bodies: [bodyFor(bobLaptop)] }),
    effects: ["dirty", "issue-intent", "append 2"],
  },
  {
    name: "takes no shared body for a subset",
    given: fresh,
    when: (d) => d.send(1n, { ...subset, ...shared }),
    effects: ["refused wrong-recipients"],
  },
  {
    name: "takes no empty subset",
    given: fresh,
    when: (d) => d.send(1n, { ...subset, bodies: [] }),
    effects: ["refused wrong-recipients"],
  },
  {
    name: "takes no stranger in a subset",
    given: fresh,
    when: (d) => d.send(1n, { ...subset, bodies: [bodyFor(bobTablet)] }),
    effects: ["refused wrong-recipients"],
  },
  { name: "takes a message for all only", given: fresh, when: (d) => d.send(1n, { scope: "subset" }), effects: ["refused bad-request"] },
  {
    name: "takes a distribution for some only",
    given: fresh,
    when: (d) => d.send(1n, { kind: "distribution" }),
    effects: ["refused bad-request"],
  },
  ...(["genesis", "membership", "devices", "edit", "delete", "timer"] as const).map((kind) => ({
    name: `takes no ${kind} from a client`,
    given: fresh,
    when: (d: Drive) => d.send(1n, { kind }),
    effects: ["refused forbidden-kind"],
  })),
  { name: "refuses what is too large", given: fresh, when: (d) => d.send(1n, { bytes: 128 * 1024 + 1 }), effects: ["refused too-large"] },
  {
    name: "answers all who wait when it is fenced, and asks to be loaded again",
    given: () => {
      const d = inFlight();
      d.send(2n);
      return d;
    },
    when: (d) => d.hear({ type: "fenced" }),
    effects: ["refused fenced", "refused fenced", "recover itself", "ended"],
  },
  {
    name: "says unsure when the store did not say, to retries too",
    given: () => {
      const d = inFlight();
      d.send(1n);
      return d;
    },
    when: (d) => d.hear({ type: "unsure", code: "unsure" }),
    effects: ["refused unsure", "refused unsure", "recover itself", "ended"],
  },
  {
    name: "a full store refuses all who wait",
    given: () => {
      const d = inFlight();
      d.send(2n);
      d.send(2n, { text: "other" });
      return d;
    },
    when: (d) => d.hear({ type: "full", code: "storage-full" }),
    effects: ["refused storage-full", "refused storage-full", "refused storage-full"],
  },
];

test.each(cases)("$name", ({ given, when, effects }) => {
  const drive = given();
  expect(when(drive)).toEqual(effects);
});

test("a refused send frees its counter", () => {
  const drive = moved();
  expect(drive.send(1n, { rosterSeq: 1n })).toEqual(["roster-mismatch 2"]);
  expect(drive.send(1n, { text: "encrypted again" })).toContain("append 3");
});

test("a full store frees counters, sequences and the roster", () => {
  const drive = fresh();
  drive.told(2, [bobPhone]);
  drive.send(1n);
  drive.hear({ type: "full", code: "storage-full" });
  expect(drive.state.roster!.seq).toBe(1n);
  expect(drive.state.controls).toEqual([1n]);
  drive.hear({ type: "intent-durable" });
  expect(drive.send(1n)).toEqual(["dirty", "issue-intent", "append 2"]);
});

test("a gated refusal brings the entry that it rests on", () => {
  const drive = fresh();
  drive.told(2, [bobPhone]);
  drive.send(1n, { rosterSeq: 1n });
  expect(drive.appended()).toContain("roster-mismatch 2");
});

test("a retry in flight is answered as the first one is", () => {
  const drive = inFlight();
  drive.send(1n);
  drive.hear({ type: "intent-durable" });
  expect(drive.appended().filter((effect) => effect === "sent at 2")).toHaveLength(2);
});

test("what is older than the last 64 sends is stored earlier", () => {
  const drive = fresh();
  for (let counter = 1n; counter <= 200n; counter++) drive.later(1_000).sent(counter);
  expect(drive.send(1n)).toEqual(["refused stored-earlier"]);
  expect(drive.send(137n)).toEqual(["sent at 138"]);
  expect(drive.send(200n)).toEqual(["sent at 201"]);
});

test("a send that the log does not have yet is never called stored, however many follow it", () => {
  const drive = fresh();
  for (let counter = 1n; counter <= 130n; counter++) drive.later(1_000).send(counter);
  expect(drive.send(1n)).toEqual([]);
  expect(counterIn(snapshotOf(drive.state, drive.now))).toBe(0n);
  drive.appended();
  expect(counterIn(snapshotOf(drive.state, drive.now))).toBe(1n);
});

/** Of ann's phone, as a fold that is read again has it. */
function counterIn(snapshot: Uint8Array): bigint {
  const state = createConversation(team);
  loadSnapshot(state, { through: 1n, version: 1n, snapshot });
  return state.devices.get(annPhone)!.counter;
}

test("a pair's rate is limited, tells when to come again, and frees the counter", () => {
  const drive = fresh();
  for (let counter = 1n; counter <= 60n; counter++) drive.sent(counter);
  const refused = drive.send(61n);
  expect(refused).toEqual(["refused rate-limited"]);
  drive.later(1_000);
  expect(drive.send(61n)).toContain("append 62");
});

test("a rate is the sender's own", () => {
  const drive = fresh();
  for (let counter = 1n; counter <= 60n; counter++) drive.sent(counter);
  expect(drive.send(1n, { from: bobPhone })).toContain("append 62");
});

test("one batch holds at most 64 entries", () => {
  const drive = fresh();
  drive.send(1n, { from: bobPhone });
  for (let counter = 1n; counter <= 58n; counter++) drive.send(counter);
  for (let counter = 2n; counter <= 30n; counter++) drive.send(counter, { from: bobPhone });
  expect(drive.appended().at(-1)).toBe(`append ${Array.from({ length: 64 }, (_, n) => n + 3).join(" ")}`);
});

test("one batch holds at most 256 KiB", () => {
  const drive = fresh();
  drive.send(1n);
  for (let counter = 2n; counter <= 6n; counter++) drive.send(counter, { bytes: 100 * 1024 });
  expect(drive.appended().at(-1)).toBe("append 3 4");
});
