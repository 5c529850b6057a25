import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Client } from "../../client/client.js";
import type { Link } from "../../client/account/link-new.js";
import { type LinkOptions } from "../../client/account/link-new.js";
import { HermodError } from "../../client/errors.js";
import type { ClientEvent } from "../../client/events.js";
import type { ClientOptions } from "../../client/options.js";
import { MemoryDisk, openMemoryStore } from "../../client/store/memory.js";
import { systemClock, type Clock } from "../../lib/clock.js";
import { idBytes } from "../../lib/ids.js";
import { setPointSink } from "../../lib/point.js";
import { AccountServer } from "../support/account-server.js";
import { FramePeer, until, welcoming } from "../support/frame-peer.js";

let server: AccountServer;
let peer: FramePeer;
let alice: Client;
let words: string;
const open: Client[] = [];
const links: Link[] = [];

beforeEach(async () => {
  server = new AccountServer();
  peer = await FramePeer.listen();
  peer.script = (frame, socket) =>
    server.frame(frame, socket) ??
    (frame.createChat ? [{ requestId: frame.requestId, problem: { code: "overloaded" } }] : welcoming(frame));
  server.onGrown = (account, version) => {
    for (const socket of peer.sockets) socket.send({ devicesChanged: { account: idBytes(account), version } });
  };
  alice = await program();
  words = (await alice.register({ handle: "alice" })).recoveryWords!;
  await alice.start();
});
afterEach(async () => {
  setPointSink(undefined);
  for (const link of links.splice(0)) link.cancel();
  for (const client of open.splice(0)) await client.stop();
  await peer.close();
});

async function program(disk = new MemoryDisk(), over: Partial<ClientOptions> = {}): Promise<Client> {
  const client = await Client.open({ servers: [peer.url], store: openMemoryStore(disk), fetch: server.fetch, ...over });
  open.push(client);
  return client;
}
async function link(client: Client, options: LinkOptions = {}): Promise<Link> {
  const made = await client.linkDevice(options);
  links.push(made);
  return made;
}
const codeOf = async (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => "no error",
    (error: unknown) => (error instanceof HermodError ? error.code : String(error)),
  );
const heads = () => [...server.accounts.values()][0]!.states;

test("links: code, digits on both sides, question, countersignature, keys in one request", async () => {
  const laptop = await program();
  const asked: unknown[] = [];
  const offer = await link(laptop, { name: "laptop", platform: "linux", confirm: (question) => asked.push(question) > 0 });
  const seen = alice.devices.inspectLink(offer.uri);
  expect(seen).toMatchObject({ name: "laptop", platform: "linux", digits: offer.digits });
  expect((await offer.qr()).split("\n").length).toBeGreaterThan(20);
  const events: ClientEvent[] = [];
  alice.on((event) => events.push(event));
  const list = await alice.devices.approveLink(offer.uri);
  const self = await offer.completed;
  expect(self).toMatchObject({ account: alice.self!.account, handle: "alice" });
  expect(list.devices.map(({ id }) => id)).toEqual([alice.self!.device, self.device]);
  expect(asked).toEqual([{ account: self.account, handle: "alice", devices: 1 }]);
  expect(laptop.self).toEqual(self);
  expect(events.find(({ type }) => type === "own-devices-changed")).toMatchObject({ version: 2, added: [self.device] });
  const [account] = [...server.accounts.values()];
  expect(account!.uploads).toHaveLength(2);
  expect([...server.offers.keys()].some((id) => offer.uri.includes(id))).toBe(false);
  await laptop.start();
  expect((await laptop.devices.list()).map(({ own, rank }) => [own, rank])).toEqual([
    [false, 1],
    [true, 2],
  ]);
});

test("a person who says no ends it, and nothing was sent", async () => {
  const laptop = await program();
  const offer = await link(laptop, { confirm: () => false });
  void alice.devices.approveLink(offer.uri).catch(() => {});
  expect(await codeOf(offer.completed)).toBe("link-refused");
  expect(heads()).toHaveLength(1);
  expect(laptop.self).toBeUndefined();
});

describe("a server that meddles with the approval", () => {
  const approvals: { name: string; change: (json: Record<string, unknown>) => unknown; code: string }[] = [
    { name: "leaves the MAC out", change: (json) => ({ ...json, mac: "" }), code: "link-refused" },
    { name: "puts its own MAC in", change: (json) => ({ ...json, mac: Buffer.alloc(32).toString("base64url") }), code: "link-refused" },
    { name: "names another account", change: (json) => ({ ...json, account: "a".repeat(26) }), code: "list-invalid" },
    { name: "shortens the chain", change: (json) => ({ ...json, chain: [] }), code: "list-invalid" },
  ];
  test.each(approvals)("that $name is refused", async ({ change, code }) => {
    server.meddle = async (method, path, answer) => {
      const response = await answer();
      if (method !== "GET" || !path.startsWith("/v1/devices/link/")) return response;
      const json = (await response.json()) as Record<string, unknown>;
      return Response.json(json.state === "approved" ? change(json) : json);
    };
    const laptop = await program();
    const offer = await link(laptop);
    void alice.devices.approveLink(offer.uri).catch(() => {});
    expect(await codeOf(offer.completed)).toBe(code);
    expect(heads()).toHaveLength(1);
  });
});

test("a link that expired, or is used a second time, is refused by the old device or the server", async () => {
  const laptop = await program();
  const offer = await link(laptop);
  const { uri } = offer;
  const late = await program(new MemoryDisk(), { clock: { ...systemClock(), now: () => Date.now() + 61_000 } });
  await late.register({ handle: "late" });
  expect(await codeOf(late.devices.approveLink(uri))).toBe("link-expired");
  await alice.devices.approveLink(uri);
  await offer.completed;
  const bob = await program();
  await bob.register({ handle: "bob-b" });
  await bob.start();
  expect(await codeOf(bob.devices.approveLink(uri))).toBe("link-used");
  expect((await alice.devices.approveLink(uri)).version).toBe(2);
});

