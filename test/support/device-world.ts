import type { DeviceMessage } from "../../actors/device/messages.js";
import { deviceKind } from "../../actors/device/shell.js";
import type { Device } from "../../actors/device/state.js";
import type { DevicePorts } from "../../actors/device/ports.js";
import type { ShellContext } from "../../actors/context.js";
import type { Timer } from "../../lib/clock.js";
import type { ConversationId, DeviceId } from "../../lib/ids.js";
import { seededRand, type Rand } from "../../lib/random.js";
import type { Answer, Asker, Mail, ReplyTo, ServerFrame, SessionRef, ToConversation, ToDevice } from "../../protos/messages.js";
import { MemoryDisk, memoryPartitions } from "../../storage/memory/kernel.js";
import { openStores, type Stores } from "../../storage/open.js";
import { calmStore, DoubtfulPartitions } from "./doubtful-partitions.js";
import { accountOf, deviceOf } from "./entries.js";
import { ToyClient } from "./toy-client.js";
import { ToyConversation } from "./toy-conversation.js";
import { VirtualClock } from "./virtual-clock.js";

type Context = ShellContext<DeviceId, DeviceMessage, DevicePorts>;

interface Life {
  readonly state: Device;
  readonly context: Context;
  readonly news: DeviceMessage[];
  outstanding: number;
  over: boolean;
  pumping: boolean;
  wakeMs: number;
  alarm: Timer | undefined;
}

/**
 * One device's actor on a store that may be doubtful, conversations that repeat what was not accepted, and a client that obeys the rule
 * of the protocol. All of it in virtual time, from one seed.
 */
export class DeviceWorld {
  readonly clock = new VirtualClock();
  readonly rand: Rand;
  readonly device = deviceOf("bob phone");
  readonly account = accountOf("bob");
  readonly doubtful: DoubtfulPartitions;
  /** The same disk without faults: for conversations and for looking. */
  readonly calm: Stores;
  readonly conversations = new Map<ConversationId, ToyConversation>();
  readonly client: ToyClient;
  readonly problems: string[] = [];
  readonly seen: ToConversation[] = [];
  readonly accountHeard: string[] = [];
  readonly answers: { readonly to: ReplyTo; readonly answer: Answer }[] = [];
  /** Fraction of mail between actors that is lost. */
  loss = 0;
  gateShut = false;
  readonly #kind: ReturnType<typeof deviceKind>;
  readonly #inbox: ToDevice[] = [];
  #shut: (() => void)[] = [];
  #epoch = 1n;
  #life: Life | undefined;
  lives = 0;

  constructor(seed: number) {
    this.rand = seededRand(seed);
    const disk = new MemoryDisk();
    this.doubtful = new DoubtfulPartitions(memoryPartitions(disk), this.clock, this.rand);
    this.calm = openStores(memoryPartitions(disk), this.clock);
    const stores = openStores(this.doubtful, this.clock);
    this.#kind = deviceKind({ states: stores.deviceStates, log: stores.logReader, receipts: stores.receiptRows });
    this.client = new ToyClient(this);
  }

  async conversation(name: string, before = 0): Promise<ToyConversation> {
    const conversation = new ToyConversation(this, name);
    this.conversations.set(conversation.id, conversation);
    await conversation.create(before);
    return conversation;
  }

  get state(): Device | undefined {
    return this.#life?.state;
  }

  /** Mail from another actor: it may be lost, and it may be late. */
  tellDevice(message: ToDevice): void {
    if (this.rand.fraction() < this.loss) return;
    this.clock.timer(this.loss === 0 ? 1 : this.rand.fraction() * 30, () => {
      this.deliver(message);
    });
  }

  /** Into the mailbox, now. */
  deliver(message: ToDevice): void {
    this.#inbox.push(message);
    this.pump();
  }

