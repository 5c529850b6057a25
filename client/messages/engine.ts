import { idBytes, idOf, type AccountId, type ConversationId, type DeviceId, type MessageId } from "../../lib/ids.js";
import { limits } from "../../lib/limits.js";
import { point } from "../../lib/point.js";
import type { hermod } from "../../protos/gen/hermod.js";
import type { ServerFrame, Session } from "../connection/ports.js";
import type { ClientContext, Messages } from "../context.js";
import { HermodError } from "../errors.js";
import type { InboxRow, OutboxRow, Transaction } from "../store/ports.js";
import { Changes } from "./changes.js";
import { Chat, type ChatParts } from "./chat.js";
import { encodePart, writeReference } from "./content.js";
import { Creation } from "./creation.js";
import { readInbox, type InboxMessage, type InboxOptions } from "./inbox.js";
import { Intake } from "./intake.js";
import type { MessageBody } from "./message.js";
import { NamedChats } from "./named-chats.js";
import { Opener } from "./opener.js";
import { Reads } from "./reads.js";
import { Receiver } from "./receiver.js";
import { Rosters } from "./rosters.js";
import { appendSend, Sender, type NewSend } from "./sender.js";
import { SentMessage, Watch } from "./sent-message.js";
import { Staging } from "./staging.js";
import { isSetBack } from "./sent.js";
import { SyncEngine } from "./sync.js";

type Sync = hermod.v1.Sync.$Properties;

export interface SendRequest {
  readonly chatId: ConversationId;
  readonly body: MessageBody;
  /** Given by whoever wants to send the same message once, however often the program tries. */
  readonly id?: MessageId;
}

/** The messages' side of a client: conversations, outbox, inbox, receipts. One per open store. */
export class MessagesEngine implements Messages {
  readonly #context: ClientContext;
  readonly #onFatal: (error: HermodError) => void;
  readonly #changes = new Changes();
  readonly #rosters: Rosters;
  readonly #sender: Sender;
  readonly #intake: Intake;
  readonly #receiver: Receiver;
  readonly #staging: Staging;
  readonly #reads: Reads;
  readonly #sync: SyncEngine;
  readonly #creation: Creation;
  readonly #watch: Watch;
  readonly #named: NamedChats;
  readonly #stopped = new AbortController();
  readonly #listening: (() => void)[] = [];

