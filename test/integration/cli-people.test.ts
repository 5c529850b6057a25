import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hermod, start, type Outcome } from "../support/command-line.js";
import { startServer, type TestServer } from "../support/server.js";

let folder: string;
let server: TestServer;
const at = (name: string): string => join(folder, name);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "hermod-cli-"));
  server = await startServer({ args: ["--log-level", "error"] });
  await registered("alice");
  await registered("bob");
});

afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function registered(handle: string): Promise<Outcome> {
  const outcome = await hermod(["register", handle, "--dir", at(handle), "--server", server.url]);
  expect(outcome).toMatchObject({ code: 0, err: "" });
  return outcome;
}

const lines = (text: string): Record<string, unknown>[] =>
  text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe("register", () => {
  test("shows 24 words once, and does nothing the second time", async () => {
    const first = await registered("carol");
    const words = first.out
      .split("\n")
      .filter((line) => line.startsWith("    "))
      .join(" ")
      .trim()
      .split(/\s+/);
    expect(words).toHaveLength(24);
    expect(first.out).toContain("shown this once");
    const second = await registered("carol");
    expect(second.out).toBe("carol is registered here already.\n");
  });

  test("writes the words to a file for its owner alone", async () => {
    const file = at("dora.words");
    const { code, out } = await hermod(["register", "dora", "--dir", at("dora"), "--server", server.url, "--recovery-file", file]);
    expect(code).toBe(0);
    expect(readFileSync(file, "utf8").trim().split(" ")).toHaveLength(24);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(out).not.toContain(readFileSync(file, "utf8").split(" ").slice(0, 3).join(" "));
  });

  test.each([
    { name: "a handle that is taken", words: ["register", "alice"], code: 7, says: /handle-taken/ },
    { name: "a handle that is none", words: ["register", "A!"], code: 2, says: /bad-handle/ },
    { name: "no handle", words: ["register"], code: 2, says: /missing required argument 'handle'/ },
    {
      name: "an address that is none",
      words: ["register", "zoe", "--server", "nonsense"],
      code: 2,
      says: /not a server's address: nonsense/,
    },
  ])("refuses $name", async ({ words, code, says }) => {
    const outcome = await hermod([...words, "--dir", at("refused"), ...(words.includes("--server") ? [] : ["--server", server.url])]);
    expect(outcome).toMatchObject({ code, err: expect.stringMatching(says) as string });
  });

  test("refuses a second account in one directory", async () => {
    const outcome = await hermod(["register", "other", "--dir", at("alice"), "--server", server.url]);
    expect(outcome).toMatchObject({ code: 7, err: expect.stringContaining("this store is alice already") as string });
  });
});

