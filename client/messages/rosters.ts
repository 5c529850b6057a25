import { sameBytes } from "../../lib/bytes.js";
import { idBytes, type ConversationId } from "../../lib/ids.js";
import { limits } from "../../lib/limits.js";
import { hermod } from "../../protos/gen/hermod.js";
import { kindNumber, kindOf } from "../../protos/kinds.js";
import type { Roster } from "../../protos/signed/roster.js";
import type { Refusal, Verdict, Verify } from "../../protos/signed/verdict.js";
import type { ClientContext } from "../context.js";
import { HermodError } from "../errors.js";
import type { ChatRow, ControlRow } from "../store/ports.js";
import type { Changes } from "./changes.js";
import { readEntry, type Entry } from "./entry.js";
import { listsNamedBy, openGenesis, rosterAfter, rosterBelow } from "./roster-rules.js";

/** The verified folds of all conversations: who is in each, with which devices, at each sequence. */
export class Rosters {
  readonly #context: ClientContext;
  readonly #changes: Changes;
  readonly #books = new Map<ConversationId, Roster[]>();
  /** One at a time per conversation: the receiver and the sender both learn. */
  readonly #learning = new Map<ConversationId, Promise<unknown>>();

  constructor(context: ClientContext, changes: Changes) {
    this.#context = context;
    this.#changes = changes;
  }

  newest(chat: ConversationId): Roster | undefined {
    return this.#book(chat).at(-1);
  }

  first(chat: ConversationId): Roster | undefined {
    return this.#book(chat)[0];
  }

