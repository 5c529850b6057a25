import { createAccount, type Account } from "../../actors/account/state.js";
import { step } from "../../actors/account/behaviour.js";
import { perform } from "../../actors/account/shell.js";
import type { AccountMessage } from "../../actors/account/messages.js";
import type { AccountPorts } from "../../actors/account/ports.js";
import type { SignatureOutcome } from "../../actors/ports.js";
import type { Clock } from "../../lib/clock.js";
import type { AccountId, DeviceId } from "../../lib/ids.js";
import { seededRand } from "../../lib/random.js";
import type { Answer, Asker, Mail, ReplyTo, ToAccount } from "../../protos/messages.js";
import { holds } from "../../protos/signed/verdict.js";
import { openMemory, type Stores } from "../../storage/open.js";
import { verify } from "../unit/signed-fixtures.js";

/** A clock that stands still until it is moved. Its timers never fire: nothing here waits for the store. */
export class StillClock implements Clock {
  ms = 1_800_000_000_000;
  now(): number {
    return this.ms;
  }
  mono(): number {
    return this.ms - 1_700_000_000_000;
  }
  timer(): { cancel(): void } {
    return { cancel: () => undefined };
  }
  sleep(): Promise<void> {
    return new Promise(() => undefined);
  }
}

/** What happens to one call of a port. A promise: it is carried out only then. `lost-before`: not applied, `unsure`. `lost-after`: applied, `unsure`. `throws`: no answer. */
export type Fault = Promise<void> | "lost-before" | "lost-after" | "throws" | "crash-before" | "crash-after" | undefined;

interface Life {
  readonly state: Account;
  readonly queue: AccountMessage[];
  wakeMs: number;
  over: boolean;
}

/** Account actors over a store in memory, with real signatures; every port call may be made to fail or to be the last before a crash. */
export class AccountWorld {
  readonly clock = new StillClock();
  readonly stores: Stores = openMemory(this.clock);
  readonly answers: { readonly to: ReplyTo; readonly answer: Answer }[] = [];
  readonly mails: Mail[] = [];
  /** Port calls that write, in order: `port.method`. */
  readonly calls: string[] = [];
  /** Asked before each port call that writes. */
  fault: (call: string, count: number) => Fault = () => undefined;
  signatures: SignatureOutcome | "real" = "real";
  /** Signature checks that were asked for. */
  checks = 0;
  /** Whether devices and conversations answer at all. */
  devicesAnswer = true;
  conversationsAnswer: (conversation: string) => boolean = () => true;
  readonly revoked = new Set<DeviceId>();
  /** Accounts to which nothing comes through. */
  readonly silent = new Set<AccountId>();
  /** The store answers no question. */
  readsFail = false;
  shardEpoch = 1n;
  crashed = false;
  #lives = new Map<AccountId, Life>();
  #requests = 0;
  readonly #rand = seededRand(7);

  get requests(): number {
    return this.#requests;
  }

