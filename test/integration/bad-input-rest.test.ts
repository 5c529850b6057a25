import { connect } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { errorCodes } from "../../lib/errors.js";
import { limits } from "../../lib/limits.js";
import { Person } from "../support/account-maker.js";
import { WireWorld, type RestAnswer } from "../support/wire-world.js";

let world: WireWorld;
let alice: Person;

beforeAll(async () => {
  world = await WireWorld.start();
  alice = await world.person("alice");
});
afterAll(async () => {
  await world.stop();
});

/** RFC 9457, a code of the table, and nothing of the inside. */
function isProblem(answer: RestAnswer, status: number, code: string): void {
  expect([answer.status, answer.body.code]).toEqual([status, code]);
  expect(answer.headers.get("content-type")).toBe("application/problem+json");
  expect(answer.headers.get("cache-control")).toBe("no-store");
  const text = JSON.stringify(answer.body);
  expect(Object.keys(errorCodes)).toContain(answer.body.code);
  expect(answer.body).toMatchObject({ type: "about:blank", status });
  expect(answer.body.requestId).toMatch(/^.{4,}$/);
  expect(text).not.toMatch(/\bat .*:\d+:\d+|node:internal|\.js\b|\.ts\b|\/(work|home|tmp|dist)\//);
}

const methods: { method: string; path: string; allow: string }[] = [
  { method: "GET", path: "/v1/accounts", allow: "POST" },
  { method: "DELETE", path: "/v1/accounts", allow: "POST" },
  { method: "PUT", path: "/v1/accounts", allow: "POST" },
  { method: "PATCH", path: "/v1/devices/link", allow: "POST" },
  { method: "POST", path: "/v1/users/alice", allow: "GET" },
  { method: "OPTIONS", path: "/v1/users/alice", allow: "GET" },
  { method: "POST", path: "/v1/devices/link/aaaa", allow: "GET" },
  { method: "GET", path: "/v1/devices/link/aaaa/approve", allow: "POST" },
];
test.each(methods)("$method $path is 405 and names what is allowed", async ({ method, path, allow }) => {
  const answer = await world.rest(method, path);
  isProblem(answer, 405, "method-not-allowed");
  expect(answer.headers.get("allow")).toBe(allow);
});

test.each([
  "/",
  "/v1",
  "/v1/",
  "/v2/accounts",
  "/v1/accounts/",
  "/v1/users",
  "/admin/v1/config",
  "/metrics",
  "/healthz",
  "/.git/config",
  "/v1/%2e%2e/%2e%2e/etc/passwd",
  "/v1/users/a/b/c",
])("%s is 404", async (path) => {
  isProblem(await world.rest("GET", path), 404, "not-found");
});

test.each([
  "nobody",
  "%00",
  "%ff",
  "%F0%28",
  "a".repeat(2_000),
  "..",
  "%2e%2e%2f",
  "alice%20",
  "ALICE",
  "constructor",
  "__proto__",
  "%E2%80%AE",
])("the handle %s is nobody's", async (handle) => {
  const answer = await world.rest("GET", `/v1/users/${handle}`);
  isProblem(answer, 404, "not-found");
});

const registration = (over: object = {}): object => ({ ...world.registration(new Person("newcomer")), ...over });
const bodies: { name: string; body: () => string }[] = [
  { name: "nothing", body: () => "" },
  { name: "no JSON", body: () => "handle=alice" },
  { name: "half of a JSON", body: () => JSON.stringify(registration()).slice(0, -9) },
  { name: "null", body: () => "null" },
  { name: "a number", body: () => "1e400" },
  { name: "a list", body: () => "[]" },
  { name: "a text", body: () => '"hello"' },
  { name: "bytes that are no UTF-8", body: () => "\ud800{}" },
  { name: "an unknown key", body: () => JSON.stringify(registration({ admin: true })) },
  { name: "a missing key", body: () => JSON.stringify({ handle: "newcomer" }) },
  { name: "__proto__", body: () => JSON.stringify(registration()).replace("{", '{"__proto__":{"inviteNeeded":false},') },
  { name: "a nested __proto__", body: () => JSON.stringify(registration()).replace("{", '{"x":{"__proto__":{"isAdmin":true}},') },
  { name: "constructor.prototype", body: () => JSON.stringify(registration({ constructor: { prototype: { isAdmin: true } } })) },
  { name: "a handle that is a number", body: () => JSON.stringify(registration({ handle: 7 })) },
  { name: "a handle that is a list", body: () => JSON.stringify(registration({ handle: ["alice"] })) },
  { name: "a handle that is an object", body: () => JSON.stringify(registration({ handle: { toString: "alice" } })) },
  { name: "a list that is true", body: () => JSON.stringify(registration({ list: true })) },
  { name: "bad base64", body: () => JSON.stringify(registration({ credential: "!!!!" })) },
  { name: "base64 of the other alphabet", body: () => JSON.stringify(registration({ credential: "+".repeat(43) })) },
  { name: "base64 with padding", body: () => JSON.stringify(registration({ credential: "AAAA====" })) },
  { name: "100,000 open brackets", body: () => "[".repeat(100_000) },
  { name: "100,000 nested objects", body: () => '{"a":'.repeat(40_000) + "1" + "}".repeat(40_000) },
  { name: "the same key twice, the second one wrong", body: () => JSON.stringify(registration()).replace(/}$/, ',"handle":7}') },
];
test.each(bodies)("a body of $name is 400", async ({ body }) => {
  isProblem(await world.post("/v1/accounts", body()), 400, "bad-request");
});

