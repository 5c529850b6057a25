import { idOf, type ConversationId, type DeviceId, type MessageId } from "../../lib/ids.js";
import { limits } from "../../lib/limits.js";
import { point } from "../../lib/point.js";
import type { hermod } from "../../protos/gen/hermod.js";
import type { Roster } from "../../protos/signed/roster.js";
import { hasDevice } from "../../protos/signed/roster.js";
import { Overlay } from "../cipher/overlay.js";
import type { Decryption, PairwiseBody, UndecryptableReason } from "../cipher/ports.js";
import type { ClientContext } from "../context.js";
import { rememberNamed } from "./named-chats.js";
import { valueKey, type InboxRow, type OutboxRow, type Transaction } from "../store/ports.js";
import { encodePart, readContent, type Content } from "./content.js";
import { addExcept } from "./cursor.js";
import type { Entry } from "./entry.js";
import { belongsFromStart, judge, lacksPredecessor, screen, type RefusalReason } from "./receive.js";
import { commitAnswer, commitRetryRequest, fills, judgeRequest, retryRequest, type Answerable } from "./retry.js";
import type { Rosters } from "./rosters.js";
import { entryOf, missedKey, rowOf, seenAllKey } from "./rows.js";
import { appendSend } from "./sender.js";

/** What became of an entry of another device. */
export type Outcome =
  | { readonly type: "read"; readonly content: Content; readonly bytes: Uint8Array }
  | { readonly type: "request"; readonly answer: Answerable | string }
  | { readonly type: "refused"; readonly reason: RefusalReason }
  | { readonly type: "undecryptable"; readonly reason: UndecryptableReason | "none" }
  | { readonly type: "staged" };

/** What is left to do once an entry is committed. */
export interface Opened {
  readonly outcome: Outcome["type"];
  readonly row: InboxRow;
  /** Sends that the transaction has put into the outbox. */
  readonly queued: readonly OutboxRow[];
  /** A placeholder that was filled. */
  readonly filled?: InboxRow;
  /** `sync` content of an own device, committed. */
  readonly sync?: hermod.v1.Sync;
}

/** `live`: the entry comes next in its conversation and the cursor moves with it. `staged`: the cursor passed it before; only what can be read now is taken. */
export type Mode = "live" | "staged" | "forced";

/** Opens entries of other devices: one overlay, one transaction each, under the mutex of the sending device. */
export class Opener {
  readonly #context: ClientContext;
  readonly #rosters: Rosters;

  constructor(context: ClientContext, rosters: Rosters) {
    this.#context = context;
    this.#rosters = rosters;
  }

