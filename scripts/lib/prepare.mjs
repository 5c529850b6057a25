// Install and build, each only when needed. Uses nothing but Node, because it runs before `npm ci` has.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../..", import.meta.url));
const at = (...parts) => join(root, ...parts);

const lockFolder = at(".prepare.lock");
const installStamp = at("node_modules", ".hermod-lockfile");
const buildStamp = at("dist", ".stamp");
const waitForOtherMs = 300_000;

/** Whether the sources are here; an installed package has only dist. */
export function inClone() {
  return existsSync(at("tsconfig.json")) && existsSync(at("package-lock.json"));
}

/**
 * Brings node_modules and dist up to date.
 *
 * @param {(line: string) => void} say hears one line per step that is really done
 * @returns {Promise<string | undefined>} what went wrong, in words and output
 */
export async function prepare(say) {
  if (isInstalled() && isBuilt()) return undefined;
  const release = await takeLock(say);
  try {
    // Looked at again: another start may have done all of it while this one waited.
    const problem = isInstalled() ? undefined : await install(say);
    if (problem !== undefined || isBuilt()) return problem;
    return await build(say);
  } finally {
    release();
  }
}

export function isInstalled() {
  const wanted = readText(at("package-lock.json"));
  if (wanted === undefined) return existsSync(at("node_modules"));
  const hash = sha256(wanted);
  if (readText(installStamp) === hash) return true;
  // Someone may have run npm by hand. Its own record tells, and saves a needless `npm ci` under the feet of running programs.
  if (!holds(readText(at("node_modules", ".package-lock.json")), wanted)) return false;
  writeFileSync(installStamp, hash);
  return true;
}

function holds(installed, wanted) {
  if (installed === undefined) return false;
  const have = JSON.parse(installed).packages;
  const want = Object.entries(JSON.parse(wanted).packages).filter(([path]) => path !== "");
  return want.every(([path, entry]) => have[path]?.version === entry.version || (have[path] === undefined && entry.optional === true));
}

async function install(say) {
  say("installing dependencies (npm ci), about half a minute …");
  const npm = process.platform === "win32" ? "npm.cmd" : "npm";
  // Named, because NODE_ENV=production would leave the compiler out.
  const { code, output } = await run(npm, ["ci", "--include=dev", "--no-audit", "--no-fund"], { shell: process.platform === "win32" });
  if (code !== 0) return `${output}\nnpm ci failed (exit ${code}). Is the package registry reachable?`;
  writeFileSync(installStamp, sha256(readText(at("package-lock.json"))));
  return undefined;
}

function isBuilt() {
  return readText(buildStamp) === sourcesHash();
}

/** Compiles into dist. The generated protobuf code is JavaScript already and is copied. */
export async function build(say) {
  say("building (tsc) …");
  const sources = sourcesHash();
  const { code, output } = await run(process.execPath, [at("node_modules", "typescript", "bin", "tsc"), "-p", at("tsconfig.json")]);
  if (existsSync(at("protos", "gen"))) {
    mkdirSync(at("dist", "protos"), { recursive: true });
    cpSync(at("protos", "gen"), at("dist", "protos", "gen"), { recursive: true });
  }
  if (code !== 0) return `${output}\nThe build failed (tsc exit ${code}).`;
  writeFileSync(buildStamp, sources);
  return undefined;
}

/** Cheap: names, sizes and times of what tsc reads. A needless rebuild costs seconds, a missed one would run old code. */
function sourcesHash() {
  const hash = createHash("sha256");
  const folders = JSON.parse(readText(at("tsconfig.json"))).include;
  const files = [at("tsconfig.json"), at("package-lock.json"), ...folders.flatMap((folder) => sourcesIn(at(folder)))];
  for (const file of files.sort()) {
    const { size, mtimeMs } = statSync(file);
    hash.update(`${file}\n${size}\n${mtimeMs}\n`);
  }
  return hash.digest("hex");
}

function sourcesIn(folder) {
  if (!existsSync(folder)) return [];
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile() && /\.(ts|tsx|js)$/.test(entry.name)).map((entry) => join(entry.parentPath, entry.name));
}

/** Two starts at once must not install or build at once. The lock of a process that has died is taken over. */
async function takeLock(say) {
  const deadline = Date.now() + waitForOtherMs;
  for (let told = false; ; told = true) {
    try {
      mkdirSync(lockFolder);
      writeFileSync(join(lockFolder, "pid"), String(process.pid));
      return () => rmSync(lockFolder, { recursive: true, force: true });
    } catch (error) {
      if (error.code !== "EEXIST") throw new Error(`hermod has to install or build first and cannot write in ${root}: ${error.message}`);
    }
    if (Date.now() > deadline) throw new Error(`another start has held ${lockFolder} for five minutes; if none is running, remove it`);
    if (isAbandoned()) rmSync(lockFolder, { recursive: true, force: true });
    else if (!told) say("another start is installing or building; waiting for it …");
    await wait(200);
  }
}

function isAbandoned() {
  const pid = Number(readText(join(lockFolder, "pid")));
  try {
    // Without a pid its owner is between two calls, or has died there: a few seconds tell which.
    if (!(pid > 0)) return Date.now() - statSync(lockFolder).mtimeMs > 5_000;
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return error.code === "ESRCH";
  }
}

/** Runs to the end without stdin and keeps what it printed. */
export function run(command, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"], ...options });
    let output = "";
    const keep = (chunk) => {
      output += chunk;
      options.onOutput?.(String(chunk));
    };
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    child.on("error", (error) => resolve({ code: 127, output: `${output}${error.message}` }));
    child.on("close", (code, signal) => resolve({ code: code ?? signal ?? 1, output: output.trimEnd() }));
  });
}

function readText(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

function sha256(text) {
  return createHash("sha256").update(text).digest("hex");
}
