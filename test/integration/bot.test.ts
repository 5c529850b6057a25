import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, expect, test } from "vitest";
import { Client } from "../../client/client.js";
import { startServer, type TestServer } from "../support/server.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
let folder = "";
let server: TestServer | undefined;
let bot: ChildProcess | undefined;
let person: Client | undefined;

afterEach(async () => {
  bot?.kill("SIGKILL");
  await person?.stop();
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** README's example, word for word but for the address; inside the package, so that it may import it by name. */
function writeBot(url: string): string {
  const code = /## A bot\n\n```js\n([\s\S]*?)```/.exec(readFileSync(join(root, "README.md"), "utf8"))?.[1];
  expect(code?.trim().split("\n")).toHaveLength(5);
  folder = mkdtempSync(join(root, "dist", "bot-test-"));
  const path = join(folder, "bot.mjs");
  writeFileSync(path, code!.replace("http://127.0.0.1:8080", url));
  return path;
}

function startBot(path: string): ChildProcess {
  const child = spawn(process.execPath, [path], { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
  child.stderr.on("data", (chunk: Buffer) => {
    process.stderr.write(chunk);
  });
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await ended;
  expect(child.signalCode).toBe("SIGKILL");
}

test("README's bot answers each message once, through kills of itself and of the server", { timeout: 120_000 }, async () => {
  server = await startServer({ args: ["--log-level", "error", "--set", "limits.sendsPerPairBucket=10000"] });
  const path = writeBot(server.url);
  bot = startBot(path);
  person = await Client.open({ servers: [server.url], dir: join(folder, "person") });
  await person.register({ handle: "person" });
  await person.start();
  const chat = await untilThere(() => person!.createChat({ participants: ["echo-bot"] }));
  const answers: string[] = [];
  const inbox = person.inbox("test");
  const readUntil = async (count: number): Promise<void> => {
    while (answers.length < count) {
      const { value } = await inbox.next();
      answers.push(value!.text);
    }
  };
  const asked: string[] = [];
  const ask = (count: number): void => {
    for (let n = 0; n < count; n++) {
      asked.push(`question ${String(asked.length + 1)}`);
      chat.send({ text: asked.at(-1)! });
    }
  };

  ask(10);
  await readUntil(3); // it is in the middle of them
  await kill(bot);
  ask(5);
  bot = startBot(path);
  await readUntil(8);
  await server.kill("SIGKILL");
  ask(5);
  await server.restart();
  await readUntil(13);
  await kill(bot);
  await server.kill("SIGKILL");
  ask(5);
  bot = startBot(path);
  await server.restart();
  await readUntil(25);
  ask(1); // whatever came twice has come before this answer
  await readUntil(26);

  expect(answers).toEqual(asked.map((text) => `echo: ${text}`));
});

/** The bot registers in its own time. */
async function untilThere<Value>(look: () => Promise<Value>): Promise<Value> {
  for (let tries = 0; ; tries++) {
    try {
      return await look();
    } catch (error) {
      if (tries > 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