  /** The process dies with all that is in memory. What it had asked of the store may still happen. */
  crash(): void {
    this.#inbox.length = 0;
    if (this.#life !== undefined) this.#life.over = true;
    this.#life = undefined;
    this.#epoch++;
  }

  say(message: { readonly type: "passivate" | "drain" }): void {
    this.#life?.news.push(message);
    this.pump();
  }

  asker(session: SessionRef, requestId = 0): Asker {
    return { ...session, requestId, account: this.account, device: this.device };
  }

  pump(): void {
    if (this.#life?.pumping === true) return;
    for (;;) {
      if (this.#life?.over === true) return;
      if (this.#life === undefined) {
        if (this.#inbox.length === 0) return;
        this.#life = this.#begin();
        this.#step(this.#life, { type: "start", shardEpoch: this.#epoch });
        continue;
      }
      const message = this.#life.news.shift() ?? this.#inbox.shift();
      if (message === undefined) return;
      this.#step(this.#life, message);
    }
  }

  #step(life: Life, message: DeviceMessage): void {
    life.pumping = true;
    const effects = this.#kind.step(life.state, message, { wallMs: this.clock.now(), monoMs: this.clock.mono() });
    for (const effect of effects) this.#kind.perform(effect, life.context);
    life.pumping = false;
  }

  openGate(): void {
    this.gateShut = false;
    const waiting = this.#shut;
    this.#shut = [];
    for (const then of waiting) then();
  }

  #begin(): Life {
    this.lives++;
    const ownership = { shard: 0, epoch: this.#epoch };
    const life: Life = {
      state: this.#kind.create(this.device, ownership),
      context: undefined!,
      news: [],
      outstanding: 0,
      over: false,
      pumping: false,
      wakeMs: Infinity,
      alarm: undefined,
    };
    const settle = (): void => {
      life.outstanding--;
      this.#restart(life);
    };
    const context: Context = {
      id: this.device,
      ownership,
      router: {
        tell: (mail) => {
          this.#route(mail);
        },
      },
      sessions: {
        answer: (to, answer) => {
          this.answers.push({ to, answer });
          if (answer.type === "frame") this.client.receive(to, answer.frame);
        },
        push: (session, frame: ServerFrame) => {
          this.client.receive(session, frame);
        },
        close: (session, code) => {
          this.client.closed(session, code);
        },
      },
      gate: {
        afterAlive: (then) => {
          if (this.gateShut) this.#shut.push(then);
          else then();
        },
      },
      ports: this.#kind.ports,
      tell: (message) => {
        if (life.over || this.#life !== life) return;
        life.news.push(message);
        this.pump();
      },
      track: (work) => {
        life.outstanding++;
        work.then(settle, settle);
        return work;
      },
      wakeAt: (monoMs) => {
        if (monoMs >= life.wakeMs) return;
        life.alarm?.cancel();
        life.wakeMs = monoMs;
        life.alarm = this.clock.timer(monoMs - this.clock.mono(), () => {
          life.wakeMs = Infinity;
          context.tell({ type: "tick" });
        });
      },
      ended: () => {
        life.over = true;
        this.clock.timer(0, () => {
          this.#restart(life);
        });
      },
    };
    (life as { context: Context }).context = context;
    return life;
  }

  /** The next activation begins only when everything that the last one started has settled. */
  #restart(life: Life): void {
    if (!life.over || life.outstanding > 0 || this.#life !== life) return;
    this.#life = undefined;
    this.pump();
  }

  #route(mail: Mail): void {
    if (mail.kind === "account") {
      this.accountHeard.push(mail.message.type);
      return;
    }
    if (mail.kind !== "conversation") return;
    const { message } = mail;
    this.seen.push(message);
    if (this.rand.fraction() < this.loss) return;
    this.clock.timer(this.loss === 0 ? 1 : this.rand.fraction() * 30, () => {
      const conversation = this.conversations.get(mail.id);
      if (conversation !== undefined) void conversation.hear(message);
      else if (message.type === "receipts-wanted") this.tellDevice({ type: "not-a-member", conversation: mail.id });
    });
  }

  calmDown(): void {
    this.doubtful.faults = calmStore;
    this.loss = 0;
  }

  async run(ms: number, done?: () => boolean): Promise<void> {
    await this.clock.runUntil(this.clock.mono() + ms, done);
  }

  async marks(): Promise<ReadonlyMap<ConversationId, bigint>> {
    return (await this.calm.deviceStates.load(this.device))?.marks ?? new Map<ConversationId, bigint>();
  }

  /** Whatever was accepted is with the client, or a durable mark stands for it. */
  async checkAccepted(when: string): Promise<void> {
    const marks = await this.marks();
    for (const conversation of this.conversations.values()) {
      const from = marks.get(conversation.id);
      const last = this.client.last(conversation.id);
      for (const seq of conversation.accepted) {
        if (seq <= last || (from !== undefined && from <= seq) || conversation.how.get(seq) === "gone") continue;
        this.problems.push(`${when}: ${conversation.name}:${seq} was accepted, is not with the client (${last}) and has no mark (${from})`);
      }
    }
  }
}
