import { isHandle } from "../../lib/handle.js";
import { LRUCache } from "lru-cache";
import { sameBytes } from "../../lib/bytes.js";
import type { Clock } from "../../lib/clock.js";
import { idBytes, idOf, isIdBytes, type AccountId } from "../../lib/ids.js";
import { limits } from "../../lib/limits.js";
import { bounds } from "../../protos/signed/bounds.js";
import { extend, type ListState } from "../../protos/signed/device-chain.js";
import { readSigned } from "../../protos/signed/signed.js";
import type { Cipher } from "../cipher/ports.js";
import type { Connection } from "../connection/ports.js";
import type { Chains, VerifiedList } from "../context.js";
import { HermodError } from "../errors.js";
import type { ClientEvent } from "../events.js";
import { valueKey, type ChainRow, type Store, type Transaction, type VerifiedList as VerifiedRow } from "../store/ports.js";
import { checkChain, type ChainProblem, type Vouched } from "./chain-check.js";
import type { hermod } from "../../protos/gen/hermod.js";

type DeviceChain = hermod.v1.DeviceChain.$Properties;

/** What an own device said of an account's list: the version that it knows, and the one that two people compared. */
export interface VouchedFor extends Vouched {
  readonly verified?: VerifiedRow;
}

/** Kept from before this device has met the account, so that no other chain can be shown to it later. */
export const vouchedKey = (account: AccountId) => valueKey<VouchedFor>(`vouched/${account}`);

export interface ChainsOptions {
  readonly store: Store;
  readonly cipher: Cipher;
  readonly clock: Clock;
  readonly connection: Pick<Connection, "request">;
  readonly emit: (event: ClientEvent) => void;
}

/** Day-coarse moments at which the own devices were last connected, in the order of the head's devices. */
export type LastSeen = readonly bigint[];

/** The device chains as this client knows them: fetched, verified from version 1, stored, never moved back. */
export class DeviceChains implements Chains {
  readonly #options: ChainsOptions;
  readonly #states = new LRUCache<AccountId, readonly ListState[]>({ max: limits.chainsCachedMax });
  readonly #listeners = new Set<(list: VerifiedList, before: VerifiedList | undefined) => void>();

  constructor(options: ChainsOptions) {
    this.#options = options;
  }

  head(account: AccountId): VerifiedList | undefined {
    return this.#known(account).at(-1);
  }

  at(account: AccountId, version: number): VerifiedList | undefined {
    return this.#known(account)[version - 1];
  }

  async ensureVersion(account: AccountId, version: number): Promise<VerifiedList> {
    const known = this.at(account, version);
    if (known !== undefined) return known;
    await this.ensureHead([account]);
    const fetched = this.at(account, version);
    if (fetched === undefined) throw new HermodError("not-found", { message: `${account} has no list version ${version}` });
    return fetched;
  }

  async ensureHead(accounts: readonly AccountId[]): Promise<ReadonlyMap<AccountId, VerifiedList>> {
    const heads = new Map<AccountId, VerifiedList>();
    const wanted = [...new Set(accounts)];
    for (let index = 0; index < wanted.length; index += limits.accountsPerRequestMax) {
      await this.#fetch(wanted.slice(index, index + limits.accountsPerRequestMax));
    }
    for (const account of wanted) heads.set(account, this.head(account)!);
    return heads;
  }

  /** The own chain's head, and when each device was last seen. */
  async ownHead(account: AccountId): Promise<{ readonly head: VerifiedList; readonly lastSeen: LastSeen }> {
    const lastSeen = await this.#fetch([account]);
    return { head: this.head(account)!, lastSeen: lastSeen.get(account) ?? [] };
  }

  accept(chains: readonly DeviceChain[]): ReadonlyMap<AccountId, VerifiedList> {
    const heads = new Map<AccountId, VerifiedList>();
    for (const chain of chains) {
      const account = accountOf(chain);
      this.absorb(account, chain.versions ?? []);
      const head = this.head(account);
      if (head !== undefined) heads.set(account, head);
    }
    return heads;
  }

