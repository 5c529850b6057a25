import type { Clock } from "../lib/clock.js";
import type { Rand } from "../lib/random.js";
import { AccountUpkeep } from "./account/account.js";
import { PrekeyBundles } from "./account/bundles.js";
import type { DeviceChains } from "./account/chains.js";
import { ContactBook } from "./account/contacts.js";
import { credentialBytes, credentialText, type Credential } from "./account/credential.js";
import { PrekeyUpkeep } from "./account/upkeep.js";
import type { Cipher } from "./cipher/ports.js";
import type { WebSocketConnection } from "./connection/connection.js";
import type { ClientContext, History, Self } from "./context.js";
import type { HermodError } from "./errors.js";
import type { ClientEvent } from "./events.js";
import { MessagesEngine } from "./messages/engine.js";
import type { Rest } from "./rest.js";
import { valueKey, type Store } from "./store/ports.js";

export interface RunningPorts {
  readonly store: Store;
  readonly cipher: Cipher;
  readonly clock: Clock;
  readonly rand: Rand;
  readonly rest: Rest;
  readonly chains: DeviceChains;
  readonly connection: WebSocketConnection;
  readonly history: History;
  readonly emit: (event: ClientEvent) => void;
}

/** How often this device connected; stored before each hello, so that the newest connection has the highest. */
const connKey = valueKey<bigint>("conn");

export function nextConn(store: Store): bigint {
  return store.transact((tx) => {
    const conn = (tx.values.get(connKey) ?? 0n) + 1n;
    tx.values.put(connKey, conn);
    return conn;
  });
}

/** The stored credential of a registered store. */
export function credentialOf(store: Store): Credential {
  const row = store.identity.get();
  if (row?.account === undefined) throw new Error("mistake: no credential before there is an account");
  return { account: row.account, device: row.device, secret: row.credential };
}

export const helloCredential = (store: Store): Uint8Array => credentialBytes(credentialOf(store));

/** Everything that runs once a store belongs to an account. */
export class Running {
  readonly context: ClientContext;
  readonly contacts: ContactBook;
  readonly messages: MessagesEngine;
  readonly self: Self;
  readonly bearer: () => string;
  readonly #prekeys: PrekeyUpkeep;
  readonly #account: AccountUpkeep;

  constructor(ports: RunningPorts, self: Self, onFatal: (error: HermodError) => void) {
    const { store, cipher, clock, connection, chains, emit } = ports;
    this.self = self;
    this.bearer = () => credentialText(credentialOf(store));
    this.contacts = new ContactBook({ store, clock, rest: ports.rest, chains, self, bearer: this.bearer, emit });
    const bundles = new PrekeyBundles(connection, chains);
    const { rand, history } = ports;
    this.context = { store, cipher, clock, rand, self, connection, chains, bundles, history, contacts: this.contacts, emit };
    this.messages = new MessagesEngine(this.context, onFatal);
    this.#prekeys = new PrekeyUpkeep({ store, cipher, clock, connection, emit });
    const revoked = (): void => {
      store.transact((tx) => {
        tx.identity.put({ ...tx.identity.get()!, stage: "revoked" });
      });
      connection.end("revoked", "revoked");
    };
    const { messages, contacts } = this;
    this.#account = new AccountUpkeep({ store, clock, connection, chains, contacts, messages, self, emit, revoked });
    this.messages.start();
  }

  /** Ends what runs; resolves when nothing writes to the store any more. */
  async stop(): Promise<void> {
    this.messages.stop();
    this.#prekeys.stop();
    this.#account.stop();
    await Promise.all([this.#prekeys.idle(), this.#account.idle()]);
  }
}
