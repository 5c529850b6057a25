// `npm run crash-points [hits]`: every named point of client and server is ended by SIGKILL so many times, 20 without a number. A quarter of
// an hour on two cores.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { root } from "./lib/prepare.mjs";

const [hits = "20"] = process.argv.slice(2);
if (!/^[1-9]\d{0,4}$/.test(hits)) {
  console.error("usage: npm run crash-points [hits of each point]");
  process.exit(2);
}
const { status } = spawnSync(process.execPath, [join(root, "scripts", "test.mjs"), "crash", "crash-points"], {
  cwd: root,
  env: { ...process.env, HERMOD_CRASH_HITS: hits },
  stdio: "inherit",
});
process.exitCode = status ?? 1;
