// Runs pbjs and makes what it writes speak bigint. Every replacement is followed by a check that nothing of Long is left, so a new
// protobufjs that writes other code fails here instead of handing out Longs.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const require = createRequire(import.meta.url);
const prelude = readFileSync(new URL("./protos-prelude.js", import.meta.url), "utf8");
const note = "// Made by scripts/generate-protos.mjs from protos/*.proto. Do not edit: run npm run protos.\n";

const usual = ["--target", "static-module", "--wrap", "esm", "--null-semantics", "--no-create", "--no-verify", "--no-convert"];
const flags = [...usual, "--no-delimited", "--no-typeurl", "--no-service"];

/** @returns {Promise<Record<string, string>>} the text of each generated file by its name */
export async function generate(folder, files) {
  const pbjs = promisify(require("protobufjs-cli/pbjs").main);
  const scratch = mkdtempSync(join(tmpdir(), "hermod-protos-"));
  try {
    const paths = files.map((name) => join(folder, name));
    // Twice, because the declarations are made from the comments, which the code does not need.
    await pbjs([...flags, "--dts", "--path", folder, "--out", join(scratch, "types.js"), ...paths]);
    await pbjs([...flags, "--no-comments", "--path", folder, "--out", join(scratch, "code.js"), ...paths]);
    return {
      "hermod.js": code(readFileSync(join(scratch, "code.js"), "utf8")),
      "hermod.d.ts": declarations(readFileSync(join(scratch, "types.d.ts"), "utf8")),
    };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function code(text) {
  const made = text
    .replace(/^\/\*eslint-disable.*\n/, "")
    .replace(/^import \$protobuf .*\n+/m, "")
    .replace("const $Reader = $protobuf.Reader, $Writer = $protobuf.Writer, $util = $protobuf.util;", "const $util = $protobuf.util;")
    // A root of our own: the shared one would mix the classes of two copies of this file, sources and dist, in one process.
    .replace(/const \$root = \$protobuf\.roots.*\n/, "const $root = {};\n")
    .replace(/\$util\.Long \? \$util\.Long\.from(?:Bits\(0, ?0, ?(?:true|false)\)|Number\(0, ?(?:true|false)\)) : 0/g, "0n")
    .replace(/\(typeof ([\w.[\]$]+) === "object" \? \1\.low \|\| \1\.high : \1 !== 0\)/g, "$1 !== 0n")
    .replace(/typeof \(value = (reader\.\w+64\(\))\) === "object" \? value\.low \|\| value\.high : value !== 0/g, "(value = $1) !== 0n")
    .replace(/typeof (\w+) === "object" \? \1\.low \|\| \1\.high : \1 !== 0/g, "$1 !== 0n");
  refuse(made, /longFromKey|longToHash/, "a map with a 64-bit key: use a repeated message");
  refuse(made, /\bLong\b|\.low\b|\.high\b|\$protobuf\.(?!util\b)|typeof value === "object"/, "code for Long that is not known here");
  return note + prelude + "\n" + made;
}

function declarations(text) {
  const made = text
    .replace(/^import .*\n/gm, "")
    .replace(/\(number\|Long(\|null)?\)/g, (_, empty = "") => (empty === "" ? "bigint" : `(bigint${empty})`))
    .replace(/number\|Long/g, "bigint")
    .replace(/[ \t]*\/\*\*\n\s*\* Properties of an? \w+\.\n\s*\* @deprecated [^/]*\*\/\n\s*interface I\w+ extends [^{]*\{\n\s*\}\n\n?/g, "")
    .replace(/[ \t]*\/\*\* Unknown fields preserved while decoding when enabled \*\/\n\s*\$unknowns\?: Uint8Array\[\];\n\n?/g, "")
    .replace(/[ \t]*\$unknowns\?: Uint8Array\[\];\n/g, "")
    // A caller has a plain object or bytes; that messages nest through one writer is this module's own affair.
    .replace(/\n\s*\* @param \[writer\].*/g, "")
    .replace(/, writer\?: \$protobuf\.Writer\): \$protobuf\.Writer;/g, "): { finish(): Uint8Array };")
    .replace(/\(reader: \(\$protobuf\.Reader\|Uint8Array\), length\?: number\)/g, "(bytes: Uint8Array)")
    .replace(/\n\s*\* @(?:param \[length\]|param reader|returns \{|throws).*/g, "")
    .replace(/ Does not implicitly \{@link .*?\} messages\./g, "")
    .replace(/ from the specified reader or buffer\./g, ".")
    // What is encoded is only read, so a caller's readonly arrays must do.
    .replace(/interface \$Properties \{[^}]*?\n\s*\}/g, (block) => block.replace(/\?: ([^\n;]+)\[\];/g, "?: readonly $1[];"))
    .replace(/\n\n(\s*\}\n)/g, "\n$1")
    .trim();
  refuse(made, /\bLong\b|\$protobuf|\$unknowns/, "a declaration that is not known here");
  return `${note}\n${made}\n`;
}

function refuse(text, pattern, why) {
  const line = text.split("\n").find((candidate) => pattern.test(candidate));
  if (line !== undefined) throw new Error(`protobufjs wrote ${why}: ${line.trim()}`);
}