  assertUsable(account: AccountId): void {
    if (this.#options.store.chains.get(account)?.forked !== true) return;
    throw new HermodError("list-forked", { message: `two device lists were shown for ${account}: nothing is sent there until you decide` });
  }

  onChange(listener: (list: VerifiedList, before: VerifiedList | undefined) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /**
   * Verifies versions that someone showed and stores those that hold, in one transaction. `also` joins that transaction.
   *
   * @throws HermodError `list-forked` or `list-invalid`; the versions before the bad one are stored, and so is the proof
   */
  absorb(account: AccountId, versions: readonly Uint8Array[], also?: (tx: Transaction) => void): void {
    const { store } = this.#options;
    const known = this.#known(account);
    const check = checkChain({
      account,
      known,
      signedAt: (version) => store.chains.version(account, version),
      versions,
      vouched: store.values.get(vouchedKey(account)),
      verify: this.#options.cipher.verify,
    });
    const before = store.chains.get(account);
    if (check.grown.length > 0 || check.problem !== undefined || also !== undefined) {
      store.transact((tx) => {
        for (const { state, signed } of check.grown) tx.chains.putVersion(account, state.version, signed);
        this.#remember(
          tx,
          account,
          known,
          check.grown.map(({ state }) => state),
          check.problem,
        );
        also?.(tx);
      });
    }
    if (check.grown.length > 0) {
      this.#states.set(account, [...known, ...check.grown.map(({ state }) => state)]);
      for (const listener of [...this.#listeners]) listener(this.head(account)!, known.at(-1));
      const after = store.chains.get(account);
      if (after?.verifyAgain === true && after.verified !== undefined && before?.verifyAgain !== true) {
        this.#options.emit({ type: "verification-lost", account, version: after.version });
      }
    }
    if (check.problem !== undefined) throw this.#alarm(account, check.problem);
  }

  /** An own device's word contradicts what is known here: kept as a fork. */
  contradicted(tx: Transaction, account: AccountId, version: number): void {
    const row = tx.chains.get(account);
    if (row === undefined || row.forked) return;
    const signed = tx.chains.version(account, version);
    tx.chains.put({ ...row, forked: true });
    this.#keep(tx, account, {
      type: "forked",
      version,
      detail: "contradicts what an own device vouched for",
      proofs: signed === undefined ? [] : [signed],
    });
    this.#options.emit({ type: "alarm", code: "list-forked", account, detail: `an own device knows another version ${version}` });
  }

  async #fetch(accounts: readonly AccountId[]): Promise<ReadonlyMap<AccountId, LastSeen>> {
    const lastSeen = new Map<AccountId, LastSeen>();
    let open = new Set(accounts);
    for (let page = 0; open.size > 0; page++) {
      if (page >= limits.chainPagesMax) throw this.#alarm([...open][0]!, shown("the chain does not end"));
      const asked = [...open].map((id) => ({ account: idBytes(id), fromVersion: this.head(id)?.version ?? 1 }));
      const { devices } = await this.#options.connection.request({ fetchDevices: { accounts: asked } });
      if (!devices) throw new HermodError("internal", { message: "the server answered fetchDevices with something else" });
      const before = progress(this, open);
      for (const chain of devices.chains) {
        const account = accountOf(chain);
        if (!open.has(account)) continue;
        this.#take(account, chain);
        this.#nameIfNameless(account, chain.handle ?? "");
        lastSeen.set(account, chain.lastSeenMs ?? []);
        if (this.head(account)?.version === chain.head) open.delete(account);
      }
      if (open.size > 0 && !devices.more) throw this.#short([...open][0]!);
      if (progress(this, open) === before && open.size === asked.length) throw this.#short([...open][0]!);
      open = new Set(open);
    }
    return lastSeen;
  }

