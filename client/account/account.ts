import type { Clock } from "../../lib/clock.js";
import { idOf, isIdBytes, type AccountId, type DeviceId } from "../../lib/ids.js";
import { limits } from "../../lib/limits.js";
import type { Connection, ConnectionState, ServerFrame } from "../connection/ports.js";
import type { Messages, Self, VerifiedList } from "../context.js";
import { HermodError } from "../errors.js";
import type { ClientEvent } from "../events.js";
import type { Store } from "../store/ports.js";
import type { DeviceChains } from "./chains.js";
import type { ContactBook } from "./contacts.js";
import { approvedKey, approvedPrefix } from "./link-old.js";

export interface AccountPorts {
  readonly store: Store;
  readonly clock: Clock;
  readonly connection: Connection;
  readonly chains: DeviceChains;
  readonly contacts: ContactBook;
  readonly messages: Messages;
  readonly self: Self;
  readonly emit: (event: ClientEvent) => void;
  /** This device is no longer listed. */
  readonly revoked: () => void;
}

/**
 * The account's own housekeeping while it is connected: follows the own list, notices that this device was removed, makes the self
 * conversation, and sends newly linked devices what they start with.
 */
export class AccountUpkeep {
  readonly #ports: AccountPorts;
  #running: Promise<void> | undefined;
  #again = false;
  readonly #listening: (() => void)[];

  constructor(ports: AccountPorts) {
    this.#ports = ports;
    const { connection, chains } = ports;
    this.#listening = [
      connection.onState((state: ConnectionState) => {
        if (state.type === "live") this.#look();
      }),
      connection.onPush((frame: ServerFrame) => {
        if (frame.devicesChanged) this.#devicesChanged(frame.devicesChanged.account);
      }),
      chains.onChange((list, before) => {
        this.#listChanged(list, before);
      }),
    ];
  }

  stop(): void {
    for (const stopListening of this.#listening.splice(0)) stopListening();
  }

  /** Resolves when nothing is on its way. */
  async idle(): Promise<void> {
    await this.#running;
  }

  /** One pass at a time; what happens meanwhile asks for one more. */
  #look(): void {
    this.#again = true;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  async #run(): Promise<void> {
    const { chains, self, store, messages, connection } = this.#ports;
    while (this.#again && connection.session !== undefined) {
      this.#again = false;
      try {
        await chains.ensureHead([self.account]);
        if (store.chats.self() === undefined) await messages.createSelf();
        this.#syncApproved();
      } catch (error) {
        this.#told(error);
      }
    }
  }

  /** What a device is owed from the moment that this one approved it; kept until it is in the outbox. */
  #syncApproved(): void {
    const { store, chains, self, contacts, messages, clock } = this.#ports;
    const head = chains.head(self.account);
    for (const name of store.values.names(approvedPrefix)) {
      const device = name.slice(approvedPrefix.length) as DeviceId;
      const approved = store.values.get(approvedKey(device));
      const listed = head?.devices.some(({ id }) => id === device) === true;
      if (listed) messages.queueSync(contacts.pages(), [device]);
      const over = approved === undefined || clock.now() - approved.atMs > 2 * limits.linkOfferMs;
      if (!listed && !over) continue;
      store.transact((tx) => {
        tx.values.delete(approvedKey(device));
      });
    }
  }

  #devicesChanged(bytes: Uint8Array): void {
    const { chains, self } = this.#ports;
    const account = isIdBytes(bytes) ? idOf<AccountId>(bytes) : undefined;
    if (account === self.account) this.#look();
    else if (account !== undefined) {
      chains.ensureHead([account]).catch((error: unknown) => {
        this.#told(error);
      });
    }
  }

  #listChanged(list: VerifiedList, before: VerifiedList | undefined): void {
    const { self, emit, revoked } = this.#ports;
    const { account, version } = list;
    if (account !== self.account) {
      if (before !== undefined) emit({ type: "devices-changed", account, version, cause: list.change.cause });
      return;
    }
    const was = new Set(before?.devices.map(({ id }) => id));
    const is = new Set(list.devices.map(({ id }) => id));
    if (before !== undefined) {
      const added = [...is].filter((id) => !was.has(id));
      const removed = [...was].filter((id) => !is.has(id));
      emit({ type: "own-devices-changed", version, added, removed });
    }
    if (!is.has(self.device)) revoked();
    else this.#look();
  }

  #told(error: unknown): void {
    if (error instanceof HermodError && (error.retryable || error.code === "stopped")) return; // the next session looks again
    const code = error instanceof HermodError ? error.code : "internal";
    this.#ports.emit({ type: "problem", code, message: `account: ${String(error)}` });
  }
}
