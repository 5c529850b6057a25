import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { readConfig } from "../../bin/config.js";
import { openLog } from "../../bin/log.js";
import { startNode, type RunningNode } from "../../bin/node.js";
import { Client } from "../../client/client.js";
import { dialWs } from "../../client/connection/ws.js";
import type { Dial } from "../../client/connection/ports.js";
import type { HistoryEvent } from "../../client/context.js";
import { MemoryDisk, openMemoryStore } from "../../client/store/memory.js";
import type { ConversationId } from "../../lib/ids.js";
import { hermod } from "../../protos/gen/hermod.js";
import { until } from "../support/frame-peer.js";

let dir: string;
let node: RunningNode;
const open: Client[] = [];

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "hermod-messages-"));
  const raised = ["sendsPerPairBucket", "sendsPerPairPerSecond", "sendsPerDeviceBucket", "sendsPerDevicePerSecond"];
  const contacts = ["prekeyFetchBucket", "lookupsPerHour", "registrationsPerIpBucket", "newContactsPerHour", "linkBucket"];
  const names = [...raised, ...contacts, "pagesPerDeviceBucket", "pagesPerDevicePerSecond"];
  const options: Record<string, string | number> = { "data.dir": join(dir, "data"), "edge.port": 0, "admin.port": 0, "log.level": "fatal" };
  for (const name of names) options[`limits.${name}`] = 1_000_000;
  const { config } = readConfig({ environment: {}, file: undefined, options });
  node = await startNode(config, openLog("fatal"), (cause) => {
    throw cause;
  });
});
afterEach(async () => {
  for (const client of open.splice(0)) await client.stop();
});
afterAll(async () => {
  await node.stop();
  await rm(dir, { recursive: true });
});

interface Person {
  readonly client: Client;
  readonly history: HistoryEvent[];
  readonly disk: MemoryDisk;
}

async function program(dial: Dial = dialWs, disk = new MemoryDisk()): Promise<Person> {
  const history: HistoryEvent[] = [];
  const client = await Client.open({
    servers: [`http://127.0.0.1:${node.apiPort}`],
    store: openMemoryStore(disk),
    dial,
    history: { write: (event) => history.push(event) },
  });
  open.push(client);
  return { client, history, disk };
}

async function person(handle: string, dial?: Dial): Promise<Person> {
  const made = await program(dial);
  await made.client.register({ handle, showRecovery: () => {} });
  await made.client.start();
  return made;
}

async function linked(old: Client): Promise<Person> {
  const made = await program();
  const link = await made.client.linkDevice({ name: "laptop" });
  await old.devices.approveLink(link.uri);
  await link.completed;
  return made;
}

/** A connection on which the test may change what the server pushes. */
function tampering(change: (frame: hermod.v1.ServerFrame) => void): Dial {
  return (url, events) =>
    dialWs(url, {
      ...events,
      opened: () => {
        events.opened();
      },
      heard: () => {
        events.heard();
      },
      closed: (code, reason, status) => {
        events.closed(code, reason, status);
      },
      message: (bytes) => {
        const frame = hermod.v1.ServerFrame.decode(bytes);
        change(frame);
        events.message(hermod.v1.ServerFrame.encode(frame).finish());
      },
    });
}

const texts = (client: Client, chat: ConversationId): (string | undefined)[] =>
  client
    .chat(chat)
    ?.history({ limit: 1_000 })
    .map((message) => message.text) ?? [];

test("a body that was broken on the way is asked for again and filled, and its placeholder never ticked", async () => {
  let broken = 0;
  const bob = await person(
    "retry-bob",
    tampering((frame) => {
      const body = Number(frame.deliver?.kind) === 1 ? frame.deliver?.body : undefined;
      if (body && broken++ === 1) body.bytes = body.bytes.map((byte, at) => (at === 40 ? byte ^ 1 : byte));
    }),
  );
  const alice = await person("retry-alice");
  const chat = await alice.client.createChat({ participants: ["retry-bob"] });
  for (const text of ["one", "two", "three"]) await chat.send({ text }).sent;
  await until(() => bob.history.some((event) => event.type === "filled"), "filled");
  expect(texts(bob.client, chat.id)).toEqual(["one", "two", "three"]);
  await until(() => chat.history()[2]?.state === "delivered", "the third is delivered");
  expect(chat.history().map((message) => message.state)).toEqual(["delivered", "sent", "delivered"]);
});

