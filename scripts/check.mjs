#!/usr/bin/env node
// npm run check: everything about the code that a tool can tell. All steps run, two at a time; each failure is shown whole.
// `npm run check -- types docs` runs only the steps named. Last line: the three numbers.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { prepare, root, run } from "./lib/prepare.mjs";

const bin = (...parts) => [process.execPath, join(root, "node_modules", ...parts)];
const script = (name, ...args) => [process.execPath, join(root, "scripts", name), ...args];
const tsc = (config) => [...bin("typescript", "bin", "tsc"), "-p", config, "--noEmit", "--incremental", "false"];
const folders = ["lib", "protos", "actors", "cluster", "gateway", "storage", "push", "media", "client", "app", "console", "bin", "test"];

const steps = [
  // The slow ones first, so that the quick ones fill the gaps.
  { name: "eslint", commands: [[...bin("eslint", "bin", "eslint.js"), ".", "--max-warnings", "0"]] },
  // Apart from one another: the first proves that shipped code needs nothing of test/.
  { name: "types", commands: [tsc("tsconfig.json"), tsc("tsconfig.test.json")] },
  {
    name: "imports",
    commands: [[...bin("dependency-cruiser", "bin", "dependency-cruise.mjs"), "--config", ".dependency-cruiser.cjs", ...present(folders)]],
  },
  { name: "unused", commands: [[...bin("knip", "bin", "knip.js"), "--no-config-hints"]] },
  { name: "format", commands: [[...bin("prettier", "bin", "prettier.cjs"), "--check", "--log-level", "warn", "."]] },
  { name: "protos-lint", commands: [[...bin("@bufbuild", "buf", "bin", "buf"), "lint"]] },
  { name: "protos-fresh", commands: [script("generate-protos.mjs", "--check")] },
  { name: "lockfile", commands: [script("complete-lockfile.mjs", "--check")] },
  { name: "docs", commands: [script("check-docs.mjs"), script("generate-docs.mjs", "--check")] },
];

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !steps.some((step) => step.name === name));
if (unknown.length > 0) {
  console.error(`no such check: ${unknown.join(", ")}; there are ${steps.map((step) => step.name).join(", ")}`);
  process.exit(2);
}

const problem = await prepare((line) => console.log(line));
// A build that fails is a type error, which the types step tells better; without node_modules nothing can run.
if (problem !== undefined && !existsSync(join(root, "node_modules", "typescript"))) {
  console.log(`${problem}\n\n0 passed, 1 failed, 0 skipped`);
  process.exit(1);
}

const queue = steps.filter((step) => wanted.length === 0 || wanted.includes(step.name));
const failed = [];
let passed = 0;
await Promise.all([work(), work()]);
if (failed.length > 0) console.log(`\nFailed: ${failed.join(", ")}`);
console.log(`\n${passed} passed, ${failed.length} failed, 0 skipped`);
process.exitCode = failed.length > 0 ? 1 : 0;

async function work() {
  for (let step = queue.shift(); step !== undefined; step = queue.shift()) await check(step);
}

async function check({ name, commands }) {
  const started = Date.now();
  const outputs = [];
  for (const [command, ...args] of commands) {
    const { code, output } = await run(command, args);
    if (code !== 0) outputs.push(output === "" ? `exit ${code}` : output);
  }
  const seconds = ((Date.now() - started) / 1_000).toFixed(1);
  console.log(`${outputs.length === 0 ? "✓" : "✗"} ${name}  ${seconds} s`);
  if (outputs.length === 0) passed += 1;
  else failed.push(name);
  // Two configurations mostly say the same; once is enough to read.
  for (const output of new Set(outputs)) console.log(output.replace(/^/gm, "    "));
}

function present(names) {
  return names.filter((name) => existsSync(join(root, name)));
}
