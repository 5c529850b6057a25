import { existsSync } from "node:fs";
import { join } from "node:path";
import { exitCodes, type Command, type Terminal } from "../app/cli/command.js";
import { systemClock } from "../lib/clock.js";
import { StoreError } from "../storage/errors.js";
import type { StoreReport } from "../storage/verify.js";

const usualDirectory = "./hermod-data";

/** What works on a data directory while no node does. */
export const databaseCommands: readonly Command[] = [
  {
    name: "db verify",
    summary: "read every row of a stopped node's data and say whether it adds up",
    audience: "operators",
    options: [
      { flags: "--data <directory>", doc: "the data directory", usual: usualDirectory },
      { flags: "--json", doc: "the result as one JSON object" },
    ],
    examples: ["hermod db verify", "hermod db verify --data /var/lib/hermod --json"],
    run: (input, terminal) => verify(input.options.data as string, input.options.json === true, terminal),
  },
];

async function verify(directory: string, json: boolean, terminal: Terminal): Promise<number> {
  if (!existsSync(join(directory, "store.mdb"))) {
    terminal.note(`There is no store in ${directory}. Name its directory with --data.`);
    return exitCodes.failure;
  }
  const { openLmdb } = await import("../storage/open.js");
  const { verifyStore } = await import("../storage/verify.js");
  const clock = systemClock();
  let stores;
  try {
    stores = await openLmdb(directory, { clock, onFatal: failed });
  } catch (error) {
    if (!(error instanceof StoreError) || error.code !== "store-in-use") throw error;
    terminal.note(`The data directory ${directory} is in use by another process. Stop that node first.`);
    return exitCodes.conflict;
  }
  try {
    const report = await verifyStore(stores.partitions, clock.now());
    if (json) terminal.json({ type: "verified", ...report });
    else tell(report, terminal);
    return report.problemCount === 0 ? exitCodes.ok : exitCodes.failure;
  } finally {
    await stores.close();
  }
}

function tell({ partitions, conversations, entries, bodies, problems, problemCount }: StoreReport, terminal: Terminal): void {
  for (const [table, count] of Object.entries(partitions)) terminal.say(`  ${table.padEnd(20)} ${String(count).padStart(8)} partitions`);
  terminal.say(`${String(conversations)} conversations, ${String(entries)} entries, ${String(bodies)} bodies`);
  for (const problem of problems) terminal.say(`  problem: ${problem}`);
  terminal.say(problemCount === 0 ? "Everything adds up." : `${String(problemCount)} problems.`);
}

function failed(cause: unknown): void {
  throw cause instanceof Error ? cause : new Error(String(cause));
}
