import type { Timer } from "../../lib/clock.js";
import type { ConversationId, DeviceId } from "../../lib/ids.js";
import { limits } from "../../lib/limits.js";
import { Overlay } from "../cipher/overlay.js";
import type { ClientContext } from "../context.js";
import { HermodError } from "../errors.js";
import type { Intake } from "./intake.js";
import type { Mode, Opener } from "./opener.js";
import type { Rosters } from "./rosters.js";
import { entryOf } from "./rows.js";

/**
 * Entries that came far ahead of what their sender's ratchet was read to. They wait as ciphertext; whenever something of that device is
 * read, those whose turn has come are opened, each pair (conversation, device) in its order.
 */
export class Staging {
  readonly #context: ClientContext;
  readonly #rosters: Rosters;
  readonly #opener: Opener;
  readonly #intake: Intake;
  readonly #stop: (error: HermodError) => void;
  /** Devices of which something was read since the last pass. */
  #due = new Set<DeviceId>();
  #passing: Promise<void> | undefined;
  #timer: Timer | undefined;
  #liveSinceMs: number | undefined;
  #running = true;

  constructor(
    context: ClientContext,
    parts: { readonly rosters: Rosters; readonly opener: Opener; readonly intake: Intake },
    stop: (error: HermodError) => void,
  ) {
    this.#context = context;
    this.#rosters = parts.rosters;
    this.#opener = parts.opener;
    this.#intake = parts.intake;
    this.#stop = stop;
  }

  /** Something of this device was read. */
  onRead(device: DeviceId): void {
    if (this.#passing !== undefined || this.#context.store.inbox.stagedChats().length === 0) {
      if (this.#passing !== undefined) this.#due.add(device);
      return;
    }
    this.#due.add(device);
    this.#pass();
  }

  /** Everything owed has come: all that waits is looked at, and what cannot wait any longer is asked for again. */
  onLive(): void {
    this.#liveSinceMs = this.#context.clock.now();
    for (const chat of this.#context.store.inbox.stagedChats()) {
      for (const row of this.#context.store.inbox.staged(chat, undefined, limits.stagedPassMax)) this.#due.add(row.device);
    }
    this.#pass();
    this.#arm();
  }

  onOffline(): void {
    this.#liveSinceMs = undefined;
    this.#disarm();
  }

  stop(): void {
    this.#running = false;
    this.#disarm();
  }

  #disarm(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  async idle(): Promise<void> {
    while (this.#passing !== undefined) await this.#passing;
  }

  /** A timer that runs is left to run: what is read meanwhile from others must not put off those that wait. */
  #arm(): void {
    if (this.#timer !== undefined || !this.#running || this.#liveSinceMs === undefined) return;
    if (this.#context.store.inbox.stagedChats().length === 0) return;
    this.#timer = this.#context.clock.timer(limits.stagedWaitMs, () => {
      this.#timer = undefined;
      this.#guard(this.#force());
    });
  }

  #pass(): void {
    if (this.#passing !== undefined || this.#due.size === 0 || !this.#running) return;
    this.#passing = this.#run().finally(() => {
      this.#passing = undefined;
      if (this.#due.size > 0) this.#pass();
      else this.#arm();
    });
    this.#guard(this.#passing);
  }

  #guard(work: Promise<void>): void {
    work.catch((error: unknown) => {
      if (error instanceof HermodError && error.retryable) return;
      this.#stop(error instanceof HermodError ? error : new HermodError("internal", { cause: error }));
    });
  }

  async #run(): Promise<void> {
    const devices = [...this.#due];
    this.#due = new Set();
    for (let moved = true; moved && this.#running;) {
      moved = false;
      for (const chat of this.#context.store.inbox.stagedChats()) {
        for (const device of devices) if (await this.#openPair(chat, device, "staged")) moved = true;
      }
    }
  }

  /** Opens the pair's entries from the first on, as long as they open. True when at least one did. */
  async #openPair(chat: ConversationId, device: DeviceId, mode: Mode): Promise<boolean> {
    let moved = false;
    for (;;) {
      const row = this.#context.store.inbox.staged(chat, device, 1)[0];
      if (row === undefined || !this.#running) return moved;
      const entry = entryOf(row);
      const roster = this.#rosters.before(chat, row.seq);
      if (entry === undefined || roster === undefined) throw new HermodError("internal", { message: "a staged entry is unreadable" });
      const opened = await this.#opener.open(entry, roster, mode);
      if (opened === undefined) return moved;
      this.#intake.afterOpened(entry, opened);
      moved = true;
      if (mode === "forced") return true;
    }
  }

  /** 30 s after the last of it came, a predecessor is not on its way any more. */
  async #force(): Promise<void> {
    await this.idle();
    const nowMs = this.#context.clock.now();
    if (this.#liveSinceMs === undefined || nowMs - this.#liveSinceMs < limits.stagedWaitMs) {
      this.#arm();
      return;
    }
    for (let next = this.#nearest(nowMs); next !== undefined && this.#running; next = this.#nearest(nowMs)) {
      await this.#openPair(next.chat, next.device, "forced");
      this.#due.add(next.device);
      this.#pass();
      await this.idle();
    }
    this.#arm();
  }

  /** Of what has waited long enough, the first of the pair that lies least far ahead: reading it leaves the fewest behind. */
  #nearest(nowMs: number): { readonly chat: ConversationId; readonly device: DeviceId } | undefined {
    const { store, cipher } = this.#context;
    const overlay = new Overlay(store.cipherRows);
    let nearest: { readonly chat: ConversationId; readonly device: DeviceId; readonly ahead: number } | undefined;
    for (const chat of store.inbox.stagedChats()) {
      for (const device of new Set(store.inbox.staged(chat, undefined, limits.stagedPassMax).map((row) => row.device))) {
        const first = store.inbox.staged(chat, device, 1)[0];
        const body = first === undefined ? undefined : entryOf(first)?.body;
        if (first === undefined || nowMs - first.storedMs < limits.stagedWaitMs) continue;
        const type = body?.type === "prekey" ? "prekey" : "whisper";
        const ahead = body === undefined ? 0 : (cipher.ahead(overlay, device, { type, bytes: body.bytes }) ?? 0);
        if (nearest === undefined || ahead < nearest.ahead) nearest = { chat, device, ahead };
      }
    }
    return nearest;
  }
}
