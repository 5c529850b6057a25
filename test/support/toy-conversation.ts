import type { ConversationId, DeviceId } from "../../lib/ids.js";
import { limits } from "../../lib/limits.js";
import type { Control, Entry, Header } from "../../protos/entry.js";
import type { Delivery, ToConversation, Watermarks } from "../../protos/messages.js";
import type { DeviceWorld } from "./device-world.js";
import { accountOf, bytesOf, conversationOf, deviceOf, messageOf } from "./entries.js";

export type Kind = "message" | "own" | "for-others" | "quiet" | "remove" | "add" | "before" | "big";

/** A conversation as its device's actor sees it: a durable log, deliveries that are repeated until they are accepted, receipts heard. */
export class ToyConversation {
  readonly id: ConversationId;
  readonly name: string;
  readonly accepted = new Set<bigint>();
  readonly how = new Map<bigint, string>();
  /** Sequences with a body for the device. */
  readonly held: bigint[] = [];
  readonly entries = new Map<bigint, Entry>();
  told: Watermarks = { delivered: 0n, read: 0n, except: [] };
  head = 0n;
  activation = 1n;
  belongs = false;
  readonly #world: DeviceWorld;
  readonly #open = new Map<bigint, Delivery>();
  #control = 0n;
  #prev = 0n;
  #asked = 0n;
  #counter = 0n;

  constructor(world: DeviceWorld, name: string) {
    this.#world = world;
    this.name = name;
    this.id = conversationOf(name);
  }

  get openCount(): number {
    return this.#open.size;
  }

  /** @param before entries that were there before the device's account came in */
  async create(before: number): Promise<void> {
    const bucket = { epoch: 1n, lastSeq: 0n, batch: new Uint8Array(0), fanned: 0n, trimmed: 0n, masked: 0n };
    await this.#world.calm.log.open({ conversation: this.id, bucket: 0n }, bucket);
    const ann = { op: "add", account: accountOf("ann"), role: "owner", listVersion: 1, devices: [deviceOf("ann phone")] } as const;
    if (before === 0) {
      await this.#append("message", { changes: [ann, this.#bob("add")], type: "group" });
      return;
    }
    await this.#append("before", { changes: [ann], type: "group" });
    for (let count = 1; count < before; count++) await this.append("before");
    await this.append("add");
  }

  #bob(op: "add" | "remove"): Control["changes"][number] {
    const account = this.#world.account;
    return op === "remove" ? { op, account } : { op, account, role: "member", listVersion: 1, devices: [this.#world.device] };
  }

  append(kind: Kind): Promise<bigint> {
    if (kind === "quiet") {
      const devices = [deviceOf("ann phone"), deviceOf("ann laptop")];
      return this.#append(kind, { changes: [{ op: "devices", account: accountOf("ann"), listVersion: Number(this.head), devices }] });
    }
    if (kind === "remove") return this.#append(kind, { changes: [this.#bob("remove")] });
    if (kind === "add") return this.#append(kind, { changes: [this.#bob("add")] });
    return this.#append(kind);
  }

  async #append(kind: Kind, control?: { changes: Control["changes"]; type?: "group" }): Promise<bigint> {
    const seq = this.head + 1n;
    const header = this.#header(seq, kind, control);
    const bytes = Buffer.alloc(kind === "big" ? 100_000 : 40, Number(seq % 251n));
    const shared = { slot: "shared" as const, type: control === undefined ? ("senderkey" as const) : ("signed" as const), bytes };
    const entry: Entry = { header, bodies: [shared] };
    const key = { conversation: this.id, bucket: (seq - 1n) >> 9n };
    const { log } = this.#world.calm;
    if (seq > 1n && (seq - 1n) % 512n === 0n) {
      await log.open(key, { epoch: 1n, lastSeq: this.head, batch: new Uint8Array(0), fanned: 0n, trimmed: 0n, masked: 0n });
    }
    const outcome = await log.append(key, 1n, this.head, bytesOf(`${this.name} ${seq}`), 0n, [entry]);
    if (outcome.type !== "appended") throw new Error(`${this.name}:${seq} was not appended: ${outcome.type}`);
    this.head = seq;
    this.entries.set(seq, entry);
    const entitled = this.belongs || kind === "add" || (control?.type !== undefined && kind !== "before");
    if (control !== undefined) this.#control = seq;
    if (kind === "remove") this.belongs = false;
    if (entitled && kind !== "remove") this.belongs = true;
    if (entitled && kind !== "own" && kind !== "for-others") this.#hold(entry, kind);
    return seq;
  }

