import { afterEach, beforeEach, expect, test } from "vitest";
import { WebSocketConnection, type ConnectionOptions } from "../../client/connection/connection.js";
import type { ConnectionState, ServerFrame } from "../../client/connection/ports.js";
import { dialWs, socketUrlOf } from "../../client/connection/ws.js";
import { HermodError } from "../../client/errors.js";
import { systemClock, type Clock } from "../../lib/clock.js";
import { seededRand, type Rand } from "../../lib/random.js";
import { FramePeer, until, welcoming } from "../support/frame-peer.js";

let peer: FramePeer;
let conn = 0n;
let problems: string[] = [];
const connections: WebSocketConnection[] = [];
const atOnce: Rand = { ...seededRand(1), fraction: () => 0 };

beforeEach(async () => {
  peer = await FramePeer.listen();
  conn = 0n;
  problems = [];
});
afterEach(async () => {
  for (const connection of connections.splice(0)) connection.stop();
  await peer.close();
});

function connect(over: Partial<ConnectionOptions> = {}): { connection: WebSocketConnection; states: string[]; pushed: ServerFrame[] } {
  const connection = new WebSocketConnection({
    servers: [peer.url],
    dial: dialWs,
    clock: systemClock(),
    rand: atOnce,
    credential: () => new Uint8Array(64).fill(7),
    nextConn: () => ++conn,
    clientName: "test",
    clientVersion: "1",
    onProblem: (code) => problems.push(code),
    ...over,
  });
  connections.push(connection);
  const states: string[] = [];
  const pushed: ServerFrame[] = [];
  connection.onState((state: ConnectionState) => states.push(state.type));
  connection.onPush((frame) => pushed.push(frame));
  connection.onSession((session) => {
    connection.request({ syncState: {} }).then(
      () => {
        connection.caughtUp(session);
      },
      () => {},
    );
  });
  return { connection, states, pushed };
}

const codeOf = async (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => "no error",
    (error: unknown) => (error instanceof HermodError ? error.code : String(error)),
  );

test("says hello with a stored count, is welcomed, syncs and is live", async () => {
  const { connection, states } = connect();
  connection.start();
  await until(() => connection.state.type === "live", "live");
  expect(states).toEqual(["connecting", "syncing", "live"]);
  expect(peer.last.hello).toMatchObject({ conn: 1n, protocolMin: 1, protocolMax: 1, clientName: "test" });
  expect(peer.last.hello!.credential).toHaveLength(64);
});

test("an answer finds its request, whatever the order", async () => {
  const { connection } = connect();
  connection.start();
  await until(() => connection.state.type === "live", "live");
  const first = connection.request({ fetchPrekeys: {} });
  const second = connection.request({ fetchDevices: {} });
  await until(() => peer.last.frames.length === 4, "both requests");
  const [, , one, two] = peer.last.frames;
  peer.last.send({ requestId: two!.requestId, devices: {} });
  peer.last.send({ requestId: one!.requestId, prekeys: {} });
  expect((await first).frame).toBe("prekeys");
  expect((await second).frame).toBe("devices");
});

test("a problem rejects its request with the code, the hint and the frame", async () => {
  const { connection } = connect();
  peer.script = (frame) =>
    frame.sendMessage
      ? [{ requestId: frame.requestId, problem: { code: "rate-limited", retryAfterMs: 70, counter: 4n } }]
      : welcoming(frame);
  connection.start();
  await until(() => connection.state.type === "live", "live");
  const error: unknown = await connection.request({ sendMessage: {} }).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: "rate-limited", retryable: true, retryAfterMs: 70, problem: { counter: 4n } });
});

test("a code of a newer server reads as internal and keeps its name", async () => {
  const { connection } = connect();
  peer.script = (frame) => (frame.nack ? [{ requestId: frame.requestId, problem: { code: "brand-new" } }] : welcoming(frame));
  connection.start();
  await until(() => connection.state.type === "live", "live");
  const error = (await connection.request({ nack: {} }).catch((thrown: unknown) => thrown)) as HermodError;
  expect(error.code).toBe("internal");
  expect(error.message).toContain("brand-new");
});

