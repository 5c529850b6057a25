import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Client } from "../../client/client.js";
import { parseRecoveryWords, recoveryWords } from "../../client/account/recovery-key.js";
import type { ClientOptions, Registration } from "../../client/options.js";
import { HermodError } from "../../client/errors.js";
import { MemoryDisk, openMemoryStore } from "../../client/store/memory.js";
import { setPointSink } from "../../lib/point.js";
import { AccountServer } from "../support/account-server.js";

let server: AccountServer;
let disk: MemoryDisk;
const open: Client[] = [];

beforeEach(() => {
  server = new AccountServer();
  disk = new MemoryDisk();
});
afterEach(async () => {
  setPointSink(undefined);
  for (const client of open.splice(0)) await client.stop();
});

/** A program on this store. Nobody listens on the socket's address: registering needs REST only. */
async function start(over: Partial<ClientOptions> = {}): Promise<Client> {
  const noSocket = { send: () => {}, close: () => {}, terminate: () => {}, bufferedAmount: 0 };
  const dial: ClientOptions["dial"] = (_url, events) => {
    queueMicrotask(() => {
      events.closed(1006, "");
    });
    return noSocket;
  };
  const abort = AbortSignal.timeout(1);
  const client = await Client.open({ servers: ["http://127.0.0.1:1"], store: openMemoryStore(disk), fetch: server.fetch, dial, ...over });
  const registerOf = client.register.bind(client);
  client.register = (options: Registration) => registerOf({ signal: abort, ...options });
  open.push(client);
  return client;
}
/** Ends the program as a kill does: nothing is told, what was durable stays. */
const killed = (): void => {
  open.length = 0;
  disk.crash();
};
const codeOf = async (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => "no error",
    (error: unknown) => (error instanceof HermodError ? error.code : String(error)),
  );

test("makes an account with one device and shows the recovery key once", async () => {
  const me = await start();
  expect(me.self).toBeUndefined();
  const made = await me.register({ handle: "alice" });
  expect(made.recoveryWords!.split(" ")).toHaveLength(24);
  expect(me.self).toMatchObject({ handle: "alice", account: made.account });
  const account = server.accounts.get(made.account)!;
  expect(account.states[0]!.devices.map(({ id }) => id)).toEqual([made.device]);
  expect(account.uploads[0]!.oneTimeEc).toHaveLength(100);
  expect(account.uploads[0]!.oneTimeKyber).toHaveLength(100);

  expect(await me.register({ handle: "alice" })).toEqual({ account: made.account, device: made.device, handle: "alice" });
  expect(server.requests.filter((request) => request === "POST /v1/accounts")).toHaveLength(1);
  expect(await codeOf(me.register({ handle: "other" }))).toBe("already-registered");
});

test.each(["ab", "Alice", "-alice", "a".repeat(32), "al ice", "", "aliceö"])("refuses the handle %j without asking", async (handle) => {
  const me = await start();
  expect(await codeOf(me.register({ handle }))).toBe("bad-handle");
  expect(server.requests).toEqual([]);
});

