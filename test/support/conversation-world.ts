import { createHash } from "node:crypto";
import type { Message } from "../../actors/conversation/messages.js";
import type { Intents } from "../../actors/conversation/ports.js";
import type { AccountId, ConversationId, DeviceId } from "../../lib/ids.js";
import { seededRand, type Rand } from "../../lib/random.js";
import type { Header, ReadEntry } from "../../protos/entry.js";
import type { Answer, CheckedGenesis, Mail } from "../../protos/messages.js";
import { directIdOf, groupIdOf } from "../../protos/signed/ids.js";
import { domains, hash } from "../../protos/signed/hash.js";
import { foldControl, type Roster } from "../../protos/signed/roster.js";
import { MemoryDisk, memoryPartitions } from "../../storage/memory/kernel.js";
import { openStores, type Stores } from "../../storage/open.js";
import { calmStore, DoubtfulPartitions, type StoreFaults } from "./doubtful-partitions.js";
import { accountOf, deviceOf } from "./entries.js";
import { WorldDevice } from "./world-device.js";
import { SmallHost } from "./small-host.js";
import { VirtualClock } from "./virtual-clock.js";

/** How often the world misbehaves. */
export interface WorldFaults {
  readonly loss: number;
  readonly duplicate: number;
  readonly networkMs: number;
  /** Mail of clients that goes to an owner that is no more. */
  readonly stale: number;
  readonly store: StoreFaults;
}

export const calm: WorldFaults = { loss: 0, duplicate: 0, networkMs: 0, stale: 0, store: calmStore };

export interface WorldAccount {
  readonly name: string;
  readonly id: AccountId;
  version: number;
  /** By rank. */
  devices: DeviceId[];
  /** Conversations that this account is told to be in. */
  readonly joined: Set<ConversationId>;
}

/** Conversations with several owners one after the other, over one store that cannot be trusted to answer, and devices that lose mail. */
export class World {
  readonly clock = new VirtualClock();
  readonly rand: Rand;
  readonly disk = new MemoryDisk();
  readonly partitions: DoubtfulPartitions;
  readonly stores: Stores;
  /** The same disk, read without faults. */
  readonly truth: Stores;
  readonly hosts: SmallHost[] = [];
  readonly accounts = new Map<AccountId, WorldAccount>();
  readonly devices = new Map<DeviceId, WorldDevice>();
  readonly conversations: ConversationId[] = [];
  /** Violations as they happen. */
  readonly broken: string[] = [];
  readonly answers = new Map<number, (answer: Answer) => void>();
  faults: WorldFaults = calm;
  /** Answers to sends that are lost, however calm the network. */
  loseAnswers = 0;
  /** Mail to conversations goes to this past owner. */
  misled: SmallHost | undefined;
  /** Intents are asked for, and nothing comes back. */
  intentsHeld = false;
  /** Set: an owner that asks its gate hears nothing until it is cleared. */
  gateClosed = false;
  #requests = 0;
  /** Epoch → conversations with a durable intent. */
  readonly intents = new Map<bigint, Set<ConversationId>>();

  constructor(seed = 1) {
    this.rand = seededRand(seed);
    this.partitions = new DoubtfulPartitions(memoryPartitions(this.disk), this.clock, this.rand);
    this.stores = openStores(this.partitions, this.clock);
    this.truth = openStores(memoryPartitions(this.disk), this.clock);
    this.takeOver();
  }

  get owner(): SmallHost {
    return this.hosts.at(-1)!;
  }

  setFaults(faults: WorldFaults): void {
    this.faults = faults;
    this.partitions.faults = faults.store;
  }

  /** The next owner: the one before is fenced first, then its intents are recovered. */
  takeOver(): SmallHost {
    const last = this.hosts.at(-1);
    if (last !== undefined) last.alive = false;
    const epoch = BigInt(this.hosts.length + 1);
    const host = new SmallHost(epoch, (self) => ({
      clock: this.clock,
      ports: {
        log: this.stores.log,
        states: this.stores.conversationStates,
        receipts: this.stores.receipts,
        intents: this.#intentsOf(self),
      },
      router: {
        tell: (mail) => {
          this.route(mail);
        },
      },
      sessions: {
        answer: (to, answer) => {
          this.#answer(to.requestId, answer);
        },
        push: () => undefined,
        close: () => undefined,
      },
      gate: {
        afterAlive: (then) => {
          this.#gate(self, then);
        },
      },
    }));
    this.hosts.push(host);
    const open = new Set<ConversationId>();
    for (const [of, conversations] of this.intents) if (of < epoch) for (const id of conversations) open.add(id);
    for (const id of open) host.tell(id, { type: "recover" });
    return host;
  }

  /** The owner's process is gone at once; what it asked of the store may still happen. */
  crash(): void {
    this.owner.killed = true;
    this.takeOver();
  }

