import type { Accounts, Handles, Invites, Links, Prekeys, WorkList } from "../actors/account/ports.js";
import type { ConversationLog, ConversationStates, Receipts } from "../actors/conversation/ports.js";
import type { DeviceStates, LogReader, ReceiptRows } from "../actors/device/ports.js";
import type { ClusterConfigs, IntentSlices, Leases } from "../cluster/ports.js";
import type { Clock } from "../lib/clock.js";
import { openLmdbPartitions, type LmdbStoreOptions } from "./lmdb/open.js";
import { MemoryDisk, memoryPartitions } from "./memory/kernel.js";
import type { Partitions } from "./partitions.js";
import { AccountsTable } from "./tables/accounts.js";
import { CanaryTable } from "./tables/canary.js";
import { ClusterConfigsTable } from "./tables/cluster-configs.js";
import { ConversationLogTable } from "./tables/conversation-log.js";
import { ConversationStatesTable } from "./tables/conversation-states.js";
import { DeviceStatesTable } from "./tables/device-states.js";
import { HandlesTable } from "./tables/handles.js";
import { IntentSlicesTable } from "./tables/intent-slices.js";
import { InvitesTable } from "./tables/invites.js";
import { LeasesTable } from "./tables/leases.js";
import { LinksTable } from "./tables/links.js";
import { LogReaderTable } from "./tables/log-reader.js";
import { PrekeysTable } from "./tables/prekeys.js";
import { ReceiptRowsTable, ReceiptsTable } from "./tables/receipts.js";
import { WorkListTable } from "./tables/work-list.js";

/** Every storage port, over one kernel. */
export interface Stores {
  readonly partitions: Partitions;
  readonly log: ConversationLog;
  readonly conversationStates: ConversationStates;
  readonly receipts: Receipts;
  readonly deviceStates: DeviceStates;
  readonly logReader: LogReader;
  readonly receiptRows: ReceiptRows;
  readonly accounts: Accounts;
  readonly handles: Handles;
  readonly invites: Invites;
  readonly links: Links;
  readonly prekeys: Prekeys;
  readonly workList: WorkList;
  readonly leases: Leases;
  readonly intentSlices: IntentSlices;
  readonly clusterConfigs: ClusterConfigs;
  readonly canary: CanaryTable;
  /** Waits for the writes under way; everything after it rejects or is `unsure`. */
  close(): Promise<void>;
}

export function openStores(partitions: Partitions, clock: Clock): Stores {
  const store = { partitions, clock };
  return {
    partitions,
    log: new ConversationLogTable(store),
    conversationStates: new ConversationStatesTable(store),
    receipts: new ReceiptsTable(store),
    deviceStates: new DeviceStatesTable(store),
    logReader: new LogReaderTable(store),
    receiptRows: new ReceiptRowsTable(store),
    accounts: new AccountsTable(store),
    handles: new HandlesTable(store),
    invites: new InvitesTable(store),
    links: new LinksTable(store),
    prekeys: new PrekeysTable(store),
    workList: new WorkListTable(store),
    leases: new LeasesTable(store),
    intentSlices: new IntentSlicesTable(store),
    clusterConfigs: new ClusterConfigsTable(store),
    canary: new CanaryTable(store),
    close: () => partitions.close(),
  };
}

/** Stores in memory; the same `disk` again is a reopened store. */
export function openMemory(clock: Clock, disk = new MemoryDisk()): Stores {
  return openStores(memoryPartitions(disk), clock);
}

/** Stores of a data directory, for this process alone. Throws StoreError `store-in-use` (exit 7) or `update-needed`. */
export async function openLmdb(directory: string, options: LmdbStoreOptions): Promise<Stores> {
  return openStores(await openLmdbPartitions(directory, options), options.clock);
}
