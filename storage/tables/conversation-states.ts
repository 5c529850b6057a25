import type { ConversationStates } from "../../actors/conversation/ports.js";
import type { WriteOutcome } from "../../actors/ports.js";
import { sameBytes } from "../../lib/bytes.js";
import { idBytes, type ConversationId } from "../../lib/ids.js";
import { hermod } from "../../protos/gen/hermod.js";
import { partitionOf, rowKey } from "../keys.js";
import type { Partition, ReadRows } from "../partitions.js";
import { decodeRecord, encodeRecord } from "../records/codec.js";
import { readSerially, settle, type Store } from "../settle.js";

const { ConversationStateRecord } = hermod.v1;
const stateRow = rowKey(0);

export interface StoredState {
  readonly through: bigint;
  readonly version: bigint;
  readonly snapshot: Uint8Array;
}

/** Snapshots of folds, each under its own version. */
export class ConversationStatesTable implements ConversationStates {
  private readonly store: Store;

  constructor(store: Store) {
    this.store = store;
  }

  read(conversation: ConversationId): Promise<StoredState | undefined> {
    return readSerially(this.store, statePartition(conversation), readState);
  }

  write(conversation: ConversationId, version: bigint, through: bigint, snapshot: Uint8Array): Promise<WriteOutcome> {
    const next = { through, version: version + 1n, snapshot };
    return settle(
      this.store,
      statePartition(conversation),
      (rows) => {
        if ((readState(rows)?.version ?? 0n) !== version) return false;
        rows.put(stateRow, encodeRecord(ConversationStateRecord, next));
        return true;
      },
      // Another owner may have written the same version: only what was to be written counts as written.
      (rows) => {
        const state = readState(rows);
        if ((state?.version ?? 0n) === version) return "again";
        const same = state?.version === next.version && state.through === through && sameBytes(state.snapshot, snapshot);
        return same ? "applied" : "refused";
      },
    );
  }
}

function statePartition(conversation: ConversationId): Partition {
  return partitionOf("conversationStates", idBytes(conversation));
}

export function readState(rows: ReadRows): StoredState | undefined {
  const value = rows.get(stateRow);
  if (value === undefined) return undefined;
  const { through, version, snapshot } = decodeRecord(ConversationStateRecord, value);
  return { through, version, snapshot };
}
