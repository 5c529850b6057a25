import { join } from "node:path";
import { readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { idBytes, type MessageId } from "../../lib/ids.js";
import type { ClientProcess } from "../support/client-process.js";
import { CrashWorld, eventually } from "../support/crash-world.js";
import { complaint, type HistoryEvent } from "../support/history.js";
import { fileOf, hexOf, straceMissing, Tracer, type Call } from "../support/strace.js";

/*
 * `sent` means fsync, seen from outside: the node's system calls, traced by strace. The store writes a commit's pages (pwrite64, writev), syncs them
 * with fdatasync, and then writes the page that makes them valid through a descriptor opened with O_DSYNC. Only then an answer may leave.
 */
const missing = straceMissing();
const writes = new Set(["pwrite64", "pwritev", "writev", "write"]);
const sends = new Set(["sendto", "sendmsg", "write", "writev", "send"]);

let world: CrashWorld;
let alice: ClientProcess;
let chat = "";

beforeEach(async (context) => {
  if (missing !== undefined) return context.skip(missing);
  world = await CrashWorld.start({}, { UV_THREADPOOL_SIZE: "1" });
  alice = await world.person("alice");
  await world.person("bob");
  ({ chat } = await alice.ask<{ chat: string }>("chat", { with: "bob" }));
  await alice.ask("send", { chat, texts: ["first"] });
  await world.settled();
}, 60_000);

afterEach(async () => {
  if (missing === undefined) await world.end();
});

const trace = (...words: string[]): Promise<Tracer> =>
  Tracer.attach(world.server.pid, join(world.dir, `trace-${String(performance.now())}`), words);

function historyOf(client: ClientProcess): HistoryEvent[] {
  const lines = readFileSync(client.history, "utf8").split("\n");
  return lines.filter((line) => line !== "").map((line) => JSON.parse(line) as HistoryEvent);
}

/** What is wrong with one message's way to the disk and out again; undefined: nothing. */
function earlyAnswer(calls: readonly Call[], id: MessageId): string | undefined {
  const bytes = hexOf(idBytes(id));
  const isStore = (call: Call): boolean => fileOf(call).endsWith("store.mdb");
  const written = calls.find((call) => writes.has(call.name) && isStore(call) && call.words.includes(bytes));
  const left = calls.find((call) => sends.has(call.name) && /^(socket|TCP)/.test(fileOf(call)) && call.words.includes(bytes));
  if (written === undefined) return "its bytes were never written";
  if (left === undefined) return "nothing of it left";
  const synced = calls.find((call) => call.name === "fdatasync" && isStore(call) && call.begun >= written.ended && call.result === "0");
  if (synced === undefined || synced.ended > left.begun)
    return `no fdatasync between the write and what left ${String(left.begun - written.ended)} s later`;
  const late = calls.filter(
    (call) =>
      writes.has(call.name) && isStore(call) && call.begun > written.begun && call.begun < synced.begun && call.ended > synced.begun,
  );
  if (late.length > 0) return "the sync began before the commit's last byte was written";
  const valid = calls.find((call) => call.name === "pwrite64" && isStore(call) && call.begun >= synced.ended);
  return valid === undefined || valid.ended > left.begun ? "it left before the commit was valid" : undefined;
}

test("every acknowledgement leaves after the fdatasync of its batch", { timeout: 60_000 }, async () => {
  const tracer = await trace("-xx", "-s", "300000", "-e", "trace=pwrite64,pwritev,writev,write,fdatasync,fsync,msync,sendto,sendmsg");
  const ids: MessageId[] = [];
  for (let round = 0; round < 10; round++) {
    const texts = Array.from({ length: 1 + (round % 4) * 5 }, (_, at) => `${String(round)}.${String(at)}`);
    ids.push(...(await alice.ask<{ ids: MessageId[] }>("send", { chat, texts })).ids);
    await world.settled();
  }
  await tracer.detach();
  const calls = tracer.calls();
  expect(calls.some((call) => call.name === "msync" || call.name === "fsync")).toBe(false); // the check looks at what is used
  expect(ids.map((id) => earlyAnswer(calls, id)).filter((why) => why !== undefined)).toEqual([]);
  console.log(
    `  ${String(ids.length)} acknowledgements, ${String(calls.filter((call) => call.name === "fdatasync").length)} fdatasync, none early`,
  );
});

test("with 300 ms injected into fdatasync no acknowledgement is earlier", { timeout: 60_000 }, async () => {
  const tracer = await trace("-e", "trace=fdatasync", "--inject=fdatasync:delay_enter=300000");
  const ids: string[] = [];
  for (let round = 0; round < 6; round++) {
    ids.push(...(await alice.ask<{ ids: string[] }>("send", { chat, texts: [String(round)] })).ids);
    await eventually(async () => (await alice.state()).pending === 0, "sent");
  }
  await tracer.detach();
  const events = historyOf(alice);
  const waits = ids.map((id) => {
    const at = (type: string): number => events.find((event) => event.type === type && event.msg === id)!.t / 1e6;
    return Math.round(at("ok") - at("invoke"));
  });
  console.log(`  acknowledged after ${waits.join(", ")} ms`);
  expect(Math.min(...waits)).toBeGreaterThanOrEqual(300);
});

describe("a disk that fails stops the node, and nothing acknowledged is lost", () => {
  const failures = [
    {
      what: "EIO at the sync",
      inject: (nth: number) => `--inject=fdatasync:error=EIO:when=${String(nth)}`,
      call: "fdatasync",
      nths: [1, 2, 3, 5, 8],
    },
    {
      what: "ENOSPC at a page",
      inject: (nth: number) => `--inject=pwrite64:error=ENOSPC:when=${String(nth)}`,
      call: "pwrite64",
      nths: [1, 3, 5],
    },
  ];
  test.each(failures)("$what", { timeout: 90_000 }, async ({ inject, call, nths }) => {
    for (const nth of nths) {
      const tracer = await trace("-e", `trace=${call},exit_group`, inject(nth));
      let sending = true;
      const work = (async () => {
        for (let at = 0; sending; at++) {
          await alice.ask("send", { chat, texts: [`${String(nth)}.${String(at)}`] });
          await eventually(async () => !sending || (await alice.state()).pending === 0, "sent");
        }
      })();
      const { code } = await world.server.ended;
      sending = false;
      await work;
      await tracer.ended;
      const calls = tracer.calls();
      const failed = calls.find(({ result }) => result.includes("(INJECTED)"))!;
      const stopped = calls.filter(({ name }) => name === "end").at(-1)!;
      console.log(
        `  ${failed.name} ${String(nth)}: exit ${String(code)} after ${String(Math.round((stopped.ended - failed.ended) * 1000))} ms`,
      );
      expect(code).not.toBe(0);
      expect(code).not.toBeNull();
      expect(stopped.ended - failed.ended).toBeLessThan(1);
      await world.server.launch();
      await world.settled();
      expect(complaint(await world.judged())).toBeUndefined();
    }
  });
});