  /** Undefined in mode `staged` when the entry's time has not come. */
  async open(entry: Entry, roster: Roster, mode: Mode): Promise<Opened | undefined> {
    const { store, cipher } = this.#context;
    return cipher.locks.hold([entry.device], async () => {
      const overlay = new Overlay(store.cipherRows);
      const outcome = await this.#read(overlay, entry, roster, mode);
      if (outcome.type === "staged" && mode !== "live") return undefined;
      point("client.decrypted");
      const opened = store.transact((tx) => this.#commit(tx, overlay, entry, outcome, mode));
      point("client.stored");
      return opened;
    });
  }

  async #read(overlay: Overlay, entry: Entry, roster: Roster, mode: Mode): Promise<Outcome> {
    const { store, cipher } = this.#context;
    const screening = screen(entry, roster, store.counters.highest(entry.chat, entry.device));
    if (screening.type === "refuse") return { type: "refused", reason: screening.reason };
    if (screening.type === "empty") return { type: "undecryptable", reason: "none" };
    const { body } = screening;
    if (body.type === "signed") return { type: "request", answer: judgeRequest(this.#context, this.#rosters, entry) };
    const pairwise: PairwiseBody = { type: body.type === "prekey" ? "prekey" : "whisper", bytes: body.bytes };
    // Once one of a pair waits, the later ones wait behind it, so that their counters never shut it out.
    if (mode === "live" && store.inbox.staged(entry.chat, entry.device, 1).length > 0) return { type: "staged" };
    const ahead = cipher.ahead(overlay, entry.device, pairwise);
    if (ahead === undefined) return { type: "undecryptable", reason: "malformed" };
    if (mode === "forced") cipher.forgetUnread(overlay, entry.device);
    else if (ahead > limits.ratchetAheadMax) return { type: "staged" };
    point("client.received");
    return this.#judge(await cipher.decryptFrom(overlay, entry.device, pairwise), entry, roster);
  }

  #judge(decryption: Decryption, entry: Entry, roster: Roster): Outcome {
    if (decryption.type === "undecryptable") return decryption;
    if (decryption.type === "refused") return { type: "refused", reason: "bad-padding" };
    const content = readContent(decryption.plaintext);
    if (content === "malformed") return { type: "refused", reason: "malformed" };
    if (content === "newer") return { type: "refused", reason: "newer-format" };
    const reason = judge(content, entry, roster);
    return reason === undefined ? { type: "read", content, bytes: decryption.plaintext } : { type: "refused", reason };
  }

  /** Ratchet, row, counter and cursor: all of it or none. */
  #commit(tx: Transaction, overlay: Overlay, entry: Entry, outcome: Outcome, mode: Mode): Opened {
    const queued: OutboxRow[] = [];
    let sync: hermod.v1.Sync | undefined;
    let filled: InboxRow | undefined;
    const row = this.#rowFor(tx, entry, outcome);
    if (outcome.type === "request" && typeof outcome.answer !== "string") {
      keep(queued, commitAnswer(tx, this.#context, overlay, entry.device, outcome.answer));
    }
    if (outcome.type === "undecryptable") keep(queued, this.#askAgain(tx, entry, outcome.reason));
    if (outcome.type === "read") {
      tx.counters.accept(entry.chat, entry.device, entry.counter);
      sync = this.#syncOf(tx, entry.sender, entry.chat, outcome.content);
      filled = this.#fill(tx, entry, outcome.content);
      if (filled !== undefined) sync ??= this.#syncOfFilled(tx, filled);
      keep(queued, this.#answerEmpty(tx, overlay, entry));
    }
    overlay.flush(tx.cipherRows);
    const stored = tx.inbox.put(row);
    this.#remember(tx, entry, outcome, mode);
    return {
      outcome: outcome.type,
      row: stored,
      queued,
      ...(filled === undefined ? {} : { filled }),
      ...(sync === undefined ? {} : { sync }),
    };
  }

  #rowFor(tx: Transaction, entry: Entry, outcome: Outcome): InboxRow {
    const nowMs = this.#context.clock.now();
    switch (outcome.type) {
      case "read": {
        const lacking = entry.kind === "message" && this.#lacksPredecessor(tx, entry, outcome.content);
        const keepsContent = entry.kind === "message" ? { content: outcome.bytes } : {};
        return rowOf(entry, "read", nowMs, { ...keepsContent, ...(lacking ? { reason: "message-missing" } : {}) });
      }
      case "request":
        return rowOf(entry, "read", nowMs, typeof outcome.answer === "string" ? { reason: outcome.answer } : {});
      case "refused":
        return rowOf(entry, "refused", nowMs, { reason: outcome.reason });
      case "undecryptable":
        return rowOf(entry, "undecryptable", nowMs, { reason: outcome.reason });
      case "staged":
        return rowOf(entry, "staged", nowMs);
    }
  }

  #lacksPredecessor(tx: Transaction, entry: Entry, content: Content): boolean {
    const seen = tx.values.get(seenAllKey(entry.chat, entry.device));
    const before = seen !== undefined && seen.seq < entry.seq ? seen : undefined;
    if (seen !== undefined && before === undefined) return false;
    const fromStart = belongsFromStart(this.#rosters.first(entry.chat), this.#context.self.device);
    return lacksPredecessor(content.context?.previousAll ?? 0n, before, tx.values.get(missedKey(entry.chat)) ?? 0n, fromStart);
  }

  #remember(tx: Transaction, entry: Entry, outcome: Outcome, mode: Mode): void {
    const chat = tx.chats.get(entry.chat);
    if (chat === undefined) return;
    const unread = entry.scope === "all" && (outcome.type === "refused" || outcome.type === "undecryptable");
    const except = unread ? addExcept(chat.except, { from: entry.seq, to: entry.seq }) : chat.except;
    const last = mode === "live" ? entry.seq : chat.last;
    const changedMs = Math.max(chat.changedMs, entry.serverMs);
    if (mode === "live" || unread) tx.chats.put({ ...chat, last, except, changedMs });
    if (mode !== "live" || entry.scope !== "all") return;
    const key = seenAllKey(entry.chat, entry.device);
    const seen = tx.values.get(key);
    if (seen === undefined || entry.counter > seen.counter) tx.values.put(key, { counter: entry.counter, seq: entry.seq });
  }

  /** A resend that cannot be read asks for what it was to fill, so that no chain of requests grows. */
  #askAgain(tx: Transaction, entry: Entry, reason: UndecryptableReason | "none"): OutboxRow | undefined {
    const newest = this.#rosters.newest(entry.chat);
    if (entry.kind !== "resend")
      return commitRetryRequest(tx, this.#context, entry, retryRequest(this.#context, tx, entry, reason, newest));
    const placeholder = entry.refersTo === undefined ? undefined : tx.inbox.get(entry.chat, entry.refersTo.seq);
    const original = fills(entry, entry.refersTo?.seq ?? 0n, placeholder) ? entryOf(placeholder) : undefined;
    if (original === undefined) return undefined;
    // The error speaks of the session as the resend found it; the entry named is the one that is still missing.
    const asked: Entry = { ...original, ...(entry.body === undefined ? {} : { body: entry.body }) };
    return commitRetryRequest(tx, this.#context, asked, retryRequest(this.#context, tx, asked, reason, newest));
  }

  #fill(tx: Transaction, entry: Entry, content: Content): InboxRow | undefined {
    if (content.resend === null) return undefined;
    const placeholder = tx.inbox.get(entry.chat, content.resend.originalSeq);
    if (!fills(entry, content.resend.originalSeq, placeholder)) return undefined;
    const original = readContent(content.resend.original);
    const place = entryOf(placeholder);
    const roster = this.#rosters.before(entry.chat, placeholder.seq);
    if (typeof original === "string" || place === undefined || roster === undefined) return undefined;
    if (!hasDevice(roster, place.sender, place.device) || judge(original, place, roster) !== undefined) return undefined;
    const { reason: _reason, body: _body, ...kept } = placeholder;
    return tx.inbox.put({ ...kept, state: "read", content: content.resend.original });
  }

  #syncOfFilled(tx: Transaction, filled: InboxRow): hermod.v1.Sync | undefined {
    const content = filled.content === undefined ? "malformed" : readContent(filled.content);
    return typeof content === "string" ? undefined : this.#syncOf(tx, filled.sender, filled.chat, content);
  }

  /** Only an own device, and only in the self conversation, may say what own devices share. */
  #syncOf(tx: Transaction, sender: Entry["sender"], chat: ConversationId, content: Content): hermod.v1.Sync | undefined {
    if (content.sync === null || sender !== this.#context.self.account || tx.chats.get(chat)?.type !== "self") return undefined;
    this.#context.contacts.apply(tx, content.sync);
    rememberNamed(tx, content.sync);
    for (const read of content.sync.read) {
      if (read.chatId.length !== 16) continue;
      const row = tx.chats.get(idOf<ConversationId>(read.chatId));
      if (row !== undefined && read.through > row.readThrough) tx.chats.put({ ...row, readThrough: read.through });
    }
    return content.sync;
  }

  /** A session that is never answered stays expensive and ends after 30 days: answered once, with nothing. */
  #answerEmpty(tx: Transaction, overlay: Overlay, entry: Entry): OutboxRow | undefined {
    if (entry.body?.type !== "prekey") return undefined;
    if ((this.#context.cipher.session(overlay, entry.device)?.unansweredPrekeys ?? 0) < unansweredMax) return undefined;
    const key = valueKey<number>(`answered/${entry.device}`);
    const nowMs = this.#context.clock.now();
    // What comes out of a backlog was sent before the answer could be read.
    if (nowMs - (tx.values.get(key) ?? -limits.sessionResetEveryMs) < limits.sessionResetEveryMs) return undefined;
    tx.values.put(key, nowMs);
    return this.#emptySync(tx, entry.chat, entry.device);
  }

  #emptySync(tx: Transaction, chat: ConversationId, device: DeviceId): OutboxRow {
    const messageId = idOf<MessageId>(this.#context.rand.bytes(16));
    return appendSend(
      tx,
      { chat, messageId, kind: "sync", targets: [device], content: encodePart({ empty: {} }) },
      this.#context.clock.now(),
    );
  }
}

const unansweredMax = 2;

function keep(rows: OutboxRow[], row: OutboxRow | undefined): void {
  if (row !== undefined) rows.push(row);
}