  /** The roster by which an entry at `seq` is judged. */
  before(chat: ConversationId, seq: bigint): Roster | undefined {
    return rosterBelow(this.#book(chat), seq);
  }

  /** Fetches, verifies and stores the control entries that are not known yet. Throws the connection's errors; a refusal is an answer. */
  async catchUp(chat: ConversationId): Promise<Verdict<Roster>> {
    for (let page = 0; page < limits.rosterPagesMax; page++) {
      const from = (this.newest(chat)?.seq ?? 0n) + 1n;
      const answer = await this.#context.connection.request({ fetchRoster: { chatId: idBytes(chat), fromSeq: from } });
      const frames = answer.rosterPage;
      if (frames === null) throw new HermodError("internal", { message: "fetchRoster was answered by something else" });
      const verdict = await this.learn(chat, frames.entries);
      if (verdict.error !== undefined || !frames.more) return verdict;
      if (frames.entries.length === 0) break;
    }
    throw new HermodError("internal", { message: "the pages of control entries do not end" });
  }

  /** Takes control entries as the server showed them, in order; those that are known must be the same bytes. */
  learn(chat: ConversationId, frames: readonly hermod.v1.Deliver[]): Promise<Verdict<Roster>> {
    const after = this.#learning.get(chat) ?? Promise.resolve();
    const run = after.then(
      () => this.#learn(chat, frames),
      () => this.#learn(chat, frames),
    );
    this.#learning.set(chat, run);
    const forget = (): void => {
      if (this.#learning.get(chat) === run) this.#learning.delete(chat);
    };
    run.then(forget, forget);
    return run;
  }

  async #learn(chat: ConversationId, frames: readonly hermod.v1.Deliver[]): Promise<Verdict<Roster>> {
    for (const frame of frames) {
      const entry = readEntry(frame);
      if (entry?.chat !== chat || entry.body === undefined) return this.#refused(chat, frame, badEntry);
      const known = this.#context.store.controls.get(chat, entry.seq);
      if (known !== undefined) {
        if (!sameBytes(known.body, entry.body.bytes)) return this.#refused(chat, frame, forked);
        continue;
      }
      for (const { account, version } of listsNamedBy(entry)) await this.#list(account, version);
      const verdict = rosterAfter(
        chat,
        this.#context.self.account,
        this.newest(chat),
        entry,
        this.#context.chains.at.bind(this.#context.chains),
        this.#context.cipher.verify,
      );
      if (verdict.error !== undefined) return this.#refused(chat, frame, verdict);
      this.#store(entry, frame, verdict.ok);
    }
    const newest = this.newest(chat);
    return newest === undefined ? { error: "not-found", detail: "no genesis" } : { ok: newest };
  }

  /** A version that the server cannot show is no error here: the rule that needs it refuses. */
  async #list(account: Parameters<ClientContext["chains"]["at"]>[0], version: number): Promise<void> {
    if (this.#context.chains.at(account, version) !== undefined) return;
    try {
      await this.#context.chains.ensureVersion(account, version);
    } catch (error) {
      const final = error instanceof HermodError && ["not-found", "list-invalid", "list-forked"].includes(error.code);
      if (!final) throw error;
    }
  }

  #store(entry: Entry, frame: hermod.v1.Deliver, roster: Roster): void {
    const { chat, seq } = entry;
    const row: ControlRow = {
      chat,
      seq,
      kind: kindNumber(entry.kind),
      body: entry.body?.bytes ?? new Uint8Array(0),
      rosterHash: roster.hash,
      deliver: hermod.v1.Deliver.encode(frame).finish(),
    };
    this.#context.store.transact((tx) => {
      tx.controls.put(row);
      tx.chats.putRoster({ chat, rosterSeq: roster.seq, rosterHash: roster.hash, fold: roster });
      if (tx.chats.get(chat) === undefined) tx.chats.put(this.#newChat(entry, roster));
    });
    this.#book(chat).push(roster);
    this.#changes.tell(chat, { type: "roster", seq });
  }

  #newChat(entry: Entry, roster: Roster): ChatRow {
    const peer = [...roster.members.keys()].find((account) => account !== this.#context.self.account);
    return {
      chat: entry.chat,
      type: roster.type,
      ...(peer === undefined ? {} : { peer }),
      last: 0n,
      acked: 0n,
      readThrough: 0n,
      nextCounter: 1n,
      previousAll: 0n,
      except: [],
      createdMs: this.#context.clock.now(),
      changedMs: entry.serverMs,
    };
  }

  /** Something that no honest server shows: kept as evidence, told loudly, never folded. */
  #refused(chat: ConversationId, frame: hermod.v1.Deliver, refusal: Refusal): Refusal {
    const proof = hermod.v1.Deliver.encode(frame).finish();
    const detail = `control entry ${frame.seq}: ${refusal.error}, ${refusal.detail}`;
    this.#context.store.transact((tx) => {
      if (tx.evidence.about(chat, evidenceMax).length >= evidenceMax) return;
      tx.evidence.add({
        about: chat,
        what: refusal === forked ? "roster-forked" : "entry-refused",
        detail,
        proofs: [proof],
        atMs: this.#context.clock.now(),
      });
    });
    this.#context.emit({ type: "alarm", code: refusal.error, chatId: chat, detail });
    return refusal;
  }

  /** What was stored was verified then: folded again without asking anybody. */
  #book(chat: ConversationId): Roster[] {
    let book = this.#books.get(chat);
    if (book === undefined) {
      book = [];
      const rows = this.#context.store.controls.list(chat, 1n, limits.rosterPagesMax * limits.fetchEntriesMax);
      for (const row of rows) {
        const entry = storedEntry(row);
        const verdict = rosterAfter(
          chat,
          this.#context.self.account,
          book.at(-1),
          entry,
          this.#context.chains.at.bind(this.#context.chains),
          trusted,
        );
        if (verdict.error !== undefined)
          throw new HermodError("internal", { message: `a stored control entry does not fold: ${verdict.detail}` });
        book.push(verdict.ok);
      }
      this.#books.set(chat, book);
    }
    return book;
  }

  /** The genesis as it is stored. */
  genesis(chat: ConversationId): ReturnType<typeof openGenesis> | undefined {
    const row = this.#context.store.controls.get(chat, 1n);
    return row === undefined ? undefined : openGenesis(row.body);
  }
}

/** One contradiction proves as much as a thousand. */
const evidenceMax = 64;
const badEntry: Refusal = { error: "bad-request", detail: "not a control entry of this conversation" };
const forked: Refusal = { error: "roster-forked", detail: "two bodies for one sequence" };
const trusted: Verify = () => true;

function storedEntry(row: ControlRow): Entry {
  const entry = readEntry(hermod.v1.Deliver.decode(row.deliver));
  const kind = kindOf(row.kind);
  if (entry === undefined || kind === undefined) throw new HermodError("internal", { message: "a stored control entry is unreadable" });
  return entry;
}