describe("send, inbox and history", () => {
  test("a message goes from one directory to the other, and the ticks come back", async () => {
    const sent = await hermod(["send", "bob", "good", "morning", "--dir", at("alice"), "--json"]);
    expect(sent.code).toBe(0);
    const [told] = lines(sent.out);
    expect(told).toMatchObject({ type: "sent", seq: "2" });

    const inbox = await hermod(["inbox", "--json", "--dir", at("bob")]);
    expect(inbox.code).toBe(0);
    expect(lines(inbox.out)).toEqual([
      expect.objectContaining({ type: "message", id: told!.id, seq: "2", handle: "alice", own: false, text: "good morning" }),
    ]);
    expect(await hermod(["inbox", "--dir", at("bob")])).toMatchObject({ code: 0, out: "" });

    await expect.poll(async () => (await hermod(["status", "--dir", at("alice")])).code, { timeout: 10_000 }).toBe(0);
    const history = await hermod(["history", "bob", "--dir", at("alice"), "--json"]);
    expect(lines(history.out)).toEqual([expect.objectContaining({ own: true, text: "good morning", state: "delivered" })]);
  });

  test("readers with different names each get everything, and text comes from a pipe with its lines", async () => {
    const text = "first line\nsecond ✓ line";
    expect(await hermod(["send", "bob", "-", "--dir", at("alice")], { stdin: `${text}\n` })).toMatchObject({ code: 0 });
    const archive = await hermod(["inbox", "--name", "archive", "--json", "--dir", at("bob")]);
    expect(lines(archive.out).map((message) => message.text)).toEqual(["good morning", text]);
    const usual = await hermod(["inbox", "--dir", at("bob")]);
    expect(usual.out).toMatch(/^\d\d:\d\d {2}alice: first line\n {7}second ✓ line\n$/);
  });

  test("nothing in a message moves a terminal's cursor", async () => {
    await hermod(["send", "bob", "a\u001b[2Jb\u202ec\rd", "--dir", at("alice")]);
    const { out } = await hermod(["inbox", "--dir", at("bob")]);
    expect(out).toMatch(/alice: a\ufffd\[2Jb\ufffdc\n {7}d\n$/);
  });

  test("follow prints what comes, until it is interrupted", async () => {
    const following = start(["inbox", "--follow", "--json", "--dir", at("bob")]);
    await hermod(["send", "bob", "are you there?", "--dir", at("alice")]);
    await following.until(/are you there\?/);
    following.kill("SIGINT");
    expect(await following.ended).toMatchObject({ code: 0, signal: null });
  });

  test("a store in use: who holds it, exit 7", async () => {
    const talking = start(["chat", "alice", "--dir", at("bob")]);
    await talking.until(/You talk with alice/);
    const refused = await hermod(["history", "alice", "--dir", at("bob")]);
    expect(refused).toMatchObject({ code: 7, err: expect.stringMatching(/process \d+ \(hermod\.js chat\) holds this store/) as string });
    talking.kill("SIGTERM");
    expect(await talking.ended).toMatchObject({ code: 0, signal: null });
  });

  test("without a server the message is queued, exit 6, and goes out with the next command", async () => {
    const down = await startServer({ args: ["--log-level", "error"] });
    for (const handle of ["erin", "fred"]) await hermod(["register", handle, "--dir", at(handle), "--server", down.url]);
    await hermod(["send", "fred", "one", "--dir", at("erin")]);
    await down.kill("SIGKILL");
    const queued = await hermod(["send", "fred", "two", "--dir", at("erin"), "--timeout", "1"]);
    expect(queued).toMatchObject({ code: 6, out: "", err: expect.stringContaining("queued as") as string });
    expect(await hermod(["send", "nobody", "x", "--dir", at("erin"), "--timeout", "1"])).toMatchObject({ code: 4 });
    expect(await hermod(["status", "--dir", at("erin"), "--timeout", "1"])).toMatchObject({ code: 4 });
    await down.restart();
    expect(await hermod(["send", "fred", "three", "--dir", at("erin")])).toMatchObject({ code: 0 });
    const inbox = await hermod(["inbox", "--json", "--dir", at("fred")]);
    expect(lines(inbox.out).map((message) => message.text)).toEqual(["one", "two", "three"]);
    await down.stop();
  });

  test.each([
    { name: "an unknown handle", words: ["send", "nobody", "hi"], code: 1, says: /not-found/ },
    { name: "no text", words: ["send", "bob"], code: 2, says: /missing required argument 'text'/ },
    { name: "a conversation that is not there", words: ["history", "nobody"], code: 1, says: /no conversation with nobody/ },
    { name: "a bad number", words: ["history", "bob", "--limit", "many"], code: 2, says: /--limit must be a number/ },
    { name: "an unknown option", words: ["inbox", "--folow"], code: 2, says: /Did you mean --follow/ },
    { name: "an unknown command", words: ["inbocks"], code: 2, says: /Did you mean inbox/, bare: true },
  ])("refuses $name", async ({ words, code, says, bare }) => {
    const outcome = await hermod([...words, ...(bare === true ? [] : ["--dir", at("alice")])]);
    expect(outcome).toMatchObject({ code, err: expect.stringMatching(says) as string });
    expect(outcome.err).not.toMatch(/\n {4}at /);
  });

  test("a directory without an account: what to do, exit 5, and nothing is made", async () => {
    const outcome = await hermod(["send", "bob", "hi", "--dir", at("nowhere")]);
    expect(outcome).toMatchObject({ code: 5, err: expect.stringMatching(/there is no account in .*nowhere.*hermod register/) as string });
    expect(() => statSync(at("nowhere"))).toThrow();
  });

  test("writes a history for the checker", async () => {
    const file = at("alice.history");
    await hermod(["send", "bob", "noted", "--dir", at("alice"), "--history", file]);
    const events = lines(readFileSync(file, "utf8"));
    expect(events.map(({ type }) => type)).toEqual(expect.arrayContaining(["conn", "invoke", "ok"]));
    expect(events.find(({ type }) => type === "ok")).toMatchObject({
      f: "send",
      seq: expect.stringMatching(/^\d+$/) as string,
      t: expect.any(Number) as number,
    });
  });
});

describe("devices", () => {
  test("a second directory is linked, is listed, reads and writes, and is cut off", async () => {
    const linking = start(["link", "--dir", at("laptop"), "--server", server.url, "--name", "my laptop", "--yes"]);
    const [, uri] = await linking.until(/devices approve '(hermod:[^']+)'/);
    const [, digits] = await linking.until(/must show the digits (\d{5})/);
    expect(linking.text).toMatch(/[▀▄█]{5}/);
    expect(await hermod(["devices", "approve", uri!, "--dir", at("alice")])).toMatchObject({ code: 2 }); // nobody to ask
    const approved = await hermod(["devices", "approve", uri!, "--dir", at("alice"), "--yes"]);
    expect(approved).toMatchObject({ code: 0, out: "Approved. Your account has 2 devices now.\n" });
    expect(approved.err).toContain(`"my laptop"`);
    expect(approved.err).toContain(digits);
    expect(await linking.ended).toMatchObject({ code: 0, out: expect.stringContaining("this is a device of alice now") as string });

    expect(await hermod(["send", "bob", "from the laptop", "--dir", at("laptop")])).toMatchObject({ code: 0 });
    const atPhone = await hermod(["inbox", "--own", "--json", "--dir", at("alice")]);
    expect(lines(atPhone.out)).toEqual(expect.arrayContaining([expect.objectContaining({ own: true, text: "from the laptop" })]));

    const listed = lines((await hermod(["devices", "list", "--json", "--dir", at("alice")])).out);
    expect(listed).toMatchObject([
      { rank: 1, own: true },
      { rank: 2, own: false },
    ]);
    const laptop = listed[1]!.id as string;
    expect(await hermod(["devices", "remove", "zzzz", "--dir", at("alice")])).toMatchObject({ code: 1 });
    expect(await hermod(["devices", "remove", laptop.slice(0, 8), "--dir", at("alice")])).toMatchObject({ code: 0 });
    expect(await hermod(["send", "bob", "still me?", "--dir", at("laptop"), "--timeout", "5"])).toMatchObject({ code: 5 });
  });

  test("a code that ran out, or is none, is refused", async () => {
    expect(await hermod(["devices", "approve", "nonsense", "--yes", "--dir", at("alice")])).toMatchObject({ code: 2 });
    expect(await hermod(["link", "--dir", at("tablet"), "--server", server.url])).toMatchObject({ code: 2 });
  });

  test("both sides show the same safety number, and comparing it is remembered", async () => {
    const [atAlice] = lines((await hermod(["safety", "bob", "--json", "--dir", at("alice")])).out);
    const [atBob] = lines((await hermod(["safety", "alice", "--json", "--dir", at("bob")])).out);
    expect(atAlice).toMatchObject({ digits: atBob!.digits, verified: false });
    const digits = atBob!.digits as string;
    expect(await hermod(["safety", "bob", "--verify", digits, "--dir", at("alice")])).toMatchObject({
      code: 0,
      out: expect.stringContaining("verified") as string,
    });
    const wrong = (digits.startsWith("0") ? "1" : "0") + digits.slice(1);
    expect(await hermod(["safety", "alice", "--verify", wrong, "--dir", at("bob")])).toMatchObject({
      code: 1,
      err: expect.stringContaining("NOT the same") as string,
    });
    expect(await hermod(["safety", "bob", "--verify", "123", "--dir", at("alice")])).toMatchObject({ code: 2 });
  });
});

describe("chat", () => {
  test("two people talk through pipes", async () => {
    await registered("gina");
    await registered("hugo");
    const gina = start(["chat", "hugo", "--dir", at("gina")]);
    await gina.until(/You talk with hugo/);
    const hugo = start(["chat", "gina", "--dir", at("hugo")]);
    await hugo.until(/You talk with gina/);
    gina.write("hello hugo\n");
    await hugo.until(/\d\d:\d\d {5}gina: hello hugo/);
    await gina.until(/✓✓r hello hugo/);
    hugo.write("//hello yourself\n/devices\n/nonsense\n");
    await gina.until(/hugo: \/hello yourself/);
    await hugo.until(/1\. [a-z2-7]{26} {2}added .*\(this one\)/);
    await hugo.until(/There is no \/nonsense/);
    hugo.end();
    expect(await hugo.ended).toMatchObject({ code: 0 });
    gina.write("/quit\n");
    expect(await gina.ended).toMatchObject({ code: 0 });
    const again = await hermod(["chat", "hugo", "--dir", at("gina")], { stdin: "" });
    expect(again.out).toMatch(/✓✓r you: hello hugo\n.*hugo: \/hello yourself/);
  });
});