describe("interrupted", () => {
  test.each(["client.keys-made", "client.keys-uploaded"])("killed at %s, the next run gets the same account", async (name) => {
    setPointSink((passed) => {
      if (passed === name) throw new Error("killed");
    });
    const me = await start();
    expect(await codeOf(me.register({ handle: "alice" }))).toContain("killed");
    const before = [...server.accounts.keys()];
    killed();
    setPointSink(undefined);
    const again = await start();
    const made = await again.register({ handle: "alice" });
    expect(server.accounts.size).toBe(1);
    if (before.length > 0) expect(before).toEqual([made.account]);
    expect(made.recoveryWords).toBeDefined();
    expect(server.accounts.get(made.account)!.credentials.size).toBe(1);
  });

  test("a lost answer is followed by the same bytes", async () => {
    const bodies: string[] = [];
    let lost = 0;
    const me = await start({
      fetch: async (input, init) => {
        bodies.push(init?.body as string);
        const answer = await server.fetch(input, init);
        if (lost++ === 0) throw new TypeError("socket hang up");
        return answer;
      },
    });
    expect(await codeOf(me.register({ handle: "alice", signal: new AbortController().signal }))).toBe("unreachable");
    await me.register({ handle: "alice" });
    expect(bodies[0]).toBe(bodies[1]);
    expect(server.accounts.size).toBe(1);
  });

  test("a handle whose outcome is open cannot be exchanged, one that was refused can", async () => {
    server.meddle = () => Promise.reject(new TypeError("refused"));
    const me = await start();
    const never = new AbortController().signal;
    expect(await codeOf(me.register({ handle: "alice", signal: never }))).toBe("unreachable");
    expect(await codeOf(me.register({ handle: "alicia", signal: never }))).toBe("already-registered");
    server.meddle = (_method, _path, answer) => answer();
    server.handles.set("alice", "taken" as never);
    expect(await codeOf(me.register({ handle: "alice", signal: never }))).toBe("handle-taken");
    await me.register({ handle: "alicia" });
    expect(server.handles.has("alicia")).toBe(true);
  });

  test("words that nobody saw are shown again", async () => {
    const me = await start();
    const shown: string[] = [];
    const fails = (words: string): void => {
      shown.push(words);
      throw new Error("the terminal is gone");
    };
    await expect(me.register({ handle: "alice", showRecovery: fails })).rejects.toThrow("terminal");
    killed();
    const again = await start();
    await again.register({ handle: "alice", showRecovery: (words) => void shown.push(words) });
    expect(shown[0]).toBe(shown[1]);
    expect((await again.register({ handle: "alice" })).recoveryWords).toBeUndefined();
  });
});

test("an invite goes along where it is needed", async () => {
  server.inviteNeeded = true;
  const me = await start();
  expect(await codeOf(me.register({ handle: "alice", signal: new AbortController().signal }))).toBe("invite-needed");
  await me.register({ handle: "alice", invite: "abc" });
  expect(server.accounts.size).toBe(1);
});

test("an answer for another account is not taken", async () => {
  server.meddle = async (_method, _path, answer) => {
    const json = (await (await answer()).json()) as Record<string, unknown>;
    return Response.json({ ...json, account: "a".repeat(26) }, { status: 201 });
  };
  const me = await start();
  expect(await codeOf(me.register({ handle: "alice", signal: new AbortController().signal }))).toBe("internal");
  expect(me.self).toBeUndefined();
});

const answers: { name: string; answer: () => Response; code: string }[] = [
  { name: "a page of a proxy", answer: () => new Response("<html>bad gateway</html>", { status: 502 }), code: "unsure" },
  { name: "success that is not JSON", answer: () => new Response("ok", { status: 200 }), code: "bad-request" },
  { name: "success without an account", answer: () => Response.json({}), code: "internal" },
  { name: "a limit without a code", answer: () => new Response("", { status: 429 }), code: "rate-limited" },
  { name: "a code that nobody knows", answer: () => Response.json({ code: "brand-new" }, { status: 503 }), code: "unsure" },
];
test.each(answers)("$name is $code", async ({ answer, code }) => {
  server.meddle = () => Promise.resolve(answer());
  const me = await start();
  expect(await codeOf(me.register({ handle: "alice", signal: new AbortController().signal }))).toBe(code);
});

