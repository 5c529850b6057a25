import { expect, test } from "vitest";
import { deviceKind } from "../../actors/device/shell.js";
import { ActorHost } from "../../actors/runtime/actor-host.js";
import { systemClock } from "../../lib/clock.js";
import type { Mail, SessionRef, ToDevice } from "../../protos/messages.js";
import { openMemory } from "../../storage/open.js";
import { accountOf, conversationOf, deviceOf, messageAt } from "../support/entries.js";
import { until } from "../support/frame-peer.js";

const device = deviceOf("bob phone");
const account = accountOf("bob");
const conversation = conversationOf("a");
const session = { gateway: "g", socket: 1 };

test("a device whose actor throws loses its session, not its marks, and is served by a fresh activation", async () => {
  const clock = systemClock(false);
  const stores = openMemory(clock);
  const told: Mail[] = [];
  const closed: { session: SessionRef; code: number }[] = [];
  const crashes: string[] = [];
  const nacked = (): never => {
    throw new Error("on purpose");
  };
  const host = new ActorHost(
    {
      clock,
      router: { tell: (mail) => told.push(mail) },
      sessions: { answer: () => undefined, push: () => undefined, close: (ref, code) => closed.push({ session: ref, code }) },
      gate: {
        afterAlive: (then) => {
          then();
        },
      },
      ownershipOf: () => ({ shard: 0, epoch: 1n }),
      onCrash: (_kind, _id, type) => crashes.push(type),
    },
    { mailboxMax: 100, actorsMax: 100, actorIdleMs: 60_000 },
  );
  host.register(deviceKind({ states: stores.deviceStates, log: stores.logReader, receipts: stores.receiptRows, notes: { nacked } }));
  const tell = (message: ToDevice): void => {
    host.tell({ kind: "device", id: device, message });
  };
  const deliver = (seq: bigint): void => {
    const { header, bodies } = messageAt(seq);
    const delivery = { header, prev: seq - 1n, from: seq, body: bodies[0]! };
    tell({ type: "deliver", conversation, activation: 1n, delivery });
  };
  const accepted = (): string[] => told.flatMap(({ message }) => (message.type === "accepted" ? [message.how] : []));

  deliver(1n);
  await until(() => accepted().length === 1, "the first acceptance");
  tell({ type: "attach", session, account, conn: 1n });
  tell({ type: "nack", from: { ...session, requestId: 0, account, device }, conversation, seq: 1n, reason: "cannot-parse" });
  await until(() => closed.length === 1, "the close");
  expect({ crashes, closed }).toEqual({ crashes: ["nack"], closed: [{ session, code: 4001 }] });
  deliver(2n);
  await until(() => accepted().length === 2, "the second acceptance");
  expect(accepted()).toEqual(["marked", "covered"]);
  await host.drain(1_000);
});