  #gate(host: SmallHost, then: () => void): void {
    this.clock.timer(this.rand.fraction() * this.faults.networkMs, () => {
      if (this.gateClosed || !host.alive) return; // it reads itself dead, or nothing at all
      this.clock.timer(this.rand.fraction() * this.faults.networkMs, () => {
        host.run(then);
      });
    });
  }

  #intentsOf(host: SmallHost): Intents {
    const mine = (): Set<ConversationId> => {
      let set = this.intents.get(host.epoch);
      if (set === undefined) this.intents.set(host.epoch, (set = new Set()));
      return set;
    };
    return {
      issue: async (conversation) => {
        do await this.clock.sleep(1 + this.rand.fraction() * 4 * this.faults.store.delayMs);
        while (this.rand.fraction() < this.faults.store.dropped);
        while (this.intentsHeld) await this.clock.sleep(10);
        mine().add(conversation);
      },
      // The low-water passes at once: nothing but an intent issued anew brings the next owner here.
      clean: (conversation) => {
        if (host.alive) for (const [epoch, set] of this.intents) if (epoch <= host.epoch) set.delete(conversation);
      },
      dirty: () => undefined,
    };
  }

  /** Mail between actors: it may be lost, doubled and late. */
  route(mail: Mail): void {
    if (this.rand.fraction() < this.faults.loss) return;
    const times = this.rand.fraction() < this.faults.duplicate ? 2 : 1;
    for (let n = 0; n < times; n++) {
      this.clock.timer(this.rand.fraction() * this.faults.networkMs, () => {
        this.#arrive(mail);
      });
    }
  }

  #arrive(mail: Mail): void {
    if (mail.kind === "conversation") this.#hostFor().tell(mail.id, mail.message);
    else if (mail.kind === "device") this.devices.get(mail.id)?.hear(mail.message);
    else {
      const account = this.accounts.get(mail.id)!;
      if (mail.message.type === "joined") {
        const { conversation, version } = mail.message;
        account.joined.add(conversation);
        this.route({ kind: "conversation", id: conversation, message: { type: "joined-heard", account: account.id } });
        if (version < account.version) this.tellList(account, conversation);
      } else if (mail.message.type === "told-heard") {
        this.heardLists.add(`${mail.id} ${mail.message.conversation} ${mail.message.version}`);
      }
    }
  }

  readonly heardLists = new Set<string>();

  #hostFor(): SmallHost {
    if (this.misled !== undefined) return this.misled;
    if (this.hosts.length > 1 && this.rand.fraction() < this.faults.stale) return this.hosts[this.rand.below(this.hosts.length)]!;
    return this.owner;
  }

  /** Asks a conversation something; the answer may never come. */
  ask(id: ConversationId, message: (requestId: number) => Message, heard: (answer: Answer) => void): number {
    const requestId = ++this.#requests;
    this.answers.set(requestId, heard);
    this.route({ kind: "conversation", id, message: message(requestId) as never });
    return requestId;
  }

  #answer(requestId: number, answer: Answer): void {
    if (this.loseAnswers > 0 && answer.type === "frame" && answer.frame.serverAck) {
      this.loseAnswers--;
      return;
    }
    if (this.rand.fraction() < this.faults.loss) return;
    this.clock.timer(this.rand.fraction() * this.faults.networkMs, () => {
      this.answers.get(requestId)?.(answer);
    });
  }

  addAccount(name: string, deviceNames: readonly string[]): WorldAccount {
    const account: WorldAccount = { name, id: accountOf(name), version: 1, devices: [], joined: new Set() };
    this.accounts.set(account.id, account);
    for (const device of deviceNames) this.#addDevice(account, device);
    return account;
  }

  #addDevice(account: WorldAccount, name: string): WorldDevice {
    const id = deviceOf(`${account.name} ${name}`);
    const device = new WorldDevice(this, id, account.id, `${account.name}'s ${name}`);
    this.devices.set(id, device);
    account.devices.push(id);
    return device;
  }

  /** A new version of the account's list, told to its conversations until they have heard. */
  link(account: WorldAccount, name: string): WorldDevice {
    account.devices = [...account.devices];
    const device = this.#addDevice(account, name);
    account.version++;
    for (const conversation of account.joined) this.tellList(account, conversation);
    return device;
  }

  tellList(account: WorldAccount, conversation: ConversationId): void {
    const { id, version, devices } = account;
    const again = (): void => {
      if (this.heardLists.has(`${id} ${conversation} ${version}`) || account.version > version) return;
      this.route({
        kind: "conversation",
        id: conversation,
        message: { type: "told", account: id, version, listHash: listHash(account), devices },
      });
      this.clock.timer(1_500, again);
    };
    again();
  }

  /** The genesis of a conversation, sent by the first member's first device. */
  genesisOf(name: string, members: readonly WorldAccount[]): CheckedGenesis {
    const body = new TextEncoder().encode(`genesis of ${name}`);
    const type = members.length === 2 ? "direct" : "group";
    const conversation = type === "direct" ? directIdOf(members[0]!.id, members[1]!.id) : groupIdOf(body, 0);
    return {
      conversation,
      type,
      signed: body,
      hash: hash(domains.genesis, body),
      members: members.map((member) => ({
        account: member.id,
        role: "member",
        listVersion: member.version,
        listHash: listHash(member),
        devices: [...member.devices],
      })),
    };
  }

  /** The whole log as it stands, from the disk. */
  async log(id: ConversationId): Promise<Header[]> {
    const headers: Header[] = [];
    for (let bucket = 0n; ; bucket++) {
      const found = await this.truth.log.headers({ conversation: id, bucket }, bucket * 512n + 1n, (bucket + 1n) * 512n);
      headers.push(...found);
      if (found.length < 512) return headers;
    }
  }

  /** Who belongs, as the log says. */
  async roster(id: ConversationId, through = 1n << 62n): Promise<Roster | undefined> {
    let roster: Roster | undefined;
    for (const header of await this.log(id)) if (header.seq <= through) roster = foldControl(id, roster, header);
    return roster;
  }

  async slice(id: ConversationId, device: DeviceId, from: bigint): Promise<readonly ReadEntry[]> {
    const key = { conversation: id, bucket: (from - 1n) >> 9n };
    return this.truth.logReader.slice(key, device, from, { entries: 512, bytes: 1 << 30 });
  }
}

export function listHash(account: WorldAccount): Uint8Array {
  return new Uint8Array(createHash("sha256").update(`${account.name} ${account.version}`).digest());
}
