import type { IntentSlices, SliceKey } from "../../cluster/ports.js";
import { idBytes, idOf, type ConversationId } from "../../lib/ids.js";
import { hermod } from "../../protos/gen/hermod.js";
import { partitionOf, readUint32, readUint64, rowKey, uint32, uint64 } from "../keys.js";
import type { Partition } from "../partitions.js";
import { decodeRecord, encodeRecord } from "../records/codec.js";
import { readSerially, writePlainly, type Store } from "../settle.js";

const { IntentRecord } = hermod.v1;
const intentSort = 1;
export const firstIntent = rowKey(intentSort);
export const endIntent = rowKey(intentSort + 1);

/** Notes that conversations have fan-out to finish, a partition per slice. */
export class IntentSlicesTable implements IntentSlices {
  private readonly store: Store;

  constructor(store: Store) {
    this.store = store;
  }

  put(slice: SliceKey, conversation: ConversationId, issuedMs: number): Promise<void> {
    return writePlainly(this.store, slicePartition(slice), (rows) => {
      rows.put(rowKey(intentSort, idBytes(conversation)), encodeRecord(IntentRecord, { issuedMs: BigInt(issuedMs) }));
    });
  }

  list(slice: SliceKey): Promise<readonly ConversationId[]> {
    return readSerially(this.store, slicePartition(slice), (rows) =>
      rows.keys(firstIntent, endIntent, Number.MAX_SAFE_INTEGER).map((key) => idOf<ConversationId>(key.subarray(1))),
    );
  }
}

function slicePartition({ shard, epoch, slice }: SliceKey): Partition {
  return partitionOf("intents", uint32(shard), uint64(epoch), uint32(slice));
}

/** The slice that a partition of intents is. */
export function sliceOf(partition: Partition): SliceKey {
  return { shard: readUint32(partition, 1), epoch: readUint64(partition, 5), slice: readUint32(partition, 13) };
}

/** When an intent was issued, by the wall clock. */
export function issuedMs(value: Uint8Array): number {
  return Number(decodeRecord(IntentRecord, value).issuedMs);
}
