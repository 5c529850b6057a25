import { placeOf } from "../../client/messages/cursor.js";
import { idOf, type ConversationId } from "../../lib/ids.js";
import type { ServerFrame, SessionRef } from "../../protos/messages.js";
import type { DeviceWorld } from "./device-world.js";

const chatOfFrame = (bytes: Uint8Array | null | undefined): ConversationId => idOf<ConversationId>(bytes!);

/** A client that obeys the protocol: stores iff prev ≤ last < seq, always acks its watermark, fetches what it lacks. */
export class ToyClient {
  readonly stored = new Map<ConversationId, bigint[]>();
  readonly closes: number[] = [];
  /** Short words for what came, in order. */
  readonly frames: string[] = [];
  ref: SessionRef | undefined;
  conn = 0n;
  live = false;
  /** Reads nothing, so it acks nothing. */
  silent = false;
  reconnects = true;
  linkMs = 5;
  ackMs = 5;
  readsToo = false;
  #sockets = 0;
  readonly #world: DeviceWorld;
  readonly #last = new Map<ConversationId, bigint>();
  #arrivesMs = 0;

  constructor(world: DeviceWorld) {
    this.#world = world;
  }

  last(conversation: ConversationId): bigint {
    return this.#last.get(conversation) ?? 0n;
  }

  /** The store is set back to an older state. */
  setBack(conversation: ConversationId, last: bigint): void {
    this.#last.set(conversation, last);
    const stored = this.stored.get(conversation) ?? [];
    this.stored.set(
      conversation,
      stored.filter((seq) => seq <= last),
    );
  }

  connect(named: readonly { conversation: ConversationId; last: bigint; full: boolean }[] = [], syncAfterMs = 2): void {
    const ref = { gateway: "g1", socket: ++this.#sockets };
    this.ref = ref;
    this.live = false;
    this.conn++;
    const { account } = this.#world;
    this.#world.deliver({ type: "attach", session: ref, account, conn: this.conn });
    this.#world.clock.timer(syncAfterMs, () => {
      if (this.ref !== ref) return;
      this.#world.deliver({ type: "sync-state", from: this.#world.asker(ref, 7), chats: named, readPending: [], more: false });
    });
  }

  /** The gateway attaches the same socket again, after the owner was lost. */
  reattach(synced: boolean): void {
    if (this.ref === undefined) return;
    const { account } = this.#world;
    this.#world.deliver({ type: "attach", session: this.ref, account, conn: this.conn, ...(synced ? { synced } : {}) });
  }

  /** An attach of an older connection that was long on its way. */
  ghost(): void {
    if (this.conn < 2n) return;
    const { account } = this.#world;
    const session = { gateway: "g1", socket: ++this.#sockets };
    this.#world.deliver({ type: "attach", session, account, conn: this.conn - 1n });
    this.#world.clock.timer(5, () => {
      this.#world.deliver({ type: "detach", session });
    });
  }

  /** @param told whether the server hears of it */
  disconnect(told = true): void {
    const ref = this.ref;
    this.ref = undefined;
    if (ref !== undefined && told) this.#world.deliver({ type: "detach", session: ref });
  }

  closed(session: SessionRef, code: number): void {
    this.closes.push(code);
    if (this.ref?.socket !== session.socket) return;
    if (code === 4209) this.#world.problems.push(`the newest connection ${this.conn} was told that it is replaced`);
    this.ref = undefined;
    if (!this.reconnects || code >= 4200) return;
    this.#world.clock.timer(100, () => {
      if (this.ref === undefined) this.connect();
    });
  }

  receive(session: SessionRef, frame: ServerFrame): void {
    this.#arrivesMs = Math.max(this.#arrivesMs, this.#world.clock.mono() + this.#world.rand.fraction() * this.linkMs);
    this.#world.clock.timer(this.#arrivesMs - this.#world.clock.mono(), () => {
      if (this.ref?.socket === session.socket && !this.silent) this.#take(frame);
    });
  }

  #take(frame: ServerFrame): void {
    const { deliver, skip, missed } = frame;
    if (deliver) {
      const hasBody = deliver.body !== undefined && deliver.body !== null;
      this.frames.push(`${hasBody ? "deliver" : "header"} ${deliver.seq}`);
      this.#store(chatOfFrame(deliver.chatId), deliver.prev!, deliver.seq!, deliver.seq!, hasBody);
    } else if (skip) {
      this.frames.push(`skip ${skip.from}-${skip.to}`);
      this.#store(chatOfFrame(skip.chatId), skip.prev!, skip.from!, skip.to!, false);
    } else if (missed) {
      this.frames.push(`missed ${missed.from}-${missed.to}`);
      this.#store(chatOfFrame(missed.chatId), missed.prev!, missed.from!, missed.to!, false);
    } else if (frame.live) {
      this.live = true;
      this.frames.push("live");
    } else if (frame.caughtUp) this.frames.push("caughtUp");
    else if (frame.problem) this.frames.push(`problem ${frame.problem.code}`);
    else if (frame.readStored) this.frames.push(`readStored ${frame.readStored.through}`);
    else if (frame.fetched) this.frames.push(`fetched ${frame.fetched.from}-${frame.fetched.to}`);
    else if (frame.receipt) this.frames.push("receipt");
  }

  #store(conversation: ConversationId, prev: bigint, from: bigint, to: bigint, body: boolean): void {
    const last = this.last(conversation);
    const place = placeOf(last, prev, to);
    if (place === "next") {
      this.#look(conversation, last, from, to, body);
      this.#last.set(conversation, to);
    } else if (place === "early") this.fetch(conversation, last + 1n, prev);
    this.#ack(conversation);
  }

  /** Exactly once, in order, nothing left out: judged by what the log holds for this device. */
  #look(conversation: ConversationId, last: bigint, from: bigint, to: bigint, body: boolean): void {
    const chat = this.#world.conversations.get(conversation)!;
    const lost = chat.held.filter((seq) => seq > last && seq < (body ? to : to + 1n));
    if (lost.length > 0) this.#world.problems.push(`${chat.name}: ${lost.join(",")} passed over by ${from}-${to} at ${last}`);
    if (!body) return;
    if (!chat.held.includes(to)) this.#world.problems.push(`${chat.name}: a body at ${to}, which holds nothing for this device`);
    const stored = this.stored.get(conversation) ?? [];
    if ((stored.at(-1) ?? 0n) >= to) this.#world.problems.push(`${chat.name}: ${to} stored after ${stored.at(-1)}`);
    stored.push(to);
    this.stored.set(conversation, stored);
  }

  #ack(conversation: ConversationId): void {
    const ref = this.ref;
    this.#world.clock.timer(this.#world.rand.fraction() * this.ackMs, () => {
      if (ref === undefined || this.ref?.socket !== ref.socket) return;
      this.ack(conversation, this.last(conversation), this.readsToo && this.#world.rand.fraction() < 0.3 ? "read" : "delivered");
    });
  }

  ack(conversation: ConversationId, through: bigint, status: "delivered" | "read" = "delivered"): void {
    if (this.ref === undefined) return;
    const from = this.#world.asker(this.ref, status === "read" ? 9 : 0);
    this.#world.deliver({ type: "ack", from, conversation, through, status, except: [] });
  }

  fetch(conversation: ConversationId, from: bigint, to: bigint): void {
    if (this.ref === undefined || to < from) return;
    const range = { from, to: to - from > 255n ? from + 255n : to };
    this.#world.deliver({ type: "fetch", from: this.#world.asker(this.ref, 8), conversation, range });
  }
}
