import * as nact from "nact";
import { assert } from "../../lib/assert.js";
import type { Clock, Timer } from "../../lib/clock.js";
import type { ErrorCode } from "../../lib/errors.js";
import type { AccountId, ConversationId } from "../../lib/ids.js";
import { limits } from "../../lib/limits.js";
import { closeCodes } from "../../protos/close-codes.js";
import type { ActorKind, Mail, ReplyTo, ToDevice } from "../../protos/messages.js";
import type { Gate, Moment, Ownership, Router, Sessions } from "../ports.js";
import { Activation, Slot } from "./activation.js";
import { Alarms } from "../../lib/alarms.js";
import type { AnyKind } from "../kind.js";

/** What the host needs of its node. */
export interface HostSurroundings {
  readonly clock: Clock;
  readonly router: Router;
  readonly sessions: Sessions;
  readonly gate: Gate;
  /** Undefined: this node does not own the shard of that id (any more). */
  ownershipOf(kind: ActorKind, id: string): Ownership | undefined;
  /** An actor threw; the message's type only, never its content. */
  onCrash(kind: ActorKind, id: string, messageType: string, error: unknown): void;
}

export interface HostLimits {
  readonly mailboxMax: number;
  readonly actorsMax: number;
  readonly actorIdleMs: number;
}

/**
 * Runs all actors of this node. nact is only the scheduler: one nact actor per loaded actor, fed one message per turn, which drains
 * up to 64 mailbox items or 1 ms. Life and death are the host's own: an activation ends only after every write it started has settled,
 * and only then may the next one of the same actor begin, so there are never two.
 */
export class ActorHost {
  readonly #around: HostSurroundings;
  readonly #limits: HostLimits;
  readonly #system = nact.start();
  readonly #kinds = new Map<ActorKind, AnyKind>();
  readonly #slots: Record<ActorKind, Map<string, Slot>> = { conversation: new Map(), device: new Map(), account: new Map() };
  /** Least recently used first. */
  readonly #byUse = new Map<Slot, number>();
  readonly #alarms: Alarms<Activation>;
  /** Actors that threw and will be asked again for what they owe. */
  readonly #recovering = new Set<string>();
  #sweep: Timer | undefined;
  #draining = false;
  #spawned = 0;
  #now: Moment = { wallMs: 0, monoMs: 0 };

