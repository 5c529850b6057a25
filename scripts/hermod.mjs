#!/usr/bin/env node
// Starts hermod from a clone or from an installed package. In a clone it first installs and builds what is missing or outdated, so
// that `npx hermod demo` works right after `git clone`. Without dependencies, because nothing may be installed yet.
import { existsSync } from "node:fs";

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`hermod needs Node.js 20.19 or newer, and this is ${process.versions.node}. Install a newer one from https://nodejs.org.`);
  process.exit(2);
}

const { inClone, prepare } = await import("./lib/prepare.mjs");
if (inClone()) {
  const problem = await prepare((line) => console.error(`hermod: ${line}`));
  if (problem !== undefined) {
    console.error(problem);
    process.exit(1);
  }
}

const program = new URL("../dist/bin/hermod.js", import.meta.url);
if (!existsSync(program)) {
  console.error("hermod: dist/bin/hermod.js is missing and there are no sources to build it from; install the package again.");
  process.exit(1);
}
await import(program.href);
