import { idOf, type ConversationId, type DeviceId } from "../../lib/ids.js";
import { hermod } from "../../protos/gen/hermod.js";
import { isControl } from "../../protos/kinds.js";
import { hasDevice, type Roster } from "../../protos/signed/roster.js";
import type { ClientContext } from "../context.js";
import { HermodError } from "../errors.js";
import type { InboxRow } from "../store/ports.js";
import type { Changes } from "./changes.js";
import { addExcept } from "./cursor.js";
import { contentHash } from "./encryption.js";
import { readEntry, type Entry } from "./entry.js";
import type { Opened, Opener } from "./opener.js";
import type { Change } from "./outbox.js";
import type { Rosters } from "./rosters.js";
import { missedKey, noMessage, rowOf } from "./rows.js";
import type { Sender } from "./sender.js";
import { commitChanges, setBackKey } from "./sent.js";

/** Called after an own device's `sync` content was committed. */
export type SyncListener = (sync: hermod.v1.Sync, from: DeviceId) => void;

/** Takes in what comes next in a conversation: one transaction stores it and moves the cursor. */
export class Intake {
  readonly #context: ClientContext;
  readonly #rosters: Rosters;
  readonly #opener: Opener;
  readonly #sender: Sender;
  readonly #changes: Changes;
  readonly #stop: (error: HermodError) => void;
  readonly onSync = new Set<SyncListener>();
  /** Called when something of a device was read: what waited for it may be next. */
  onRead: (device: DeviceId) => void = () => {};

  constructor(
    context: ClientContext,
    parts: { readonly rosters: Rosters; readonly opener: Opener; readonly sender: Sender; readonly changes: Changes },
    stop: (error: HermodError) => void,
  ) {
    this.#context = context;
    this.#rosters = parts.rosters;
    this.#opener = parts.opener;
    this.#sender = parts.sender;
    this.#changes = parts.changes;
    this.#stop = stop;
  }

  async deliver(chat: ConversationId, frame: hermod.v1.Deliver): Promise<void> {
    const entry = readEntry(frame);
    if (entry === undefined) {
      this.#pass(chat, frame.seq);
      return;
    }
    if (isControl(entry.kind)) return this.#control(entry, frame);
    if (entry.device === this.#context.self.device) {
      this.#own(entry);
      return;
    }
    const roster = await this.#rosterFor(entry);
    const opened = await this.#opener.open(entry, roster, "live");
    if (opened !== undefined) this.afterOpened(entry, opened);
  }

  skip(chat: ConversationId, frame: hermod.v1.Skip): void {
    this.#pass(chat, frame.to);
    this.#context.history.write({ type: "skip", conv: chat, from: frame.from, to: frame.to });
  }

