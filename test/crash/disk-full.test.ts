import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { ClientProcess } from "../support/client-process.js";
import { CrashWorld, eventually } from "../support/crash-world.js";
import { complaint, type HistoryEvent } from "../support/history.js";
import { SmallDisk } from "../support/small-disk.js";

/* A real small file system: 16 MiB, of which 4 are the reserve of marks, receipts and fences. */
const mebibyte = 1024 * 1024;
const reserve = 4 * mebibyte;

let dir: string;
let disk: SmallDisk;
let world: CrashWorld | undefined;
let alice: ClientProcess;
let bob: ClientProcess;
let chat = "";

beforeEach((context) => {
  dir = mkdtempSync(join(tmpdir(), "hermod-disk-"));
  const mounted = SmallDisk.mount(join(dir, "data"), 16);
  if (typeof mounted === "string") {
    rmSync(dir, { recursive: true });
    context.skip(mounted);
    return;
  }
  disk = mounted;
});

afterEach(async () => {
  await world?.end();
  if (world === undefined) return;
  disk.unmount();
  rmSync(dir, { recursive: true, force: true });
  world = undefined;
});

async function people(reserveBytes: number): Promise<CrashWorld> {
  const args = ["--set", `data.reserveBytes=${String(reserveBytes)}`, "--set", "data.reserveShare=0"];
  const made = await CrashWorld.start({}, {}, { dir: disk.dir, args });
  world = made;
  alice = await made.person("alice");
  bob = await made.person("bob");
  ({ chat } = await alice.ask<{ chat: string }>("chat", { with: "bob" }));
  return made;
}

function refusals(): string[] {
  const events = readFileSync(alice.history, "utf8").split("\n");
  return events
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as HistoryEvent)
    .filter((event) => event.type === "fail" && event.code === "storage-full")
    .map((event) => event.msg!);
}

const deliveredAt = async (seq: number): Promise<boolean> => {
  const { open } = await alice.ask<{ open: { seq?: string }[] }>("unticked");
  return open.every((message) => message.seq === undefined || Number(message.seq) > seq);
};

test(
  "below the reserve sends are refused, marks and receipts go on, and with room again all is sent without a restart",
  { timeout: 90_000 },
  async () => {
    const made = await people(reserve);
    await bob.ask("sleep");
    made.gone.add("bob");
    await alice.ask("send", { chat, texts: Array.from({ length: 20 }, (_, at) => `before ${String(at)}`) });
    await made.settled();

    disk.fillTo(reserve / 2);
    const { ids } = await alice.ask<{ ids: string[] }>("send", { chat, texts: ["refused for now"] });
    // What the disk said may be a second old: until then a send may still be taken.
    await eventually(async () => {
      if (refusals().length === 0 && (await alice.state()).pending === 0)
        ids.push(...(await alice.ask<{ ids: string[] }>("send", { chat, texts: ["and this"] })).ids);
      return refusals().length > 0;
    }, "a send is refused storage-full");
    expect(ids).toContain(refusals()[0]);
    const head = Number((await alice.state()).chats[chat]!.newest);

    // The one who was away gets all of it, acknowledges it, and its sender hears so: marks are cleared, receipts are written.
    await bob.ask("wake");
    made.gone.delete("bob");
    await eventually(async () => Number((await bob.state()).chats[chat]!.newest) === head, "bob has what was stored");
    await eventually(() => deliveredAt(head), "alice sees it delivered");
    expect((await alice.state()).pending).toBe(1);
    expect(disk.freeBytes).toBeLessThan(reserve);
    const { pid } = made.server;

    disk.empty();
    await made.settled();
    await made.ticked();
    expect(made.server.pid).toBe(pid);
    expect(made.server.alive).toBe(true);
    expect(complaint(await made.judged())).toBeUndefined();
    console.log(`  ${String(refusals().length)} refusals storage-full, ${String(head)} entries before them delivered meanwhile`);
  },
);

test("a disk that is really full stops the node, which starts again clean", { timeout: 90_000 }, async () => {
  const made = await people(0);
  await alice.ask("send", { chat, texts: ["while there is room"] });
  await made.settled();
  disk.fillTo(256 * 1024);
  for (let sent = 0; made.server.alive; sent++) {
    await alice.ask("send", { chat, texts: Array.from({ length: 8 }, (_, at) => `${String(sent)}.${String(at)} `.padEnd(16_000, "x")) });
    await eventually(async () => !made.server.alive || (await alice.state()).pending === 0, "sent, or the node stopped");
  }
  const { code, signal } = await made.server.ended;
  expect({ code, signal }).toEqual({ code: 1, signal: null });
  expect(made.server.output).toMatch(/the store failed/);

  disk.empty();
  await made.server.launch();
  await made.settled();
  expect(complaint(await made.judged())).toBeUndefined();
});
