import type { Prekey, PrekeyKind, Prekeys } from "../../actors/account/ports.js";
import type { WriteOutcome } from "../../actors/ports.js";
import { assert } from "../../lib/assert.js";
import { idBytes, type AccountId, type DeviceId } from "../../lib/ids.js";
import { limits } from "../../lib/limits.js";
import { hermod } from "../../protos/gen/hermod.js";
import { partitionOf, readUint32, rowKey, uint32 } from "../keys.js";
import type { Partition, ReadRows, Rows } from "../partitions.js";
import { decodeRecord, encodeRecord } from "../records/codec.js";
import { readSerially, settle, writeOnce, type Store } from "../settle.js";

const { PrekeyPoolRecord, PrekeyRecord } = hermod.v1;

/** Rows of an account's pools: one for each pool, then its keys by id, which is by upload because ids only rise. */
const poolSort = 1;
const keySort = 2;
const kinds = { ec: 0, kyber: 1 } as const satisfies Record<PrekeyKind, number>;
/** Keys of one pool: what is uploaded while some are left. */
const poolMax = 100 * limits.oneTimePrekeysMax;

/** One-time prekeys. A key that was claimed, or may have been, never comes back. */
export class PrekeysTable implements Prekeys {
  private readonly store: Store;

  constructor(store: Store) {
    this.store = store;
  }

  put(account: AccountId, device: DeviceId, kind: PrekeyKind, keys: readonly Prekey[], uploadedMs: number): Promise<WriteOutcome> {
    assert(keys.length <= limits.oneTimePrekeysMax, "too many prekeys in one write");
    const top = keys.reduce((highest, key) => Math.max(highest, key.id), 0);
    return settle(
      this.store,
      prekeyPartition(account),
      (rows) => {
        const pool = readPool(rows, device, kind);
        if (pool.dropped) return false;
        for (const key of keys) {
          if (key.id > pool.highest) rows.put(keyRow(device, kind, key.id), encodeKey(key, uploadedMs));
        }
        if (top > pool.highest) writePool(rows, device, kind, { highest: top, dropped: false });
        return true;
      },
      (rows) => {
        const pool = readPool(rows, device, kind);
        if (pool.dropped) return "refused";
        return pool.highest >= top ? "applied" : "again";
      },
    );
  }

  oldest(account: AccountId, device: DeviceId, kind: PrekeyKind, limit: number): Promise<readonly Prekey[]> {
    return readSerially(this.store, prekeyPartition(account), (rows) =>
      rows.range(keyRow(device, kind, 0), endRow(device, kind), limit).map((row) => {
        const { key, signature } = decodeRecord(PrekeyRecord, row.value);
        return { id: readUint32(row.key, row.key.length - 4), key, signature };
      }),
    );
  }

  count(account: AccountId, device: DeviceId, kind: PrekeyKind): Promise<number> {
    return readSerially(
      this.store,
      prekeyPartition(account),
      (rows) => rows.keys(keyRow(device, kind, 0), endRow(device, kind), poolMax).length,
    );
  }

  /** Never read back: a key that is gone may be gone because somebody else claimed it. */
  async claim(account: AccountId, device: DeviceId, kind: PrekeyKind, id: number): Promise<WriteOutcome> {
    const row = keyRow(device, kind, id);
    const claimed = await writeOnce(this.store, prekeyPartition(account), (rows) => {
      if (rows.get(row) === undefined) return false;
      rows.remove(row);
      return true;
    });
    if (claimed === undefined) return "unsure";
    return claimed ? "applied" : "refused";
  }

  drop(account: AccountId, device: DeviceId): Promise<WriteOutcome> {
    const pools = Object.keys(kinds) as PrekeyKind[];
    return settle(
      this.store,
      prekeyPartition(account),
      (rows) => {
        for (const kind of pools) {
          rows.removeRange(keyRow(device, kind, 0), endRow(device, kind));
          writePool(rows, device, kind, { highest: readPool(rows, device, kind).highest, dropped: true });
        }
        return true;
      },
      (rows) => (pools.every((kind) => readPool(rows, device, kind).dropped) ? "applied" : "again"),
    );
  }
}

function prekeyPartition(account: AccountId): Partition {
  return partitionOf("prekeys", idBytes(account));
}

function keyRow(device: DeviceId, kind: PrekeyKind, id: number): Uint8Array {
  return rowKey(keySort, idBytes(device), Uint8Array.of(kinds[kind]), uint32(id));
}

/** Behind the pool's last key. */
function endRow(device: DeviceId, kind: PrekeyKind): Uint8Array {
  return rowKey(keySort, idBytes(device), Uint8Array.of(kinds[kind] + 1));
}

function poolRow(device: DeviceId, kind: PrekeyKind): Uint8Array {
  return rowKey(poolSort, idBytes(device), Uint8Array.of(kinds[kind]));
}

interface Pool {
  readonly highest: number;
  readonly dropped: boolean;
}

function readPool(rows: ReadRows, device: DeviceId, kind: PrekeyKind): Pool {
  const value = rows.get(poolRow(device, kind));
  return value === undefined ? { highest: 0, dropped: false } : decodeRecord(PrekeyPoolRecord, value);
}

function writePool(rows: Rows, device: DeviceId, kind: PrekeyKind, pool: Pool): void {
  rows.put(poolRow(device, kind), encodeRecord(PrekeyPoolRecord, { highest: pool.highest, dropped: pool.dropped }));
}

/** Decodes all of an account's pools and keys; problems come back as texts. */
export function readPrekeys(rows: ReadRows): string[] {
  const highest = new Map<string, number>();
  const poolOf = (key: Uint8Array): string => Buffer.from(key.subarray(1, 18)).toString("hex");
  for (const { key, value } of rows.range(rowKey(poolSort), rowKey(poolSort + 1), Number.MAX_SAFE_INTEGER)) {
    highest.set(poolOf(key), decodeRecord(PrekeyPoolRecord, value).highest);
  }
  return rows.range(rowKey(keySort), rowKey(keySort + 1), Number.MAX_SAFE_INTEGER).flatMap(({ key, value }) => {
    decodeRecord(PrekeyRecord, value);
    return readUint32(key, 18) > (highest.get(poolOf(key)) ?? 0) ? ["a prekey above the highest id of its pool"] : [];
  });
}

function encodeKey({ key, signature }: Prekey, uploadedMs: number): Uint8Array {
  return encodeRecord(PrekeyRecord, { key, signature, uploadedMs: BigInt(uploadedMs) });
}
