#!/usr/bin/env node
// Turns protos/*.proto into protos/gen/hermod.js and hermod.d.ts: protobufjs static code whose 64-bit fields are bigint.
// With --check nothing is written and a stale result fails. `--from DIR --to DIR` serves the tests of this very script.
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { generate } from "./lib/protos.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const { values } = parseArgs({ options: { check: { type: "boolean" }, from: { type: "string" }, to: { type: "string" } } });
const from = values.from ?? join(root, "protos");
const to = values.to ?? join(root, "protos", "gen");

const files = readdirSync(from)
  .filter((name) => name.endsWith(".proto"))
  .sort();
if (files.length === 0) {
  console.error(`no .proto files in ${from}`);
  process.exit(values.check ? 0 : 1);
}

let stale = false;
for (const [name, text] of Object.entries(await generate(from, files))) {
  const path = join(to, name);
  if (!values.check) {
    mkdirSync(to, { recursive: true });
    writeFileSync(path, text);
  } else if (read(path) !== text) {
    stale = true;
    console.error(`${path} is older than the .proto files: run npm run protos and commit the result`);
  }
}
process.exitCode = stale ? 1 : 0;

function read(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
