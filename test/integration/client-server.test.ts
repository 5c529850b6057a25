import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { readConfig } from "../../bin/config.js";
import { openLog } from "../../bin/log.js";
import { startNode, type RunningNode } from "../../bin/node.js";
import { Client } from "../../client/client.js";
import { HermodError } from "../../client/errors.js";
import type { ClientOptions } from "../../client/options.js";
import type { ClientEvent } from "../../client/events.js";
import { until } from "../support/frame-peer.js";
import { TcpProxy } from "../support/tcp-proxy.js";

let dir: string;
let node: RunningNode;
let proxy: TcpProxy;
const open: Client[] = [];

async function serve(): Promise<void> {
  const options = { "data.dir": join(dir, "data"), "edge.port": 0, "admin.port": 0, "log.level": "fatal", "limits.linkBucket": 1_000 };
  const { config } = readConfig({ environment: {}, file: undefined, options });
  node = await startNode(config, openLog("fatal"), (cause) => {
    throw cause;
  });
  proxy.target = node.apiPort;
}

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "hermod-client-"));
  proxy = await TcpProxy.listen();
  await serve();
});
afterEach(async () => {
  for (const client of open.splice(0)) await client.stop();
});
afterAll(async () => {
  await proxy.close();
  await node.stop();
  await rm(dir, { recursive: true });
});

async function program(name: string, over: Partial<ClientOptions> = {}): Promise<Client> {
  const client = await Client.open({ servers: [proxy.url], dir: join(dir, name), ...over });
  open.push(client);
  return client;
}
async function person(handle: string): Promise<Client> {
  const client = await program(handle);
  await client.register({ handle });
  await client.start();
  return client;
}
async function linked(old: Client, name: string): Promise<Client> {
  const client = await program(name);
  const link = await client.linkDevice({ name });
  expect(old.devices.inspectLink(link.uri)).toMatchObject({ name, digits: link.digits });
  await old.devices.approveLink(link.uri);
  await link.completed;
  await client.start();
  return client;
}
const codeOf = async (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => "no error",
    (error: unknown) => (error instanceof HermodError ? error.code : String(error)),
  );

test("two people talk; numbers match; what one verified survives a link of the other", async () => {
  const alice = await person("alice");
  const bob = await person("bob");
  const chat = await alice.createChat({ participants: ["bob"] });
  const sent = alice.sendMessage({ chatId: chat.id, body: { text: "hi" } });
  await sent.sent;
  const { value: message } = await bob.inbox("reader").next();
  expect(message).toMatchObject({ text: "hi" });
  await sent.deliveredTo("bob");

  const hers = await alice.safetyNumber("bob");
  const his = await bob.safetyNumber("alice");
  expect(hers.text).toBe(his.text);
  expect(hers).toMatchObject({ verified: false, upToDate: true });
  expect(await alice.verify("bob", { digits: "0".repeat(60) })).toBe(false);
  expect(await alice.verify("bob", { digits: his.text })).toBe(true);
  expect(await bob.verify("alice", { scanned: hers.scannable })).toBe(true);

  await linked(bob, "bob-laptop");
  const after = await alice.safetyNumber("bob");
  expect(after.text).not.toBe(hers.text);
  expect(after).toMatchObject({ verified: true, verifyAgain: false });
});

test("a linked device gets contacts, their verification and the handle from the old one, and copies of what is sent", async () => {
  const carol = await person("carol");
  const dave = await person("dave");
  const chat = await carol.createChat({ participants: ["dave"] });
  await carol.sendMessage({ chatId: chat.id, body: { text: "before the link" } }).sent;
  await dave.inbox("reader").next();
  expect(await carol.verify("dave", { digits: (await dave.safetyNumber("carol")).digits })).toBe(true);

  const laptop = await linked(carol, "carol-laptop");
  await until(() => laptop.self?.handle === "carol", "the handle");
  await until(() => laptop.chats().length >= 1, "the chats");
  await until(() => laptop.chat(chat.id) !== undefined, "the chat with dave");
  expect(await laptop.safetyNumber("dave")).toMatchObject({ verified: true });
  await dave.sendMessage({ chatId: chat.id, body: { text: "to both" } }).sent;
  const inbox = laptop.inbox("reader", { own: true });
  expect((await inbox.next()).value).toMatchObject({ text: "to both" });
  await carol.sendMessage({ chatId: chat.id, body: { text: "a copy" } }).sent;
  expect((await inbox.next()).value).toMatchObject({ text: "a copy" });
  await laptop.sendMessage({ chatId: chat.id, body: { text: "from the laptop" } }).deliveredTo("dave");
});

test("a removed device stops, and one behind in rank cannot remove one before it", async () => {
  const erin = await person("erin");
  const laptop = await linked(erin, "erin-laptop");
  expect((await erin.devices.list()).map(({ rank, own }) => [rank, own])).toEqual([
    [1, true],
    [2, false],
  ]);
  expect(await codeOf(laptop.devices.remove(erin.self!.device))).toBe("outranked");
  await erin.devices.remove(laptop.self!.device);
  await until(() => laptop.state.type === "revoked", "revoked");
  expect(await codeOf(laptop.start())).toBe("revoked");
});

