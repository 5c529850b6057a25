import { afterAll, beforeAll, expect, test } from "vitest";
import { ProcessEnded, type ClientProcess } from "../support/client-process.js";
import { CrashWorld, eventually } from "../support/crash-world.js";
import { complaint } from "../support/history.js";

/*
 * Every named point of client and server is the last thing that a real process passes: it writes the point's name to a pipe and is ended by
 * SIGKILL. Then it starts again on its files, work goes on, and the clients' histories and stores are judged. `npm run crash-points` asks
 * for more hits of each.
 */
const wantedHits = Number(process.env.HERMOD_CRASH_HITS ?? 3);

const sending = ["client.outbox-row", "client.encrypted", "client.committed", "client.sent", "client.answer"] as const;
const receiving = ["client.received", "client.decrypted", "client.stored", "client.reply-queued"] as const;
const placing = ["client.keys-made", "client.keys-uploaded"] as const;
const serverPoints = {
  "server.batch-built": talk,
  "server.before-write": talk,
  "server.written": talk,
  "server.before-gate": talk,
  "server.acked": talk,
  "server.fan-out-k": talk,
  "server.receipt-durable": talk,
  "server.slice-opened": talk,
  "server.snapshot": talkAndRest,
  "server.mark-written": absence,
  "server.mark-clearing": absence,
  "server.list-written": devicesChange,
  "server.told-k": devicesChange,
  "server.prekey-claimed": newcomer,
} as const;

const hits = new Map<string, number>();
const all = [...sending, ...receiving, ...placing, ...Object.keys(serverPoints)];
let world: CrashWorld;
let [alice, laptop, bob, carol]: ClientProcess[] = [];
let withBob = "";
let withCarol = "";
let named = 0;

beforeAll(async () => {
  world = await CrashWorld.start();
  [alice, bob, carol] = await Promise.all([world.person("alice"), world.person("bob", true), world.person("carol")]);
  withBob = (await alice.ask<{ chat: string }>("chat", { with: "bob" })).chat;
  withCarol = (await alice.ask<{ chat: string }>("chat", { with: "carol" })).chat;
  laptop = await world.link(alice, "laptop");
  await talk();
  await world.settled();
}, 60_000);

afterAll(async () => {
  const width = Math.max(...all.map((point) => point.length));
  console.log(
    ["crash points (each ended by SIGKILL)", ...all.map((point) => `  ${point.padEnd(width)}  ${hits.get(point) ?? 0}`)].join("\n"),
  );
  await world.end();
});

/** Everybody writes to everybody whom they know; bob answers what begins with a question mark. */
async function talk(): Promise<void> {
  const text = (): string => `?${String(++named)}`;
  await alice!.ask("send", { chat: withBob, texts: [text(), text(), text()] });
  await Promise.all([
    alice!.ask("send", { chat: withCarol, texts: [text()] }),
    laptop!.ask("send", { chat: withBob, texts: [text()] }),
    bob!.ask("send", { chat: withBob, texts: [String(++named)] }),
    carol!.ask("send", { chat: withCarol, texts: [String(++named)] }),
  ]);
}

async function talkAndRest(): Promise<void> {
  await talk();
  await world.settled();
  // A conversation that nobody uses for `actorIdleMs` is put away.
  await eventually(() => !world.server.alive || world.server.points.length > 0, "a snapshot", 8_000).catch(() => undefined);
}

async function absence(): Promise<void> {
  await laptop!.ask("sleep");
  world.gone.add("laptop");
  await alice!.ask("send", { chat: withBob, texts: [String(++named), String(++named)] });
  await world.settled();
  world.gone.delete("laptop");
  await laptop!.ask("wake");
  await talk();
}

async function devicesChange(): Promise<void> {
  const name = `tablet-${String(++named)}`;
  const tablet = world.make(name);
  await tablet.launch();
  await becomeLinked(tablet, name);
  await tablet.ask("start");
  await talk();
  // What it was told of at its start may have been cut off by a kill: it goes on with it.
  await world.knowsAll(tablet, alice!);
  await tablet.ask("send", { chat: withBob, texts: [String(++named)] }).catch(() => undefined);
  await world.settled();
  const { self } = await world.retire(tablet);
  await untilDone(() => alice!.ask("remove", { device: self.device }));
}

/** Links, however often one of the two sides or the server dies on the way. */
async function becomeLinked(device: ClientProcess, name: string): Promise<void> {
  const { uri } = await untilDone(() => device.ask<{ uri?: string }>("link", { name }));
  if (uri !== undefined) void untilDone(() => alice!.ask("approve", { uri })).catch(() => undefined);
  await device.ask("linked");
}

async function newcomer(): Promise<void> {
  const name = `guest-${String(++named)}`;
  const guest = world.make(name);
  await guest.launch();
  await settleIn(guest, name);
}

/** Registers, talks with bob until he answers, and is gone. */
async function settleIn(guest: ClientProcess, name: string): Promise<void> {
  await untilDone(() => guest.ask("register", { handle: name }));
  await guest.ask("start");
  const { chat } = await untilDone(() => guest.ask<{ chat: string }>("chat", { with: "bob" }));
  await guest.ask("send", { chat, texts: ["?hello"] });
  // Genesis, hello, answer.
  await eventually(
    async () => Number((await guest.state()).chats[chat]?.newest ?? 0) >= 3,
    `${name} has bob's answer`,
    30_000,
    world.restarts,
  );
  await world.settled();
  await world.retire(guest);
}

