import type { Ref } from "nact";
import { BoundedQueue } from "../../lib/bounded.js";
import { limits } from "../../lib/limits.js";
import type { ReplyTo, SessionRef } from "../../protos/messages.js";
import type { Gate, Ownership, Router, Sessions } from "../ports.js";
import type { ShellContext } from "../context.js";
import type { AnyKind } from "../kind.js";

interface Surroundings {
  readonly router: Router;
  readonly sessions: Sessions;
  readonly gate: Gate;
}

interface Host {
  wake(activation: Activation, monoMs: number): void;
  heard(activation: Activation): void;
  ended(activation: Activation): void;
  settled(activation: Activation): void;
}

/** One life of one actor: its state, the answers that wait for it, and the count of what it has started and not yet heard of. */
export class Activation implements ShellContext<string, unknown, unknown> {
  readonly slot: Slot;
  readonly state: unknown;
  readonly ownership: Ownership;
  readonly router: Router;
  readonly sessions: Sessions;
  readonly gate: Gate;
  readonly #host: Host;
  #news: unknown[] = [];
  #at = 0;
  #over = false;
  outstanding = 0;

  constructor(slot: Slot, ownership: Ownership, around: Surroundings, host: Host) {
    this.slot = slot;
    this.ownership = ownership;
    this.router = around.router;
    this.sessions = around.sessions;
    this.gate = around.gate;
    this.#host = host;
    this.state = slot.spec.create(slot.id, ownership);
  }

  get id(): string {
    return this.slot.id;
  }

  get ports(): unknown {
    return this.slot.spec.ports as unknown;
  }

  get hasNews(): boolean {
    return this.#at < this.#news.length;
  }

  /** Answers of effects come before mail: they are what mail waits for. Bounded by the effects under way. */
  hear(message: unknown): void {
    if (!this.#over) this.#news.push(message);
  }

  next(): unknown {
    if (this.#at >= this.#news.length) return undefined;
    const message = this.#news[this.#at];
    this.#news[this.#at++] = undefined;
    if (this.#at === this.#news.length) {
      this.#news.length = 0;
      this.#at = 0;
    }
    return message;
  }

  tell(message: unknown): void {
    if (this.#over) return;
    this.#news.push(message);
    this.#host.heard(this);
  }

  track<T>(work: Promise<T>): Promise<T> {
    this.outstanding++;
    const settle = (): void => {
      this.outstanding--;
      if (this.outstanding === 0 && this.#over) this.#host.settled(this);
    };
    work.then(settle, settle);
    return work;
  }

  wakeAt(monoMs: number): void {
    if (!this.#over) this.#host.wake(this, monoMs);
  }

  ended(): void {
    if (this.#over) return;
    this.#over = true;
    this.#news = [];
    this.#at = 0;
    this.#host.ended(this);
  }

  /** The session that would wait for pushes in vain, where the state says so (`attached`): it has to come anew. */
  attached(): SessionRef | undefined {
    const state = this.state as { attached?: () => SessionRef | undefined } | undefined;
    try {
      return typeof state?.attached === "function" ? state.attached() : undefined;
    } catch {
      return undefined;
    }
  }

  /** Whoever the state still owes an answer, where the state says so (`waiters`): used when it must be dropped after a throw. */
  waiters(): readonly ReplyTo[] {
    const state = this.state as { waiters?: () => readonly ReplyTo[] } | undefined;
    try {
      return typeof state?.waiters === "function" ? state.waiters() : [];
    } catch {
      return [];
    }
  }
}

/** The place of one actor on this node: its mailbox and at most one activation. Outlives activations, dies when there is nothing to do. */
export class Slot {
  readonly spec: AnyKind;
  readonly id: string;
  readonly inbox = new BoundedQueue<{ readonly type: string }>(limits.mailboxMax);
  actor: Ref<unknown> | undefined;
  activation: Activation | undefined;
  /** A turn is on its way. */
  scheduled = false;
  /** The activation has ended, but something that it started has not settled. */
  ending = false;
  drained = false;
  gone = false;

  constructor(spec: AnyKind, id: string) {
    this.spec = spec;
    this.id = id;
  }
}