  #take(account: AccountId, chain: DeviceChain): void {
    const known = this.head(account)?.version ?? 0;
    const head = chain.head ?? 0;
    if (head < known) throw this.#alarm(account, shown(`rolled back: the head was version ${known} and is said to be ${head}`));
    this.absorb(account, chain.versions ?? []);
    if ((this.head(account)?.version ?? 0) > head) throw this.#alarm(account, shown("more versions than the head says"));
  }

  /** A name to show for whoever wrote first. What a handle meant before, or an own device said, is never overwritten by the server's word. */
  #nameIfNameless(account: AccountId, handle: string): void {
    const { store, clock } = this.#options;
    const row = store.contacts.get(account);
    if (!isHandle(handle) || row?.handle !== undefined || store.contacts.byHandle(handle) !== undefined) return;
    if (store.identity.get()?.account === account) return;
    store.transact((tx) => {
      tx.contacts.put({ account, addedMs: clock.now(), ...row, handle });
    });
  }

  #short(account: AccountId): HermodError {
    if (this.head(account) === undefined) return new HermodError("not-found", { message: `there is no account ${account}` });
    return this.#alarm(account, shown("a chain without its newest versions"));
  }

  #known(account: AccountId): readonly ListState[] {
    const cached = this.#states.get(account);
    if (cached !== undefined) return cached;
    const { store } = this.#options;
    const states: ListState[] = [];
    const head = store.chains.get(account)?.version ?? 0;
    for (const { version, signed } of head === 0 ? [] : store.chains.versions(account, 1, bounds.versionsMax)) {
      if (version > head) break;
      const object = readSigned(signed, bounds.listBodyBytesMax);
      // Verified before it was stored, so the signatures are not checked again.
      const next = object.error === undefined ? extend(states.at(-1), object.ok, () => true) : object;
      if (next.error !== undefined) throw new Error(`mistake: stored version ${version} of ${account} does not follow: ${next.detail}`);
      states.push(next.ok);
    }
    if (states.length > 0) this.#states.set(account, states);
    return states;
  }

  #remember(tx: Transaction, account: AccountId, known: readonly ListState[], grown: readonly ListState[], problem?: ChainProblem): void {
    const states = [...known, ...grown];
    const row = tx.chains.get(account);
    const vouched = tx.values.get(vouchedKey(account));
    if (states.length > 0) tx.chains.put(rowOf(row, states, grown.length, vouched, problem?.type === "forked"));
    if (problem !== undefined) this.#keep(tx, account, problem);
  }

  #keep(tx: Transaction, account: AccountId, problem: ChainProblem): void {
    if (tx.evidence.about(account, limits.evidencePerAccountMax).length >= limits.evidencePerAccountMax) return;
    const what = problem.type === "forked" ? "list-forked" : "list-invalid";
    tx.evidence.add({ about: account, what, detail: problem.detail, proofs: problem.proofs, atMs: this.#options.clock.now() });
  }

  #alarm(account: AccountId, problem: ChainProblem): HermodError {
    const code = problem.type === "forked" ? "list-forked" : "list-invalid";
    this.#options.emit({ type: "alarm", code, account, detail: problem.detail });
    return new HermodError(code, { message: `device list of ${account}: ${problem.detail}` });
  }
}

function progress(chains: DeviceChains, accounts: ReadonlySet<AccountId>): number {
  let versions = 0;
  for (const account of accounts) versions += chains.head(account)?.version ?? 0;
  return versions;
}

function accountOf(chain: DeviceChain): AccountId {
  if (chain.account === undefined || !isIdBytes(chain.account)) {
    throw new HermodError("list-invalid", { message: "the server showed a chain without its account" });
  }
  return idOf<AccountId>(chain.account);
}

/** A server that shows too little: nothing signed proves it. */
function shown(detail: string): ChainProblem {
  return { type: "invalid", code: "list-invalid", detail, proofs: [] };
}

function rowOf(
  row: ChainRow | undefined,
  states: readonly ListState[],
  grown: number,
  vouched: VouchedFor | undefined,
  forked: boolean,
): ChainRow {
  const head = states.at(-1)!;
  const verified = row?.verified ?? verifiedOf(vouched, states);
  // A chain that is met only now tells all its versions at once: those since the comparison count.
  const since = states
    .slice(row?.verified === undefined ? 0 : states.length - grown)
    .filter(({ version }) => version > (verified?.version ?? Infinity));
  return {
    account: head.account,
    version: head.version,
    listHash: head.listHash,
    rootKey: head.rootKey,
    ...(verified === undefined ? {} : { verified }),
    verifyAgain: (row?.verifyAgain ?? false) || since.some(({ change }) => change.verifyAgain),
    forked: (row?.forked ?? false) || forked,
  };
}

/** What an own device's user compared, if it is of this very chain. */
export function verifiedOf(vouched: VouchedFor | undefined, states: readonly ListState[]): VerifiedRow | undefined {
  const compared = vouched?.verified;
  const state = compared === undefined ? undefined : states[compared.version - 1];
  if (compared === undefined || state === undefined) return undefined;
  return sameBytes(state.listHash, compared.listHash) && sameBytes(state.rootKey, compared.rootKey) ? compared : undefined;
}
