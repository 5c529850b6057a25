import type { WorkList } from "../../actors/account/ports.js";
import { idBytes, idOf, type AccountId } from "../../lib/ids.js";
import { partitionOf, rowKey, uint32 } from "../keys.js";
import type { Partition } from "../partitions.js";
import { presence } from "../records/version.js";
import { readSerially, writePlainly, type Store } from "../settle.js";

const accountSort = 1;
const firstRow = rowKey(accountSort);
const endRow = rowKey(accountSort + 1);

/** Accounts whose conversations have yet to be told, by shard. */
export class WorkListTable implements WorkList {
  private readonly store: Store;

  constructor(store: Store) {
    this.store = store;
  }

  add(shard: number, account: AccountId): Promise<void> {
    return writePlainly(this.store, workPartition(shard), (rows) => {
      rows.put(rowKey(accountSort, idBytes(account)), presence);
    });
  }

  remove(shard: number, account: AccountId): Promise<void> {
    return writePlainly(this.store, workPartition(shard), (rows) => {
      rows.remove(rowKey(accountSort, idBytes(account)));
    });
  }

  list(shard: number): Promise<readonly AccountId[]> {
    return readSerially(this.store, workPartition(shard), (rows) =>
      rows.keys(firstRow, endRow, Number.MAX_SAFE_INTEGER).map((key) => idOf<AccountId>(key.subarray(1))),
    );
  }
}

function workPartition(shard: number): Partition {
  return partitionOf("workList", uint32(shard));
}
