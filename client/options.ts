import type { Clock } from "../lib/clock.js";
import type { Rand } from "../lib/random.js";
import type { RegisterOptions } from "./account/register.js";
import type { Cipher } from "./cipher/ports.js";
import type { Dial } from "./connection/ports.js";
import type { History, Self } from "./context.js";
import { HermodError } from "./errors.js";
import type { KeySource } from "./store/key-file.js";
import type { Store } from "./store/ports.js";

export interface ClientOptions {
  /** Addresses of the servers, tried in random order. */
  readonly servers: readonly string[];
  /** Where the store lies; made when it is not there. Or bring a `store`. */
  readonly dir?: string;
  readonly store?: Store;
  /** Protects the store's key; without one the key lies in `key` (0600) beside the store. */
  readonly passphrase?: string;
  /** A file that holds the passphrase. */
  readonly passphraseFile?: string;
  /** Where what was done is written down for the checker. */
  readonly history?: History;
  readonly clientName?: string;
  readonly clientVersion?: string;
  readonly clock?: Clock;
  readonly rand?: Rand;
  readonly dial?: Dial;
  readonly fetch?: typeof fetch;
  readonly cipher?: Cipher;
}

export interface Registration extends RegisterOptions {
  /** Writes the recovery key there (0600) instead of returning it: for bots. */
  readonly recoveryFile?: string;
  /** Shows the 24 words. When the program dies before this returns, the next `register` shows them again. */
  readonly showRecovery?: (words: string) => void | Promise<void>;
}

export interface Registered extends Self {
  /** The 24 words, once: when they were neither written to a file nor shown by `showRecovery`. */
  readonly recoveryWords?: string;
}

/** Where the store's key comes from. */
export function keySourceOf(options: ClientOptions): KeySource {
  if (options.passphrase !== undefined) return { type: "passphrase", text: options.passphrase };
  return options.passphraseFile === undefined ? { type: "file" } : { type: "passphrase-file", path: options.passphraseFile };
}

/** Refuses what could never work, before anything is opened. */
export function checkOptions(options: ClientOptions): void {
  if (options.servers.length === 0) throw new HermodError("bad-request", { message: "no server was given" });
  for (const server of options.servers) {
    if (!URL.canParse(server) || !/^(https?|wss?):$/.test(new URL(server).protocol)) {
      throw new HermodError("bad-request", { message: `not a server's address: ${server}` });
    }
  }
  if (options.dir === undefined && options.store === undefined) {
    throw new HermodError("bad-request", { message: "a client needs a directory, or a store of your own" });
  }
}
