import type { Gate, Ownership, Router, Sessions } from "./ports.js";

/** What a kind's shell gets to touch the world. One per activation. */
export interface ShellContext<Id, Message, Ports> {
  readonly id: Id;
  readonly ownership: Ownership;
  readonly router: Router;
  readonly sessions: Sessions;
  readonly gate: Gate;
  readonly ports: Ports;
  /** To this very activation; dropped when it has ended. */
  tell(message: Message): void;
  /** Marks work as started by this activation: the next one of this actor begins only after it has settled. Wrap every promise of a port. */
  track<T>(work: Promise<T>): Promise<T>;
  /** Asks for one `{type: "tick"}` at that monotonic moment; the earliest pending one wins. */
  wakeAt(monoMs: number): void;
  /** The behaviour is done: the runtime forgets this activation, and the next message starts a fresh one. */
  ended(): void;
}

/** What the runtime itself says to every behaviour. */
export type FromRuntime =
  | { readonly type: "start"; readonly shardEpoch: bigint }
  | { readonly type: "tick" }
  | { readonly type: "passivate" }
  | { readonly type: "drain" };
