import type {
  AccountChanges,
  AccountConversation,
  AccountDevice,
  AccountFields,
  AccountRow,
  Accounts,
} from "../../actors/account/ports.js";
import type { WriteOutcome } from "../../actors/ports.js";
import { assert } from "../../lib/assert.js";
import { noBytes } from "../../lib/bytes.js";
import { idBytes, idOf, type AccountId, type ConversationId, type DeviceId, type LinkId } from "../../lib/ids.js";
import { limits } from "../../lib/limits.js";
import { hermod } from "../../protos/gen/hermod.js";
import { partitionOf, rowKey, uint32 } from "../keys.js";
import type { Partition, ReadRows, Rows } from "../partitions.js";
import { decodeRecord, encodeRecord } from "../records/codec.js";
import { readSerially, settle, type Store } from "../settle.js";
import { holds, judgeChange, judgeFence, type Version } from "./versioned.js";

const { AccountRecord, ListVersionRecord, AccountDeviceRecord, AccountConversationRecord } = hermod.v1;

/** Rows of an account: static cells, list versions by number, devices, conversations. */
const staticRow = rowKey(0);
const versionSort = 1;
const deviceSort = 2;
const conversationSort = 3;
/** Devices are kept when they are revoked, and a list may change `listVersionsMax` times. */
const devicesMax = limits.devicesPerAccountMax + limits.listVersionsMax;
const conversationsMax = 2 * limits.conversationsPerAccountMax;

interface AccountCells extends Version {
  readonly account?: AccountFields;
}

/** One account's partition, every write under (epoch, ver). */
export class AccountsTable implements Accounts {
  private readonly store: Store;

  constructor(store: Store) {
    this.store = store;
  }

  load(account: AccountId): Promise<AccountRow | undefined> {
    return readSerially(this.store, accountPartition(account), readAccount);
  }

  fence(account: AccountId, expected: Version | undefined, epoch: bigint): Promise<WriteOutcome> {
    assert(expected === undefined || epoch > expected.epoch, "a fence raises the epoch");
    return settle(
      this.store,
      accountPartition(account),
      (rows) => {
        const cells = readCells(rows);
        if (!holds(cells, expected)) return false;
        writeCells(rows, { ...cells, epoch, ver: cells?.ver ?? 0n });
        return true;
      },
      (rows) => judgeFence(readCells(rows), expected, epoch),
    );
  }

  change(account: AccountId, epoch: bigint, ver: bigint, changes: AccountChanges): Promise<WriteOutcome> {
    return settle(
      this.store,
      accountPartition(account),
      (rows) => {
        const cells = readCells(rows);
        if (cells?.epoch !== epoch || cells.ver !== ver) return false;
        writeChanges(rows, changes);
        writeCells(rows, { ...cells, ...(changes.account && { account: changes.account }), ver: ver + 1n });
        return true;
      },
      (rows) => judgeChange(readCells(rows), epoch, ver),
    );
  }
}

/** Rows named by the changes are put in place; all others stay. */
function writeChanges(rows: Rows, { version, devices = [], conversations = [] }: AccountChanges): void {
  if (version !== undefined) {
    const { signed, storedMs } = version;
    rows.put(rowKey(versionSort, uint32(version.number)), encodeRecord(ListVersionRecord, { signed, storedMs: BigInt(storedMs) }));
  }
  for (const device of devices) rows.put(rowKey(deviceSort, idBytes(device.id)), encodeDevice(device));
  for (const conversation of conversations) {
    rows.put(rowKey(conversationSort, idBytes(conversation.conversation)), encodeConversation(conversation));
  }
}

function accountPartition(account: AccountId): Partition {
  return partitionOf("accounts", idBytes(account));
}

export function readAccount(rows: ReadRows): AccountRow | undefined {
  const cells = readCells(rows);
  if (cells === undefined) return undefined;
  return {
    ...cells,
    versions: rows.range(rowKey(versionSort), rowKey(versionSort + 1), limits.listVersionsMax + 1).map((row) => {
      const { signed, storedMs } = decodeRecord(ListVersionRecord, row.value);
      return { signed, storedMs: Number(storedMs) };
    }),
    devices: rows.range(rowKey(deviceSort), rowKey(deviceSort + 1), devicesMax).map((row) => decodeDevice(row.value)),
    conversations: rows
      .range(rowKey(conversationSort), rowKey(conversationSort + 1), conversationsMax)
      .map((row) => decodeConversation(idOf(row.key.subarray(1)), row.value)),
  };
}

function readCells(rows: ReadRows): AccountCells | undefined {
  const value = rows.get(staticRow);
  if (value === undefined) return undefined;
  const record = decodeRecord(AccountRecord, value);
  const { epoch, ver } = record;
  if (record.state === "") return { epoch, ver };
  const account: AccountFields = {
    state: record.state as AccountFields["state"],
    handle: record.handle,
    createdMs: Number(record.createdMs),
    head: record.head,
    headHash: record.headHash,
    usedLinks: record.usedLinks.map((link) => idOf<LinkId>(link)),
  };
  return { epoch, ver, account };
}

function writeCells(rows: Rows, { epoch, ver, account }: AccountCells): void {
  const record = {
    epoch,
    ver,
    state: account?.state ?? "",
    handle: account?.handle ?? "",
    createdMs: BigInt(account?.createdMs ?? 0),
    head: account?.head ?? 0,
    headHash: account?.headHash ?? noBytes,
    usedLinks: (account?.usedLinks ?? []).map(idBytes),
  };
  rows.put(staticRow, encodeRecord(AccountRecord, record));
}

function encodeDevice(device: AccountDevice): Uint8Array {
  return encodeRecord(AccountDeviceRecord, {
    ...device,
    id: idBytes(device.id),
    addedMs: BigInt(device.addedMs),
    lastSeenMs: BigInt(device.lastSeenMs),
  });
}

function decodeDevice(value: Uint8Array): AccountDevice {
  const record = decodeRecord(AccountDeviceRecord, value);
  return {
    id: idOf<DeviceId>(record.id),
    identityKey: record.identityKey,
    registrationId: record.registrationId,
    credential: record.credential,
    addedMs: Number(record.addedMs),
    lastSeenMs: Number(record.lastSeenMs),
    revoked: record.revoked,
    revokeTold: record.revokeTold,
    upload: record.upload,
    signedPrekey: record.signedPrekey,
    lastResortKyber: record.lastResortKyber,
  };
}

function encodeConversation({ told, joinedMs, activeMs }: AccountConversation): Uint8Array {
  return encodeRecord(AccountConversationRecord, { told, joinedMs: BigInt(joinedMs), activeMs: BigInt(activeMs) });
}

function decodeConversation(conversation: ConversationId, value: Uint8Array): AccountConversation {
  const { told, joinedMs, activeMs } = decodeRecord(AccountConversationRecord, value);
  return { conversation, told, joinedMs: Number(joinedMs), activeMs: Number(activeMs) };
}
