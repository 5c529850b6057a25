import { expect, test } from "vitest";
import type { AnyKind } from "../../actors/kind.js";
import { ActorHost } from "../../actors/runtime/actor-host.js";
import { Alarms } from "../../lib/alarms.js";
import { limits } from "../../lib/limits.js";
import type { ActorKind, Mail, SessionRef } from "../../protos/messages.js";
import { accountOf, conversationOf, deviceOf } from "../support/entries.js";
import { VirtualClock } from "../support/virtual-clock.js";

const ids = { conversation: conversationOf("a"), device: deviceOf("a"), account: accountOf("a") };

/** A host whose actors throw at everything but what the runtime says, and note what they hear. */
function brokenWorld(mailboxMax = 100) {
  const clock = new VirtualClock();
  const heard: string[] = [];
  const closed: SessionRef[] = [];
  const broken = (kind: ActorKind): AnyKind => ({
    kind,
    ports: undefined,
    create: () => ({}),
    step: (_state: unknown, { type }: { type: string }) => {
      if (type === "start" || type === "tick") return [];
      heard.push(type);
      throw new Error("on purpose");
    },
    perform: () => undefined,
  });
  const host = new ActorHost(
    {
      clock,
      router: { tell: () => undefined },
      sessions: { answer: () => undefined, push: () => undefined, close: (session) => closed.push(session) },
      gate: { afterAlive: () => undefined },
      ownershipOf: () => ({ shard: 0, epoch: 1n }),
      onCrash: () => undefined,
    },
    { mailboxMax, actorsMax: 100, actorIdleMs: 60_000 },
  );
  for (const kind of ["conversation", "device", "account"] as const) host.register(broken(kind));
  const tell = (kind: ActorKind, message: { type: string }): void => {
    host.tell({ kind, id: ids[kind], message } as unknown as Mail);
  };
  return { clock, host, heard, closed, tell };
}

test.each([
  ["conversation", "recover"],
  ["account", "resume-work"],
] as const)("the %s that threw is asked again for what it owes, and no oftener however often it throws", async (kind, again) => {
  const { clock, heard, tell } = brokenWorld();
  for (let times = 0; times < 5; times++) tell(kind, { type: "ask" });
  await clock.runUntil(10 * limits.redeliverMinMs);
  const count = heard.filter((type) => type === again).length;
  expect(count).toBeGreaterThan(1);
  expect(count).toBeLessThanOrEqual(10);
});

test("an attach that finds a full mailbox closes its socket, which would wait for ever", async () => {
  const { clock, closed, tell } = brokenWorld(1);
  const attach = (socket: number) => ({ type: "attach", session: { gateway: "g", socket }, account: ids.account, conn: 1n });
  tell("device", { type: "ask" });
  tell("device", attach(7));
  expect(closed).toEqual([{ gateway: "g", socket: 7 }]);
  await clock.runUntil(100);
});

test("an attach that makes its device throw, or comes while the node drains, closes its socket", async () => {
  const { clock, host, closed, tell } = brokenWorld();
  const attach = (socket: number) => ({ type: "attach", session: { gateway: "g", socket }, account: ids.account, conn: 1n });
  tell("device", attach(7));
  await clock.runUntil(100);
  const drained = host.drain(0);
  tell("device", attach(8));
  await drained;
  expect(closed.map(({ socket }) => socket)).toEqual([7, 8]);
});

test("alarms that were stopped stay silent, whoever still sets one", async () => {
  const clock = new VirtualClock();
  let rung = 0;
  const alarms = new Alarms<object>(clock, () => rung++);
  const owner = {};
  alarms.set(owner, 100);
  alarms.stop();
  alarms.set(owner, 200);
  await clock.runUntil(1_000);
  expect(rung).toBe(0);
});
