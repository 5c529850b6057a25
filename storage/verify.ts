import { idOf } from "../lib/ids.js";
import { StoreError } from "./errors.js";
import { readFormat, storeFormat } from "./format.js";
import { readUint64, tableOf, type Table } from "./keys.js";
import type { Partition, Partitions, ReadRows } from "./partitions.js";
import { presence, recordStart } from "./records/version.js";
import { LogCheck } from "./verify-log.js";
import { readAccount } from "./tables/accounts.js";
import { readConfig } from "./tables/cluster-configs.js";
import { readState } from "./tables/conversation-states.js";
import { readDevice } from "./tables/device-states.js";
import { readOwner } from "./tables/handles.js";
import { endIntent, firstIntent, issuedMs } from "./tables/intent-slices.js";
import { readInvite } from "./tables/invites.js";
import { readLease } from "./tables/leases.js";
import { readLink } from "./tables/links.js";
import { readPrekeys } from "./tables/prekeys.js";
import { readReceipts } from "./tables/receipts.js";

/** What `hermod db verify` says. No problem: every row was read and every log adds up. */
export interface StoreReport {
  readonly partitions: Readonly<Partial<Record<Table, number>>>;
  readonly conversations: number;
  readonly entries: number;
  readonly bodies: number;
  /** At most `problemsMax`; `problemCount` counts all. */
  readonly problems: readonly string[];
  readonly problemCount: number;
}

const problemsMax = 1_000;
const pageSize = 256;

/** Reads every partition of a store, changes nothing. The names come in order, so the buckets of a log come one after another. */
export async function verifyStore(partitions: Partitions, now: number): Promise<StoreReport> {
  const counts: Partial<Record<Table, number>> = {};
  const problems: string[] = [];
  let problemCount = 0;
  const complain = (problem: string): void => {
    problemCount++;
    if (problems.length < problemsMax) problems.push(problem);
  };
  const log = new LogCheck(complain, now);
  let after: Partition | undefined;
  for (;;) {
    const names = await partitions.names(after, pageSize);
    for (const name of names) {
      const table = tableOf(name);
      if (table === undefined) complain(`a partition of table ${name[0]}, which this program does not know`);
      else {
        counts[table] = (counts[table] ?? 0) + 1;
        await partitions.read(name, (rows) => guarded(complain, name, table, () => checkPartition(table, name, rows, log)));
      }
    }
    after = names.at(-1);
    if (names.length < pageSize) break;
  }
  log.end();
  return { partitions: counts, conversations: log.conversations, entries: log.entries, bodies: log.bodies, problems, problemCount };
}

function guarded(complain: (problem: string) => void, name: Partition, table: Table, check: () => string[]): void {
  const where = `${table} ${Buffer.from(name.subarray(1)).toString("hex")}`;
  try {
    for (const problem of check()) complain(`${where}: ${problem}`);
  } catch (error) {
    complain(`${where}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function checkPartition(table: Table, name: Partition, rows: ReadRows, log: LogCheck): string[] {
  switch (table) {
    case "log":
      return log.bucket(idOf(name.subarray(1, 17)), readUint64(name, 17), rows);
    case "format":
      return readFormat(rows) === storeFormat ? [] : ["another format"];
    case "clusterConfig":
      return read(readConfig(rows), (config) => (config.serverKey.length === 32 ? [] : ["a server key of a wrong length"]));
    case "leases":
      return read(readLease(rows), (lease) => {
        if (lease.epoch < 1n) return ["a lease without an epoch"];
        return lease.intentLow.epoch > lease.epoch ? ["intents of an epoch that was not taken yet"] : [];
      });
    case "accounts":
      return read(readAccount(rows), checkAccount);
    case "conversationStates":
      return read(readState(rows), (state) => (state.version < 1n ? ["a snapshot without a version"] : []));
    case "deviceStates":
      return read(readDevice(rows), (device) => {
        if (device.revoked && device.marks.size > 0) return ["a revoked device with marks"];
        return [...device.marks.values()].some((from) => from < 1n) ? ["a mark before the first sequence"] : [];
      });
    case "receipts":
      return [...readReceipts(rows)].flatMap(([, { delivered, read: seen }]) => (seen > delivered ? ["read is above delivered"] : []));
    case "handles":
      return read(readOwner(rows), () => []);
    case "invites":
      return read(readInvite(rows), () => []);
    case "links":
      return read(readLink(rows), () => []);
    case "prekeys":
      return readPrekeys(rows);
    case "intents":
      for (const row of rows.range(firstIntent, endIntent, Number.MAX_SAFE_INTEGER)) issuedMs(row.value);
      return [];
    case "canary":
      return [];
    case "workList":
      for (const row of rows.range(Uint8Array.of(0), Uint8Array.of(255), Number.MAX_SAFE_INTEGER)) {
        if (recordStart(row.value) !== presence.length) throw new StoreError("corrupt", "a note with bytes behind it");
      }
      return [];
  }
}

function read<T>(value: T | undefined, check: (value: T) => string[]): string[] {
  return value === undefined ? ["its row is missing"] : check(value);
}

/** List versions are 1 … head without gaps; chains of hashes are the clients' to check and the account's actor's. */
function checkAccount({ account, versions, devices }: NonNullable<ReturnType<typeof readAccount>>): string[] {
  if (account === undefined) return versions.length + devices.length > 0 ? ["rows of an account that was never registered"] : [];
  const problems: string[] = [];
  if (versions.length !== account.head) problems.push(`${versions.length} list versions, and the head is ${account.head}`);
  if (devices.some((device) => device.credential.length !== 48)) problems.push("a credential of a wrong length");
  return problems;
}
