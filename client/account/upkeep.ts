import type { Clock, Timer } from "../../lib/clock.js";
import { limits } from "../../lib/limits.js";
import { Overlay } from "../cipher/overlay.js";
import type { Cipher } from "../cipher/ports.js";
import type { Connection, ServerFrame } from "../connection/ports.js";
import { HermodError } from "../errors.js";
import type { ClientEvent } from "../events.js";
import type { Store } from "../store/ports.js";
import { forgetUpload, pendingUpload, uploadToSend, type WantedKeys } from "./upload.js";

export interface UpkeepPorts {
  readonly store: Store;
  readonly cipher: Cipher;
  readonly clock: Clock;
  readonly connection: Connection;
  readonly emit: (event: ClientEvent) => void;
}

/** What is due, from what is known; undefined: nothing. `low`: what the server said is left per pool. */
export function dueKeys(
  madeMs: number | undefined,
  nowMs: number,
  low: { readonly ec: number; readonly kyber: number } | undefined,
): WantedKeys | undefined {
  const age = madeMs === undefined ? Infinity : nowMs - madeMs;
  // A clock that was set back makes a key look as if it came from the future: as good as new, for at most one rotation.
  const rotate = age >= limits.prekeyRotateMs || age < -limits.prekeyRotateMs;
  if (!rotate && low === undefined) return undefined;
  return { rotate, oneTimeEc: missing(low?.ec), oneTimeKyber: missing(low?.kyber) };
}

function missing(left: number | undefined): number {
  return left === undefined ? 0 : Math.max(0, limits.oneTimePrekeysMax - left);
}

/** Keeps the server's stock of this device's prekeys full and fresh. One upload at a time; one that was not answered goes first, unchanged. */
export class PrekeyUpkeep {
  readonly #ports: UpkeepPorts;
  #timer: Timer | undefined;
  #low: { readonly ec: number; readonly kyber: number } | undefined;
  #running: Promise<void> | undefined;
  #stopped = false;

  constructor(ports: UpkeepPorts) {
    this.#ports = ports;
    ports.connection.onSession(() => {
      this.#look();
    });
    ports.connection.onPush((frame: ServerFrame) => {
      if (!frame.prekeysLow) return;
      this.#low = { ec: frame.prekeysLow.oneTimeEc, kyber: frame.prekeysLow.oneTimeKyber };
      this.#look();
    });
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  /** Resolves when nothing is on its way. */
  async idle(): Promise<void> {
    await this.#running;
  }

  #look(): void {
    if (this.#stopped) return;
    this.#timer?.cancel();
    this.#timer = this.#ports.clock.timer(limits.prekeyCheckMs, () => {
      this.#look();
    });
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  async #run(): Promise<void> {
    const { store, cipher, clock, connection, emit } = this.#ports;
    try {
      // Bounded: each turn sends what was pending or what is due, and nothing is due right after.
      for (let turn = 0; turn < 3 && connection.session !== undefined; turn++) {
        const low = this.#low;
        const due = dueKeys(cipher.signedPrekeyMadeMs(new Overlay(store.cipherRows)), clock.now(), low);
        const pending = pendingUpload(store);
        if (pending === undefined && due === undefined) break;
        const signed = pending ?? uploadToSend({ store, cipher, clock }, due!);
        const { keysStored } = await connection.request({ putKeys: { signed } });
        if (!keysStored) throw new HermodError("internal", { message: "the server answered putKeys with something else" });
        store.transact((tx) => {
          forgetUpload(tx);
        });
        if (this.#low === low) this.#low = left(keysStored.oneTimeEc, keysStored.oneTimeKyber);
      }
      this.#forgetOld();
    } catch (error) {
      const code = error instanceof HermodError ? error.code : "internal";
      if (error instanceof HermodError && (error.retryable || error.code === "stopped")) return; // the next session, push or hour
      if (error instanceof HermodError && error.stored === "no") store.transact(forgetUpload); // refused for good: the next one is made anew
      emit({ type: "problem", code, message: `prekeys: ${String(error)}` });
    }
  }

  #forgetOld(): void {
    const { store, cipher, clock } = this.#ports;
    store.transact((tx) => {
      const overlay = new Overlay(tx.cipherRows);
      if (cipher.forgetOldPrekeys(overlay, clock.now()) > 0) overlay.flush(tx.cipherRows);
    });
  }
}

function left(ec: number, kyber: number): { readonly ec: number; readonly kyber: number } | undefined {
  return ec <= limits.prekeysLow || kyber <= limits.prekeysLow ? { ec, kyber } : undefined;
}
