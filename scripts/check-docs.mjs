#!/usr/bin/env node
// Holds the docs against the code: frames and close codes must be the same set in both (errors and limits are made from the code:
// generate-docs.mjs).
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./lib/prepare.mjs";

const problems = [];
compare("docs/protocol.md", "protos/client.proto", (doc) => firstCells(doc, /^frame/i), frames);
compare("docs/protocol.md", "protos/close-codes.ts", (doc) => firstCells(doc, /close/i).filter(isCloseCode), closeCodes);

for (const problem of problems) console.error(problem);
process.exitCode = problems.length === 0 ? 0 : 1;

function compare(docPath, codePath, inDoc, inCode) {
  const doc = read(docPath);
  const code = read(codePath);
  if (doc === undefined || code === undefined) return;
  const told = new Set(inDoc(doc));
  const real = new Set(inCode(code));
  if (real.size === 0) problems.push(`${codePath}: nothing found to compare with ${docPath}; has its form changed?`);
  for (const name of real) if (!told.has(name)) problems.push(`${docPath}: no row for ${name}, which ${codePath} has`);
  for (const name of told) if (!real.has(name)) problems.push(`${docPath}: a row for ${name}, which ${codePath} does not have`);
}

/** The leading word of each `code span` in the first column of the tables whose first heading matches. */
function firstCells(doc, heading) {
  const names = [];
  // undefined: outside a table; true or false: in one whose heading matches, or does not.
  let matches;
  for (const line of doc.split("\n")) {
    if (!line.startsWith("|")) {
      matches = undefined;
      continue;
    }
    const cell = line.split(/(?<!\\)\|/)[1].trim();
    if (matches === undefined) matches = heading.test(cell);
    else if (matches) names.push(...[...cell.matchAll(/`([\w-]+)[^`]*`/g)].map((match) => match[1]));
  }
  return names;
}

function frames(proto) {
  const oneofs = [...proto.matchAll(/message (?:Client|Server)Frame \{[\s\S]*?oneof frame \{([\s\S]*?)\n {2}\}/g)];
  const fields = oneofs.flatMap(([, body]) => [...body.matchAll(/^\s*\w+ (\w+) = \d+;/gm)].map((match) => match[1]));
  return fields.map((field) => field.replace(/_(\w)/g, (_, letter) => letter.toUpperCase()));
}

function closeCodes(code) {
  return [...code.matchAll(/code: (4\d{3})\b/g)].map((match) => match[1]).filter(isCloseCode);
}

function isCloseCode(name) {
  return /^4\d{3}$/.test(name);
}

function read(path) {
  return existsSync(join(root, path)) ? readFileSync(join(root, path), "utf8") : undefined;
}
