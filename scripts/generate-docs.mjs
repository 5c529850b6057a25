#!/usr/bin/env node
// Writes the reference pages that are tables of the code: docs/cli.md (from the build), docs/errors.md, docs/limits.md. With --check nothing is written and a stale page fails.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const read = (path) => readFileSync(join(root, path), "utf8");

const { commands } = await import("../dist/bin/commands.js");
const pages = {
  "docs/cli.md": cli(commands({})),
  "docs/errors.md": errors(read("lib/errors.ts")),
  "docs/limits.md": limits(read("lib/limits.ts"), read("lib/configurable-limits.ts")),
};
let stale = false;
for (const [path, text] of Object.entries(pages)) {
  if (!process.argv.includes("--check")) writeFileSync(join(root, path), text);
  else if (!existsSync(join(root, path)) || read(path) !== text) {
    stale = true;
    console.error(`${path} is older than the code: run npm run docs and commit the result`);
  }
}
process.exitCode = stale ? 1 : 0;

function errors(code) {
  const rows = [
    ...code.matchAll(/^ {2}"([a-z-]+)": \{\s*retry: "(\w+)",\s*stored: "(\w+)",\s*meaning:\s*("(?:[^"\\]|\\.)*"),?\s*\}/gm),
  ].map(([, name, retry, stored, meaning]) => `| \`${name}\` | ${retry} | ${stored} | ${JSON.parse(meaning)} |`);
  return `# Errors

Every code that a client can see: in a \`problem\` frame, in a REST answer (\`application/problem+json\`, field \`code\`), and as \`HermodError.code\` in the SDK.
*Send again*: \`now\` after doing what the meaning says, \`later\` after \`retryAfterMs\` or with back-off, \`never\` as it is. *Stored*: whether the thing may be in the
log; \`perhaps\` is settled by sending the same bytes under the same counter again. Made from \`lib/errors.ts\` by \`npm run docs\`.

| code | send again | stored | meaning |
|---|---|---|---|
${rows.join("\n")}
`;
}

function limits(code, configurable) {
  const body = /const defaults = \{\n([\s\S]*?)\n\};/.exec(code)[1];
  const ranges = new Map(
    [...configurable.matchAll(/^ {2}(\w+): \[([^,]+), ([^\]]+)\],/gm)].map(([, name, min, max]) => [
      name,
      `${min} to ${max}`.replaceAll("*", "×"),
    ]),
  );
  const lines = [];
  let reason = "";
  for (const line of body.split("\n")) {
    const section = /^ {2}\/\/ (.+)/.exec(line)?.[1];
    const comment = /^ {2}\/\*\* (.+) \*\//.exec(line)?.[1];
    const entry = /^ {2}(\w+): (.+),$/.exec(line);
    if (section !== undefined)
      lines.push(
        "",
        `## ${section[0].toUpperCase()}${section.slice(1)}`,
        "",
        "| limit | value | configurable | why |",
        "|---|---|---|---|",
      );
    else if (comment !== undefined) reason = comment;
    else if (entry !== null) {
      const [, name, value] = entry;
      lines.push(`| \`${name}\` | ${value.replaceAll("*", "×")} | ${ranges.get(name) ?? ""} | ${reason} |`);
      reason = "";
    }
  }
  return `# Limits

Every bound of the system. Units are in the names: \`Ms\` milliseconds, \`Bytes\` bytes, \`Max\` a count. Those with a range may be set as \`limits.<name>\` in the
configuration; the rest belong to the format. A bucket holds so many tokens and refills steadily. Made from \`lib/limits.ts\` by \`npm run docs\`.
${lines.join("\n")}
`;
}

function cli(table) {
  const section = ({ name, summary, takes = [], options = [], examples }) => {
    const words = takes.map(({ name: word, optional, rest }) => `${optional ? "[" : "<"}${word}${rest ? "…" : ""}${optional ? "]" : ">"}`);
    const rows = [
      ...takes.map(({ name: word, doc }) => [word, doc]),
      ...options.map(({ flags, doc, usual }) => [flags, usual === undefined ? doc : `${doc} (usually ${usual})`]),
    ];
    const list =
      rows.length === 0
        ? ""
        : `\n| | |\n|---|---|\n${rows.map(([left, right]) => `| \`${left.replaceAll("|", "\\|")}\` | ${right} |`).join("\n")}\n`;
    return `### \`hermod ${[name, ...words].join(" ")}\`\n\n${summary[0].toUpperCase()}${summary.slice(1)}.\n${list}\n\`\`\`sh\n${examples.join("\n")}\n\`\`\`\n`;
  };
  const of = (audience) =>
    table
      .filter((command) => command.audience === audience)
      .map(section)
      .join("\n");
  return `# Commands

Inside this folder write \`npx hermod …\`. Results go to standard output, everything else to standard error. Made from the command table by \`npm run docs\`.

**Exit codes**: 0 ok · 1 failure · 2 usage · 3 configuration · 4 unreachable · 5 credential · 6 unhealthy or timeout · 7 conflict (port, data directory or store in use).

**The user directory** (\`--dir\`, else \`HERMOD_DIR\`, else \`./.hermod\`) holds one device: its encrypted store, the store's key, and the server's address. One process at a time.
\`HERMOD_PASSPHRASE_FILE\` names a file whose text protects the store's key. \`NO_COLOR\` is respected.

**JSON** (\`--json\`): one object per line with a \`type\`. Ids are base32, sequences are text, times ISO 8601. A message (\`inbox\`, \`history\`) has \`type: "message"\`, \`chat\`, \`id\`, \`seq\`, \`sender\`,
\`senderDevice\`, \`handle\` (or null), \`own\`, \`text\` (or null: see \`unreadable\` {why, reason}), \`time\`, \`state\` (own messages of this device: queued, sending, sent, delivered, read, failed), \`replyTo\` {sender, id, seq} and
\`gapBefore\` (a message of the same device is missing before it). \`send\` prints \`sent\` {chat, id, seq, time}, or \`queued\` when it gave up waiting; the message stays in the outbox.

## People and bots

${of("people")}
## Operators

${of("operators")}`;
}
