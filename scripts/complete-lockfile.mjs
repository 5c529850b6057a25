#!/usr/bin/env node
// npm leaves an optional package for another platform out of the lock file when the registry did not hand it out at that moment, and
// then `npm ci` refuses that lock file everywhere. This adds what is left out, by the version that its parent names. Run it after
// `npm install`; with --check it only tells.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./lib/prepare.mjs";

const path = join(root, "package-lock.json");
const lock = JSON.parse(readFileSync(path, "utf8"));
const missing = Object.entries(lock.packages).flatMap(([parent, entry]) =>
  Object.entries(entry.optionalDependencies ?? {})
    .filter(([name]) => !isLocked(parent, name))
    .map(([name, version]) => ({ name, version, dev: entry.dev })),
);

if (process.argv.includes("--check")) {
  for (const { name, version } of missing)
    console.error(`package-lock.json lacks ${name}@${version}: run node scripts/complete-lockfile.mjs`);
  process.exitCode = missing.length > 0 ? 1 : 0;
} else if (missing.length > 0) {
  for (const needed of missing) lock.packages[`node_modules/${needed.name}`] = entryOf(needed);
  const { "": self, ...others } = lock.packages;
  lock.packages = { "": self, ...Object.fromEntries(Object.entries(others).sort(([a], [b]) => a.localeCompare(b, "en"))) };
  writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`);
  console.log(`added ${missing.map(({ name }) => name).join(", ")}`);
}

/** As Node looks: in the package's own node_modules, then in each one above. */
function isLocked(parent, name) {
  for (let folder = parent; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf("node_modules/") - 1))) {
    if (lock.packages[`${folder === "" ? "" : `${folder}/`}node_modules/${name}`] !== undefined) return true;
    if (folder === "") return false;
  }
}

/** The name of such a package says where it runs. */
function entryOf({ name, version, dev }) {
  const os = /(darwin|linux|win32|android|freebsd|openharmony|sunos|netbsd|openbsd|aix)/.exec(name)?.[1];
  const cpu = /(arm64|aarch64|armv7|arm|x64|ia32|ppc64|riscv64|s390x|loong64|mips64el)/.exec(name.slice(name.lastIndexOf("/")))?.[1];
  if (os === undefined || cpu === undefined || !/^\d/.test(version))
    throw new Error(`cannot tell what ${name}@${version} is for; add it by hand`);
  const libc = /musl/.test(name) ? ["musl"] : /gnu/.test(name) && os === "linux" ? ["glibc"] : undefined;
  const cpuName = { aarch64: "arm64", armv7: "arm" }[cpu] ?? cpu;
  return { version, cpu: [cpuName], ...(dev && { dev }), ...(libc && { libc }), optional: true, os: [os] };
}