  /** Lost to this device for good: said, shown, never ticked. */
  missed(chat: ConversationId, frame: hermod.v1.Missed): void {
    const why = hermod.v1.MissedWhy[frame.why] ?? "MISSED_WHY_UNSPECIFIED";
    const nowMs = this.#context.clock.now();
    this.#context.store.transact((tx) => {
      const row = tx.chats.get(chat);
      if (row === undefined) return;
      const from = frame.from > row.last ? frame.from : row.last + 1n;
      tx.inbox.put(this.#missedRow(chat, from, frame.to, why.slice("MISSED_WHY_".length).toLowerCase(), nowMs));
      tx.values.put(missedKey(chat), frame.to);
      tx.chats.put({ ...row, last: frame.to, except: addExcept(row.except, { from, to: frame.to }) });
    });
    this.#context.history.write({ type: "missed", conv: chat, from: frame.from, to: frame.to, why });
    this.#changes.tell(chat, { type: "message", id: noMessage, seq: frame.from });
  }

  #missedRow(chat: ConversationId, from: bigint, to: bigint, why: string, nowMs: number): InboxRow {
    return {
      chat,
      seq: from,
      state: "missed",
      kind: 0,
      scope: 0,
      sender: this.#context.self.account,
      device: this.#context.self.device,
      messageId: noMessage,
      counter: 0n,
      rosterSeq: 0n,
      rosterHash: new Uint8Array(0),
      serverMs: nowMs,
      reason: `${why}, ${from} to ${to}`,
      storedMs: nowMs,
    };
  }

  /** An entry that this program cannot even name: passed over, the cursor moves. */
  #pass(chat: ConversationId, through: bigint): void {
    this.#context.store.transact((tx) => {
      const row = tx.chats.get(chat);
      if (row !== undefined && through > row.last) tx.chats.put({ ...row, last: through });
    });
  }

  async #control(entry: Entry, frame: hermod.v1.Deliver): Promise<void> {
    const verdict = await this.#rosters.learn(entry.chat, [frame]);
    const refused = verdict.error !== undefined;
    const state = refused ? "refused" : "control";
    this.#context.store.transact((tx) => {
      const row = tx.chats.get(entry.chat);
      if (row === undefined) return;
      tx.inbox.put(rowOf(entry, state, this.#context.clock.now(), refused ? { reason: "bad-control" } : {}));
      tx.chats.put({ ...row, last: entry.seq });
    });
    this.#context.history.write({ type: "recv", conv: entry.chat, seq: entry.seq, kind: entry.kind });
  }

  /** The own entry as a header is the server's word that it is stored. One that nobody here has sent proves an older store. */
  #own(entry: Entry): void {
    const { chat, seq, messageId, counter, serverMs } = entry;
    const changes = this.#sender.onOwnEntry(chat, messageId, counter, seq, serverMs);
    let unknown = false;
    this.#context.store.transact((tx) => {
      const before = tx.outbox.get(chat, messageId);
      // What this store sent was marked before it left; a row without the mark is from before the entry that the server shows.
      unknown = before?.transmitted !== true;
      if (unknown) {
        tx.values.put(setBackKey, true);
        return;
      }
      commitChanges(tx, chat, this.#sender.outboxOf(chat), changes, this.#context);
      // Sent without its sequence, or given up by mistake: the log decides.
      const late = before?.state === "failed" || (before?.state === "sent" && before.seq === undefined);
      const sent: Change = { type: "sent", id: messageId, seq, serverMs, counter };
      if (late) commitChanges(tx, chat, this.#sender.outboxOf(chat), [sent], this.#context);
      const row = tx.chats.get(chat);
      if (row !== undefined) tx.chats.put({ ...row, last: seq, changedMs: Math.max(row.changedMs, serverMs) });
    });
    if (unknown) {
      this.#context.emit({ type: "alarm", code: "store-rolled-back", chatId: chat, detail: `own entry ${seq} is not known here` });
      this.#stop(new HermodError("store-rolled-back"));
      return;
    }
    this.#sender.told(chat, changes.length > 0 ? changes : [{ type: "sent", id: messageId, seq, serverMs }]);
    this.#context.history.write({ type: "recv", conv: chat, seq, msg: messageId, counter, from: entry.device, own: true });
    this.#sender.pump();
  }

  /** The roster below the entry, as far as this device can know it: fetched when the entry names a newer one or a stranger. */
  async #rosterFor(entry: Entry): Promise<Roster> {
    const known = this.#rosters.before(entry.chat, entry.seq);
    const complete = known !== undefined && known.seq >= entry.rosterSeq && hasDevice(known, entry.sender, entry.device);
    if (!complete) await this.#rosters.catchUp(entry.chat);
    const roster = this.#rosters.before(entry.chat, entry.seq);
    if (roster === undefined) throw new HermodError("not-found", { message: "an entry below the genesis" });
    return roster;
  }

  /** After the commit: history, hints, and what the entry has set in motion. */
  afterOpened(entry: Entry, opened: Opened): void {
    for (const row of opened.queued) this.#sender.add(row);
    this.#writeHistory(opened.row.state === "staged" ? "staged" : "recv", opened.row);
    this.#tell(opened.row);
    if (opened.filled !== undefined) {
      this.#writeHistory("filled", opened.filled);
      this.#tell(opened.filled);
    }
    if (opened.sync !== undefined) {
      this.#tellReads(opened.sync);
      for (const listener of this.onSync) listener(opened.sync, entry.device);
    }
    if (opened.outcome === "read") this.onRead(entry.device);
  }

  #tell(row: InboxRow): void {
    const { chat, seq, messageId, device } = row;
    this.#changes.tell(chat, { type: "message", id: messageId, seq });
    if (row.state === "refused") {
      const reason = row.reason ?? "";
      this.#context.emit({ type: "entry-refused", entry: { chatId: chat, seq, senderDevice: device, reason } });
    } else if (row.kind === messageKind && row.state === "read") this.#context.emit({ type: "message", chatId: chat, id: messageId, seq });
  }

  #tellReads(sync: hermod.v1.Sync): void {
    for (const read of sync.read) {
      if (read.chatId.length === 16) this.#changes.tell(idOf<ConversationId>(read.chatId), { type: "read", through: read.through });
    }
  }

  /** `recv` is written once per sequence; `staged` before it, `filled` when a resend has filled its placeholder. */
  #writeHistory(type: "recv" | "staged" | "filled", row: InboxRow): void {
    const fields = { conv: row.chat, seq: row.seq, msg: row.messageId, counter: row.counter, from: row.device, state: row.state };
    const sha = row.content === undefined ? {} : { sha: contentHash(row.content) };
    const reason = row.reason === undefined ? {} : { reason: row.reason };
    this.#context.history.write({ type, ...fields, ...sha, ...reason });
  }
}

const messageKind = 1;