test("a key __proto__ has changed nothing for anybody", async () => {
  await world.post("/v1/accounts", '{"__proto__":{"inviteNeeded":true,"isAdmin":true}}');
  expect((await world.post("/v1/accounts", world.registration(new Person("after-proto")))).status).toBe(201);
});

test("a body above its bound is 413, also when it says its length late or lies about it", async () => {
  const { restBodyBytesMax } = limits;
  isProblem(await world.post("/v1/accounts", "x".repeat(restBodyBytesMax + 1)), 413, "too-large");
  const chunk = "x".repeat(65_536);
  const chunks = Array.from({ length: 8 }, () => `10000\r\n${chunk}\r\n`).join("");
  const answer = await raw(`POST /v1/accounts HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}0\r\n\r\n`);
  expect(["", "400", "413"]).toContain(statusOf(answer));
  const promised = await raw(`POST /v1/accounts HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n${chunk.repeat(5)}`);
  expect(["", "400", "413"]).toContain(statusOf(promised));
});

/** Bytes of our own making on a socket, and all that comes back until it closes or is silent. */
function raw(bytes: string | Uint8Array, silenceMs = 300): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port: Number(new URL(world.url).port) });
    let heard = "";
    let timer = setTimeout(end, silenceMs);
    function end(): void {
      socket.destroy();
      resolve(heard);
    }
    socket.on("data", (data) => {
      heard += data.toString("latin1");
      clearTimeout(timer);
      timer = setTimeout(end, silenceMs);
    });
    socket.on("error", () => undefined);
    socket.once("close", () => {
      clearTimeout(timer);
      resolve(heard);
    });
    socket.write(bytes);
  });
}
const statusOf = (answer: string): string => /^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? "";

