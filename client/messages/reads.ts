import { idBytes, idOf, isIdBytes, type AccountId, type ConversationId, type DeviceId, type MessageId } from "../../lib/ids.js";
import { limits } from "../../lib/limits.js";
import { hermod } from "../../protos/gen/hermod.js";
import type { ClientContext } from "../context.js";
import { HermodError } from "../errors.js";
import type { OutboxRow, SequenceSpan, Transaction } from "../store/ports.js";
import type { Changes } from "./changes.js";
import { encodePart } from "./content.js";
import { foldReceipt, isTicked } from "./receipts.js";
import type { Rosters } from "./rosters.js";
import { appendSend, type Sender } from "./sender.js";
import { tickKey, tickPrefix } from "./sent.js";

/** What was read, here and by others: watermarks that only grow, kept until the server has confirmed them. */
export class Reads {
  readonly #context: ClientContext;
  readonly #rosters: Rosters;
  readonly #sender: Sender;
  readonly #changes: Changes;
  /** Conversations whose READ was told and not confirmed yet. */
  readonly #asking = new Set<ConversationId>();

  constructor(context: ClientContext, parts: { readonly rosters: Rosters; readonly sender: Sender; readonly changes: Changes }) {
    this.#context = context;
    this.#rosters = parts.rosters;
    this.#sender = parts.sender;
    this.#changes = parts.changes;
  }

