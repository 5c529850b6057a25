import { partitionOf, readUint64, rowKey, uint64 } from "../keys.js";
import { presence } from "../records/version.js";
import type { Store } from "../settle.js";

const row = rowKey(0);

/** A row per node that is written to see whether the store commits. Holds a count and nothing else. */
export class CanaryTable {
  private readonly store: Store;

  constructor(store: Store) {
    this.store = store;
  }

  /** Resolves when on disk; rejects when the store does not commit. */
  async write(node: string): Promise<void> {
    await this.store.partitions.write(partitionOf("canary", Buffer.from(node).subarray(0, 200)), (rows) => {
      const before = rows.get(row);
      rows.put(row, Buffer.concat([presence, uint64(before === undefined ? 1n : readUint64(before, presence.length) + 1n)]));
    });
  }
}