  /** @param onFatal the client is to stop: its store is older than the server's word, or does not take writes */
  constructor(context: ClientContext, onFatal: (error: HermodError) => void) {
    this.#context = context;
    this.#onFatal = onFatal;
    const stop = (error: HermodError): void => {
      this.#fatal(error);
    };
    const changes = this.#changes;
    const rosters = new Rosters(context, changes);
    const sender = new Sender(context, rosters, changes, stop);
    const opener = new Opener(context, rosters);
    this.#intake = new Intake(context, { rosters, opener, sender, changes }, stop);
    this.#receiver = new Receiver(context, rosters, this.#intake, stop);
    this.#staging = new Staging(context, { rosters, opener, intake: this.#intake }, stop);
    this.#reads = new Reads(context, { rosters, sender, changes });
    const stopped = this.#stopped.signal;
    this.#sync = new SyncEngine(context, { receiver: this.#receiver, reads: this.#reads, staging: this.#staging, stopped });
    this.#creation = new Creation(context, rosters);
    this.#watch = new Watch(context, this.#reads, changes);
    this.#named = new NamedChats(context, rosters, stopped);
    this.#rosters = rosters;
    this.#sender = sender;
    this.#intake.onRead = (device) => {
      this.#staging.onRead(device);
    };
    this.#intake.onSync.add((sync) => {
      void this.#onSync(sync);
    });
  }

  /** Begins to listen to the connection. Nothing is lost before: the server repeats what was not acknowledged. */
  start(): void {
    const { connection } = this.#context;
    if (isSetBack(this.#context.store)) {
      this.#fatal(new HermodError("store-rolled-back"));
      return;
    }
    this.#listening.push(
      connection.onPush((frame) => {
        this.#onPush(frame);
      }),
      connection.onSession((session) => {
        this.#onSession(session);
      }),
      connection.onState((state) => {
        if (state.type !== "live") this.#staging.onOffline();
      }),
    );
    this.#sender.start();
    if (connection.session !== undefined) this.#onSession(connection.session);
  }

  /** Ends everything that runs or waits. The store may be closed after it. */
  stop(): void {
    if (this.#stopped.signal.aborted) return;
    this.#stopped.abort();
    for (const stopListening of this.#listening.splice(0)) stopListening();
    this.#sender.stop();
    this.#receiver.stop();
    this.#staging.stop();
    this.#watch.stop();
  }

  #fatal(error: HermodError): void {
    if (this.#stopped.signal.aborted) return;
    this.stop();
    this.#context.emit({ type: "problem", code: error.code, message: error.message });
    this.#onFatal(error);
  }

  #onSession(session: Session): void {
    this.#context.history.write({ type: "conn", conn: session.conn });
    this.#receiver.onSession();
    this.#staging.onOffline();
    void this.#sync.run(session);
    this.#sender.onSession();
    void this.#named.learn();
  }

  #onPush(frame: ServerFrame): void {
    try {
      if (frame.receipt !== null) this.#reads.onReceipt(frame.receipt);
      else if (frame.readStored !== null) this.#reads.onReadStored(frame.readStored);
      else this.#receiver.onPush(frame);
    } catch (error) {
      // A full disk: receipts are told again. Whatever else a store does not take ends the client, not the program that it is part of.
      if (error instanceof HermodError && error.retryable) return;
      this.#fatal(error instanceof HermodError ? error : new HermodError("internal", { cause: error }));
    }
  }

  createSelf(): Promise<ConversationId> {
    return this.#creation.open(this.#context.self.account);
  }

  /** The direct conversation with an account; with the own account, the self conversation. Made if it is not there. */
  async openDirect(peer: AccountId): Promise<Chat> {
    return new Chat(this.#chatParts, await this.#creation.open(peer));
  }

  /** A conversation that this device knows. */
  chat(id: ConversationId): Chat | undefined {
    return this.#context.store.chats.get(id) === undefined ? undefined : new Chat(this.#chatParts, id);
  }

  chats(): Chat[] {
    return this.#context.store.chats.all().map((row) => new Chat(this.#chatParts, row.chat));
  }

  /** Puts a message into the outbox, durably, and never throws on network. The same id again is the same message. */
  sendMessage(request: SendRequest): SentMessage {
    const { chatId, body } = request;
    if (this.#context.store.chats.get(chatId) === undefined) throw new HermodError("not-found", { message: "no such conversation" });
    if (new TextEncoder().encode(body.text).length > limits.messageTextBytesMax) throw new HermodError("too-large");
    const messageId = request.id ?? idOf<MessageId>(this.#context.rand.bytes(16));
    const replyTo = body.replyTo === undefined ? {} : { replyTo: writeReference(body.replyTo) };
    this.#queue({ chat: chatId, messageId, kind: "message", content: encodePart({ text: { text: body.text, ...replyTo } }) });
    return new SentMessage(this.#watch, chatId, messageId);
  }

  /** The handle of a message that was sent before. */
  sentMessage(chatId: ConversationId, id: MessageId): SentMessage | undefined {
    return this.#context.store.outbox.get(chatId, id) === undefined ? undefined : new SentMessage(this.#watch, chatId, id);
  }

  #queue(send: NewSend): void {
    const row = this.#context.store.transact((tx) => appendSend(tx, send, this.#context.clock.now()));
    point("client.outbox-row");
    this.#changes.tell(send.chat, { type: "message", id: send.messageId, seq: undefined });
    this.#sender.add(row);
  }

  /** A durable reader by name: see readInbox. */
  inbox(name: string, options: InboxOptions = {}): AsyncGenerator<InboxMessage, void, undefined> {
    const parts = {
      context: this.#context,
      stopped: this.#stopped.signal,
      send: (row: InboxRow, body: MessageBody, id: MessageId) => this.sendMessage({ chatId: row.chat, body, id }),
      markRead: (row: InboxRow) => {
        this.markRead(row.chat, row.seq);
      },
    };
    return readInbox(parts, name, options);
  }

  /** Everything up to `through` (undefined: all that is here) was read by a person. */
  markRead(chatId: ConversationId, through?: bigint): void {
    this.#reads.markRead(chatId, through);
  }

  /** Calls back after an own device's `sync` content was committed. */
  onSync(listener: (sync: hermod.v1.Sync, from: DeviceId) => void): () => void {
    this.#intake.onSync.add(listener);
    return () => {
      this.#intake.onSync.delete(listener);
    };
  }

  queueSync(pages: readonly Sync[], devices: readonly DeviceId[]): void {
    const self = this.#context.store.chats.self();
    if (self === undefined) throw new HermodError("internal", { message: "no self conversation yet" });
    const all = pages.flatMap((page) => (page.done === true ? [...this.#chatPages(), page] : [page]));
    const rows = this.#context.store.transact((tx) => all.map((page) => this.#appendSync(tx, self.chat, page, devices)));
    for (const row of rows) this.#sender.add(row);
  }

  #appendSync(tx: Transaction, chat: ConversationId, page: Sync, targets: readonly DeviceId[]): OutboxRow {
    const messageId = idOf<MessageId>(this.#context.rand.bytes(16));
    return appendSend(tx, { chat, messageId, kind: "sync", targets, content: encodePart({ sync: page }) }, this.#context.clock.now());
  }

  /** What a new device is told of conversations: that they exist, what their roster was, how far they were read. */
  #chatPages(): Sync[] {
    const pages: Sync[] = [];
    const rows = this.#context.store.chats.all().filter((row) => row.type !== "self");
    for (let at = 0; at < rows.length; at += chatsPerPage) {
      const page = rows.slice(at, at + chatsPerPage);
      const chats = page.map((row) => {
        const roster = this.#context.store.chats.roster(row.chat);
        return {
          chatId: idBytes(row.chat),
          rosterSeq: roster?.rosterSeq ?? 0n,
          rosterHash: roster?.rosterHash ?? new Uint8Array(0),
          type: row.type,
          ...(row.peer === undefined ? {} : { peer: idBytes(row.peer) }),
        };
      });
      const read = page.filter((row) => row.readThrough > 0n).map((row) => ({ chatId: idBytes(row.chat), through: row.readThrough }));
      pages.push({ chats, read });
    }
    return pages;
  }

  /** One page after the other, so that `sync-done` comes last. */
  async #onSync(sync: hermod.v1.Sync): Promise<void> {
    await this.#named.learn();
    if (sync.done) this.#context.emit({ type: "sync-done" });
  }

  get #chatParts(): ChatParts {
    return {
      context: this.#context,
      rosters: this.#rosters,
      reads: this.#reads,
      changes: this.#changes,
      send: (chatId, body) => this.sendMessage({ chatId, body }),
      stopped: this.#stopped.signal,
    };
  }
}

/** About 150 bytes each: a page stays far below one entry. */
const chatsPerPage = 100;