  /** A person has read everything up to `through` (undefined: all that is here). Durable when it returns; told to the server and the own devices. */
  markRead(chat: ConversationId, through?: bigint): void {
    let moved: bigint | undefined;
    let queued: OutboxRow | undefined;
    this.#context.store.transact((tx) => {
      const row = tx.chats.get(chat);
      if (row === undefined) throw new HermodError("not-found", { message: "no such conversation" });
      const target = through === undefined || through > row.last ? row.last : through;
      if (target <= row.readThrough) return;
      moved = target;
      tx.chats.put({ ...row, readThrough: target });
      if (row.type === "direct" || row.type === "group") tx.pendingReads.put(chat, target);
      queued = this.#tellOwnDevices(tx, chat, target);
    });
    if (queued !== undefined) this.#sender.add(queued);
    if (moved === undefined) return;
    this.#changes.tell(chat, { type: "read", through: moved });
    this.#send(chat, moved);
  }

  /** Read state goes to the own devices through the self conversation; one that has not left yet is brought up to date instead of followed by another. */
  #tellOwnDevices(tx: Transaction, chat: ConversationId, through: bigint): OutboxRow | undefined {
    const self = tx.chats.self();
    const targets = self === undefined ? [] : this.#ownDevices(self.chat);
    if (self === undefined || targets.length === 0) return undefined;
    const waiting = tx.outbox.pending(self.chat, pendingLookedAt).find((row) => !row.transmitted && isReadSync(row));
    const reads = new Map<ConversationId, bigint>();
    for (const read of waiting === undefined ? [] : (hermod.v1.Content.decode(waiting.content).sync?.read ?? [])) {
      if (isIdBytes(read.chatId)) reads.set(idOf<ConversationId>(read.chatId), read.through);
    }
    reads.set(chat, through);
    const content = encodePart({ sync: { read: [...reads].map(([id, value]) => ({ chatId: idBytes(id), through: value })) } });
    if (waiting !== undefined && reads.size <= readsPerEntryMax) {
      tx.outbox.update({ ...waiting, content });
      return undefined;
    }
    const single = encodePart({ sync: { read: [{ chatId: idBytes(chat), through }] } });
    const messageId = idOf<MessageId>(this.#context.rand.bytes(16));
    return appendSend(tx, { chat: self.chat, messageId, kind: "sync", targets, content: single }, this.#context.clock.now());
  }

  /** The account's other devices, by the newest list known; the self conversation is told of a new one a moment later. */
  #ownDevices(self: ConversationId): readonly DeviceId[] {
    const { account, device } = this.#context.self;
    const listed = this.#context.chains.head(account)?.devices.map(({ id }) => id);
    const devices = listed ?? this.#rosters.newest(self)?.members.get(account)?.devices ?? [];
    return devices.filter((id) => id !== device);
  }

  /** One at a time per conversation: a loop that marks a thousand messages makes no thousand requests. */
  #send(chat: ConversationId, through: bigint): void {
    const { connection } = this.#context;
    if (connection.session === undefined || this.#asking.has(chat) || this.#asking.size >= limits.readsInFlightMax) return;
    this.#asking.add(chat);
    // READ is also DELIVERED, so it leaves out the same.
    const messageAck = { chatId: idBytes(chat), through, status: read, except: this.#exceptOf(chat, through) };
    connection.request({ messageAck }).then(
      () => {
        this.#asking.delete(chat);
        for (const next of this.#context.store.pendingReads.all()) {
          if (next.chat !== chat || next.through > through) this.#send(next.chat, next.through);
        }
      },
      // Unanswered, it stays pending and goes with the next sync.
      () => this.#asking.delete(chat),
    );
  }

  #exceptOf(chat: ConversationId, through: bigint): readonly SequenceSpan[] {
    return this.#context.store.chats.get(chat)?.except.filter(({ from }) => from <= through) ?? [];
  }

  /** READ watermarks that the server has not confirmed. Those that leave something out go by an ack of their own, which can say so. */
  pending(): { readonly chatId: Uint8Array; readonly through: bigint }[] {
    const plain = this.#context.store.pendingReads.all().filter(({ chat, through }) => this.#exceptOf(chat, through).length === 0);
    return plain.map(({ chat, through }) => ({ chatId: idBytes(chat), through }));
  }

  /** Sends again what is still not confirmed. */
  repeat(): void {
    for (const { chat, through } of this.#context.store.pendingReads.all()) this.#send(chat, through);
  }

  onReadStored(frame: hermod.v1.ReadStored): void {
    if (!isIdBytes(frame.chatId)) return;
    const chat = idOf<ConversationId>(frame.chatId);
    this.#context.store.transact((tx) => {
      tx.pendingReads.confirm(chat, frame.through);
    });
  }

  onReceipt(frame: hermod.v1.Receipt): void {
    if (!isIdBytes(frame.chatId) || !isIdBytes(frame.account)) return;
    const chat = idOf<ConversationId>(frame.chatId);
    const account = idOf<AccountId>(frame.account);
    const device = isIdBytes(frame.device) ? idOf<DeviceId>(frame.device) : undefined;
    const { deliveredThrough, readThrough } = frame;
    const except = frame.except.map(({ from, to }) => ({ from, to }));
    const known = this.#context.store.chats.get(chat) !== undefined;
    if (!known || this.#rosters.newest(chat)?.members.has(account) !== true) return;
    this.#context.store.transact((tx) => {
      const marks = foldReceipt(tx.receipts.get(chat, account, device), { deliveredThrough, readThrough, except });
      tx.receipts.put({ chat, account, ...(device === undefined ? {} : { device }), ...marks });
      this.#forgetTicked(tx, chat);
    });
    this.#context.history.write({
      type: "receipt",
      conv: chat,
      account,
      delivered: deliveredThrough,
      read: readThrough,
      ...(device === undefined ? {} : { device }),
    });
    this.#changes.tell(chat, { type: "receipts" });
  }

  /** A conversation whose newest own message everybody has read needs no receipts at the next sync. */
  #forgetTicked(tx: Transaction, chat: ConversationId): void {
    const newest = tx.values.get(tickKey(chat));
    if (newest === undefined) return;
    const rows = new Map(
      tx.receipts
        .of(chat)
        .filter((row) => row.device === undefined)
        .map((row) => [row.account, row]),
    );
    if (isTicked(newest, this.recipients(chat), rows)) tx.values.delete(tickKey(chat));
  }

  /** Whose ticks a message here waits for. */
  recipients(chat: ConversationId): readonly AccountId[] {
    return [...(this.#rosters.newest(chat)?.members.keys() ?? [])].filter((account) => account !== this.#context.self.account);
  }

  /** Conversations with own messages that lack ticks. */
  unticked(): ConversationId[] {
    return this.#context.store.values.names(tickPrefix).map((name) => name.slice(tickPrefix.length) as ConversationId);
  }
}

const read = 2;
const pendingLookedAt = 64;
const readsPerEntryMax = 256;

function isReadSync(row: OutboxRow): boolean {
  const content = hermod.v1.Content.decode(row.content);
  const sync = content.sync;
  return (
    row.state === "queued" && sync !== null && sync.read.length > 0 && sync.contacts.length === 0 && sync.chats.length === 0 && !sync.done
  );
}
