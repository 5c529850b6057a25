import { createHash } from "node:crypto";
import { sameBytes } from "../../lib/bytes.js";
import type { AccountId, ConversationId, DeviceId } from "../../lib/ids.js";
import type { BodySlot, Envelope, Header } from "../../protos/entry.js";
import type { Answer, ToDevice, Watermarks } from "../../protos/messages.js";
import { entitledIntervals, isEntitled, type EntitledInterval } from "../../protos/signed/entitlement.js";
import { devicesIn } from "../../protos/signed/roster.js";
import type { World } from "./conversation-world.js";
import { messageIdOf } from "./message-id.js";

interface Sending {
  readonly text: string;
  envelope: Envelope;
  seq: bigint | undefined;
  /** The highest sequence that anybody had an ack for when this was first sent. */
  readonly after: bigint;
  waiting: boolean;
}

/** What one device has of one conversation. */
export interface Chat {
  last: bigint;
  /** Sequence → body as text; own entries are not kept. */
  readonly have: Map<bigint, string>;
  /** Durable: from here on it is owed what the log holds. */
  mark: bigint | undefined;
  readonly sends: Sending[];
  readonly queue: string[];
  rosterKnown: boolean;
  receipts: Map<string, Watermarks>;
}

/** A device and its actor in one: it accepts, marks, drains, sends and repeats as the real ones do, in a hundred lines. */
export class WorldDevice {
  readonly id: DeviceId;
  readonly account: AccountId;
  readonly name: string;
  readonly chats = new Map<ConversationId, Chat>();
  readonly codes: string[] = [];
  /** Nothing is pushed: every delivery becomes a mark. */
  offline = false;
  /** Accepts nothing. */
  deaf = false;
  /** Sends what was not answered again by itself, and now and then marks what it could take at once. Off: does what it is told. */
  repeats = true;
  windowMax = 4;
  readonly #world: World;

  constructor(world: World, id: DeviceId, account: AccountId, name: string) {
    this.#world = world;
    this.id = id;
    this.account = account;
    this.name = name;
  }

  chat(id: ConversationId): Chat {
    let chat = this.chats.get(id);
    if (chat === undefined) {
      chat = { last: 0n, have: new Map(), mark: undefined, sends: [], queue: [], rosterKnown: false, receipts: new Map() };
      this.chats.set(id, chat);
    }
    return chat;
  }

  hear(message: ToDevice): void {
    if (message.type === "receipts") {
      const chat = this.chat(message.conversation);
      for (const notice of message.notices) this.#hearReceipt(chat, `${notice.account} ${notice.device ?? ""}`, notice.watermarks);
    }
    if (message.type !== "deliver" || this.deaf) return;
    const { conversation, activation, delivery } = message;
    const { seq } = delivery.header;
    const chat = this.chat(conversation);
    const accept = (how: "acked" | "marked" | "covered"): void => {
      const range = { from: seq, to: seq };
      this.#world.route({ kind: "conversation", id: conversation, message: { type: "accepted", activation, device: this.id, range, how } });
    };
    if (delivery.from > delivery.prev + 1n) this.#world.broken.push(`${this.name}: mark of ${seq} would start behind its prev`);
    if (chat.mark !== undefined) {
      if (delivery.from < chat.mark) chat.mark = delivery.from;
      accept("covered");
      if (!this.offline) this.#world.clock.timer(500, () => void this.drain(conversation));
    } else if (seq <= chat.last) {
      accept("acked");
    } else if (
      !this.offline &&
      delivery.prev <= chat.last &&
      delivery.body !== undefined &&
      (!this.repeats || this.#world.rand.fraction() < 0.9)
    ) {
      chat.have.set(seq, text(delivery.body.bytes));
      chat.last = seq;
      accept("acked");
      this.#tellReceipt(conversation, chat);
    } else {
      chat.mark = delivery.from;
      accept("marked");
      if (!this.offline) this.#world.clock.timer(500, () => void this.drain(conversation));
    }
  }

  #hearReceipt(chat: Chat, of: string, watermarks: Watermarks): void {
    const old = chat.receipts.get(of);
    if (old !== undefined && (watermarks.delivered < old.delivered || watermarks.read < old.read)) return; // mail may overtake mail
    if (watermarks.read > watermarks.delivered) this.#world.broken.push(`${this.name}: read beyond delivered`);
    chat.receipts.set(of, watermarks);
  }

