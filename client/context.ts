import type { Clock } from "../lib/clock.js";
import type { AccountId, ConversationId, DeviceId } from "../lib/ids.js";
import type { Rand } from "../lib/random.js";
import type { hermod } from "../protos/gen/hermod.js";
import type { ListState } from "../protos/signed/device-chain.js";
import type { Cipher, PrekeyBundle } from "./cipher/ports.js";
import type { Connection } from "./connection/ports.js";
import type { ClientEvent } from "./events.js";
import type { Store, Transaction } from "./store/ports.js";

type DeviceChain = hermod.v1.DeviceChain.$Properties;
type Sync = hermod.v1.Sync.$Properties;

/** What every part of a running client shares. Made by client/client.ts once there is an account. */
export interface ClientContext {
  readonly store: Store;
  readonly cipher: Cipher;
  readonly clock: Clock;
  readonly rand: Rand;
  readonly self: Self;
  readonly connection: Connection;
  readonly chains: Chains;
  readonly bundles: Bundles;
  readonly history: History;
  /** Contacts' part of what own devices share. */
  readonly contacts: ContactSync;
  emit(event: ClientEvent): void;
}

export interface Self {
  readonly account: AccountId;
  readonly device: DeviceId;
  readonly handle: string;
}

/** One version of an account's list, verified from version 1 on. The only place from which an identity key is ever taken. */
export type VerifiedList = ListState;

/** The device chains of all accounts that this client has met, each verified from its genesis, the highest version remembered. */
export interface Chains {
  /**
   * Asks the server for the heads, verifies and stores every version on the way.
   *
   * @returns the head of each account asked for
   * @throws HermodError `list-invalid` or `list-forked` (the account of the first that failed in the message; what verified is
   *   stored), `not-found`, or the connection's errors
   */
  ensureHead(accounts: readonly AccountId[]): Promise<ReadonlyMap<AccountId, VerifiedList>>;
  /** The highest version known, without asking. */
  head(account: AccountId): VerifiedList | undefined;
  /** A version at or below the head. Undefined above it: `ensureVersion` fetches. */
  at(account: AccountId, version: number): VerifiedList | undefined;
  /** `at`, asking the server when the version is not known yet. `not-found` when the server has none so high. */
  ensureVersion(account: AccountId, version: number): Promise<VerifiedList>;
  /** Versions that came inside another answer (`list-stale`). Verifies and stores them like fetched ones. */
  accept(chains: readonly DeviceChain[]): ReadonlyMap<AccountId, VerifiedList>;
  /** Throws `list-forked` when two bodies for one version were shown, or a chain contradicts the own devices' word: nothing is sent there. */
  assertUsable(account: AccountId): void;
  /** Called after a higher version was stored. */
  onChange(listener: (list: VerifiedList, before: VerifiedList | undefined) => void): () => void;
}

/** Prekey bundles, with the identity key from the verified list and the public keys checked. */
export interface Bundles {
  /**
   * One bundle per device that has one. A device that is missing from the map has no usable bundle (`none` body); `limited` names the accounts
   * whose bundles the server refused for now. Each call burns one-time keys: ask only for devices without a session.
   */
  fetch(devices: readonly { readonly account: AccountId; readonly device: DeviceId }[]): Promise<FetchedBundles>;
}

export interface FetchedBundles {
  readonly bundles: ReadonlyMap<DeviceId, PrekeyBundle>;
  readonly limited: ReadonlySet<AccountId>;
}

/** Where a client writes down what it did, for the checker (testing.md). No-op by default. `event` lacks only `t`, `proc` and `dev`. */
export interface History {
  write(event: HistoryEvent): void;
}

export interface HistoryEvent {
  readonly type: string;
  readonly f?: string;
  readonly conv?: ConversationId;
  readonly [field: string]: string | number | bigint | boolean | undefined;
}

/** What the contact part does with `sync` content, which only arrives in the self conversation from an own device. */
export interface ContactSync {
  /**
   * Takes over what an own device shared: contacts with the list that it vouches for. To be called *inside* the transaction that stores
   * the entry. A contact that contradicts a chain known here raises an alarm and stops sending to it; it is never an error of the caller.
   */
  apply(tx: Transaction, sync: Sync): void;
  /** Pages of contacts for a device that was linked just now, each small enough for one entry. */
  pages(): readonly Sync[];
}

/** The messages' side, which the client facade drives (client/messages/). */
export interface Messages {
  /** Creates the self conversation; idempotent. Needs a session. */
  createSelf(): Promise<ConversationId>;
  /**
   * Puts `sync` content for own devices into the outbox of the self conversation; durable when it returns. It is sent when the
   * conversation's roster has the devices. Chats are added by the messages' side, in front of the page with `done`.
   */
  queueSync(pages: readonly Sync[], devices: readonly DeviceId[]): void;
}
