import { conversationKind } from "../../actors/conversation/shell.js";
import type { ConversationContext, ConversationPorts } from "../../actors/conversation/context.js";
import type { Message } from "../../actors/conversation/messages.js";
import type { Conversation } from "../../actors/conversation/state.js";
import type { Gate, Router, Sessions } from "../../actors/ports.js";
import type { ConversationId } from "../../lib/ids.js";
import type { VirtualClock } from "./virtual-clock.js";

/** What a node of the world gives to its conversations. */
export interface NodeSurroundings {
  readonly clock: VirtualClock;
  readonly ports: ConversationPorts;
  readonly router: Router;
  readonly sessions: Sessions;
  readonly gate: Gate;
}

interface Life {
  readonly state: Conversation;
  readonly context: ConversationContext;
  readonly news: Message[];
  outstanding: number;
  over: boolean;
}

interface Slot {
  readonly id: ConversationId;
  readonly inbox: Message[];
  life: Life | undefined;
  pumping: boolean;
}

/** One process that hosts conversations under one shard epoch. It can be killed, and it can be paused while the world goes on. */
export class SmallHost {
  readonly epoch: bigint;
  /** What the store says of this node; the alive gate reads it. */
  alive = true;
  killed = false;
  readonly #around: NodeSurroundings;
  readonly #slots = new Map<ConversationId, Slot>();
  readonly #missed: (() => void)[] = [];
  readonly #kind: ReturnType<typeof conversationKind>;
  #paused = false;

  constructor(epoch: bigint, around: (host: SmallHost) => NodeSurroundings) {
    this.epoch = epoch;
    this.#around = around(this);
    this.#kind = conversationKind(this.#around.ports);
  }

  /** Runs something in this process: never once it is killed, later while it is paused. */
  run(work: () => void): void {
    if (this.killed) return;
    if (this.#paused) this.#missed.push(work);
    else work();
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    for (let work = this.#missed.shift(); work !== undefined && !this.#paused; work = this.#missed.shift()) this.run(work);
  }

  tell(id: ConversationId, message: Message): void {
    this.run(() => {
      const slot = this.#slotOf(id);
      slot.inbox.push(message);
      this.#pump(slot);
    });
  }

  /** The state of a loaded conversation, to look at. */
  stateOf(id: ConversationId): Conversation | undefined {
    return this.#slots.get(id)?.life?.state;
  }

  say(id: ConversationId, message: Extract<Message, { type: "passivate" | "drain" }>): void {
    const slot = this.#slots.get(id);
    if (slot?.life === undefined) return;
    slot.life.news.push(message);
    this.#pump(slot);
  }

  #slotOf(id: ConversationId): Slot {
    let slot = this.#slots.get(id);
    if (slot === undefined) this.#slots.set(id, (slot = { id, inbox: [], life: undefined, pumping: false }));
    return slot;
  }

  #pump(slot: Slot): void {
    if (slot.pumping) return;
    slot.pumping = true;
    for (;;) {
      if (slot.life?.over === true) break;
      const message = slot.life?.news.shift() ?? slot.inbox.shift();
      if (message === undefined) break;
      if (slot.life === undefined) {
        slot.life = this.#begin(slot);
        this.#step(slot, slot.life, { type: "start", shardEpoch: this.epoch });
      }
      this.#step(slot, slot.life, message);
    }
    slot.pumping = false;
  }

  #step(slot: Slot, life: Life, message: Message): void {
    if (life.over) {
      slot.inbox.unshift(message);
      return;
    }
    const { clock } = this.#around;
    const effects = this.#kind.step(life.state, message, { wallMs: clock.now(), monoMs: clock.mono() });
    for (const effect of effects) this.#kind.perform(effect, life.context);
  }

  #begin(slot: Slot): Life {
    const { clock, ports, router, sessions, gate } = this.#around;
    const life: Life = {
      state: this.#kind.create(slot.id, { shard: 0, epoch: this.epoch }),
      context: undefined!,
      news: [],
      outstanding: 0,
      over: false,
    };
    const settle = (): void => {
      this.run(() => {
        life.outstanding--;
        this.#restart(slot, life);
      });
    };
    const context: ConversationContext = {
      id: slot.id,
      ownership: { shard: 0, epoch: this.epoch },
      router,
      sessions,
      gate,
      ports,
      tell: (message) => {
        this.run(() => {
          if (life.over) return;
          life.news.push(message);
          this.#pump(slot);
        });
      },
      track: (work) => {
        life.outstanding++;
        work.then(settle, settle);
        return work;
      },
      wakeAt: (monoMs) => {
        clock.timer(monoMs - clock.mono(), () => {
          context.tell({ type: "tick" });
        });
      },
      ended: () => {
        life.over = true;
        this.#restart(slot, life);
      },
    };
    (life as { context: ConversationContext }).context = context;
    return life;
  }

  #restart(slot: Slot, life: Life): void {
    if (!life.over || life.outstanding > 0 || slot.life !== life) return;
    slot.life = undefined;
    this.#around.clock.timer(0, () => {
      this.run(() => {
        this.#pump(slot);
      });
    });
  }
}
