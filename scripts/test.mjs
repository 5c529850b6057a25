#!/usr/bin/env node
// npm test: installs, builds, fetches tools, then runs the suites of test/ in phases that suit two cores.
// `npm test -- unit` runs one suite, `npm test -- unit roster` its files with "roster" in the path. Last line: the three numbers.
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { prepare, root } from "./lib/prepare.mjs";

// Suites of one phase share the workers. What starts whole nodes or kills processes measures time and comes alone.
const phases = [
  { suites: ["unit", "contract", "scenario"], workers: 2 },
  { suites: ["simulation"], workers: 2 },
  { suites: ["integration"], workers: 1 },
  { suites: ["crash"], workers: 1 },
  { suites: ["chaos"], workers: 1 },
  { suites: ["browser"], workers: 1 },
];
const known = [...phases.flatMap((phase) => phase.suites), "load"];

const args = process.argv.slice(2);
const wanted = args.filter((arg) => known.includes(arg));
const filters = args.filter((arg) => !known.includes(arg));
const total = { passed: 0, failed: [], skipped: [] };

const problem = await prepare((line) => console.log(line));
if (problem !== undefined) {
  console.log(problem);
  // The suites run from the sources and may still tell something.
  total.failed.push({ name: "install and build", why: "see above" });
}
if (existsSync(join(root, "node_modules", "vitest"))) {
  await start("bash", [join(root, "scripts", "tools")]);
  for (const phase of wanted.includes("load") ? [...phases, { suites: ["load"], workers: 1 }] : phases) await runPhase(phase);
}
report();

async function runPhase({ suites, workers }) {
  const chosen = suites.filter((suite) => (wanted.length === 0 || wanted.includes(suite)) && hasTests(suite));
  if (chosen.length === 0) return;
  const cache = join(root, "node_modules", ".cache", "hermod");
  const results = join(cache, `results-${process.pid}.json`);
  mkdirSync(cache, { recursive: true });
  console.log(`\n${chosen.join(", ")} (${workers === 1 ? "one worker" : `${workers} workers`})`);
  const code = await start(
    process.execPath,
    [
      join(root, "node_modules", "vitest", "vitest.mjs"),
      "run",
      ...chosen.flatMap((suite) => ["--project", suite]),
      `--maxWorkers=${workers}`,
      "--reporter=./scripts/lib/test-reporter.mjs",
      "--passWithNoTests",
      ...filters,
    ],
    { ...process.env, HERMOD_TEST_RESULTS: results },
  );
  add(chosen, code, results);
}

function add(chosen, code, results) {
  if (!existsSync(results)) {
    total.failed.push({ name: chosen.join(", "), why: `vitest ended without a result (${code})` });
    return;
  }
  const { passed, failed, skipped } = JSON.parse(readFileSync(results, "utf8"));
  rmSync(results);
  total.passed += passed;
  total.failed.push(...failed);
  total.skipped.push(...skipped);
  if (code !== 0 && failed.length === 0) total.failed.push({ name: chosen.join(", "), why: `vitest ended with ${code}` });
}

function hasTests(suite) {
  const folder = join(root, "test", suite);
  return existsSync(folder) && readdirSync(folder, { recursive: true }).some((name) => name.endsWith(".test.ts"));
}

function report() {
  if (total.skipped.length > 0) console.log("\nSkipped:");
  for (const { name, why } of total.skipped) console.log(`  ${name}: ${why}`);
  if (total.failed.length > 0) console.log("\nFailed:");
  for (const { name, why } of total.failed) console.log(`  ${name}\n${why.replace(/^/gm, "    ")}`);
  const ran = total.passed + total.failed.length;
  if (ran === 0) console.log("\nNo test ran, which counts as a failure.");
  console.log(`\n${total.passed} passed, ${total.failed.length} failed, ${total.skipped.length} skipped`);
  process.exitCode = ran === 0 || total.failed.length > 0 ? 1 : 0;
}

/** Shows what the program prints; it gets no stdin, so nothing can wait for a key. */
function start(command, commandArgs, env = process.env) {
  return new Promise((resolve) => {
    const child = spawn(command, commandArgs, { cwd: root, env, stdio: ["ignore", "inherit", "inherit"] });
    child.on("error", (error) => {
      console.log(`${command}: ${error.message}`);
      resolve(127);
    });
    child.on("close", (code, signal) => resolve(code ?? signal));
  });
}