test("read state reaches the sender and the own other device, and receipts that were missed come at the next sync", async () => {
  const alice = await person("read-alice");
  const bob = await person("read-bob");
  const laptop = await linked(bob.client);
  await laptop.client.start();
  const chat = await alice.client.createChat({ participants: ["read-bob"] });
  const first = chat.send({ text: "first" });
  await first.sent;
  await until(() => texts(bob.client, chat.id).length === 1 && texts(laptop.client, chat.id).length === 1, "both have it");
  await first.deliveredTo("read-bob");
  await alice.client.stop();
  bob.client.chat(chat.id)!.markRead();
  await until(() => laptop.client.chat(chat.id)!.snapshot().readThrough === bob.client.chat(chat.id)!.snapshot().readThrough, "own device");
  const again = await person("read-carol");
  const other = await again.client.createChat({ participants: ["read-bob"] });
  const second = other.send({ text: "second" });
  await second.deliveredTo("read-bob");
  bob.client.chat(other.id)!.markRead();
  await second.readBy("read-bob");
  expect(second.state).toBe("read");
});

test("messages in both directions while a device is linked: nothing lost, doubled or out of order", { timeout: 60_000 }, async () => {
  const alice = await person("busy-alice");
  const bob = await person("busy-bob");
  const chat = await alice.client.createChat({ participants: ["busy-bob"] });
  await chat.send({ text: "start" }).sent;
  await until(() => bob.client.chat(chat.id) !== undefined, "bob knows it");
  const sends: Promise<unknown>[] = [];
  const send = (from: Person, index: number): void => {
    sends.push(from.client.sendMessage({ chatId: chat.id, body: { text: `${index}` } }).sent);
  };
  for (let index = 0; index < 60; index++) send(index % 2 === 0 ? alice : bob, index);
  const laptop = await linked(bob.client);
  await laptop.client.start();
  for (let index = 60; index < 120; index++) send(index % 2 === 0 ? alice : bob, index);
  await Promise.all(sends);
  await until(() => texts(alice.client, chat.id).length === 121 && texts(bob.client, chat.id).length === 121, "all at both");
  expect(texts(alice.client, chat.id)).toEqual(texts(bob.client, chat.id));
  for (const parity of [0, 1]) {
    const numbers = texts(bob.client, chat.id)
      .slice(1)
      .map(Number)
      .filter((number) => number % 2 === parity);
    expect(numbers).toEqual(Array.from({ length: 60 }, (_, index) => index * 2 + parity));
  }
  await until(
    () => texts(laptop.client, chat.id).includes("119") && texts(laptop.client, chat.id).includes("118"),
    "the new device follows",
  );
  const late = texts(laptop.client, chat.id);
  expect(texts(bob.client, chat.id).slice(-late.length)).toEqual(late);
  expect(late).not.toContain(undefined);
});

test.each([
  { name: "never answered", answered: false, count: 5_000 },
  { name: "answered before", answered: true, count: 1_000 },
])("a laptop drains $count copies from 50 conversations and reads all ($name)", { timeout: 240_000 }, async ({ answered, count }) => {
  const phone = await person(`drain-${answered}`);
  const laptop = await linked(phone.client);
  if (answered) {
    await laptop.client.start();
    await until(() => laptop.client.self?.handle === `drain-${answered}`, "the handle");
    const self = await laptop.client.createChat({ participants: [`drain-${answered}`] });
    await self.send({ text: "hello phone" }).deliveredTo(`drain-${answered}`);
  }
  await laptop.client.stop();
  const chats: ConversationId[] = [];
  for (let index = 0; index < 50; index++) {
    const friend = await program();
    await friend.client.register({ handle: `f${index}-${answered}`, showRecovery: () => {} });
    await friend.client.stop();
    chats.push((await phone.client.createChat({ participants: [`f${index}-${answered}`] })).id);
  }
  const sends: Promise<unknown>[] = [];
  for (let index = 0; index < count; index++) {
    sends.push(phone.client.sendMessage({ chatId: chats[index % 50]!, body: { text: `${index}` } }).sent);
  }
  await Promise.all(sends);
  const again = await program(dialWs, laptop.disk);
  await again.client.start();
  const got = new Set<string>();
  const end = AbortSignal.timeout(180_000);
  for await (const message of again.client.inbox("reader", { own: true, signal: end })) {
    expect(message.own).toBe(true);
    expect(got.has(`${message.chatId} ${message.text}`)).toBe(false);
    got.add(`${message.chatId} ${message.text}`);
    if (got.size === count) break;
  }
  expect(got.size).toBe(count);
  // Everything was read from its own body: nothing had to be asked for again.
  expect(again.history.filter((event) => event.state === "undecryptable")).toEqual([]);
  expect(again.history.some((event) => event.type === "staged")).toBe(true);
});
