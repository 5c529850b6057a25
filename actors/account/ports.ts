import type { AccountId, ConversationId, DeviceId, LinkId } from "../../lib/ids.js";
import type { Rand } from "../../lib/random.js";
import type { Signatures, WriteOutcome } from "../ports.js";

/** One account's partition: row, list versions, devices, conversations; every write under (epoch, ver). */
export interface AccountFields {
  readonly state: "pending" | "active";
  readonly handle: string;
  readonly createdMs: number;
  readonly head: number;
  readonly headHash: Uint8Array;
  /** Newest last, bounded by limits.usedLinksMax. */
  readonly usedLinks: readonly LinkId[];
}

export interface AccountDevice {
  readonly id: DeviceId;
  readonly identityKey: Uint8Array;
  readonly registrationId: number;
  /** 16 bytes salt ‖ 32 bytes SHA-256(salt ‖ secret): the secret has 256 random bits, so no slow hash is needed. */
  readonly credential: Uint8Array;
  readonly addedMs: number;
  readonly lastSeenMs: number;
  readonly revoked: boolean;
  /** The revoke has reached the device's own partition. */
  readonly revokeTold: boolean;
  readonly upload: bigint;
  /** Encoded SignedPublicKey, as uploaded. */
  readonly signedPrekey: Uint8Array;
  readonly lastResortKyber: Uint8Array;
}

export interface AccountConversation {
  readonly conversation: ConversationId;
  /** List version that this conversation is known to have. */
  readonly told: number;
  readonly joinedMs: number;
  readonly activeMs: number;
}

export interface AccountRow {
  readonly epoch: bigint;
  readonly ver: bigint;
  /** Undefined: only fenced so far, nobody registered. */
  readonly account?: AccountFields;
  /** Version → encoded Signed and the wall clock of its write, 1, 2, 3 … */
  readonly versions: readonly { readonly signed: Uint8Array; readonly storedMs: number }[];
  readonly devices: readonly AccountDevice[];
  readonly conversations: readonly AccountConversation[];
}

/** What a write puts in place: rows named here are inserted or replaced, all others stay. */
export interface AccountChanges {
  readonly account?: AccountFields;
  readonly version?: { readonly number: number; readonly signed: Uint8Array; readonly storedMs: number };
  readonly devices?: readonly AccountDevice[];
  readonly conversations?: readonly AccountConversation[];
}

export interface Accounts {
  load(account: AccountId): Promise<AccountRow | undefined>;
  fence(account: AccountId, expected: { readonly epoch: bigint; readonly ver: bigint } | undefined, epoch: bigint): Promise<WriteOutcome>;
  change(account: AccountId, epoch: bigint, ver: bigint, changes: AccountChanges): Promise<WriteOutcome>;
}

/** Handles, each its own partition. */
export interface Handles {
  read(handle: string): Promise<AccountId | undefined>;
  /** IF NOT EXISTS; already this account's is `applied`. */
  claim(handle: string, account: AccountId): Promise<WriteOutcome>;
  /** IF it is this account's. */
  release(handle: string, account: AccountId): Promise<WriteOutcome>;
}

/** Invites, each its own partition. */
export interface Invites {
  create(invite: string, createdMs: number): Promise<WriteOutcome>;
  /** IF it exists and is unused or already used by this account. */
  use(invite: string, account: AccountId): Promise<WriteOutcome>;
}

export interface LinkRow {
  readonly identityKey: Uint8Array;
  readonly expiresMs: number;
  readonly approval?: {
    readonly account: AccountId;
    readonly body: Uint8Array;
    readonly signer: Uint8Array;
    readonly signature: Uint8Array;
    readonly mac: Uint8Array;
  };
}

/** Link offers, each its own partition. */
export interface Links {
  read(link: LinkId): Promise<LinkRow | undefined>;
  /** IF NOT EXISTS (the same key again is `applied`). */
  open(link: LinkId, identityKey: Uint8Array, expiresMs: number): Promise<WriteOutcome>;
  /** IF it exists and is open, or approved by this account (a rebase). */
  approve(link: LinkId, approval: NonNullable<LinkRow["approval"]>): Promise<WriteOutcome>;
}

export type PrekeyKind = "ec" | "kyber";

export interface Prekey {
  readonly id: number;
  readonly key: Uint8Array;
  /** Kyber only, else empty. */
  readonly signature: Uint8Array;
}

/** One-time prekeys of an account's devices: one partition per account. */
export interface Prekeys {
  /** Each IF NOT EXISTS; at most 100. A key that was claimed before does not come back: ids at or below the highest ever stored are ignored. */
  put(account: AccountId, device: DeviceId, kind: PrekeyKind, keys: readonly Prekey[], uploadedMs: number): Promise<WriteOutcome>;
  /** The oldest `limit` by upload. */
  oldest(account: AccountId, device: DeviceId, kind: PrekeyKind, limit: number): Promise<readonly Prekey[]>;
  count(account: AccountId, device: DeviceId, kind: PrekeyKind): Promise<number>;
  /** Conditional delete: `applied` = this caller alone may hand it out. `unsure` = never hand it out. */
  claim(account: AccountId, device: DeviceId, kind: PrekeyKind, id: number): Promise<WriteOutcome>;
  /** Drops all of a revoked device. Idempotent. */
  drop(account: AccountId, device: DeviceId): Promise<WriteOutcome>;
}

/** The durable list of accounts whose conversations have yet to be told, one partition per shard. Plain writes: resolve = durable, reject = unknown. */
export interface WorkList {
  add(shard: number, account: AccountId): Promise<void>;
  remove(shard: number, account: AccountId): Promise<void>;
  list(shard: number): Promise<readonly AccountId[]>;
}

/** All that an account's shell touches. */
export interface AccountPorts {
  readonly accounts: Accounts;
  readonly handles: Handles;
  readonly invites: Invites;
  readonly links: Links;
  readonly prekeys: Prekeys;
  readonly work: WorkList;
  readonly signatures: Signatures;
  readonly rand: Rand;
}
