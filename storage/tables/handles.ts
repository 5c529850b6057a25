import type { Handles } from "../../actors/account/ports.js";
import type { WriteOutcome } from "../../actors/ports.js";
import { assert } from "../../lib/assert.js";
import { idBytes, idOf, type AccountId } from "../../lib/ids.js";
import { limits } from "../../lib/limits.js";
import { hermod } from "../../protos/gen/hermod.js";
import { partitionOf, rowKey } from "../keys.js";
import type { Partition, ReadRows } from "../partitions.js";
import { decodeRecord, encodeRecord } from "../records/codec.js";
import { readSerially, settle, type Store } from "../settle.js";

const { HandleRecord } = hermod.v1;
const ownerRow = rowKey(0);

/** Who has a handle; conditional on the handle itself. */
export class HandlesTable implements Handles {
  private readonly store: Store;

  constructor(store: Store) {
    this.store = store;
  }

  read(handle: string): Promise<AccountId | undefined> {
    return readSerially(this.store, handlePartition(handle), readOwner);
  }

  claim(handle: string, account: AccountId): Promise<WriteOutcome> {
    return settle(
      this.store,
      handlePartition(handle),
      (rows) => {
        const owner = readOwner(rows);
        if (owner !== undefined) return owner === account;
        rows.put(ownerRow, encodeRecord(HandleRecord, { account: idBytes(account) }));
        return true;
      },
      (rows) => {
        const owner = readOwner(rows);
        if (owner === undefined) return "again";
        return owner === account ? "applied" : "refused";
      },
    );
  }

  release(handle: string, account: AccountId): Promise<WriteOutcome> {
    return settle(
      this.store,
      handlePartition(handle),
      (rows) => {
        if (readOwner(rows) !== account) return false;
        rows.remove(ownerRow);
        return true;
      },
      // Nobody's: released, whoever did it.
      (rows) => {
        const owner = readOwner(rows);
        if (owner === undefined) return "applied";
        return owner === account ? "again" : "refused";
      },
    );
  }
}

function handlePartition(handle: string): Partition {
  assert(handle.length > 0 && handle.length <= limits.handleCharactersMax, "a handle's length was checked before");
  return partitionOf("handles", Buffer.from(handle, "utf8"));
}

export function readOwner(rows: ReadRows): AccountId | undefined {
  const value = rows.get(ownerRow);
  return value && idOf<AccountId>(decodeRecord(HandleRecord, value).account);
}
