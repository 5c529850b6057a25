import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Client } from "../../client/client.js";
import type { Chat } from "../../client/messages/chat.js";
import { MemoryDisk, openMemoryStore } from "../../client/store/memory.js";
import { openStore } from "../../client/store/open.js";
import type { Store } from "../../client/store/ports.js";
import { limits } from "../../lib/limits.js";
import { systemRand } from "../../lib/random.js";
import { CrashServer } from "../support/crash-server.js";
import { clientLimits, eventually, raised } from "../support/crash-world.js";

/*
 * A phone has written 5,000 messages in 50 conversations while its two laptops were away: one that had answered the phone once before it
 * went, and one that has never been connected since it was linked, so that the phone's session with it was never answered and all 5,000
 * lie in one chain. Each comes back, gets the conversations newest first, far beyond what a ratchet may skip, and reads every message.
 */
const conversations = 50;
const messages = 5_000;
/** Besides: control entries, and the empty answer that ends a chain which was never answered. */
const messageKind = 1;

const dir = mkdtempSync(join(tmpdir(), "hermod-drain-"));
const clients: Client[] = [];
let server: CrashServer;

beforeAll(async () => {
  Object.assign(limits, clientLimits); // short back-off; the numbers of the ratchet stay as they are
  const args = ["--log-level", "error", ...raised({ conversationsPerAccountMax: 1_000 })];
  server = await CrashServer.start({ dir: join(dir, "server"), args });
}, 60_000);

afterAll(async () => {
  for (const client of clients) await client.stop();
  await server.kill();
  rmSync(dir, { recursive: true, force: true });
});

interface Device {
  readonly client: Client;
  readonly store: Store;
}

async function device(name: string): Promise<Device> {
  const store = await openStore({ dir: join(dir, name), key: { type: "file" }, rand: systemRand() });
  const client = await Client.open({ servers: [server.url], store });
  clients.push(client);
  return { client, store };
}

/** Registered, and gone: somebody to write to. */
async function peer(handle: string): Promise<void> {
  const client = await Client.open({ servers: [server.url], store: openMemoryStore(new MemoryDisk()) });
  await client.register({ handle });
  await client.stop();
}

async function linked(phone: Client, name: string): Promise<Device> {
  const made = await device(name);
  const link = await made.client.linkDevice({ name });
  await phone.devices.approveLink(link.uri);
  await link.completed;
  return made;
}

/** What a device has read, by conversation, in its order; every row that is no message but should be one is named. */
function readBy({ store }: Device, chats: readonly Chat[]): { texts: string[][]; bad: string[] } {
  const bad: string[] = [];
  const texts = chats.map(({ id }) => {
    const rows = store.inbox.list(id, 1n, 10_000).filter((row) => row.kind === messageKind);
    for (const row of rows)
      if (row.state !== "read" || row.reason !== undefined) bad.push(`${id}/${String(row.seq)} ${row.state} ${String(row.reason)}`);
    return rows.map((row) => /message \d+/.exec(new TextDecoder().decode(row.content))?.[0] ?? "no text");
  });
  return { texts, bad };
}

async function drained(laptop: Device, chats: readonly Chat[], expected: string[][]): Promise<string> {
  const begun = performance.now();
  await laptop.client.start();
  const count = (): number =>
    laptop.store.chats.all().reduce((sum, { chat }) => sum + laptop.store.inbox.staged(chat, undefined, 10_000).length, 0);
  let staged = 0;
  const rows = (): number => Number(laptop.store.inbox.lastArrival());
  await eventually(
    () => {
      staged = Math.max(staged, count());
      return (
        rows() >= messages &&
        count() === 0 &&
        chats.every(({ id }) => (laptop.store.chats.get(id)?.last ?? 0n) >= BigInt(messages / conversations))
      );
    },
    () => `all is read: ${String(rows())} arrived, ${String(count())} staged`,
    180_000,
  );
  const { texts, bad } = readBy(laptop, chats);
  expect(bad).toEqual([]);
  expect(texts).toEqual(expected);
  return `${String(Math.round((performance.now() - begun) / 100) / 10)} s, at most ${String(staged)} staged`;
}

test("two laptops that were away read 5,000 sent copies of 50 conversations", { timeout: 420_000 }, async () => {
  const begun = performance.now();
  const lap = (what: string): void => {
    console.log(`  ${what} at ${String(Math.round((performance.now() - begun) / 100) / 10)} s`);
  };
  const phone = await device("phone");
  await phone.client.register({ handle: "phone" });
  await phone.client.start();
  const handles = Array.from({ length: conversations }, (_, at) => `peer-${String(at)}`);
  for (let at = 0; at < handles.length; at += 10) await Promise.all(handles.slice(at, at + 10).map((handle) => peer(handle)));
  lap("50 peers registered");

  const answered = await linked(phone.client, "answered");
  await answered.client.start();
  const self =
    answered.client.chats().find((chat) => chat.snapshot().type === "self") ??
    (await answered.client.createChat({ participants: ["phone"] }));
  await self.send({ text: "here I am" }).sent;
  await answered.client.stop();
  const silent = await linked(phone.client, "silent");
  lap("two laptops linked and gone");

  const chats: Chat[] = [];
  for (const handle of handles) chats.push(await phone.client.createChat({ participants: [handle] }));
  lap("50 conversations");
  const expected: string[][] = chats.map(() => []);
  for (let at = 0; at < messages; at++) {
    const place = at % conversations;
    expected[place]!.push(`message ${String(at)}`);
    chats[place]!.send({ text: `message ${String(at)}` });
    if (at % 250 === 249) await eventually(() => phone.store.outbox.pendingChats().length === 0, "250 are sent", 120_000);
  }
  lap("5,000 sent");

  const again = { ...answered, ...(await device("answered")) };
  console.log(`  the one that had answered: ${await drained(again, chats, expected)}`);
  await again.client.stop();
  console.log(`  the one that never had: ${await drained(silent, chats, expected)}`);
  lap("drained");
});