test("stream frames reach the listener in order, also with a request's number, and only the last one ends it", async () => {
  const { connection, pushed } = connect();
  peer.script = (frame) => {
    if (!frame.fetch) return welcoming(frame);
    const { requestId } = frame;
    return [
      { requestId, deliver: { seq: 1n } },
      { requestId, skip: { from: 2n } },
      { deliver: { seq: 9n } },
      { requestId, fetched: { to: 2n } },
    ];
  };
  connection.start();
  await until(() => connection.state.type === "live", "live");
  pushed.length = 0;
  expect((await connection.request({ fetch: {} })).frame).toBe("fetched");
  expect(pushed.map((frame) => frame.frame)).toEqual(["deliver", "skip", "deliver", "fetched"]);
});

test("a lost socket leaves the outcome open, and the next connection has a higher count", async () => {
  const { connection } = connect();
  connection.start();
  await until(() => connection.state.type === "live", "live");
  const lost = connection.request({ sendMessage: {} });
  await until(() => peer.last.frames.length === 3, "the send");
  peer.last.socket.terminate();
  const error = (await lost.catch((thrown: unknown) => thrown)) as HermodError;
  expect(error).toMatchObject({ code: "unreachable", stored: "perhaps", retryable: true });
  await until(() => connection.state.type === "live" && peer.sockets.length === 2, "live again");
  expect(peer.last.hello!.conn).toBe(2n);
});

test("without a session a request is refused at once and an ack is not sent", async () => {
  const { connection } = connect();
  expect(await codeOf(connection.request({ fetch: {} }))).toBe("unreachable");
  expect(connection.send({ messageAck: {} })).toBe(false);
});

const ends: { code: number; state: string; request: string }[] = [
  { code: 4201, state: "revoked", request: "revoked" },
  { code: 4203, state: "outdated", request: "version-not-supported" },
  { code: 4209, state: "replaced", request: "replaced" },
  { code: 4277, state: "outdated", request: "version-not-supported" },
];
test.each(ends)("close $code ends in $state and dials no more", async ({ code, state, request }) => {
  const { connection } = connect();
  connection.start();
  await until(() => connection.state.type === "live", "live");
  peer.last.socket.close(code);
  await until(() => connection.state.type === state, state);
  expect(await codeOf(connection.request({ fetch: {} }))).toBe(request);
  expect(() => {
    connection.start();
  }).toThrow();
  expect(peer.sockets).toHaveLength(1);
});

test.each([1000, 1006, 4001, 4008, 4029, 4042])("close %i is a reason to come back", async (code) => {
  const { connection, states } = connect();
  connection.start();
  await until(() => connection.state.type === "live", "live");
  if (code === 1006) peer.last.socket.terminate();
  else peer.last.socket.close(code);
  await until(() => peer.sockets.length === 2 && connection.state.type === "live", "live again");
  expect(states).toEqual(["connecting", "syncing", "live", "waiting", "connecting", "syncing", "live"]);
});

test("a refused credential is told of and tried on", async () => {
  const { connection } = connect();
  peer.script = (frame, socket) => {
    if (peer.sockets.length > 1) return welcoming(frame);
    socket.socket.close(4100);
    return [];
  };
  connection.start();
  await until(() => connection.state.type === "live", "live");
  expect(problems).toEqual(["unauthenticated"]);
});

test("drain: the answer on its way is still taken, then this side closes and waits for the hint", async () => {
  const { connection, states } = connect();
  let waited = 0;
  connection.onState((state) => {
    if (state.type === "waiting") waited = state.retryInMs;
  });
  connection.start();
  await until(() => connection.state.type === "live", "live");
  const last = connection.request({ sendMessage: {} });
  await until(() => peer.last.frames.length === 3, "the send");
  peer.last.send({ drain: { reconnectInMs: 60 } });
  peer.last.send({ requestId: peer.last.frames[2]!.requestId, serverAck: { seq: 5n } });
  expect((await last).serverAck!.seq).toBe(5n);
  await until(() => peer.sockets[0]!.closed, "the client's close");
  await until(() => peer.sockets.length === 2 && connection.state.type === "live", "live again");
  expect(states).toContain("waiting");
  expect(waited).toBeGreaterThan(0);
  expect(waited).toBeLessThanOrEqual(60);
});

test("a server that is not there is waited for, another one is dialled", async () => {
  const gone = await FramePeer.listen();
  const { url } = gone;
  await gone.close();
  const { connection } = connect({ servers: [url, peer.url] });
  connection.start();
  await until(() => connection.state.type === "live", "live");
  expect(peer.sockets).toHaveLength(1);
});

