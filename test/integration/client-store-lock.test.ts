import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openStore } from "../../client/store/open.js";
import { valueKey } from "../../client/store/ports.js";
import { systemRand } from "../../lib/random.js";

// The child runs what `npm run build` made: a real process, so that the kernel really takes its locks back.
const built = (path: string): string => JSON.stringify(pathToFileURL(join(import.meta.dirname, "../../dist", path)).href);
const holding = `
  const { openStore } = await import(${built("client/store/open.js")});
  const { systemRand } = await import(${built("lib/random.js")});
  const store = await openStore({ dir: process.argv[1], rand: systemRand() });
  for (let number = 0; ; number++) {
    store.transact((tx) => tx.values.put({ name: "number" }, number));
    process.stdout.write(number + "\\n");
    await new Promise((resolve) => setImmediate(resolve));
  }`;

let dir: string;
let child: ChildProcess | undefined;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "hermod-lock-"));
});
afterEach(() => {
  child?.kill("SIGKILL");
  rmSync(dir, { recursive: true, force: true });
});

test("a store held by a process names it, is free the moment that is killed, and has all that it had committed", async () => {
  for (let round = 0; round < 3; round++) {
    const holder = spawn(process.execPath, ["--input-type=module", "-e", holding, dir], { stdio: ["ignore", "pipe", "inherit"] });
    child = holder;
    let told = -1;
    await new Promise<void>((resolve, reject) => {
      let text = "";
      holder.stdout.on("data", (chunk: Buffer) => {
        text += chunk.toString();
        told = Number(text.slice(0, text.lastIndexOf("\n")).split("\n").at(-1));
        if (told > 20) resolve();
      });
      holder.once("exit", (code) => {
        reject(new Error(`the holder ended with ${code}`));
      });
    });
    const refused = await openStore({ dir, rand: systemRand() }).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: "store-in-use", message: expect.stringContaining(`process ${holder.pid} (`) });

    holder.removeAllListeners("exit");
    holder.kill("SIGKILL");
    await once(holder, "exit");
    const store = await openStore({ dir, rand: systemRand() });
    expect(store.values.get(valueKey<number>("number"))).toBeGreaterThanOrEqual(told);
    expect(store.generation).toBe(BigInt(2 * round + 2));
    store.close();
  }
});
