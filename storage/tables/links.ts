import type { LinkRow, Links } from "../../actors/account/ports.js";
import type { WriteOutcome } from "../../actors/ports.js";
import { noBytes, sameBytes } from "../../lib/bytes.js";
import { idBytes, idOf, type AccountId, type LinkId } from "../../lib/ids.js";
import { hermod } from "../../protos/gen/hermod.js";
import { partitionOf, rowKey } from "../keys.js";
import type { Partition, ReadRows, Rows } from "../partitions.js";
import { decodeRecord, encodeRecord } from "../records/codec.js";
import { readSerially, settle, type Store } from "../settle.js";

const { LinkRecord } = hermod.v1;
export const linkRow = rowKey(0);

/** Link offers, conditional on themselves. One that ran out is as good as none. */
export class LinksTable implements Links {
  private readonly store: Store;

  constructor(store: Store) {
    this.store = store;
  }

  read(link: LinkId): Promise<LinkRow | undefined> {
    return readSerially(this.store, linkPartition(link), (rows) => this.readLive(rows));
  }

  open(link: LinkId, identityKey: Uint8Array, expiresMs: number): Promise<WriteOutcome> {
    return settle(
      this.store,
      linkPartition(link),
      (rows) => {
        const offer = this.readLive(rows);
        if (offer !== undefined) return sameBytes(offer.identityKey, identityKey);
        writeLink(rows, { identityKey, expiresMs });
        return true;
      },
      (rows) => {
        const offer = this.readLive(rows);
        if (offer === undefined) return "again";
        return sameBytes(offer.identityKey, identityKey) ? "applied" : "refused";
      },
    );
  }

  approve(link: LinkId, approval: NonNullable<LinkRow["approval"]>): Promise<WriteOutcome> {
    return settle(
      this.store,
      linkPartition(link),
      (rows) => {
        const offer = this.readLive(rows);
        if (offer === undefined || !isFree(offer, approval.account)) return false;
        writeLink(rows, { ...offer, approval });
        return true;
      },
      (rows) => {
        const offer = this.readLive(rows);
        if (offer === undefined || !isFree(offer, approval.account)) return "refused";
        return offer.approval !== undefined && isSame(offer.approval, approval) ? "applied" : "again";
      },
    );
  }

  private readLive(rows: ReadRows): LinkRow | undefined {
    const link = readLink(rows);
    return link !== undefined && link.expiresMs > this.store.clock.now() ? link : undefined;
  }
}

function linkPartition(link: LinkId): Partition {
  return partitionOf("links", idBytes(link));
}

function isFree(offer: LinkRow, account: AccountId): boolean {
  return offer.approval === undefined || offer.approval.account === account;
}

function isSame(one: NonNullable<LinkRow["approval"]>, other: NonNullable<LinkRow["approval"]>): boolean {
  const fields = ["body", "signer", "signature", "mac"] as const;
  return one.account === other.account && fields.every((field) => sameBytes(one[field], other[field]));
}

export function readLink(rows: ReadRows): LinkRow | undefined {
  const value = rows.get(linkRow);
  if (value === undefined) return undefined;
  const { state, identityKey, expiresMs, account, body, signer, signature, mac } = decodeRecord(LinkRecord, value);
  const offer = { identityKey, expiresMs: Number(expiresMs) };
  return state === "approved" ? { ...offer, approval: { account: idOf(account), body, signer, signature, mac } } : offer;
}

function writeLink(rows: Rows, { identityKey, expiresMs, approval }: LinkRow): void {
  const record = {
    identityKey,
    expiresMs: BigInt(expiresMs),
    state: approval === undefined ? "open" : "approved",
    account: approval === undefined ? noBytes : idBytes(approval.account),
    body: approval?.body ?? noBytes,
    signer: approval?.signer ?? noBytes,
    signature: approval?.signature ?? noBytes,
    mac: approval?.mac ?? noBytes,
  };
  rows.put(linkRow, encodeRecord(LinkRecord, record));
}
