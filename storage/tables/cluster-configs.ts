import type { ClusterConfig, ClusterConfigs } from "../../cluster/ports.js";
import { hermod } from "../../protos/gen/hermod.js";
import { StoreError } from "../errors.js";
import { partitionOf, rowKey } from "../keys.js";
import type { ReadRows } from "../partitions.js";
import { decodeRecord, encodeRecord } from "../records/codec.js";
import { readSerially, settle, type Store } from "../settle.js";

const { ClusterConfigRecord } = hermod.v1;
const configRow = rowKey(0);
const configPartition = partitionOf("clusterConfig");

/** What a cluster was created with. */
export class ClusterConfigsTable implements ClusterConfigs {
  private readonly store: Store;

  constructor(store: Store) {
    this.store = store;
  }

  async readOrCreate(fresh: ClusterConfig): Promise<ClusterConfig> {
    const outcome = await settle(
      this.store,
      configPartition,
      (rows) => {
        if (rows.get(configRow) === undefined) rows.put(configRow, encodeRecord(ClusterConfigRecord, fresh));
        return true;
      },
      (rows) => (rows.get(configRow) === undefined ? "again" : "applied"),
    );
    const stored = outcome === "applied" ? await readSerially(this.store, configPartition, readConfig) : undefined;
    if (stored === undefined) throw new StoreError("unknown", "the store did not say what the cluster was created with");
    return stored;
  }
}

export function readConfig(rows: ReadRows): ClusterConfig | undefined {
  const value = rows.get(configRow);
  if (value === undefined) return undefined;
  const { format, shards, serverKey } = decodeRecord(ClusterConfigRecord, value);
  return { format, shards, serverKey };
}