/** What needs an answer is asked for again while the server is away. */
async function untilDone<Result>(work: () => Promise<Result>): Promise<Result> {
  const deadline = performance.now() + 60_000;
  for (let delayMs = 100; ; delayMs = Math.min(2_000, delayMs * 2)) {
    try {
      return await work();
    } catch (error) {
      if (!/: (unreachable|overloaded|draining|rate-limited|internal|list-conflict)$/.test(String(error)) || performance.now() > deadline)
        throw error;
      await eventually(() => world.server.alive && world.server.points.length === 0, "the server is back");
      await new Promise((resolve) => setTimeout(resolve, delayMs));
    }
  }
}

function count(point: string): void {
  hits.set(point, (hits.get(point) ?? 0) + 1);
}

/** The process named its point, then the kernel ended it. Started again, it goes on with what is on disk. */
async function killedAt(client: ClientProcess, point: string): Promise<void> {
  expect(await client.ended).toEqual({ code: null, signal: "SIGKILL" });
  expect(client.points).toEqual([point]);
  count(point);
}

async function armed(client: ClientProcess, point: string, nth: number): Promise<void> {
  await client.ask("arm", { point, nth }).catch(ended);
  await killedAt(client, point);
  await client.run();
}

async function judged(): Promise<void> {
  await world.settled();
  await world.ticked();
  const verdict = await world.judged();
  expect(complaint(verdict)).toBeUndefined();
  console.log(
    `  ${String(verdict.acknowledged)} acknowledged, ${String(verdict.recovered)} recovered, 0 lost, 0 twice, 0 out of order, 0 gaps`,
  );
}

test("a client that is killed while it sends or receives goes on where it was", { timeout: 60_000 + wantedHits * 60_000 }, async () => {
  for (let hit = 1; hit <= wantedHits; hit++) {
    for (const [at, point] of sending.entries()) {
      const other = receiving[(at + hit) % receiving.length]!;
      const fallen = [armed(alice!, point, 1 + ((hit + at) % 3)), armed(bob!, other, 1 + (hit % 3))];
      await alice!.ask("send", { chat: withBob, texts: ["?1", "?2", "?3"] }).catch(ended);
      await fallen[0];
      await alice!.ask("send", { chat: withBob, texts: ["?4", "?5", "?6"] });
      await fallen[1];
      await world.settled();
    }
  }
  for (const point of receiving) expect(hits.get(point)).toBeGreaterThanOrEqual(wantedHits);
  await talk();
  await judged();
});

function ended(error: unknown): void {
  if (!(error instanceof ProcessEnded)) throw error;
}

test(
  "a client that is killed while its account is made or linked becomes a device all the same",
  { timeout: 60_000 + wantedHits * 20_000 },
  async () => {
    for (let hit = 1; hit <= wantedHits; hit++) {
      for (const point of placing) {
        const name = `placed-${String(++named)}`;
        const client = world.make(name);
        await client.launch({ point, nth: 1 });
        if (hit % 2 === 1) {
          await client.ask("register", { handle: name }).catch(ended);
          await killedAt(client, point);
          await client.launch();
          await settleIn(client, name);
        } else {
          await becomeLinked(client, name).catch(ended);
          await killedAt(client, point);
          await client.launch();
          await becomeLinked(client, name);
          await client.ask("start");
          await world.knowsAll(client, alice!);
          await talk();
          await world.settled();
          const { self } = await world.retire(client);
          await alice!.ask("remove", { device: self.device });
        }
      }
    }
    await judged();
  },
);

test("a server that is killed between any two steps loses nothing", { timeout: 60_000 + wantedHits * 120_000 }, async () => {
  const points = Object.keys(serverPoints) as (keyof typeof serverPoints)[];
  const schedule = Array.from({ length: wantedHits }, (_, hit) =>
    points.map((point) => ({ point, nth: rare.has(point) ? 1 : 1 + (hit % 4) })),
  ).flat();
  let present: keyof typeof serverPoints | undefined = points[0];
  await world.server.kill();
  const served = (async () => {
    for (const { point, nth } of schedule) {
      present = point;
      // It may also fall while it starts: recovery passes points too.
      await world.server.restartArmed(point, nth).catch(() => undefined);
      expect(await world.server.ended).toEqual({ code: null, signal: "SIGKILL" });
      expect(world.server.points).toEqual([point]);
      count(point);
    }
    present = undefined;
    await world.server.launch();
  })();
  while (present !== undefined) {
    const round = serverPoints[present]().then(() => world.settled());
    await Promise.race([round, served.then(() => round)]);
  }
  await served;
  await talk();
  await judged();
});

/** Passed once or so in the work that leads to it. */
const rare = new Set<string>([
  "server.snapshot",
  "server.list-written",
  "server.prekey-claimed",
  "server.mark-written",
  "server.mark-clearing",
]);

test("every point was hit often enough", () => {
  expect(all.filter((point) => (hits.get(point) ?? 0) < wantedHits)).toEqual([]);
});