const post = "POST /v1/accounts HTTP/1.1\r\nHost: x\r\n";
const malformed: [string, string | Uint8Array][] = [
  ["one byte", "G"],
  ["zeros", new Uint8Array(5_000)],
  ["a TLS hello", new Uint8Array([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3, ...new Uint8Array(500).fill(9)])],
  ["HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
  ["HTTP/0.9", "GET /\r\n\r\n"],
  ["no host", "GET /v1/users/alice HTTP/1.1\r\n\r\n"],
  ["a method of 10,000 letters", `${"G".repeat(10_000)} / HTTP/1.1\r\nHost: x\r\n\r\n`],
  ["a path of 100,000 letters", `GET /${"a".repeat(100_000)} HTTP/1.1\r\nHost: x\r\n\r\n`],
  ["a header of 100 KiB", `GET / HTTP/1.1\r\nHost: x\r\nX: ${"a".repeat(100_000)}\r\n\r\n`],
  ["10,000 headers", `GET / HTTP/1.1\r\nHost: x\r\n${"A: b\r\n".repeat(10_000)}\r\n`],
  ["headers without end", `GET / HTTP/1.1\r\nHost: x\r\n${"A: b\r\n".repeat(1_000)}`],
  ["a header without colon", "GET / HTTP/1.1\r\nHost: x\r\nnothing\r\n\r\n"],
  ["a header with a zero", "GET / HTTP/1.1\r\nHost: x\r\nA: \u0000\r\n\r\n"],
  ["a negative length", `${post}Content-Length: -5\r\n\r\nhello`],
  ["a length that is no number", `${post}Content-Length: ten\r\n\r\nhello`],
  ["two lengths", `${post}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello`],
  ["a length and chunks", `${post}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
  ["a chunk of 2^64 bytes", `${post}Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nx`],
  ["a chunk size that is no number", `${post}Transfer-Encoding: chunked\r\n\r\nzz\r\nx\r\n`],
  ["bare line feeds", "GET /v1/users/alice HTTP/1.1\nHost: x\n\n"],
  [
    "an upgrade without a key",
    "GET /v1/ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Protocol: hermod.v1\r\n\r\n",
  ],
  ["a request hidden behind another", `${post}Content-Length: 2\r\n\r\n{}GET /v1/users/alice HTTP/1.1\r\nHost: x\r\n\r\n`],
];
test.each(malformed)("%s on the socket leaves the server alive and says nothing of its inside", async (_name, bytes) => {
  const answer = await raw(bytes);
  expect(answer).not.toMatch(/\bat .*:\d+:\d+|node:internal|\/(work|home|tmp)\//);
  expect(["", "200", "400", "404", "405", "413", "414", "431", "505"]).toContain(statusOf(answer));
  expect((await world.rest("GET", "/v1/users/alice")).status).toBe(200);
});

test("200 sockets that begin a request and never finish it keep nobody out", async () => {
  const sockets = Array.from({ length: 200 }, () => {
    const socket = connect({ host: "127.0.0.1", port: Number(new URL(world.url).port) });
    socket.on("error", () => undefined);
    socket.write(`${post}Content-Length: 1000\r\n\r\n{"handle":`);
    return socket;
  });
  const began = performance.now();
  expect((await world.rest("GET", "/v1/users/alice")).status).toBe(200);
  expect(performance.now() - began).toBeLessThan(1_000);
  for (const socket of sockets) socket.destroy();
});

test("an address that asks too much is told when to come again", async () => {
  const tight = await WireWorld.start({ registrationsPerIpBucket: 3, lookupsPerHour: 5, linkBucket: 1 }, [], true);
  const ask = async (count: number, request: () => Promise<RestAnswer>): Promise<RestAnswer> => {
    let last = await request();
    for (let n = 1; n < count; n++) last = await request();
    return last;
  };
  for (const last of [
    await ask(4, () => tight.post("/v1/accounts", {})),
    await ask(6, () => tight.rest("GET", "/v1/users/nobody")),
    await ask(4, () => tight.post("/v1/devices/link", {})),
  ]) {
    isProblem(last, 429, "rate-limited");
    expect(Number(last.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(last.body.retryAfterMs).toBeGreaterThan(0);
  }
  await tight.stop();
});

test("all the while two bystanders noticed nothing, and memory stayed bounded", () => {
  expect(alice.name).toBe("alice");
  const { beats, failures, slowestMs, medianMs } = world.pair!.verdict();
  expect(failures).toEqual([]);
  expect(beats).toBeGreaterThan(3);
  expect(medianMs).toBeLessThan(500);
  expect(slowestMs).toBeLessThan(3_000);
  expect(world.grownBytes).toBeLessThan(96 * 1024 * 1024);
});
