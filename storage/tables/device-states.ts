import type { DeviceChanges, DeviceRow, DeviceStates } from "../../actors/device/ports.js";
import type { WriteOutcome } from "../../actors/ports.js";
import { assert } from "../../lib/assert.js";
import { idBytes, idOf, type ConversationId, type DeviceId } from "../../lib/ids.js";
import { limits } from "../../lib/limits.js";
import { hermod } from "../../protos/gen/hermod.js";
import { partitionOf, rowKey } from "../keys.js";
import type { Partition, ReadRows, Rows } from "../partitions.js";
import { decodeRecord, encodeRecord } from "../records/codec.js";
import { readSerially, settle, type Store } from "../settle.js";
import { holds, judgeChange, judgeFence, type Version } from "./versioned.js";

const { DeviceStateRecord, MarkRecord } = hermod.v1;
const staticRow = rowKey(0);
const markSort = 1;
const firstMark = rowKey(markSort);
const endMark = rowKey(markSort + 1);
/** A device has a mark per conversation of its account at most, and a few of conversations that it left. */
const marksMax = 2 * limits.conversationsPerAccountMax;

interface DeviceCells extends Version {
  readonly revoked: boolean;
}

/** One device's marks, every write under (epoch, ver). */
export class DeviceStatesTable implements DeviceStates {
  private readonly store: Store;

  constructor(store: Store) {
    this.store = store;
  }

  load(device: DeviceId): Promise<DeviceRow | undefined> {
    return readSerially(this.store, devicePartition(device), readDevice);
  }

  fence(device: DeviceId, expected: Version | undefined, epoch: bigint): Promise<WriteOutcome> {
    assert(expected === undefined || epoch > expected.epoch, "a fence raises the epoch");
    return settle(
      this.store,
      devicePartition(device),
      (rows) => {
        const cells = readCells(rows);
        if (!holds(cells, expected)) return false;
        writeCells(rows, { epoch, ver: cells?.ver ?? 0n, revoked: cells?.revoked ?? false });
        return true;
      },
      (rows) => judgeFence(readCells(rows), expected, epoch),
    );
  }

  change(device: DeviceId, epoch: bigint, ver: bigint, changes: DeviceChanges): Promise<WriteOutcome> {
    assert(changes.set.length + changes.clear.length <= limits.marksPerWriteMax, "too many marks in one write");
    return settle(
      this.store,
      devicePartition(device),
      (rows) => {
        const cells = readCells(rows);
        if (cells?.epoch !== epoch || cells.ver !== ver) return false;
        if (changes.revoked) rows.removeRange(firstMark, endMark);
        for (const conversation of changes.clear) rows.remove(markRow(conversation));
        for (const { conversation, from } of changes.set) rows.put(markRow(conversation), encodeRecord(MarkRecord, { from }));
        writeCells(rows, { epoch, ver: ver + 1n, revoked: cells.revoked || changes.revoked === true });
        return true;
      },
      (rows) => judgeChange(readCells(rows), epoch, ver),
    );
  }
}

function devicePartition(device: DeviceId): Partition {
  return partitionOf("deviceStates", idBytes(device));
}

function markRow(conversation: ConversationId): Uint8Array {
  return rowKey(markSort, idBytes(conversation));
}

function readCells(rows: ReadRows): DeviceCells | undefined {
  const value = rows.get(staticRow);
  if (value === undefined) return undefined;
  const { epoch, ver, revoked } = decodeRecord(DeviceStateRecord, value);
  return { epoch, ver, revoked };
}

function writeCells(rows: Rows, { epoch, ver, revoked }: DeviceCells): void {
  rows.put(staticRow, encodeRecord(DeviceStateRecord, { epoch, ver, revoked }));
}

export function readDevice(rows: ReadRows): DeviceRow | undefined {
  const cells = readCells(rows);
  if (cells === undefined) return undefined;
  const marks = new Map<ConversationId, bigint>();
  for (const row of rows.range(firstMark, endMark, marksMax)) {
    marks.set(idOf(row.key.subarray(1)), decodeRecord(MarkRecord, row.value).from);
  }
  return { ...cells, marks };
}
