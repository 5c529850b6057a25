import { createHash } from "node:crypto";
import type { Invites } from "../../actors/account/ports.js";
import type { WriteOutcome } from "../../actors/ports.js";
import { noBytes } from "../../lib/bytes.js";
import { idBytes, toBase32, type AccountId } from "../../lib/ids.js";
import { hermod } from "../../protos/gen/hermod.js";
import { partitionOf, rowKey } from "../keys.js";
import type { Partition, ReadRows } from "../partitions.js";
import { decodeRecord, encodeRecord } from "../records/codec.js";
import { settle, type Store } from "../settle.js";

const { InviteRecord } = hermod.v1;
const inviteRow = rowKey(0);

export interface StoredInvite {
  readonly createdMs: bigint;
  /** Base32 of the account that used it, or empty. */
  readonly usedBy: string;
}

/** Invites by the hash of their text, so that who reads the files cannot use one; conditional on themselves. */
export class InvitesTable implements Invites {
  private readonly store: Store;

  constructor(store: Store) {
    this.store = store;
  }

  create(invite: string, createdMs: number): Promise<WriteOutcome> {
    return settle(
      this.store,
      invitePartition(invite),
      (rows) => {
        if (readInvite(rows) !== undefined) return false;
        rows.put(inviteRow, encodeRecord(InviteRecord, { usedBy: noBytes, createdMs: BigInt(createdMs) }));
        return true;
      },
      (rows) => {
        const invite = readInvite(rows);
        if (invite === undefined) return "again";
        return invite.createdMs === BigInt(createdMs) ? "applied" : "refused";
      },
    );
  }

  use(invite: string, account: AccountId): Promise<WriteOutcome> {
    return settle(
      this.store,
      invitePartition(invite),
      (rows) => {
        const stored = readInvite(rows);
        if (stored === undefined) return false;
        if (stored.usedBy !== "") return stored.usedBy === account;
        rows.put(inviteRow, encodeRecord(InviteRecord, { usedBy: idBytes(account), createdMs: stored.createdMs }));
        return true;
      },
      (rows) => {
        const stored = readInvite(rows);
        if (stored === undefined) return "refused";
        if (stored.usedBy === "") return "again";
        return stored.usedBy === account ? "applied" : "refused";
      },
    );
  }
}

function invitePartition(invite: string): Partition {
  return partitionOf("invites", createHash("sha256").update("hermod/invite/1\0").update(invite).digest());
}

export function readInvite(rows: ReadRows): StoredInvite | undefined {
  const value = rows.get(inviteRow);
  if (value === undefined) return undefined;
  const { usedBy, createdMs } = decodeRecord(InviteRecord, value);
  return { usedBy: toBase32(usedBy), createdMs };
}
