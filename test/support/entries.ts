import { createHash } from "node:crypto";
import { idOf, type AccountId, type ConversationId, type DeviceId, type LinkId, type MessageId } from "../../lib/ids.js";
import type { Entry, Header } from "../../protos/entry.js";

/** Sixteen bytes that a name stands for, the same each time. */
export function bytesOf(name: string): Uint8Array {
  return new Uint8Array(createHash("sha256").update(name).digest().subarray(0, 16));
}

export const conversationOf = (name: string): ConversationId => idOf(bytesOf(`conversation ${name}`));
export const accountOf = (name: string): AccountId => idOf(bytesOf(`account ${name}`));
export const deviceOf = (name: string): DeviceId => idOf(bytesOf(`device ${name}`));
export const messageOf = (name: string): MessageId => idOf(bytesOf(`message ${name}`));
export const linkOf = (name: string): LinkId => idOf(bytesOf(`link ${name}`));

/** A message of ann's phone to bob's phone and laptop, its counter equal to its sequence. */
export function messageAt(seq: bigint, changes: Partial<Header> = {}, bodyBytes = 600): Entry {
  const header: Header = {
    seq,
    epoch: 1n,
    account: accountOf("ann"),
    device: deviceOf("ann phone"),
    counter: seq,
    id: messageOf(`m${seq}`),
    kind: "message",
    scope: "all",
    targets: [],
    rosterSeq: 1n,
    rosterHash: bytesOf("roster"),
    timeMs: 1_700_000_000_000,
    hash: createHash("sha256").update(`m${seq}`).digest(),
    previousControl: 1n,
    bodyExpiresMs: 0,
    ...changes,
  };
  const body = Buffer.alloc(bodyBytes, Number(seq % 251n));
  return {
    header,
    bodies: [
      { slot: deviceOf("bob phone"), type: "whisper", bytes: body },
      { slot: deviceOf("bob laptop"), type: "prekey", bytes: body },
    ],
  };
}

/** A genesis of a direct conversation between ann and bob. */
export function genesisAt(seq = 1n, changes: Partial<Header> = {}): Entry {
  const { header } = messageAt(seq);
  const control = {
    rosterHash: bytesOf("roster"),
    type: "direct" as const,
    changes: [
      { op: "add" as const, account: accountOf("ann"), role: "member" as const, listVersion: 1, devices: [deviceOf("ann phone")] },
      { op: "add" as const, account: accountOf("bob"), role: "member" as const, listVersion: 2, devices: [deviceOf("bob phone")] },
    ],
    membershipVersion: 0,
  };
  return {
    header: { ...header, kind: "genesis", counter: 0n, previousControl: 0n, control, ...changes },
    bodies: [{ slot: "shared", type: "signed", bytes: Buffer.from("signed genesis") }],
  };
}
