import type { Receipts } from "../../actors/conversation/ports.js";
import type { ReceiptRows } from "../../actors/device/ports.js";
import { idBytes, idOf, type ConversationId, type DeviceId } from "../../lib/ids.js";
import { limits } from "../../lib/limits.js";
import { hermod } from "../../protos/gen/hermod.js";
import type { SequenceRange, Watermarks } from "../../protos/messages.js";
import { partitionOf, rowKey } from "../keys.js";
import type { Partition, ReadRows } from "../partitions.js";
import { decodeRecord, encodeRecord } from "../records/codec.js";
import { readSerially, writePlainly, type Store } from "../settle.js";

const { ReceiptRecord } = hermod.v1;
const receiptSort = 1;
const firstRow = rowKey(receiptSort);
const endRow = rowKey(receiptSort + 1);
/** Devices that a conversation may ever have had: read as one page, so it is bounded well above what limits allow at one time. */
const devicesMax = 4 * limits.bodiesMax;

/** Watermarks per device, a row each in its conversation's partition: what the conversation's owner reads. */
export class ReceiptsTable implements Receipts {
  private readonly store: Store;

  constructor(store: Store) {
    this.store = store;
  }

  read(conversation: ConversationId): Promise<ReadonlyMap<DeviceId, Watermarks>> {
    return readSerially(this.store, receiptPartition(conversation), readReceipts);
  }
}

export function readReceipts(rows: ReadRows): Map<DeviceId, Watermarks> {
  const receipts = new Map<DeviceId, Watermarks>();
  for (const row of rows.range(firstRow, endRow, devicesMax)) receipts.set(idOf(row.key.subarray(1)), decodeReceipt(row.value));
  return receipts;
}

/** The same table as devices write it. */
export class ReceiptRowsTable implements ReceiptRows {
  private readonly store: Store;

  constructor(store: Store) {
    this.store = store;
  }

  read(conversation: ConversationId, device: DeviceId): Promise<Watermarks | undefined> {
    return readSerially(this.store, receiptPartition(conversation), (rows) => {
      const value = rows.get(receiptRow(device));
      return value && decodeReceipt(value);
    });
  }

  write(conversation: ConversationId, device: DeviceId, watermarks: Watermarks): Promise<void> {
    return writePlainly(this.store, receiptPartition(conversation), (rows) => {
      const value = rows.get(receiptRow(device));
      const merged = value === undefined ? watermarks : merge(decodeReceipt(value), watermarks);
      rows.put(receiptRow(device), encodeReceipt(merged));
    });
  }
}

/** A join: whatever the order of writes, repeated or late, no watermark falls and no exception is forgotten. */
function merge(one: Watermarks, other: Watermarks): Watermarks {
  return {
    delivered: one.delivered > other.delivered ? one.delivered : other.delivered,
    read: one.read > other.read ? one.read : other.read,
    except: union([...one.except, ...other.except]),
  };
}

function union(ranges: readonly SequenceRange[]): SequenceRange[] {
  const sorted = [...ranges].sort((one, other) => (one.from < other.from ? -1 : one.from > other.from ? 1 : 0));
  const joined: { from: bigint; to: bigint }[] = [];
  for (const { from, to } of sorted) {
    const last = joined.at(-1);
    if (last === undefined || from > last.to + 1n) joined.push({ from, to });
    else if (to > last.to) last.to = to;
  }
  return joined;
}

function receiptPartition(conversation: ConversationId): Partition {
  return partitionOf("receipts", idBytes(conversation));
}

function receiptRow(device: DeviceId): Uint8Array {
  return rowKey(receiptSort, idBytes(device));
}

function encodeReceipt({ delivered, read, except }: Watermarks): Uint8Array {
  return encodeRecord(ReceiptRecord, { delivered, read, except: except.map(({ from, to }) => ({ from, to })) });
}

function decodeReceipt(value: Uint8Array): Watermarks {
  const { delivered, read, except } = decodeRecord(ReceiptRecord, value);
  return { delivered, read, except: except.map(({ from, to }) => ({ from: from ?? 0n, to: to ?? 0n })) };
}
