import { sameBytes } from "../../lib/bytes.js";
import type { Clock } from "../../lib/clock.js";
import { idBytes, idOf, isIdBytes, parseId, type AccountId } from "../../lib/ids.js";
import { limits } from "../../lib/limits.js";
import type { hermod } from "../../protos/gen/hermod.js";
import { hashBytesLength } from "../../protos/signed/hash.js";
import { publicKeyBytesLength } from "../../protos/signed/public-key.js";
import type { ContactSync, Self } from "../context.js";
import { HermodError, hasCode } from "../errors.js";
import type { ClientEvent } from "../events.js";
import type { Rest } from "../rest.js";
import type { ContactRow, Store, Transaction, VerifiedList as VerifiedRow } from "../store/ports.js";
import { verifiedOf, vouchedKey, type DeviceChains, type VouchedFor } from "./chains.js";

type Sync = hermod.v1.Sync.$Properties;
type SyncContact = hermod.v1.SyncContact.$Properties;

export interface ContactPorts {
  readonly store: Store;
  readonly clock: Clock;
  readonly rest: Rest;
  readonly chains: DeviceChains;
  readonly self: Self;
  readonly bearer: () => string;
  readonly emit: (event: ClientEvent) => void;
}

/** Whom this account knows: handles, and the word of the own devices on their lists. */
export class ContactBook implements ContactSync {
  readonly #ports: ContactPorts;

  constructor(ports: ContactPorts) {
    this.#ports = ports;
  }

