import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { afterEach, beforeAll, expect, test } from "vitest";
import ts from "typescript";
import { SignatureWorker } from "../../actors/runtime/signatures.js";
import { limits } from "../../lib/limits.js";
import { domains, signedMessage } from "../../protos/signed/hash.js";
import type { SignatureCheck } from "../../protos/signed/verdict.js";
import { keyOf, signWith } from "./signed-fixtures.js";

// The thread itself, compiled for this test: it imports nothing of ours at run time.
const folder = new URL("../../node_modules/.cache/hermod/", import.meta.url);
const compiled = new URL(`signatures-worker-${String(process.pid)}.mjs`, folder);
const workers: Worker[] = [];
const opened: SignatureWorker[] = [];

beforeAll(() => {
  const source = readFileSync(new URL("../../actors/runtime/signatures-worker.ts", import.meta.url), "utf8");
  const options = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022, verbatimModuleSyntax: true };
  mkdirSync(folder, { recursive: true });
  writeFileSync(compiled, ts.transpileModule(source, { compilerOptions: options }).outputText);
});

afterEach(async () => {
  for (const signatures of opened.splice(0)) await signatures.stop();
  workers.length = 0;
});

function open(): SignatureWorker {
  const signatures = new SignatureWorker(() => {
    const worker = new Worker(compiled);
    workers.push(worker);
    return worker;
  });
  opened.push(signatures);
  return signatures;
}

const body = new Uint8Array([8, 1, 2, 3]);
function check(name: string, signer = name): SignatureCheck {
  return {
    publicKey: keyOf(name).public,
    message: signedMessage(domains.devices, body),
    signature: signWith(keyOf(signer), domains.devices, body),
  };
}

test("says whether every signature holds", async () => {
  const signatures = open();
  expect(await signatures.check([])).toBe("hold");
  expect(await signatures.check([check("ann"), check("bob")])).toBe("hold");
  expect(await signatures.check([check("ann"), check("bob", "eve")])).toBe("wrong");
  expect(await signatures.check([{ ...check("ann"), publicKey: new Uint8Array(3) }])).toBe("wrong");
  expect(await signatures.check([{ ...check("ann"), signature: new Uint8Array(2) }])).toBe("wrong");
  expect(workers).toHaveLength(1);
});

test("answers each of many requests with its own outcome", async () => {
  const signatures = open();
  const outcomes = await Promise.all(
    Array.from({ length: 50 }, (_, index) => signatures.check([check("ann", index % 3 === 0 ? "eve" : "ann")])),
  );
  expect(outcomes).toEqual(Array.from({ length: 50 }, (_, index) => (index % 3 === 0 ? "wrong" : "hold")));
});

test("a thread that dies fails who waits, and the next request has a new one", async () => {
  const signatures = open();
  await signatures.check([check("ann")]);
  const lost = signatures.check(Array.from({ length: 2_000 }, () => check("ann")));
  await workers[0]!.terminate();
  expect(await lost).toBe("failed");
  expect(await signatures.check([check("ann")])).toBe("hold");
  expect(workers).toHaveLength(2);
});

test("a thread that cannot start fails who waits", async () => {
  const signatures = new SignatureWorker(() => new Worker(new URL("no-such-file.mjs", folder)));
  opened.push(signatures);
  expect(await signatures.check([check("ann")])).toBe("failed");
});

test("refuses more than its bound instead of queueing it, and takes work again when there is room", async () => {
  const signatures = open();
  const many = Array.from({ length: 1_000 }, () => check("ann"));
  const waiting = Array.from({ length: limits.signatureChecksMax / 1_000 }, () => signatures.check(many));
  expect(await signatures.check([check("ann")])).toBe("overloaded");
  expect(new Set(await Promise.all(waiting))).toEqual(new Set(["hold"]));
  expect(await signatures.check([check("ann")])).toBe("hold");
});

test("after its stop nobody waits", async () => {
  const signatures = open();
  const late = signatures.check(Array.from({ length: 500 }, () => check("ann")));
  await signatures.stop();
  expect(await late).toBe("failed");
  expect(await signatures.check([check("ann")])).toBe("failed");
});