describe("recovery key", () => {
  let dir: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), "hermod-recovery-"));
  });
  afterEach(() => rm(dir, { recursive: true }));

  test("goes into a file that only its owner reads, and never over another one", async () => {
    const me = await start();
    const path = join(dir, "recovery");
    const made = await me.register({ handle: "alice", recoveryFile: path });
    expect(made.recoveryWords).toBeUndefined();
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(parseRecoveryWords(await readFile(path, "utf8"))).toHaveLength(32);
    disk = new MemoryDisk();
    const other = await start();
    await writeFile(join(dir, "taken"), "something else");
    expect(await codeOf(other.register({ handle: "bob", recoveryFile: join(dir, "taken") }))).toBe("bad-request");
    expect(await readFile(join(dir, "taken"), "utf8")).toBe("something else");
  });

  test("words survive case and spacing, and a wrong word is told", () => {
    const secret = new Uint8Array(32).map((_, index) => index * 7);
    const words = recoveryWords(secret);
    expect(parseRecoveryWords(`  ${words.toUpperCase().replaceAll(" ", "\n")} `)).toEqual(secret);
    const list = words.split(" ");
    expect(() => parseRecoveryWords([...list.slice(0, 23), "zzz"].join(" "))).toThrow(/24 words/);
    expect(() => parseRecoveryWords([list[1], list[0], ...list.slice(2)].join(" "))).toThrow();
    expect(() =>
      parseRecoveryWords("abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about"),
    ).toThrow(/24/);
  });

  test("makes a new store the account's only device", async () => {
    const me = await start();
    const made = await me.register({ handle: "alice" });
    disk = new MemoryDisk();
    const fresh = await start();
    const wrong = recoveryWords(new Uint8Array(32).fill(1));
    expect(await codeOf(fresh.recover({ handle: "alice", words: wrong }))).toBe("bad-request");
    const self = await fresh.recover({ handle: "alice", words: made.recoveryWords! });
    expect(self.account).toBe(made.account);
    const head = server.accounts.get(made.account)!.states.at(-1)!;
    expect(head.devices.map(({ id }) => id)).toEqual([self.device]);
    expect(head.change.verifyAgain).toBe(true);
    expect(await fresh.recover({ handle: "alice", words: made.recoveryWords! })).toMatchObject({ device: self.device });
  });

  test("a recovery that was overtaken is made anew", async () => {
    const me = await start();
    const made = await me.register({ handle: "alice" });
    disk = new MemoryDisk();
    const fresh = await start();
    let refusals = 0;
    server.meddle = (_method, path, answer) =>
      path === "/v1/devices/recover" && refusals++ === 0
        ? Promise.resolve(Response.json({ code: "list-conflict" }, { status: 409 }))
        : answer();
    await fresh.recover({ handle: "alice", words: made.recoveryWords! });
    expect(server.requests.filter((request) => request.endsWith("recover/chain"))).toHaveLength(2);
  });
});

test("an answer that is not the server's (a proxy, a captive portal) decides nothing about an open registration", async () => {
  let calls = 0;
  const fetch: ClientOptions["fetch"] = async (input, init) => {
    if (init?.method !== "POST") return server.fetch(input, init);
    calls += 1;
    if (calls === 2) return new Response("<h1>sign in first</h1>", { status: 403 });
    const answer = await server.fetch(input, init);
    if (calls === 1) throw new TypeError("lost");
    return answer;
  };
  const me = await start({ fetch });
  expect(await codeOf(me.register({ handle: "alice" }))).toBe("unreachable");
  expect(await codeOf(me.register({ handle: "alice" }))).toBe("bad-request");
  const made = await me.register({ handle: "alice" });
  expect([...server.accounts.keys()]).toEqual([made.account]);
});

test("a caller who gives up waiting leaves the registration open", async () => {
  const abort = new AbortController();
  const fetch: ClientOptions["fetch"] = async (input, init) => {
    const answer = await server.fetch(input, init);
    if (!abort.signal.aborted && init?.method === "POST") {
      abort.abort();
      throw new TypeError("given up");
    }
    return answer;
  };
  const me = await start({ fetch });
  expect(await codeOf(me.register({ handle: "alice", signal: abort.signal }))).toBe("stopped");
  const made = await me.register({ handle: "alice" });
  expect([...server.accounts.keys()]).toEqual([made.account]);
});