test("lost the race for a version: the old device rebases and nobody is asked twice", async () => {
  let asked = 0;
  const first = await program();
  const second = await program();
  const one = await link(first);
  const two = await link(second, { confirm: () => ++asked > 0 });
  let held: (() => void) | undefined;
  server.meddle = async (_method, path, answer) => {
    // The second device's completion waits until the first one is in: its version is taken then.
    if (path.endsWith("/complete") && held === undefined) {
      await new Promise<void>((resolve) => {
        held = resolve;
      });
    }
    return answer();
  };
  const approvedTwo = alice.devices.approveLink(two.uri);
  await until(() => held !== undefined, "the second device's completion");
  const approvedOne = alice.devices.approveLink(one.uri);
  await one.completed;
  held!();
  await two.completed;
  await Promise.all([approvedOne, approvedTwo]);
  expect(heads().at(-1)!.devices).toHaveLength(3);
  expect(asked).toBe(1);
});

describe("the new device is killed", () => {
  test.each(["client.keys-made", "client.keys-uploaded"])("at %s, and is linked by the same keys", async (name) => {
    const disk = new MemoryDisk();
    const laptop = await program(disk);
    setPointSink((passed) => {
      if (passed === name) throw new Error("killed");
    });
    const offer = await link(laptop);
    const approved = alice.devices.approveLink(offer.uri);
    expect(await codeOf(offer.completed)).toContain("killed");
    setPointSink(undefined);
    disk.crash();
    open.splice(open.indexOf(laptop), 1);
    const again = await program(disk);
    const resumed = await link(again);
    const self = await resumed.completed;
    expect(resumed.digits).toBe(offer.digits);
    await approved;
    expect(
      heads()
        .at(-1)!
        .devices.map(({ id }) => id),
    ).toEqual([alice.self!.device, self.device]);
    await again.start();
  });
});

test("lost answers on the way are repeated", async () => {
  const seen = new Map<string, number>();
  server.meddle = async (method, path, answer) => {
    const response = await answer();
    const key = `${method} ${path.replace(/[a-z2-7]{26}/, "id")}`;
    seen.set(key, (seen.get(key) ?? 0) + 1);
    if (seen.get(key) === 1 && !path.endsWith("/approve")) throw new TypeError("socket hang up");
    return response;
  };
  const laptop = await program();
  const offer = await link(laptop);
  await alice.devices.approveLink(offer.uri);
  await offer.completed;
  expect(heads()).toHaveLength(2);
});

test("the code is renewed every 45 seconds: same key, new secret, and the former one still works", async () => {
  const real = systemClock();
  const sleeps: { ms: number; wake: () => void }[] = [];
  const clock: Clock = {
    ...real,
    sleep: (ms, signal) =>
      ms < 45_000
        ? real.sleep(ms, signal)
        : new Promise((resolve) => {
            sleeps.push({ ms, wake: resolve });
            signal?.addEventListener("abort", () => {
              resolve();
            });
          }),
  };
  const laptop = await program(new MemoryDisk(), { clock });
  const offer = await link(laptop);
  const before = offer.uri;
  await until(() => sleeps.length === 1, "the refresh to be waited for");
  expect(sleeps[0]!.ms).toBe(45_000);
  sleeps[0]!.wake();
  await until(() => offer.uri !== before, "a new code");
  expect(alice.devices.inspectLink(offer.uri).device).toBe(alice.devices.inspectLink(before).device);
  expect(server.offers.size).toBe(2);
  await alice.devices.approveLink(before);
  expect((await offer.completed).account).toBe(alice.self!.account);
});

describe("removing", () => {
  async function withLaptop(): Promise<Client> {
    const laptop = await program();
    const offer = await link(laptop);
    await alice.devices.approveLink(offer.uri);
    await offer.completed;
    await laptop.start();
    return laptop;
  }

  test("the first device removes one behind it; that one notices and stops", async () => {
    const laptop = await withLaptop();
    const list = await alice.devices.remove(laptop.self!.device);
    expect(list.devices).toHaveLength(1);
    expect(await alice.devices.remove(laptop.self!.device)).toMatchObject({ version: list.version });
    await until(() => laptop.state.type === "revoked", "revoked");
    expect(await codeOf(laptop.start())).toBe("revoked");
  });

  test("a device behind cannot remove one before it, except with the recovery key", async () => {
    const laptop = await withLaptop();
    const { device } = alice.self!;
    expect(await codeOf(laptop.devices.remove(device))).toBe("outranked");
    const list = await laptop.devices.remove(device, { recoveryWords: words });
    expect(list.devices.map(({ id }) => id)).toEqual([laptop.self!.device]);
    expect(list.change).toMatchObject({ cause: "recover", verifyAgain: true });
    expect(await codeOf(laptop.devices.remove(laptop.self!.device))).toBe("bad-device-list");
  });
});

test("stop ends a link that waits, and one that no server answers", async () => {
  const laptop = await program();
  const offer = await link(laptop);
  await laptop.stop();
  expect(await codeOf(offer.completed)).toBe("stopped");

  const silent: ClientOptions["fetch"] = (_input, init) =>
    new Promise((_resolve, reject) => init!.signal!.addEventListener("abort", () => reject(new TypeError("aborted"))));
  const tablet = await program(undefined, { fetch: silent });
  const linking = codeOf(tablet.linkDevice());
  await tablet.stop();
  expect(await linking).toBe("stopped");
});
