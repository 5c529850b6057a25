import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { hermod } from "../support/command-line.js";
import { startServer, type TestServer } from "../support/server.js";

let folder: string;
let server: TestServer;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "hermod-operators-"));
  server = await startServer({ args: ["--log-level", "error"] });
});

afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

const serve = (...words: string[]) => hermod(["serve", "--data", join(folder, "data"), "--port", "0", "--admin-port", "0", ...words]);

test("a port in use: one sentence, exit 7, whoever has it", async () => {
  const ours = await serve("--port", new URL(server.url).port);
  expect(ours).toMatchObject({ code: 7, out: "", err: expect.stringMatching(/^port \d+ on 127\.0\.0\.1 is in use.*\n$/) as string });
  const foreign = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => foreign.once("listening", resolve));
  const { port } = foreign.address() as AddressInfo;
  expect(await serve("--port", String(port))).toMatchObject({ code: 7 });
  expect(await serve("--admin-port", String(port))).toMatchObject({ code: 7 });
  await new Promise((resolve) => foreign.close(resolve));
});

test("a data directory in use: one sentence, exit 7", async () => {
  const outcome = await serve("--data", server.dir);
  expect(outcome).toMatchObject({ code: 7, out: "", err: expect.stringMatching(/^The data directory .* is in use.*\n$/) as string });
});

test("an unknown option: what was meant, exit 2", async () => {
  expect(await serve("--prot", "1")).toMatchObject({ code: 2, err: expect.stringContaining("Did you mean --port") as string });
});

test("a bad configuration: every problem at once, exit 3", async () => {
  const file = join(folder, "bad.yaml");
  writeFileSync(file, "edge:\n  prot: 1\n  port: many\nlog:\n  level: loud\n");
  const outcome = await serve("--config", file, "--set", "nothing=1", "--port", "70000");
  expect(outcome.code).toBe(3);
  expect(outcome.err).toMatch(/problems:/);
  for (const said of ["edge.prot", "edge.port", "log.level", "nothing", "70000|0 to 65535"]) expect(outcome.err).toMatch(new RegExp(said));
  expect(await hermod(["config", "check", "--config", file])).toMatchObject({ code: 3 });
  expect(await hermod(["config", "check"])).toMatchObject({ code: 0 });
});

test("after a SIGKILL with open connections the node is back on its port at once, with its data", async () => {
  const dir = join(folder, "person");
  expect(await hermod(["register", "keeper", "--dir", dir, "--server", server.url])).toMatchObject({ code: 0 });
  expect(await server.kill("SIGKILL")).toEqual({ code: null, signal: "SIGKILL" });
  await server.restart();
  expect(await hermod(["status", "--dir", dir])).toMatchObject({ code: 0 });
});

test("off loopback an invite is needed: exit 5 without, or with a wrong one", async () => {
  const closed = await startServer({ args: ["--registration", "invite", "--log-level", "error"] });
  const register = (handle: string, ...more: string[]) =>
    hermod(["register", handle, "--dir", join(folder, handle), "--server", closed.url, ...more]);
  expect(await register("first")).toMatchObject({ code: 5, err: expect.stringContaining("invite-needed") as string });
  expect(await register("second", "--invite", "wrong")).toMatchObject({ code: 5 });
  expect(await register("third", "--invite", closed.invite)).toMatchObject({ code: 0 });
  await closed.stop();
});

test("SIGTERM drains and ends with 0", async () => {
  const brief = await startServer({ args: ["--log-level", "error"] });
  expect(await brief.kill("SIGTERM")).toEqual({ code: 0, signal: null });
  await brief.stop();
});

test("db verify reads a stopped node's data, and refuses a running one's", async () => {
  expect(await hermod(["db", "verify", "--data", server.dir])).toMatchObject({ code: 7, err: expect.stringContaining("in use") as string });
  expect(await hermod(["db", "verify", "--data", join(folder, "nothing")])).toMatchObject({ code: 1 });
  await server.kill("SIGKILL");
  const { code, out } = await hermod(["db", "verify", "--data", server.dir]);
  expect(out).toMatch(/Everything adds up\.\n$/);
  expect(code).toBe(0);
  await server.restart();
});

test("help names every command and its examples", async () => {
  const { code, out } = await hermod(["--help"]);
  expect(code).toBe(0);
  for (const name of [
    "serve",
    "config",
    "register",
    "chat",
    "send",
    "inbox",
    "history",
    "link",
    "devices",
    "safety",
    "status",
    "demo",
    "db",
  ])
    expect(out).toMatch(new RegExp(`^ {2}${name}`, "m"));
  expect(await hermod(["send", "--help"])).toMatchObject({ code: 0, out: expect.stringContaining("Examples:") as string });
});