  to(): ReplyTo {
    return { gateway: "g", socket: 0, requestId: ++this.#requests };
  }

  from(account: AccountId, device: DeviceId): Asker {
    return { ...this.to(), socket: 1, account, device };
  }

  /** Tells an account and waits until nothing moves any more. */
  async tell(id: AccountId, message: ToAccount): Promise<void> {
    this.route({ kind: "account", id, message });
    await this.settle();
  }

  /** Asks and gives what came back, or undefined. */
  async ask(id: AccountId, message: ToAccount): Promise<Answer | undefined> {
    const to = "from" in message ? message.from : (message as { to: ReplyTo }).to;
    await this.tell(id, message);
    return this.answers.find((entry) => entry.to.requestId === to.requestId)?.answer;
  }

  stateOf(id: AccountId): Account | undefined {
    return this.#lives.get(id)?.state;
  }

  /** Ends the process: memory is gone, the store stays, the next owner has the next epoch. */
  restart(): void {
    for (const life of this.#lives.values()) life.over = true;
    this.#lives = new Map();
    this.crashed = false;
    this.shardEpoch += 1n;
  }

  /** Something that the runtime says. */
  async runtime(id: AccountId, message: { readonly type: "passivate" } | { readonly type: "drain" }): Promise<void> {
    this.#lifeOf(id).queue.push(message);
    await this.settle();
  }

  /** What the runtime does at start: accounts of the work list go on. */
  async recover(): Promise<void> {
    for (const account of await this.stores.workList.list(0))
      this.route({ kind: "account", id: account, message: { type: "resume-work" } });
    await this.settle();
  }

  async pass(ms: number): Promise<void> {
    const until = this.clock.ms + ms;
    for (;;) {
      const due = [...this.#lives.values()].filter((life) => !life.over).map(({ wakeMs }) => wakeMs);
      const next = Math.min(...due, Infinity) + 1_700_000_000_000;
      if (next > until) break;
      this.clock.ms = Math.max(this.clock.ms, next);
      for (const life of this.#lives.values()) {
        if (life.wakeMs > this.clock.mono()) continue;
        life.wakeMs = Infinity;
        life.queue.push({ type: "tick" });
      }
      await this.settle();
    }
    this.clock.ms = until;
    await this.settle();
  }

  route(mail: Mail): void {
    if (mail.kind === "account" && this.silent.has(mail.id)) return;
    if (mail.kind === "account") {
      this.#lifeOf(mail.id).queue.push(mail.message);
      return;
    }
    this.mails.push(mail);
    if (mail.kind === "device" && mail.message.type === "revoke" && this.devicesAnswer) {
      this.revoked.add(mail.id);
      this.#back(mail.message.account, { type: "revoked-durable", device: mail.id });
    }
    if (mail.kind === "conversation" && mail.message.type === "told" && this.conversationsAnswer(mail.id)) {
      this.#back(mail.message.account, { type: "told-heard", conversation: mail.id, version: mail.message.version });
    }
  }

  #back(id: AccountId, message: ToAccount): void {
    if (!this.crashed) this.#lifeOf(id).queue.push(message);
  }

  /** Runs until every queue is empty and no port call is under way. */
  async settle(): Promise<void> {
    for (let idle = 0; idle < 30 && !this.crashed;) {
      let moved = false;
      for (const [id, life] of this.#lives) {
        for (let message = life.queue.shift(); message !== undefined && !life.over && !this.crashed; message = life.queue.shift()) {
          moved = true;
          this.#step(id, life, message);
        }
      }
      idle = moved ? 0 : idle + 1;
      await Promise.resolve();
      if (idle > 20) await new Promise((resolve) => setImmediate(resolve));
    }
  }

  #step(id: AccountId, life: Life, message: AccountMessage): void {
    const now = { wallMs: this.clock.now(), monoMs: this.clock.mono() };
    for (const effect of step(life.state, message, now)) {
      if (this.crashed) return;
      perform(effect, {
        id,
        ownership: { shard: 0, epoch: this.shardEpoch },
        router: {
          tell: (mail) => {
            this.route(mail);
          },
        },
        sessions: {
          answer: (to, answer) => {
            this.answers.push({ to, answer });
          },
          push: () => undefined,
          close: () => undefined,
        },
        gate: {
          afterAlive: (then) => {
            then();
          },
        },
        ports: this.#ports(),
        tell: (answer) => {
          if (!life.over) life.queue.push(answer);
        },
        track: (work) => work,
        wakeAt: (monoMs) => {
          life.wakeMs = Math.min(life.wakeMs, monoMs);
        },
        ended: () => {
          life.over = true;
          if (this.#lives.get(id) === life) this.#lives.delete(id);
          // What came to the mailbox meanwhile starts the next life, as the host has it.
          const left = life.queue.filter((queued) => !isAnswer(queued));
          for (const queued of left) this.#lifeOf(id).queue.push(queued);
          life.queue.length = 0;
        },
      });
    }
  }

  #lifeOf(id: AccountId): Life {
    const known = this.#lives.get(id);
    if (known !== undefined) return known;
    const life: Life = { state: createAccount(id, { shard: 0, epoch: this.shardEpoch }), queue: [], wakeMs: Infinity, over: false };
    life.queue.push({ type: "start", shardEpoch: this.shardEpoch });
    this.#lives.set(id, life);
    return life;
  }

  #ports(): AccountPorts {
    const { stores } = this;
    return {
      accounts: this.#faulty("accounts", stores.accounts, ["fence", "change"]),
      handles: this.#faulty("handles", stores.handles, ["claim", "release"]),
      invites: this.#faulty("invites", stores.invites, ["use"]),
      links: this.#faulty("links", stores.links, ["approve"]),
      prekeys: this.#faulty("prekeys", stores.prekeys, ["put", "claim", "drop"]),
      work: this.#faulty("work", stores.workList, ["add", "remove"]),
      signatures: {
        check: async (checks) => {
          this.checks += checks.length;
          if (this.signatures !== "real") return this.signatures;
          return holds(checks, verify) ? "hold" : "wrong";
        },
      },
      rand: this.#rand,
    };
  }

  #faulty<Port extends object>(name: string, port: Port, writes: readonly (keyof Port & string)[]): Port {
    return new Proxy(port, {
      get: (target, key) => {
        const method = Reflect.get(target, key) as unknown;
        if (typeof method !== "function") return method;
        const call = method.bind(target) as (...args: unknown[]) => Promise<unknown>;
        return (...args: unknown[]) => {
          if (this.crashed) return new Promise(() => undefined);
          if (!writes.includes(key as keyof Port & string)) {
            return this.readsFail ? Promise.reject(new Error("no answer")) : call(...args);
          }
          const label = `${name}.${String(key)}`;
          this.calls.push(label);
          return this.#inject(this.fault(label, this.calls.length), () => call(...args));
        };
      },
    });
  }

  #inject(fault: Fault, call: () => Promise<unknown>): Promise<unknown> {
    if (fault instanceof Promise) return fault.then(call);
    switch (fault) {
      case undefined:
        return call();
      case "lost-before":
        return Promise.resolve("unsure");
      case "lost-after":
        return call().then(() => "unsure");
      case "throws":
        return Promise.reject(new Error("no answer"));
      case "crash-before":
        this.crashed = true;
        return new Promise(() => undefined);
      case "crash-after":
        // Memory applies at once, so the write is there when the process ends.
        void call();
        this.crashed = true;
        return new Promise(() => undefined);
    }
  }
}

function isAnswer(message: AccountMessage): boolean {
  return ["start", "loaded", "fenced", "changed", "answered", "unanswered", "tick"].includes(message.type);
}
