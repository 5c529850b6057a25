// One line per test file while vitest runs, and a file with the counts, failures and reasons of skips for scripts/test.mjs.
import { writeFileSync } from "node:fs";
import { relative } from "node:path";

export default class TestReporter {
  onTestModuleEnd(module) {
    const states = [...module.children.allTests()].map((test) => test.result().state);
    const count = (state) => states.filter((candidate) => candidate === state).length;
    const bad = module.state() === "failed";
    const numbers = [`${count("passed")} passed`];
    if (bad) numbers.push(`${count("failed")} FAILED`);
    if (count("skipped") > 0) numbers.push(`${count("skipped")} skipped`);
    const ms = Math.round(module.diagnostic().duration);
    console.log(`  ${bad ? "✗" : "✓"} ${relative(process.cwd(), module.moduleId)}  ${numbers.join(", ")}  ${ms} ms`);
  }

  onTestRunEnd(modules, unhandled) {
    const result = { passed: 0, failed: [], skipped: [] };
    for (const module of modules) addModule(result, module);
    for (const error of unhandled) result.failed.push({ name: "outside any test", why: describe(error) });
    const path = process.env.HERMOD_TEST_RESULTS;
    if (path !== undefined) writeFileSync(path, JSON.stringify(result));
  }
}

function addModule(result, module) {
  const file = relative(process.cwd(), module.moduleId);
  for (const error of module.errors()) result.failed.push({ name: file, why: describe(error) });
  for (const suite of module.children.allSuites()) {
    for (const error of suite.errors()) result.failed.push({ name: `${file} > ${suite.fullName}`, why: describe(error) });
  }
  for (const test of module.children.allTests()) {
    const { state, errors, note } = test.result();
    const name = `${file} > ${test.fullName}`;
    if (state === "passed") result.passed += 1;
    else if (state === "failed") result.failed.push({ name, why: (errors ?? []).map(describe).join("\n") });
    else result.skipped.push({ name, why: note ?? (state === "pending" ? "did not get its turn" : "no reason given") });
  }
}

function describe(error) {
  const frames = (error.stacks ?? []).map((frame) => `at ${relative(process.cwd(), frame.file)}:${frame.line}`);
  // What nobody caught comes without parsed frames.
  if (frames.length === 0) frames.push(...(error.stack ?? "").split("\n").filter((line) => /^\s+at .*(?<!node:)\//.test(line)));
  return [error.message ?? String(error), ...(error.diff === undefined ? [] : [error.diff]), ...frames.slice(0, 6)].join("\n");
}
