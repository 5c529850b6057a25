import { expect, test } from "vitest";
import { ActorHost } from "../../actors/runtime/actor-host.js";
import type { KindOfActor } from "../../actors/kind.js";
import { systemClock } from "../../lib/clock.js";
import type { ConversationId } from "../../lib/ids.js";
import type { Answer, Mail, ReplyTo } from "../../protos/messages.js";

interface Toy {
  readonly incarnation: number;
  loaded: boolean;
}
type ToyMessage = { type: string; from?: ReplyTo; steps?: number };
type ToyEffect = { type: "work"; steps: number } | { type: "end" } | { type: "answer"; to: ReplyTo };

/** An actor whose handler awaits: every "work" runs for some turns of the event loop and notes when two incarnations run at once. */
function toyWorld(mailboxMax = 4_096) {
  const running = new Map<string, Set<number>>();
  const answers: { to: ReplyTo; answer: Answer }[] = [];
  const crashes: string[] = [];
  let incarnations = 0;
  let overlaps = 0;
  const enter = (id: string, incarnation: number): void => {
    const now = running.get(id) ?? new Set();
    now.add(incarnation);
    running.set(id, now);
    if (now.size > 1) overlaps++;
  };
  const kind: KindOfActor<
    ConversationId,
    Toy,
    ToyMessage,
    ToyEffect,
    { work(id: string, incarnation: number, steps: number): Promise<void> }
  > = {
    kind: "conversation",
    ports: {
      work: async (id, incarnation, steps) => {
        enter(id, incarnation);
        for (let step = 0; step < steps; step++) await new Promise((resolve) => setImmediate(resolve));
        running.get(id)!.delete(incarnation);
      },
    },
    create: () => ({ incarnation: ++incarnations, loaded: false }),
    step: (state, message) => {
      if (message.type === "start") return [{ type: "work", steps: 1 }];
      if (message.type === "throw") throw new Error("on purpose");
      if (message.type === "passivate" || message.type === "drain" || message.type === "end") return [{ type: "end" }];
      if (message.type === "work") return [{ type: "work", steps: ("steps" in message ? message.steps : 1) ?? 1 }];
      if (message.type === "ask") return [{ type: "answer", to: (message as { from: ReplyTo }).from }];
      return [];
    },
    perform: (effect, context) => {
      const state = (context as unknown as { state: Toy }).state;
      if (effect.type === "end") context.ended();
      else if (effect.type === "answer") context.sessions.answer(effect.to, { type: "frame", frame: {} });
      else
        void context.track(context.ports.work(context.id, state.incarnation, effect.steps)).then(() => {
          context.tell({ type: "worked" });
        });
    },
  };
  const host = new ActorHost(
    {
      clock: systemClock(false),
      router: {
        tell: (mail: Mail) => {
          host.tell(mail);
        },
      },
      sessions: {
        answer: (to, answer) => {
          answers.push({ to, answer });
        },
        push: () => undefined,
        close: () => undefined,
      },
      gate: {
        afterAlive: (then) => {
          then();
        },
      },
      ownershipOf: () => ({ shard: 0, epoch: 1n }),
      onCrash: (_kind, _id, type) => {
        crashes.push(type);
      },
    },
    { mailboxMax, actorsMax: 1_000, actorIdleMs: 60_000 },
  );
  host.register(kind);
  const tell = (id: string, message: ToyMessage): void => {
    host.tell({ kind: "conversation", id, message } as unknown as Mail);
  };
  return { host, tell, answers, crashes, overlaps: () => overlaps, incarnations: () => incarnations };
}

const asker = (requestId: number): ReplyTo => ({ gateway: "g", socket: 1, requestId });
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function until(condition: () => boolean, withinMs = 5_000): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error("the condition did not come true in time");
    await turn();
  }
}

test("never runs two incarnations of one actor, in 10,000 random interleavings of activate, passivate, throw and stop", async () => {
  const world = toyWorld();
  let seed = 7;
  const random = (n: number): number => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    return (seed >>> 8) % n;
  };
  const kinds = ["work", "work", "work", "throw", "passivate", "end", "work", "ask"] as const;
  let asked = 0;
  for (let round = 0; round < 10_000; round++) {
    const type = kinds[random(kinds.length)]!;
    const message: ToyMessage = type === "ask" ? { type, from: asker(++asked) } : { type, steps: random(4) };
    world.tell(`actor-${String(random(3))}`, message);
    if (random(3) === 0) await turn();
  }
  await until(() => world.answers.length >= asked);
  expect(world.overlaps()).toBe(0);
  expect(world.incarnations()).toBeGreaterThan(1_000);
  expect(world.answers.length).toBe(asked);
});

test("answers the message that made an actor throw, and serves the next one by a fresh activation", async () => {
  const world = toyWorld();
  world.tell("a", { type: "throw", from: asker(1) });
  world.tell("a", { type: "ask", from: asker(2) });
  await until(() => world.answers.length === 2);
  expect(world.answers.map(({ to, answer }) => [to.requestId, answer.type])).toEqual([
    [1, "problem"],
    [2, "frame"],
  ]);
  expect(world.crashes).toEqual(["throw"]);
  expect(world.incarnations()).toBe(2);
});

test("answers overloaded when a mailbox is full, and loses nothing that it took", async () => {
  const world = toyWorld(8);
  for (let n = 1; n <= 20; n++) world.tell("a", { type: "ask", from: asker(n) });
  await until(() => world.answers.length === 20);
  const refused = world.answers.filter(({ answer }) => answer.type === "problem" && answer.code === "overloaded");
  expect(refused.length).toBe(12);
});

test("a drain ends every actor and answers later mail with draining", async () => {
  const world = toyWorld();
  world.tell("a", { type: "work", steps: 3 });
  world.tell("b", { type: "work", steps: 3 });
  await until(() => world.host.loaded("conversation") === 2);
  await world.host.drain(2_000);
  expect(world.host.loaded("conversation")).toBe(0);
  world.tell("c", { type: "ask", from: asker(9) });
  expect(world.answers.at(-1)?.answer).toMatchObject({ code: "draining" });
});