  /**
   * The account that a handle names now, or an account id that is known here. Where no server answers, what the handle named last.
   *
   * A handle that names another account than before is told of by `handle-moved`: the old conversation stays with the old account.
   */
  async resolve(who: string, signal?: AbortSignal): Promise<AccountId> {
    const { store, rest, self } = this.#ports;
    if (who === self.handle || who === self.account) return self.account;
    const id = parseId<AccountId>(who);
    if (id !== undefined && (store.contacts.get(id) !== undefined || store.chains.get(id) !== undefined)) return id;
    const known = store.contacts.byHandle(who);
    try {
      const account = await rest.lookup(who, { bearer: this.#ports.bearer(), ...(signal === undefined ? {} : { signal }) });
      this.#named(who, account, known);
      return account;
    } catch (error) {
      if (known !== undefined && hasCode(error, "unreachable")) return known.account;
      throw error;
    }
  }

  /** What is known without asking anybody. */
  known(who: string): AccountId | undefined {
    const { store, self } = this.#ports;
    if (who === self.handle || who === self.account) return self.account;
    const id = parseId<AccountId>(who);
    if (id !== undefined && store.contacts.get(id) !== undefined) return id;
    return store.contacts.byHandle(who)?.account;
  }

  apply(tx: Transaction, sync: Sync): void {
    for (const contact of sync.contacts ?? []) this.#applyContact(tx, contact);
    for (const block of sync.blocks ?? []) if (isIdBytes(block)) tx.blocks.add(idOf<AccountId>(block));
  }

  pages(): readonly Sync[] {
    const { store, self } = this.#ports;
    const own = { account: idBytes(self.account), handle: self.handle };
    const contacts = [own, ...store.contacts.all().map((row) => this.contactOf(row))];
    const pages: Sync[] = [];
    for (let index = 0; index < contacts.length; index += limits.syncContactsPerPage) {
      pages.push({ contacts: contacts.slice(index, index + limits.syncContactsPerPage) });
    }
    const blocks = store.blocks.all().map(idBytes);
    return [...pages, { blocks, done: true }];
  }

  /** What an own device is told of one contact. */
  contactOf(row: ContactRow): SyncContact {
    const chain = this.#ports.store.chains.get(row.account);
    const verified = chain?.verifyAgain === true ? undefined : chain?.verified;
    return {
      account: idBytes(row.account),
      handle: row.handle ?? "",
      name: row.name ?? "",
      profileKey: row.profileKey ?? new Uint8Array(0),
      ...(chain === undefined ? {} : { version: chain.version, listHash: chain.listHash }),
      ...(verified === undefined
        ? {}
        : { verified: true, verifiedRoot: verified.rootKey, verifiedVersion: verified.version, verifiedListHash: verified.listHash }),
    };
  }

  #named(handle: string, account: AccountId, known: ContactRow | undefined): void {
    const { store, clock, emit, self } = this.#ports;
    if (account === self.account) throw new HermodError("internal", { message: `the server says that ${handle} is this account` });
    if (known?.account === account) return;
    store.transact((tx) => {
      const row = tx.contacts.get(account) ?? { account, addedMs: clock.now() };
      tx.contacts.put({ ...row, handle });
    });
    if (known !== undefined) emit({ type: "handle-moved", handle, before: known.account, now: account });
  }

  #applyContact(tx: Transaction, contact: SyncContact): void {
    if (contact.account === undefined || !isIdBytes(contact.account)) return;
    const account = idOf<AccountId>(contact.account);
    if (account === this.#ports.self.account) {
      ownHandle(tx, contact.handle ?? "");
      return;
    }
    const row = tx.contacts.get(account) ?? { account, addedMs: this.#ports.clock.now() };
    const handle = row.handle ?? (contact.handle !== undefined && contact.handle !== "" ? contact.handle : undefined);
    const free = handle !== undefined && (tx.contacts.byHandle(handle)?.account ?? account) === account;
    const name = contact.name !== undefined && contact.name !== "" ? contact.name : row.name;
    const profileKey = contact.profileKey !== undefined && contact.profileKey.length > 0 ? contact.profileKey : row.profileKey;
    tx.contacts.put({
      account,
      addedMs: row.addedMs,
      ...(free ? { handle } : {}),
      ...(name === undefined ? {} : { name }),
      ...(profileKey === undefined ? {} : { profileKey }),
    });
    this.#vouch(tx, account, contact);
  }

  /** The list that an own device knows must be the one that is shown here, now or later. */
  #vouch(tx: Transaction, account: AccountId, contact: SyncContact): void {
    const { chains } = this.#ports;
    const { version = 0, listHash } = contact;
    if (version < 1 || listHash?.length !== hashBytesLength) return;
    const verified = verifiedRow(contact);
    const vouched: VouchedFor = { version, listHash, ...(verified === undefined ? {} : { verified }) };
    const state = chains.at(account, version);
    if (state !== undefined && !sameBytes(state.listHash, listHash)) {
      chains.contradicted(tx, account, version);
      return;
    }
    const before = tx.values.get(vouchedKey(account));
    if (before === undefined || before.version <= version) tx.values.put(vouchedKey(account), vouched);
    const chain = tx.chains.get(account);
    const head = chains.head(account);
    if (chain === undefined || head === undefined || verified === undefined) return;
    const states = Array.from({ length: head.version }, (_, index) => chains.at(account, index + 1)!);
    const taken = verifiedOf(vouched, states);
    if (taken === undefined || (chain.verified !== undefined && chain.verified.version >= taken.version)) return;
    const verifyAgain = states.some((listed) => listed.version > taken.version && listed.change.verifyAgain);
    tx.chains.put({ ...chain, verified: taken, verifyAgain });
  }
}

/** A linked device learns the account's handle from the one that approved it, not from the server. */
function ownHandle(tx: Transaction, handle: string): void {
  const row = tx.identity.get();
  if (row !== undefined && handle !== "" && row.handle !== handle) tx.identity.put({ ...row, handle });
}

function verifiedRow(contact: SyncContact): VerifiedRow | undefined {
  const { verified, verifiedRoot, verifiedVersion = 0, verifiedListHash } = contact;
  if (verified !== true || verifiedRoot?.length !== publicKeyBytesLength) return undefined;
  if (verifiedVersion < 1 || verifiedListHash?.length !== hashBytesLength) return undefined;
  return { rootKey: verifiedRoot, version: verifiedVersion, listHash: verifiedListHash };
}
