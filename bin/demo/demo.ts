import { tmpdir } from "node:os";
import { join } from "node:path";
import { exitCodes, type Terminal } from "../../app/cli/command.js";
import { Client } from "../../client/client.js";
import type { Clock } from "../../lib/clock.js";
import { dump, filesWith, keptOf } from "./kept-bytes.js";
import { ServerProcess } from "./server-process.js";
import { temporaryFolder } from "./stage.js";
import { meet, talk, type Told } from "./story.js";

/** Two people, three devices and a server of their own: what happens to a message, step by step. */
export async function demo(program: string, clock: Clock, terminal: Terminal): Promise<number> {
  const temporary = temporaryFolder(tmpdir(), "hermod-demo-");
  const folder = temporary.path;
  const startedMs = clock.mono();
  const say = (line: string): void => {
    terminal.say(line);
  };
  let server: ServerProcess | undefined;
  const clients: Client[] = [];
  try {
    server = await ServerProcess.start({ program, dir: join(folder, "server"), args: ["--log-level", "warn"] });
    say(`A server of its own runs at ${server.url} (process ${String(server.pid)}); it is gone when the demo ends.\n`);
    const open = async (name: string): Promise<Client> => {
      const client = await Client.open({ servers: [server!.url], dir: join(folder, name), clientName: "hermod-demo" });
      clients.push(client);
      return client;
    };
    const cast = { phone: await open("phone"), laptop: await open("laptop"), bob: await open("bob") };
    await meet(cast, say);
    say("");
    const told = await talk(cast, say);
    await Promise.all(clients.map((client) => client.stop()));
    await server.stop();
    say("");
    const failed = await showKept(server.dir, told, clock, say);
    say(`\nThat took ${((clock.mono() - startedMs) / 1000).toFixed(1)} s. Try it yourself: hermod serve, then hermod register <handle>.`);
    return failed ? exitCodes.failure : exitCodes.ok;
  } finally {
    await Promise.all(clients.map((client) => client.stop()));
    await server?.stop();
    temporary.remove();
  }
}

/** The plaintext beside the bytes on the server's disk. True when something is there that must not be. */
async function showKept(directory: string, told: Told, clock: Clock, say: (line: string) => void): Promise<boolean> {
  const bodies = await keptOf(directory, told, clock);
  say(`The server has stopped. What its disk keeps of "${told.text}":\n`);
  say("  what alice wrote");
  for (const line of dump(Buffer.from(told.text, "utf8"))) say(`    ${line}`);
  bodies.forEach(({ slot, type, bytes }, index) => {
    say(`\n  what the server kept for device ${slot.slice(0, 8)}… (${type}, ${String(bytes.length)} bytes)`);
    const lines = dump(bytes);
    for (const line of index === 0 ? lines : lines.slice(0, 2)) say(`    ${line}`);
    if (index > 0) say("    …");
  });
  const files = filesWith(directory, told.text);
  say(`\n  files of the server that contain the text: ${String(files)}`);
  return bodies.length === 0 || files > 0;
}
