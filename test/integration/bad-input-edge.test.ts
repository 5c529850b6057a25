import { connect } from "node:net";
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { limits } from "../../lib/limits.js";
import { hermod } from "../../protos/gen/hermod.js";
import { liveDevice, RawSocket, registered, type Registered } from "../support/raw-device.js";
import { startServer, type TestServer } from "../support/server.js";

let server: TestServer;
let alice: Registered;
let bystander: Registered;

beforeAll(async () => {
  server = await startServer({
    args: ["--set", "limits.authDeadlineMs=1500", "--set", "limits.socketsPerIpMax=1100", "--set", "limits.unauthenticatedSocketsMax=1100"],
  });
  alice = await registered(server.url, "alice");
  bystander = await registered(server.url, "bystander");
});
afterAll(async () => {
  await alice.client.stop();
  await bystander.client.stop();
  await server.stop();
});

const residentBytes = (): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${String(server.pid)}/status`, "utf8"))?.[1] ?? 0) * 1_024;
const metric = async (name: string): Promise<number> => {
  const page = await (await fetch(`${server.adminUrl}/metrics`)).text();
  return Number(new RegExp(`^${name.replace(/[{}"]/g, "\\$&")} (\\S+)$`, "m").exec(page)?.[1] ?? 0);
};

test("a frame of more than 256 KiB closes the socket before it is buffered, and others notice nothing", async () => {
  const other = await liveDevice(server.url, bystander);
  const before = residentBytes();
  const socket = await liveDevice(server.url, alice);
  socket.raw(new Uint8Array(limits.frameBytesMax + 1));
  expect([1006, 1009]).toContain((await socket.closed).code);
  // A header that promises 4 GiB, written by hand.
  const raw = connect({ host: "127.0.0.1", port: Number(new URL(server.url).port) });
  raw.write(
    "GET /v1/ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: hermod.v1\r\n\r\n",
  );
  await new Promise((resolve) => raw.once("data", resolve));
  raw.write(Buffer.from([0x82, 0xff, 0, 0, 0, 1, 0, 0, 0, 0, 1, 2, 3, 4]));
  await new Promise((resolve) => raw.once("close", resolve));
  expect(residentBytes() - before).toBeLessThan(16 * 1024 * 1024);
  expect(
    (await other.request({ fetchDevices: { accounts: [{ account: alice.credential.subarray(0, 16), fromVersion: 1 }] } })).devices?.chains
      .length,
  ).toBe(1);
  await other.close();
});

test("a message in 2,000 fragments is read as one or its socket is closed; memory stays bounded", async () => {
  const socket = await liveDevice(server.url, alice);
  const before = residentBytes();
  const frame = hermod.v1.ClientFrame.encode({
    requestId: 77,
    fetchDevices: { accounts: [{ account: alice.credential.subarray(0, 16), fromVersion: 1 }] },
  }).finish();
  for (let at = 0; at < frame.length; at++) socket.socket.send(frame.subarray(at, at + 1), { binary: true, fin: at === frame.length - 1 });
  expect((await socket.hear(({ requestId }) => requestId === 77)).devices?.chains.length).toBe(1);
  for (let n = 0; n < 400_000 && socket.socket.readyState === socket.socket.OPEN; n++) {
    socket.socket.send(Buffer.from([0]), { binary: true, fin: false });
    if (n % 5_000 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  expect([1006, 1009, 1002]).toContain((await socket.closed).code);
  expect(residentBytes() - before).toBeLessThan(32 * 1024 * 1024);
});

test("a text frame is closed with 1003", async () => {
  const socket = await liveDevice(server.url, alice);
  socket.raw("hello");
  expect((await socket.closed).code).toBe(1003);
});

test("bytes that are no protobuf are answered bad-frame, and who goes on is closed with 4029", async () => {
  const socket = await liveDevice(server.url, alice);
  socket.raw(new Uint8Array([255, 255, 255]));
  expect((await socket.hear(({ problem }) => problem !== null)).problem?.code).toBe("bad-frame");
  for (let n = 0; n < 5; n++) socket.raw(new Uint8Array([11, 12]));
  expect((await socket.closed).code).toBe(4029);
});

test("an unknown frame is answered unknown-frame with its requestId, and the session goes on", async () => {
  const socket = await liveDevice(server.url, alice);
  // Field 120: reserved, so no version has given it a meaning.
  socket.raw(new Uint8Array([8, 41, 0xc2, 0x07, 1, 0]));
  expect((await socket.hear(({ requestId }) => requestId === 41)).problem?.code).toBe("unknown-frame");
  expect(
    (await socket.request({ fetchDevices: { accounts: [{ account: alice.credential.subarray(0, 16), fromVersion: 1 }] } })).devices,
  ).not.toBeNull();
  await socket.close();
});

test("unknown fields in a known frame are passed over", async () => {
  const socket = await liveDevice(server.url, alice);
  const frame = hermod.v1.ClientFrame.encode({
    requestId: 42,
    fetchDevices: { accounts: [{ account: alice.credential.subarray(0, 16), fromVersion: 1 }] },
  }).finish();
  socket.raw(new Uint8Array([...frame, 0x98, 0x3f, 5]));
  expect((await socket.hear(({ requestId }) => requestId === 42)).devices?.chains.length).toBe(1);
  await socket.close();
});

const upgrades: { name: string; options: ConstructorParameters<typeof RawSocket>[1]; status: number }[] = [
  { name: "without the subprotocol", options: { protocols: [] }, status: 400 },
  { name: "with another subprotocol", options: { protocols: ["hermod.v9"] }, status: 400 },
  { name: "with an Origin that is not on the list", options: { headers: { origin: "https://example.com" } }, status: 403 },
  { name: "with the Origin null", options: { headers: { origin: "null" } }, status: 403 },
];
test.each(upgrades)("an upgrade $name is refused with $status", async ({ options, status }) => {
  const socket = new RawSocket(server.url, options);
  await expect(socket.opened).rejects.toThrow();
  expect(socket.refusedStatus).toBe(status);
});

test("compression is never negotiated", async () => {
  const socket = new RawSocket(server.url, { perMessageDeflate: true });
  await socket.opened;
  expect(socket.socket.extensions).toBe("");
  await socket.close();
});

const secretOf = (change: (credential: Uint8Array) => void): Uint8Array => {
  const credential = alice.credential.slice();
  change(credential);
  return credential;
};
const credentials: { name: string; credential: () => Uint8Array }[] = [
  { name: "none", credential: () => new Uint8Array(0) },
  { name: "a short one", credential: () => alice.credential.subarray(0, 63) },
  {
    name: "a wrong secret",
    credential: () =>
      secretOf((bytes) => {
        bytes[40]! ^= 1;
      }),
  },
  {
    name: "a device of nobody",
    credential: () =>
      secretOf((bytes) => {
        bytes[20]! ^= 1;
      }),
  },
  {
    name: "an account of nobody",
    credential: () =>
      secretOf((bytes) => {
        bytes[5]! ^= 1;
      }),
  },
  {
    name: "another account's device",
    credential: () => new Uint8Array([...alice.credential.subarray(0, 16), ...bystander.credential.subarray(16)]),
  },
];
test.each(credentials)("a hello with $name gets the same unauthenticated and the same close", async ({ credential }) => {
  const socket = new RawSocket(server.url);
  const answer = await socket.hello(credential());
  expect(answer.problem?.code).toBe("unauthenticated");
  expect((await socket.closed).code).toBe(4100);
});

test("the credential may come in the upgrade's Authorization header", async () => {
  const { toBase32 } = await import("../../lib/ids.js");
  const socket = new RawSocket(server.url, { headers: { authorization: `Bearer ${toBase32(alice.credential)}` } });
  expect((await socket.hello(new Uint8Array(0))).welcome).not.toBeNull();
  await socket.close();
});

test("a request before hello is refused and closed", async () => {
  const socket = new RawSocket(server.url);
  await socket.opened;
  expect((await socket.request({ fetchDevices: { accounts: [] } })).problem?.code).toBe("unauthenticated");
  expect((await socket.closed).code).toBe(4100);
});

test("a client that speaks only a later protocol is told so and closed with 4203", async () => {
  const socket = new RawSocket(server.url);
  expect((await socket.hello(alice.credential, { protocolMin: 7, protocolMax: 9 })).problem?.code).toBe("version-not-supported");
  expect((await socket.closed).code).toBe(4203);
});

test("a newer connection replaces the older one, a lower conn is refused, both with 4209", async () => {
  const first = await liveDevice(server.url, alice);
  const second = await liveDevice(server.url, alice);
  expect((await first.closed).code).toBe(4209);
  const late = new RawSocket(server.url);
  await late.hello(alice.credential, { conn: 3n });
  expect((await late.closed).code).toBe(4209);
  expect(second.socket.readyState).toBe(second.socket.OPEN);
  await second.close();
});

test("a client that is silent is pinged, and stays as long as it answers", async () => {
  const patient = await startServer({ args: ["--set", "limits.deadAfterMs=8000"] });
  try {
    const bob = await registered(patient.url, "bob");
    const socket = await liveDevice(patient.url, bob);
    let pings = 0;
    socket.socket.on("ping", () => pings++);
    const began = performance.now();
    // Longer than a silent socket may live, so that only pings and pongs have kept it.
    while ((pings < 2 || performance.now() - began < 9_500) && performance.now() - began < 15_000) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(pings).toBeGreaterThanOrEqual(2);
    expect(socket.socket.readyState).toBe(socket.socket.OPEN);
    await socket.close();
    await bob.client.stop();
  } finally {
    await patient.stop();
  }
}, 30_000);

test("1,000 connections that never authenticate are closed in time, and a healthy client connects meanwhile", async () => {
  const before = residentBytes();
  const silent = Array.from({ length: 1_000 }, (_, n) => new RawSocket(server.url, { localAddress: `127.0.0.${String(2 + (n % 20))}` }));
  await Promise.all(silent.map(({ opened }) => opened));
  const began = performance.now();
  const healthy = await liveDevice(server.url, bystander);
  expect(performance.now() - began).toBeLessThan(1_500);
  const closed = await Promise.all(silent.map((socket) => socket.closed));
  expect(new Set(closed.map(({ code }) => code))).toEqual(new Set([4100]));
  expect(await metric("hermod_edge_unauthenticated")).toBe(0);
  expect(residentBytes() - before).toBeLessThan(48 * 1024 * 1024);
  await healthy.close();
}, 30_000);
