import { defineConfig } from "vitest/config";

// One project per folder of test/, named as it is: scripts/test.mjs runs them in phases and counts.
const suites = ["unit", "contract", "scenario", "simulation", "integration", "crash", "chaos", "browser", "load"];

export default defineConfig({
  // Node 20 has no `using`; the syntax is lowered as tsc does it for dist.
  oxc: { target: "es2022" },
  test: {
    // Native modules (lmdb, uWebSockets.js, libsignal) are at home in processes, not in worker threads.
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 20_000,
    hookTimeout: 30_000,
    projects: suites.map((name) => ({ extends: true as const, test: { name, include: [`test/${name}/**/*.test.ts`] } })),
  },
});