  constructor(around: HostSurroundings, hostLimits: HostLimits = limits) {
    this.#around = around;
    this.#limits = hostLimits;
    this.#alarms = new Alarms(around.clock, (activation) => {
      activation.hear({ type: "tick" });
      this.#schedule(activation.slot);
    });
    this.#armSweep();
  }

  register(kind: AnyKind): void {
    this.#kinds.set(kind.kind, kind);
  }

  /** How many actors of a kind are loaded. */
  loaded(kind: ActorKind): number {
    return this.#slots[kind].size;
  }

  /** Puts mail into its actor's mailbox, loading the actor if needed. A full mailbox answers `overloaded` at once. */
  tell(mail: Mail): void {
    if (this.#draining && !this.#slots[mail.kind].has(mail.id)) {
      this.#answerFailure(mail.message, "draining");
      return;
    }
    const slot = this.#slotOf(mail.kind, mail.id);
    if (slot === undefined) {
      this.#answerFailure(mail.message, "overloaded");
      return;
    }
    if (slot.inbox.length >= this.#limits.mailboxMax) {
      this.#answerFailure(mail.message, "overloaded");
      return;
    }
    slot.inbox.push(mail.message);
    this.#schedule(slot);
  }

  /** Ends every actor in order: waiters get `draining`, windows become marks, snapshots are written. Resolves when none is left, or after `withinMs`. */
  async drain(withinMs: number): Promise<void> {
    this.#draining = true;
    const until = this.#around.clock.mono() + withinMs;
    while (this.#byUse.size > 0 && this.#around.clock.mono() < until) {
      for (const slot of this.#byUse.keys()) {
        if (slot.activation === undefined || slot.drained) continue;
        slot.drained = true;
        slot.activation.hear({ type: "drain" });
        this.#schedule(slot);
      }
      await this.#around.clock.sleep(5);
    }
    this.#sweep?.cancel();
    this.#alarms.stop();
    nact.stop(this.#system);
  }

  #slotOf(kind: ActorKind, id: string): Slot | undefined {
    const slots = this.#slots[kind];
    const known = slots.get(id);
    if (known !== undefined) return known;
    if (this.#byUse.size >= this.#limits.actorsMax) {
      this.#passivateOldest(64);
      if (this.#byUse.size >= this.#limits.actorsMax * 1.05) return undefined;
    }
    const spec = this.#kinds.get(kind);
    assert(spec !== undefined, `no actors of kind ${kind}`);
    const slot = new Slot(spec, id);
    slot.actor = nact.spawn(
      this.#system,
      () => {
        this.#turn(slot);
      },
      `${kind}-${String(++this.#spawned)}`,
      // Never reached by an actor's own throw, which #turn catches; nact's default would print the message and drop the mailbox.
      { onCrash: (_message, _error, context) => context.resume },
    );
    slots.set(id, slot);
    this.#byUse.set(slot, this.#around.clock.mono());
    return slot;
  }

  #schedule(slot: Slot): void {
    if (slot.scheduled || slot.gone) return;
    slot.scheduled = true;
    nact.dispatch(slot.actor!, "turn");
  }

  #turn(slot: Slot): void {
    slot.scheduled = false;
    if (slot.gone) return;
    const clock = this.#around.clock;
    const began = clock.mono();
    this.#now = { wallMs: clock.now(), monoMs: began };
    let done = 0;
    while (done < limits.messagesPerTurnMax && !slot.ending) {
      if (slot.activation === undefined) {
        if (slot.inbox.length === 0) break;
        if (!this.#activate(slot)) return;
      }
      const activation = slot.activation!;
      const message: unknown = activation.next() ?? slot.inbox.shift();
      if (message === undefined) break;
      this.#step(slot, activation, message as { readonly type: string });
      done++;
      if ((done & 7) === 0 && clock.mono() - began >= limits.turnMsMax) break;
    }
    if (slot.inbox.length > 0 || slot.activation?.hasNews === true) {
      if (!slot.ending) this.#schedule(slot);
    }
    this.#byUse.delete(slot);
    if (!slot.gone) this.#byUse.set(slot, began);
  }

  #activate(slot: Slot): boolean {
    const ownership = this.#around.ownershipOf(slot.spec.kind, slot.id);
    if (ownership === undefined) {
      this.#abandon(slot, "fenced");
      return false;
    }
    const activation = new Activation(slot, ownership, this.#around, {
      wake: (which, monoMs) => {
        this.#alarms.set(which, monoMs);
      },
      heard: () => {
        this.#schedule(slot);
      },
      ended: (which) => {
        this.#end(which);
      },
      settled: (which) => {
        this.#settled(which);
      },
    });
    slot.activation = activation;
    activation.hear({ type: "start", shardEpoch: ownership.epoch });
    return true;
  }

  #step(slot: Slot, activation: Activation, message: { readonly type: string }): void {
    try {
      const effects = slot.spec.step(activation.state, message, this.#now);
      for (const effect of effects) slot.spec.perform(effect, activation);
    } catch (error) {
      // The state can no longer be trusted: it is dropped, whoever caused this hears so, and the store tells the next activation the truth.
      this.#around.onCrash(slot.spec.kind, slot.id, message.type, error);
      this.#answerFailure(message, "internal");
      for (const waiter of activation.waiters()) this.#around.sessions.answer(waiter, { type: "problem", code: "internal" });
      const session = activation.attached();
      if (session !== undefined) this.#around.sessions.close(session, closeCodes.draining.code, "internal");
      activation.ended();
      this.#recoverLater(slot);
    }
  }

  /**
   * What an actor had in flight when it threw is finished by its next activation, which nobody else may cause: an account's work, a
   * conversation's deliveries. A device has nothing of its own: whatever it owes is repeated to it. Later, for it may throw again; and once
   * at a time, or each throw would add a cycle that never ends.
   */
  #recoverLater({ spec: { kind }, id }: Slot): void {
    if (kind === "device" || this.#draining || this.#recovering.has(id)) return;
    this.#recovering.add(id);
    this.#around.clock.timer(limits.redeliverMinMs, () => {
      this.#recovering.delete(id);
      if (this.#draining) return;
      if (kind === "account") this.tell({ kind, id: id as AccountId, message: { type: "resume-work" } });
      else this.tell({ kind, id: id as ConversationId, message: { type: "recover" } });
    });
  }

  /** The behaviour is done. What it started may still be under way: the slot stays closed until that has settled. */
  #end(activation: Activation): void {
    const slot = activation.slot;
    if (slot.activation !== activation || slot.ending) return;
    slot.ending = true;
    this.#alarms.clear(activation);
    if (activation.outstanding === 0) this.#settled(activation);
  }

  #settled(activation: Activation): void {
    const slot = activation.slot;
    if (slot.activation !== activation || !slot.ending) return;
    slot.activation = undefined;
    slot.ending = false;
    slot.drained = false;
    if (slot.inbox.length > 0 && !this.#draining) this.#schedule(slot);
    else this.#abandon(slot, "draining");
  }

  /** Forgets the actor; whoever still waits in its mailbox is told. */
  #abandon(slot: Slot, code: ErrorCode): void {
    slot.gone = true;
    for (let message = slot.inbox.shift(); message !== undefined; message = slot.inbox.shift()) this.#answerFailure(message, code);
    this.#slots[slot.spec.kind].delete(slot.id);
    this.#byUse.delete(slot);
    nact.stop(slot.actor!);
  }

  #answerFailure(message: object, code: ErrorCode): void {
    const asker = replyToOf(message);
    if (asker !== undefined) this.#around.sessions.answer(asker, { type: "problem", code, retryAfterMs: 500 });
    // An attach is answered by being the session: refused in silence, its socket would wait for pushes for ever.
    if ("type" in message && message.type === "attach") {
      this.#around.sessions.close((message as Extract<ToDevice, { type: "attach" }>).session, closeCodes.draining.code, code);
    }
  }

  #passivateOldest(count: number): void {
    let left = count;
    for (const slot of this.#byUse.keys()) {
      if (left-- <= 0) return;
      this.#passivate(slot);
    }
  }

  #passivate(slot: Slot): void {
    if (slot.activation === undefined || slot.ending || slot.inbox.length > 0) return;
    slot.activation.hear({ type: "passivate" });
    this.#schedule(slot);
  }

  #armSweep(): void {
    const everyMs = Math.max(100, Math.min(1_000, this.#limits.actorIdleMs / 4));
    this.#sweep = this.#around.clock.timer(everyMs, () => {
      const idleSince = this.#around.clock.mono() - this.#limits.actorIdleMs;
      for (const [slot, usedMs] of this.#byUse) {
        if (usedMs > idleSince) break;
        this.#passivate(slot);
      }
      if (!this.#draining) this.#armSweep();
    });
  }
}

/** Who waits for an answer to this message, if anybody does. */
export function replyToOf(message: object): ReplyTo | undefined {
  if ("from" in message && isReplyTo(message.from)) return message.from;
  return "to" in message && isReplyTo(message.to) ? message.to : undefined;
}

function isReplyTo(value: unknown): value is ReplyTo {
  return typeof value === "object" && value !== null && "requestId" in value && "gateway" in value;
}
