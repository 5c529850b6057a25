import { expect, test } from "vitest";
import type { DeviceId } from "../../lib/ids.js";
import { setLimits } from "../../lib/configurable-limits.js";
import { limits } from "../../lib/limits.js";
import type { ListState } from "../../protos/signed/device-chain.js";
import { listLimitProblem, type ListTimes } from "../../protos/signed/list-limits.js";
import { d1, d2, d3, d4, extended, nextFields, recovery, v3 } from "./signed-chain-fixtures.js";
import { must, type TestKey } from "./signed-fixtures.js";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const nowMs = 100 * dayMs;

const next = (by: TestKey, cause: string, devices: readonly TestKey[], keys: readonly TestKey[]): ListState =>
  must(extended(v3, nextFields(v3, by, devices, { cause }), ...keys));
const link = (by: TestKey): ListState => next(by, "link", [d1, d2, d3, d4], [by, d4]);
const idle = (by: TestKey, left: readonly TestKey[]): ListState => next(by, "idle", left, [by]);

function times(fields: { storedMs?: number[]; added?: [TestKey, number][]; seen?: [TestKey, number][] }): ListTimes {
  const look = (table: [TestKey, number][] | undefined, device: DeviceId): number | undefined =>
    table?.find(([key]) => key.id === device)?.[1];
  return {
    nowMs,
    storedMs: fields.storedMs ?? [],
    addedMs: (device) => look(fields.added, device),
    lastSeenMs: (device) => look(fields.seen, device),
  };
}
const changes = (count: number, atMs: number): number[] => Array.from({ length: count }, () => atMs);

const cases: { name: string; after: ListState; times: ListTimes; problem: [string, number] | undefined }[] = [
  { name: "lets the first device link at once", after: link(d1), times: times({ added: [[d1, nowMs]] }), problem: undefined },
  { name: "lets a device link after a day", after: link(d2), times: times({ added: [[d2, nowMs - dayMs]] }), problem: undefined },
  { name: "lets no device link before", after: link(d2), times: times({ added: [[d2, nowMs - dayMs + 1]] }), problem: ["too-young", 1] },
  { name: "takes a device of unknown age for new", after: link(d3), times: times({}), problem: ["too-young", dayMs] },
  {
    name: "lets a new device unlink",
    after: next(d2, "unlink", [d1, d2], [d2]),
    times: times({ added: [[d2, nowMs]] }),
    problem: undefined,
  },
  {
    name: "lets the recovery key add at once, whoever signs beside it",
    after: next(d3, "recover", [d1, d2, d3, d4], [d3, recovery, d4]),
    times: times({ added: [[d3, nowMs]] }),
    problem: undefined,
  },
  { name: "takes the tenth change of a day", after: link(d1), times: times({ storedMs: changes(9, nowMs - 1) }), problem: undefined },
  {
    name: "refuses the eleventh until the first is a day old",
    after: link(d1),
    times: times({ storedMs: [...changes(9, nowMs - 1), nowMs - 20 * hourMs] }),
    problem: ["rate-limited", 4 * hourMs],
  },
  { name: "does not count what is a day old", after: link(d1), times: times({ storedMs: changes(50, nowMs - dayMs) }), problem: undefined },
  {
    name: "lets an idle device before the signer go after 45 days",
    after: idle(d2, [d2, d3]),
    times: times({ seen: [[d1, nowMs - 45 * dayMs]] }),
    problem: undefined,
  },
  {
    name: "keeps it for 45 days",
    after: idle(d2, [d2, d3]),
    times: times({ seen: [[d1, nowMs - 45 * dayMs + 5]] }),
    problem: ["outranked", 5],
  },
  {
    name: "keeps all if one of several was seen",
    after: idle(d3, [d3]),
    times: times({
      seen: [
        [d1, 0],
        [d2, nowMs - dayMs],
      ],
    }),
    problem: ["outranked", 44 * dayMs],
  },
  {
    name: "counts a device that was never seen from when it was added",
    after: idle(d2, [d2, d3]),
    times: times({ added: [[d1, nowMs - 46 * dayMs]] }),
    problem: undefined,
  },
  { name: "keeps a device of which nothing is known", after: idle(d2, [d2, d3]), times: times({}), problem: ["outranked", 45 * dayMs] },
  { name: "asks nothing of those behind the signer", after: idle(d2, [d1, d2]), times: times({ seen: [[d3, nowMs]] }), problem: undefined },
];
test.each(cases)("$name", ({ after, times, problem }) => {
  const found = listLimitProblem(v3, after, times);
  expect(found === undefined ? undefined : [found.error, found.retryAfterMs]).toEqual(problem);
});

test("an operator's own rules hold instead", () => {
  const rules = { addAfterMs: 0, listChangesPerDayMax: 1_000, idleAfterMs: 0 };
  expect(listLimitProblem(v3, link(d2), times({ added: [[d2, nowMs]], storedMs: changes(50, nowMs) }), rules)).toBeUndefined();
  expect(listLimitProblem(v3, idle(d2, [d2, d3]), times({ seen: [[d1, nowMs]] }), rules)).toBeUndefined();
});

test("what the configuration sets later is in force, not what stood there at the import", () => {
  const { listChangesPerDayMax, addAfterMs } = limits;
  const busy = times({ storedMs: changes(listChangesPerDayMax, nowMs), added: [[d2, nowMs]] });
  expect(listLimitProblem(v3, link(d2), busy)).toMatchObject({ error: "rate-limited" });
  setLimits({ listChangesPerDayMax: listChangesPerDayMax + 1 });
  try {
    expect(listLimitProblem(v3, link(d2), busy)).toMatchObject({ error: "too-young" });
    setLimits({ addAfterMs: 0 });
    expect(listLimitProblem(v3, link(d2), busy)).toBeUndefined();
  } finally {
    setLimits({ listChangesPerDayMax, addAfterMs });
  }
});
