import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import ts from "typescript";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readConfig } from "../../bin/config.js";
import { openLog } from "../../bin/log.js";
import { startNode, type RunningNode } from "../../bin/node.js";
import { Client } from "../../client/client.js";
import { HermodError } from "../../client/errors.js";
import type { Link } from "../../client/account/link-new.js";

/** Every example in the docstrings of what programs import, run as it stands against a real node. */
const files = [
  "client.ts",
  "own-devices.ts",
  "account/link-new.ts",
  "messages/chat.ts",
  "messages/sent-message.ts",
  "messages/inbox.ts",
  "errors.ts",
];
const folder = join(import.meta.dirname, "../../client");

interface Example {
  readonly name: string;
  readonly code: string;
}

/** The code below each `@example`, up to the end of its comment, with the name of what it documents. */
function examplesIn(file: string, text: string): Example[] {
  return [...text.matchAll(/\/\*\*((?:(?!\*\/)[\s\S])*?)@example\n([\s\S]*?)\*\/\s*([^\n]*)/g)].map((match) => {
    const code = match[2]!.replace(/^ *\* ?/gm, "");
    return { name: `${file}: ${match[3]!.trim().slice(0, 60)}`, code };
  });
}
const examples: Example[] = [];
for (const file of files) examples.push(...examplesIn(file, await readFile(join(folder, file), "utf8")));

let dir: string;
let node: RunningNode;
let alice: Client;
let bob: Client;
let words: string;
let opened = 0;
const open: Client[] = [];

async function program(): Promise<Client> {
  const client = await Client.open({ servers: [`http://127.0.0.1:${node.apiPort}`], dir: join(dir, `store-${++opened}`) });
  open.push(client);
  return client;
}
/** A new device on its way: whatever it shows is approved. */
async function newcomer(): Promise<Client> {
  const client = await program();
  const linkDevice = client.linkDevice.bind(client);
  client.linkDevice = async (options): Promise<Link> => {
    const link = await linkDevice(options);
    void alice.devices.approveLink(link.uri);
    return link;
  };
  return client;
}

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "hermod-examples-"));
  // The first device may link as often as it likes here: what is looked at is the code.
  const options = { "data.dir": join(dir, "data"), "edge.port": 0, "admin.port": 0, "log.level": "fatal" };
  const { config } = readConfig({ environment: {}, file: undefined, options });
  node = await startNode(config, openLog("fatal"), (cause) => {
    throw cause;
  });
  alice = await program();
  bob = await program();
  words = (await alice.register({ handle: "alice" })).recoveryWords!;
  await bob.register({ handle: "bob" });
  await alice.start();
  await bob.start();
});
afterAll(async () => {
  for (const client of open) await client.stop();
  await node.stop();
  await rm(dir, { recursive: true });
});

/** The names that examples take for granted. */
async function worldOf(code: string): Promise<Record<string, unknown>> {
  const chat = await alice.createChat({ participants: ["bob"] });
  const world = {
    Client: { open: () => program() },
    HermodError,
    me: alice,
    chat,
    id: chat.id,
    alarm: { account: bob.self!.account },
    ask: () => true,
    console: { log: () => {}, error: () => {} },
  };
  if (code.includes("linkDevice")) return { ...world, me: await newcomer() };
  if (/recover\(|stop\(\)/.test(code)) return { ...world, me: await program() };
  if (/inspectLink|approveLink/.test(code)) {
    const link = await (await program()).linkDevice({ name: "laptop" });
    return { ...world, uri: link.uri };
  }
  if (code.includes("remove(")) {
    const link = await (await newcomer()).linkDevice();
    return { ...world, laptop: { id: (await link.completed).device } };
  }
  return world;
}

test("there is one for every public method of Client and of its devices", async () => {
  for (const file of ["client.ts", "own-devices.ts"]) {
    const source = ts.createSourceFile(file, await readFile(join(folder, file), "utf8"), ts.ScriptTarget.ES2022, true);
    const missing: string[] = [];
    source.forEachChild((declared) => {
      if (!ts.isClassDeclaration(declared)) return;
      for (const member of declared.members) {
        const hidden =
          member.name === undefined ||
          !ts.isIdentifier(member.name) ||
          (ts.getCombinedModifierFlags(member) & ts.ModifierFlags.Private) !== 0;
        if (!ts.isMethodDeclaration(member) || hidden) continue;
        if (!ts.getJSDocTags(member).some((tag) => tag.tagName.text === "example")) missing.push(member.name.text);
      }
    });
    expect(missing).toEqual([]);
  }
});

// Recovering takes the account from all others, so it comes last.
const ordered = [...examples].sort((a, b) => Number(a.code.includes("recover(")) - Number(b.code.includes("recover(")));
test.each(ordered)("$name", async ({ code }) => {
  const world = await worldOf(code);
  const names = Object.keys(world);
  const body = code
    .replaceAll("abandon ability …", words)
    .replace(/register\(\{ handle: "alice" \}\)/, (call) => (code.includes("Client.open") ? 'register({ handle: "someone" })' : call));
  // eslint-disable-next-line @typescript-eslint/no-implied-eval -- the text is our own docstring
  const run = new Function(...names, `return (async () => { ${body} })();`) as (...values: unknown[]) => Promise<void>;
  const ends = run(...Object.values(world));
  // A loop over what comes has no end: that it runs and has not failed is what is seen.
  const forever = code.includes("for await");
  await Promise.race([ends, ...(forever ? [new Promise((resolve) => setTimeout(resolve, 300))] : [])]);
  ends.catch(() => {});
});