  #header(seq: bigint, kind: Kind, control: { changes: Control["changes"]; type?: "group" } | undefined): Header {
    const device: DeviceId = kind === "own" ? this.#world.device : deviceOf("ann phone");
    const header: Header = {
      seq,
      epoch: 1n,
      account: kind === "own" ? this.#world.account : accountOf("ann"),
      device,
      counter: control === undefined ? ++this.#counter : 0n,
      id: messageOf(`${this.name} ${seq}`),
      kind:
        control === undefined
          ? kind === "for-others"
            ? "distribution"
            : "message"
          : kind === "quiet"
            ? "devices"
            : seq === 1n
              ? "genesis"
              : "membership",
      scope: kind === "for-others" ? "subset" : "all",
      targets: kind === "for-others" ? [deviceOf("ann laptop")] : [],
      rosterSeq: this.#control,
      rosterHash: bytesOf("roster"),
      timeMs: this.#world.clock.now(),
      hash: bytesOf(`hash ${this.name} ${seq}`),
      previousControl: this.#control,
      bodyExpiresMs: 0,
    };
    return control === undefined ? header : { ...header, control: { ...control, rosterHash: bytesOf("roster"), membershipVersion: 0 } };
  }

  #hold({ header, bodies }: Entry, kind: Kind): void {
    const { seq } = header;
    const prev = this.#prev;
    this.#prev = seq;
    this.held.push(seq);
    if (kind === "quiet") return;
    const delivery: Delivery = { header, prev, from: this.#asked + 1n, body: bodies[0]! };
    this.#asked = seq;
    this.#open.set(seq, delivery);
    this.#tell(delivery, limits.redeliverMinMs);
  }

  #tell(delivery: Delivery, pauseMs: number): void {
    const { conversation, activation } = { conversation: this.id, activation: this.activation };
    this.#world.tellDevice({ type: "deliver", conversation, activation, delivery });
    this.#world.clock.timer(pauseMs, () => {
      if (this.#open.has(delivery.header.seq)) this.#tell(delivery, Math.min(limits.redeliverMaxMs, pauseMs * 2));
    });
  }

  /** A new activation: everything unaccepted goes out again, and answers to the old one do not count. */
  restart(): void {
    this.activation++;
    for (const delivery of this.#open.values()) this.#tell(delivery, limits.redeliverMinMs);
  }

  async hear(message: ToConversation): Promise<void> {
    switch (message.type) {
      case "accepted":
        if (message.activation !== this.activation) return;
        for (const seq of this.#open.keys()) {
          if (seq < message.range.from || seq > message.range.to) continue;
          this.#open.delete(seq);
          this.accepted.add(seq);
          this.how.set(seq, message.how);
        }
        await this.#world.checkAccepted(`accepted ${message.how} ${message.range.from}..${message.range.to}`);
        return;
      case "receipt": {
        const { watermarks } = message;
        const row = await this.#world.calm.receiptRows.read(this.id, this.#world.device);
        const rowHas = row !== undefined && row.delivered >= watermarks.delivered && row.read >= watermarks.read;
        if (!rowHas) this.#world.problems.push(`${this.name}: told of ${watermarks.delivered} before the row has it`);
        if (watermarks.delivered > this.#world.client.last(this.id)) {
          this.#world.problems.push(
            `${this.name}: told that ${watermarks.delivered} is delivered, the client is at ${this.#world.client.last(this.id)}`,
          );
        }
        if (watermarks.delivered >= this.told.delivered && watermarks.read >= this.told.read) this.told = watermarks;
        this.#world.tellDevice({ type: "receipt-heard", conversation: this.id, delivered: watermarks.delivered, read: watermarks.read });
        return;
      }
      case "receipts-wanted":
        this.#world.tellDevice(
          this.belongs ? { type: "receipts", conversation: this.id, notices: [] } : { type: "not-a-member", conversation: this.id },
        );
        return;
      default:
        return;
    }
  }
}