  #tellReceipt(conversation: ConversationId, chat: Chat): void {
    const watermarks = { delivered: chat.last, read: 0n, except: [] };
    void this.#world.truth.receiptRows.write(conversation, this.id, watermarks).then(() => {
      this.#world.route({
        kind: "conversation",
        id: conversation,
        message: { type: "receipt", account: this.account, device: this.id, watermarks },
      });
    });
  }

  /** Reads what the log owes it since its mark. What lies before the mark and was not accepted will be delivered again: until then it waits. */
  async drain(conversation: ConversationId): Promise<void> {
    const chat = this.chat(conversation);
    if (this.offline || chat.mark === undefined) return;
    const from = chat.mark;
    const headers = await this.#world.log(conversation);
    const entries = await this.#world.slice(conversation, this.id, from);
    if (chat.mark !== from) return;
    const intervals = entitledIntervals(headers, this.account, this.id);
    let prev = 0n;
    for (const header of headers) if (header.seq < from && this.#holds(header, intervals)) prev = header.seq;
    for (const { header, body } of entries) {
      if (header.seq > chat.last) {
        if (prev > chat.last) return;
        if (body !== undefined) chat.have.set(header.seq, text(body.bytes));
        chat.last = header.seq;
      }
      if (this.#holds(header, intervals)) prev = header.seq;
    }
    chat.mark = entries.length > 0 ? entries.at(-1)!.header.seq + 1n : undefined;
    this.#tellReceipt(conversation, chat);
    if (chat.mark !== undefined) await this.drain(conversation);
  }

  #holds(header: Header, intervals: readonly EntitledInterval[]): boolean {
    return isEntitled(intervals, header.seq) && (header.control !== undefined || header.device !== this.id);
  }

  /** Queues a text; it is sent, and sent again, until it has a sequence. */
  send(conversation: ConversationId, message: string): void {
    const chat = this.chat(conversation);
    chat.queue.push(message);
    void this.#fill(conversation);
  }

  /** Sends a text as a client would that knows the roster of an earlier sequence only. */
  async sendBy(conversation: ConversationId, message: string, rosterSeq: bigint): Promise<void> {
    const roster = await this.#world.roster(conversation, rosterSeq);
    const chat = this.chat(conversation);
    const envelope = this.#encrypt(conversation, BigInt(chat.sends.length + 1), message, roster!);
    const sending: Sending = { text: message, envelope, seq: undefined, after: 0n, waiting: false };
    chat.sends.push(sending);
    this.transmit(conversation, sending);
  }

  /** Sends are all answered. */
  get done(): boolean {
    return [...this.chats.values()].every((chat) => chat.queue.length === 0 && chat.sends.every(({ seq }) => seq !== undefined));
  }

  async #fill(conversation: ConversationId): Promise<void> {
    const chat = this.chat(conversation);
    while (chat.queue.length > 0 && chat.sends.filter(({ seq }) => seq === undefined).length < this.windowMax) {
      const message = chat.queue.shift()!;
      const roster = await this.#world.roster(conversation);
      if (roster === undefined || !devicesIn(roster).has(this.id)) {
        chat.queue.unshift(message);
        this.#world.clock.timer(1_000, () => void this.#fill(conversation));
        return;
      }
      const after = this.#highestAcked(conversation);
      const sending: Sending = { text: message, envelope: undefined!, seq: undefined, after, waiting: false };
      chat.sends.push(sending);
      sending.envelope = this.#encrypt(conversation, BigInt(chat.sends.length), message, roster);
      this.transmit(conversation, sending);
    }
  }

  #highestAcked(conversation: ConversationId): bigint {
    let highest = 0n;
    for (const device of this.#world.devices.values()) {
      for (const { seq } of device.chats.get(conversation)?.sends ?? []) if (seq !== undefined && seq > highest) highest = seq;
    }
    return highest;
  }

  #encrypt(
    conversation: ConversationId,
    counter: bigint,
    message: string,
    roster: { seq: bigint; hash: Uint8Array } & Parameters<typeof devicesIn>[0],
  ): Envelope {
    const bodies: BodySlot[] = [];
    for (const device of devicesIn(roster).keys()) {
      if (device !== this.id) bodies.push({ slot: device, type: "whisper", bytes: new TextEncoder().encode(`${message} for ${device}`) });
    }
    const hash = new Uint8Array(createHash("sha256").update(`${message} ${counter} ${roster.seq}`).digest());
    return {
      conversation,
      counter,
      id: messageIdOf(message) as Envelope["id"],
      kind: "message",
      scope: "all",
      rosterSeq: roster.seq,
      rosterHash: roster.hash,
      timerMs: 0,
      urgent: false,
      bodies,
      hash,
      bytes: 300,
    };
  }

  transmit(conversation: ConversationId, sending: Sending): void {
    const { envelope } = sending;
    sending.waiting = true;
    this.#world.ask(
      conversation,
      (requestId) => ({ type: "send", from: { gateway: "g", socket: 1, requestId, account: this.account, device: this.id }, envelope }),
      (answer) => void this.#answered(conversation, sending, envelope, answer),
    );
    this.#world.clock.timer(700 + this.#world.rand.fraction() * 600, () => {
      if (this.repeats && sending.seq === undefined && sending.envelope === envelope) this.transmit(conversation, sending);
    });
  }

  async #answered(conversation: ConversationId, sending: Sending, envelope: Envelope, answer: Answer): Promise<void> {
    if (answer.type === "frame" && answer.frame.serverAck) {
      this.#acked(conversation, sending, answer.frame.serverAck);
      return;
    }
    if (sending.seq !== undefined || sending.envelope !== envelope) return;
    if (answer.type === "frame" && answer.frame.rosterMismatch) {
      this.codes.push("roster-mismatch");
      await this.#repair(conversation, envelope);
    } else if (answer.type === "frame" && answer.frame.outOfOrder) this.codes.push("out-of-order");
    else if (answer.type === "problem") {
      this.codes.push(answer.code);
      if (["id-reused", "stored-earlier", "not-a-member", "roster-forked", "wrong-recipients", "bad-request"].includes(answer.code)) {
        this.#world.broken.push(`${this.name}: ${answer.code} for ${sending.text}`);
      }
    }
  }

  #acked(conversation: ConversationId, sending: Sending, ack: { seq?: bigint; hash?: Uint8Array }): void {
    const seq = ack.seq ?? 0n;
    if (sending.seq !== undefined && sending.seq !== seq)
      this.#world.broken.push(`${sending.text} has two sequences: ${sending.seq}, ${seq}`);
    if (!sameBytes(ack.hash!, sending.envelope.hash)) this.#world.broken.push(`${sending.text}: another one's answer`);
    if (seq <= sending.after) this.#world.broken.push(`${sending.text} at ${seq} was sent after an ack of ${sending.after}`);
    sending.seq = seq;
    void this.#fill(conversation);
  }

  /** From the refused counter on all is encrypted again for the roster of now. */
  async #repair(conversation: ConversationId, refused: Envelope): Promise<void> {
    if (!this.repeats) return;
    const roster = await this.#world.roster(conversation);
    if (roster === undefined) return;
    for (const sending of this.chat(conversation).sends) {
      const { envelope, seq } = sending;
      if (seq !== undefined || envelope === undefined || envelope.counter < refused.counter || envelope.rosterSeq === roster.seq) continue;
      sending.envelope = this.#encrypt(conversation, envelope.counter, sending.text, roster);
      this.transmit(conversation, sending);
    }
  }
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