test("frames of an older socket are nobody's", async () => {
  const { connection, pushed } = connect();
  connection.start();
  await until(() => connection.state.type === "live", "live");
  const old = peer.last;
  connection.pause();
  expect(connection.state.type).toBe("offline");
  old.send({ deliver: { seq: 77n } });
  await until(() => old.closed, "the close");
  expect(pushed.some((frame) => frame.deliver)).toBe(false);
  connection.start();
  await until(() => connection.state.type === "live", "live again");
});

test("stop answers whoever waits", async () => {
  const { connection } = connect();
  connection.start();
  await until(() => connection.state.type === "live", "live");
  const open = connection.request({ fetch: {} });
  connection.stop();
  expect(await codeOf(open)).toBe("stopped");
  expect(await codeOf(connection.request({ fetch: {} }))).toBe("stopped");
});

test("a request has a deadline, can be given up, and too many at once are refused", async () => {
  const { connection } = connect();
  connection.start();
  await until(() => connection.state.type === "live", "live");
  expect(await codeOf(connection.request({ fetch: {} }, { deadlineMs: 5 }))).toBe("timeout");
  const abort = new AbortController();
  const given = connection.request({ fetch: {} }, { signal: abort.signal });
  abort.abort();
  expect(await codeOf(given)).toBe("stopped");
  expect(await codeOf(connection.request({ fetch: {} }, { signal: abort.signal }))).toBe("stopped");
  const many = Array.from({ length: 300 }, () => codeOf(connection.request({ fetch: {} })));
  connection.stop();
  const codes = await Promise.all(many);
  expect(codes.filter((code) => code === "overloaded")).toHaveLength(300 - 256);
});

test("bytes that are no frame, and text, end the socket", async () => {
  const { connection } = connect();
  connection.start();
  await until(() => connection.state.type === "live", "live");
  peer.last.socket.send(Buffer.from([0xff, 0xff, 0xff]));
  await until(() => peer.sockets.length === 2 && connection.state.type === "live", "live again");
  expect(problems).toEqual(["bad-frame"]);
  peer.last.socket.send("hello");
  await until(() => peer.sockets.length === 3 && connection.state.type === "live", "live a third time");
});

test("75 silent seconds mean that the path is dead; a ping is not silence", async () => {
  const real = systemClock();
  let skew = 0;
  const fired: (() => void)[] = [];
  const clock: Clock = {
    ...real,
    mono: () => real.mono() + skew,
    timer: (ms, fire) => {
      if (ms < 30_000) return real.timer(ms, fire);
      fired.push(fire);
      return { cancel: () => {} };
    },
  };
  const { connection } = connect({ clock });
  connection.start();
  await until(() => connection.state.type === "live", "live");
  skew += 60_000;
  const before = connection.bufferedAmount;
  expect(before).toBe(0);
  await new Promise<void>((resolve) => {
    peer.last.socket.once("pong", () => {
      resolve();
    });
    peer.last.socket.ping();
  });
  skew += 20_000;
  fired.at(-1)!();
  expect(connection.state.type).toBe("live");
  skew += 76_000;
  fired.at(-1)!();
  await until(() => peer.sockets.length === 2, "a second socket");
});

test("a server's address becomes the socket's", () => {
  expect(socketUrlOf("http://127.0.0.1:8080")).toBe("ws://127.0.0.1:8080/v1/ws");
  expect(socketUrlOf("https://example.org/chat/")).toBe("wss://example.org/chat/v1/ws");
});

test("a store that does not take the next connection's number is a problem to try again, not the end of the program", async () => {
  let full = true;
  const { connection, states } = connect({
    nextConn: () => {
      if (full) throw new HermodError("storage-full");
      return ++conn;
    },
  });
  connection.start();
  await until(() => problems.includes("storage-full"), "told");
  full = false;
  await until(() => connection.state.type === "live", "live");
  expect(states).toContain("waiting");
});

test("a server that does not answer the closing handshake holds nobody for long", async () => {
  let closed = 0;
  const beganMs = performance.now();
  const socket = dialWs(socketUrlOf(peer.url), {
    opened: () => {
      peer.sockets[0]!.socket.pause();
      socket.close(1000, "bye");
    },
    message: () => {},
    heard: () => {},
    closed: () => closed++,
  });
  await until(() => closed === 1, "closed");
  expect(performance.now() - beganMs).toBeLessThan(9_000);
  for (const each of peer.sockets) each.socket.resume();
});