test("two devices are linked at once: the one that lost the race is approved again, and nobody is asked twice", async () => {
  const mike = await person("mike");
  let release: (() => void) | undefined;
  const held: typeof fetch = async (input, init) => {
    if ((input as string).endsWith("/complete") && release === undefined) {
      await new Promise<void>((resolve) => {
        release = resolve;
      });
    }
    return fetch(input, init);
  };
  let asked = 0;
  const slow = await program("mike-slow", { fetch: held });
  const quick = await program("mike-quick");
  const slowLink = await slow.linkDevice({ confirm: () => ++asked > 0 });
  const quickLink = await quick.linkDevice();
  const slowApproved = mike.devices.approveLink(slowLink.uri);
  await until(() => release !== undefined, "the slow device's completion");
  const quickApproved = mike.devices.approveLink(quickLink.uri);
  await quickLink.completed;
  release!();
  await slowLink.completed;
  await Promise.all([slowApproved, quickApproved]);
  expect(asked).toBe(1);
  expect(await mike.devices.list()).toHaveLength(3);
  await slow.start();

  const nina = await person("nina");
  expect(await codeOf(nina.devices.approveLink(quickLink.uri))).toMatch(/^link-(used|refused)$/);
});

test("lost answers of linking and registering are asked for again", async () => {
  const lost = new Set<string>();
  const lossy: typeof fetch = async (input, init) => {
    const response = await fetch(input, init);
    const path = `${init?.method} ${new URL(input).pathname.replace(/[a-z2-7]{26}/, "id")}`;
    if (lost.has(path) || path.endsWith("/approve")) return response;
    lost.add(path);
    throw new TypeError("socket hang up");
  };
  const olga = await program("olga", { fetch: lossy });
  expect(await codeOf(olga.register({ handle: "olga" }))).toBe("unreachable");
  await olga.register({ handle: "olga" });
  await olga.start();
  const laptop = await program("olga-laptop", { fetch: lossy });
  const link = await laptop.linkDevice();
  await olga.devices.approveLink(link.uri);
  await link.completed;
  expect([...lost].sort()).toEqual([
    "GET /v1/devices/link/id",
    "POST /v1/accounts",
    "POST /v1/devices/link",
    "POST /v1/devices/link/id/complete",
  ]);
});

test("a lost account is recovered by its words; contacts have to verify again", async () => {
  const frank = await program("frank");
  const { recoveryWords } = await frank.register({ handle: "frank" });
  await frank.start();
  const grace = await person("grace");
  expect(await grace.verify("frank", { digits: (await frank.safetyNumber("grace")).digits })).toBe(true);
  await frank.stop();
  const fresh = await program("frank-2");
  const self = await fresh.recover({ handle: "frank", words: recoveryWords! });
  await fresh.start();
  const events: ClientEvent[] = [];
  grace.on((event) => events.push(event));
  expect(await grace.safetyNumber("frank")).toMatchObject({ verified: false, verifyAgain: true });
  expect(events.some((event) => event.type === "verification-lost" && event.account === self.account)).toBe(true);
  const chat = await fresh.createChat({ participants: ["grace"] });
  await fresh.sendMessage({ chatId: chat.id, body: { text: "I am back" } }).deliveredTo("grace");
});

test("the server restarts: everyone comes back by themselves and nothing is lost", async () => {
  const heidi = await person("heidi");
  const ivan = await person("ivan");
  const chat = await heidi.createChat({ participants: ["ivan"] });
  await heidi.sendMessage({ chatId: chat.id, body: { text: "1" } }).sent;
  await node.stop();
  await until(() => heidi.state.type === "waiting" || heidi.state.type === "connecting", "the loss");
  const sent = heidi.sendMessage({ chatId: chat.id, body: { text: "2" } });
  await serve();
  await sent.deliveredTo("ivan");
  const inbox = ivan.inbox("reader");
  expect((await inbox.next()).value).toMatchObject({ text: "1" });
  expect((await inbox.next()).value).toMatchObject({ text: "2" });
});

test("refusals have their codes", async () => {
  const judy = await person("judy");
  const other = await program("judy-2");
  expect(await codeOf(other.register({ handle: "judy" }))).toBe("handle-taken");
  await other.register({ handle: "judith" });
  expect(await codeOf(judy.createChat({ participants: ["nobody-here"] }))).toBe("not-found");
  expect(await codeOf(judy.safetyNumber("judy"))).toBe("bad-request");
  const third = await program("judy-3");
  expect(await codeOf(third.start())).toBe("not-registered");
  await expect(Client.open({ servers: [proxy.url], dir: join(dir, "judy") })).rejects.toMatchObject({
    code: "store-in-use",
  });
});
