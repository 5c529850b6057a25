import type { Timer } from "../../lib/clock.js";
import { idOf, type ConversationId, type DeviceId, type MessageId } from "../../lib/ids.js";
import { limits } from "../../lib/limits.js";
import { point } from "../../lib/point.js";
import type { hermod } from "../../protos/gen/hermod.js";
import { kindNumber, scopeNumber, scopeOf, type EntryKind } from "../../protos/kinds.js";
import type { Roster } from "../../protos/signed/roster.js";
import type { ServerFrame } from "../connection/ports.js";
import type { ClientContext } from "../context.js";
import { HermodError } from "../errors.js";
import type { EntryReference, OutboxRow, Transaction } from "../store/ports.js";
import type { Changes } from "./changes.js";
import { awaitsRoster, boundOf, contentHash, NotYet, seal } from "./encryption.js";
import * as rules from "./outbox.js";
import type { Answer, Change, ChatOutbox } from "./outbox.js";
import type { Rosters } from "./rosters.js";
import { commitChanges } from "./sent.js";

export interface NewSend {
  readonly chat: ConversationId;
  readonly messageId: MessageId;
  readonly kind: EntryKind;
  /** Encoded part of the content, without context. */
  readonly content: Uint8Array;
  /** Absent: everybody (scope `all`). */
  readonly targets?: readonly DeviceId[];
  readonly refersTo?: EntryReference;
}

/** Adds a row to the outbox inside a transaction; the same id again changes nothing. */
export function appendSend(tx: Transaction, send: NewSend, nowMs: number): OutboxRow {
  const known = tx.outbox.get(send.chat, send.messageId);
  if (known !== undefined) return known;
  const row: OutboxRow = {
    chat: send.chat,
    messageId: send.messageId,
    state: "queued",
    kind: kindNumber(send.kind),
    scope: scopeNumber(send.targets === undefined ? "all" : "subset"),
    content: send.content,
    ...(send.targets === undefined ? {} : { targets: send.targets }),
    ...(send.refersTo === undefined ? {} : { refersTo: send.refersTo }),
    transmitted: false,
    queuedMs: nowMs,
  };
  tx.outbox.append(row);
  return row;
}

/** Carries out what outbox.ts decides, for all conversations: encrypts, transmits, commits what answers say. */
export class Sender {
  readonly #context: ClientContext;
  readonly #rosters: Rosters;
  readonly #changes: Changes;
  readonly #stop: (error: HermodError) => void;
  readonly #outboxes = new Map<ConversationId, ChatOutbox>();
  readonly #refreshing = new Set<ConversationId>();
  /** Conversations with more pending rows in the store than in memory. */
  readonly #overflowing = new Set<ConversationId>();
  /** History says `invoke` once per process and ciphertext. */
  readonly #invoked = new Set<string>();
  #flight = 0;
  #timer: Timer | undefined;
  #running = false;

  constructor(context: ClientContext, rosters: Rosters, changes: Changes, stop: (error: HermodError) => void) {
    this.#context = context;
    this.#rosters = rosters;
    this.#changes = changes;
    this.#stop = stop;
  }

  start(): void {
    this.#running = true;
    for (const chat of this.#context.store.outbox.pendingChats()) this.adopt(chat);
  }

  stop(): void {
    this.#running = false;
    this.#timer?.cancel();
  }

  /** A new session: whatever was in flight goes again, byte for byte. */
  onSession(): void {
    for (const outbox of this.#outboxes.values()) rules.onReconnected(outbox);
    this.pump();
  }

  /** Takes rows into memory that a transaction has put into the outbox. */
  adopt(chat: ConversationId): void {
    const outbox = this.#outbox(chat);
    const known = new Set(outbox.rows.map((row) => row.id));
    const pending = this.#context.store.outbox.pending(chat, limits.outboxRowsMax);
    for (const row of pending) if (!known.has(row.messageId)) addTo(outbox, row);
    if (pending.length < limits.outboxRowsMax) this.#overflowing.delete(chat);
    else this.#overflowing.add(chat);
    this.pump();
  }

  /** Takes one row that was appended just now. */
  add(row: OutboxRow): void {
    const outbox = this.#outbox(row.chat);
    if (row.state === "sent" || row.state === "failed" || outbox.rows.some((each) => each.id === row.messageId)) return;
    if (outbox.rows.length >= limits.outboxRowsMax) this.#overflowing.add(row.chat);
    if (!this.#overflowing.has(row.chat)) addTo(outbox, row);
    this.pump();
  }

  /** The own entry came back as a header: as good as an acknowledgement. Commits within the receiver's transaction by what it returns. */
  onOwnEntry(chat: ConversationId, id: MessageId, counter: bigint, seq: bigint, serverMs: number): readonly Change[] {
    return rules.onStored(this.#outbox(chat), id, seq, serverMs, counter);
  }

  /** Goes through all conversations and does whatever may be done now. */
  pump(): void {
    if (!this.#running) return;
    this.#timer?.cancel();
    let wakeMs: number | undefined;
    const nowMs = this.#context.clock.now();
    for (const [chat, outbox] of this.#outboxes) {
      const untilMs = this.#advance(chat, outbox, nowMs);
      if (untilMs !== undefined && (wakeMs === undefined || untilMs < wakeMs)) wakeMs = untilMs;
    }
    if (wakeMs !== undefined) {
      this.#timer = this.#context.clock.timer(Math.max(1, wakeMs - nowMs), () => {
        this.pump();
      });
    }
  }

  #advance(chat: ConversationId, outbox: ChatOutbox, nowMs: number): number | undefined {
    if (this.#context.connection.session === undefined) return undefined;
    for (;;) {
      if (this.#context.connection.bufferedAmount > limits.socketBackpressureBytesMax) return nowMs + limits.outboxDelayMinMs;
      const step = rules.plan(outbox, nowMs, this.#free());
      if (step.type === "wait") return step.untilMs;
      if (step.type === "encrypt") {
        if (this.#refreshing.has(chat)) return undefined;
        rules.startEncrypting(outbox, step.id);
        this.#guard(this.#encrypt(chat, outbox, step));
        return undefined;
      }
      this.#guard(this.#transmit(chat, outbox, step.id));
    }
  }

  /** A store that does not take a change is not to be worked on any further. */
  #guard(work: Promise<void>): void {
    work.catch((error: unknown) => {
      this.#stop(error instanceof HermodError ? error : new HermodError("internal", { cause: error }));
    });
  }

  #free(): number {
    let flights = 0;
    for (const outbox of this.#outboxes.values()) flights += outbox.flights.size;
    return limits.sendsInFlightMax - flights;
  }

  async #encrypt(chat: ConversationId, outbox: ChatOutbox, step: Extract<rules.Step, { type: "encrypt" }>): Promise<void> {
    const row = this.#context.store.outbox.get(chat, step.id);
    let changes: readonly Change[] = [];
    try {
      const roster = await this.#rosterFor(chat, row);
      if (row === undefined || roster === undefined) throw new HermodError("not-a-member");
      const sealed = await seal(this.#context, row, roster, {
        ...step,
        isWanted: () => this.#running && rules.isWanted(outbox, step.id, step.counter),
        committed: () => {
          rules.onEncrypted(outbox, step.id, step.counter);
        },
      });
      if (sealed) this.#changes.tell(chat, { type: "message", id: step.id, seq: undefined });
      else rules.abandon(outbox, step.id);
    } catch (error) {
      if (!this.#running) return;
      const known = error instanceof HermodError ? error : new HermodError("internal", { cause: error });
      if (!(error instanceof HermodError)) this.#context.emit({ type: "problem", code: "internal", message: String(error) });
      const untilMs = this.#context.clock.now() + Math.max(known.retryAfterMs ?? 0, limits.outboxDelayMinMs * 4);
      // The store did not take it, or the network did not answer: the row stays as it was.
      // Without anybody left to send it to, it would stand in front of all others for ever.
      const never = (!known.retryable && known.code !== "stopped") || known.code === "wrong-recipients";
      changes = rules.onNotEncrypted(outbox, step.id, never ? known.code : undefined, untilMs, known instanceof NotYet);
    }
    this.#apply(chat, changes);
  }

  /** The newest roster; for a device that was linked just now, the one that names it. */
  async #rosterFor(chat: ConversationId, row: OutboxRow | undefined): Promise<Roster | undefined> {
    const roster = this.#rosters.newest(chat);
    if (row === undefined || roster === undefined || !awaitsRoster(this.#context, row, roster)) return roster;
    await this.#rosters.catchUp(chat);
    const newer = this.#rosters.newest(chat);
    if (newer !== undefined && awaitsRoster(this.#context, row, newer)) {
      throw new NotYet("overloaded", { message: "the conversation has not been told of the device yet" });
    }
    return newer;
  }

  async #transmit(chat: ConversationId, outbox: ChatOutbox, id: MessageId): Promise<void> {
    const row = this.#context.store.outbox.get(chat, id);
    if (row?.envelope === undefined) throw new HermodError("internal", { message: "nothing to transmit" });
    const flight = ++this.#flight;
    rules.onTransmitted(outbox, id, flight);
    point("client.committed");
    this.#writeInvoke(row);
    const request = this.#context.connection.request({ sendMessage: { envelope: row.envelope } });
    point("client.sent");
    const answer = await request.then(
      (frame) => this.#readAnswer(chat, frame),
      (error: unknown) => problemAnswer(error),
    );
    if (!this.#running) return;
    point("client.answer");
    this.#writeAnswer(row, answer);
    const changes = rules.onAnswer(outbox, flight, answer, this.#context.clock.now(), this.#context.rand.fraction());
    this.#apply(chat, changes);
  }

  #readAnswer(chat: ConversationId, frame: ServerFrame): Answer {
    if (frame.serverAck !== null) {
      const { clientMsgId, seq, serverTsMs } = frame.serverAck;
      return { type: "ack", id: idOf<MessageId>(clientMsgId), seq, serverMs: Number(serverTsMs) };
    }
    if (frame.outOfOrder !== null) return { type: "out-of-order", expected: frame.outOfOrder.expected };
    if (frame.rosterMismatch !== null) {
      this.#refresh(chat, frame.rosterMismatch);
      return { type: "roster-mismatch" };
    }
    return { type: "problem", code: "internal", retryAfterMs: 0 };
  }

  /** Nothing is encrypted in this conversation before the fold has taken what the server named. */
  #refresh(chat: ConversationId, mismatch: hermod.v1.RosterMismatch | undefined): void {
    if (this.#refreshing.has(chat)) return;
    this.#refreshing.add(chat);
    const changed = mismatch === undefined ? [] : mismatch.changes;
    const target = mismatch?.rosterSeq ?? 0n;
    const learned = this.#rosters.learn(chat, changed).then(async () => {
      if (target === 0n || (this.#rosters.newest(chat)?.seq ?? 0n) < target) await this.#rosters.catchUp(chat);
    });
    const done = (): void => {
      this.#refreshing.delete(chat);
      this.pump();
    };
    learned.then(done, done);
  }

  /** Commits what the rules decided, then tells. */
  #apply(chat: ConversationId, changes: readonly Change[]): void {
    if (changes.length > 0) {
      const outbox = this.#outbox(chat);
      const rolledBack = this.#context.store.transact((tx) => commitChanges(tx, chat, outbox, changes, this.#context));
      this.told(chat, changes);
      if (rolledBack) this.#stop(new HermodError("store-rolled-back"));
      if (changes.some((change) => change.type === "refresh-roster")) this.#refresh(chat, undefined);
      if (this.#overflowing.has(chat) && outbox.rows.length < limits.outboxRowsMax / 4) this.adopt(chat);
    }
    this.pump();
  }

  /** Tells what a committed change means to whoever waits for it. */
  told(chat: ConversationId, changes: readonly Change[]): void {
    for (const change of changes) {
      if (change.type !== "sent" && change.type !== "failed") continue;
      this.#changes.tell(chat, { type: "message", id: change.id, seq: change.type === "sent" ? change.seq : undefined });
      this.#context.emit({ type: "message-state", chatId: chat, id: change.id });
    }
  }

  get context(): ClientContext {
    return this.#context;
  }

  outboxOf(chat: ConversationId): ChatOutbox {
    return this.#outbox(chat);
  }

  #outbox(chat: ConversationId): ChatOutbox {
    let outbox = this.#outboxes.get(chat);
    if (outbox === undefined) {
      const row = this.#context.store.chats.get(chat);
      outbox = rules.emptyOutbox(row?.nextCounter ?? 1n, row?.previousAll ?? 0n);
      this.#outboxes.set(chat, outbox);
    }
    return outbox;
  }

  #writeInvoke(row: OutboxRow): void {
    const bound = boundOf(row);
    const key = `${row.messageId}/${row.counter ?? 0n}/${row.rosterSeq ?? 0n}`;
    if (this.#invoked.has(key)) return;
    this.#invoked.add(key);
    this.#context.history.write({ type: "invoke", ...historyOf(row), ...(bound === undefined ? {} : { sha: contentHash(bound) }) });
  }

  #writeAnswer(row: OutboxRow, answer: Answer): void {
    if (answer.type === "ack") {
      this.#invoked.delete(`${row.messageId}/${row.counter ?? 0n}/${row.rosterSeq ?? 0n}`);
      this.#context.history.write({ type: "ok", ...historyOf(row), seq: answer.seq });
    } else if (answer.type === "roster-mismatch") this.#context.history.write({ type: "fail", ...historyOf(row), code: "roster-mismatch" });
    else if (answer.type === "out-of-order") this.#context.history.write({ type: "fail", ...historyOf(row), code: "out-of-order" });
    else if (answer.type === "lost") this.#context.history.write({ type: "info", ...historyOf(row), code: "unreachable" });
    else
      this.#context.history.write({
        type: new HermodError(answer.code).stored === "no" ? "fail" : "info",
        ...historyOf(row),
        code: answer.code,
      });
  }
}

function addTo(outbox: ChatOutbox, row: OutboxRow): void {
  rules.addRow(outbox, { id: row.messageId, scope: scopeOf(row.scope) ?? "subset", counter: row.counter });
}

function historyOf(row: OutboxRow): { f: string; conv: ConversationId; msg: MessageId; counter: bigint } {
  return { f: "send", conv: row.chat, msg: row.messageId, counter: row.counter ?? 0n };
}

function problemAnswer(error: unknown): Answer {
  if (!(error instanceof HermodError) || error.problem === undefined) return { type: "lost" };
  const stored = error.problem.storedId;
  return {
    type: "problem",
    code: error.code,
    retryAfterMs: error.retryAfterMs ?? 0,
    ...(stored?.length === 16 ? { storedId: idOf<MessageId>(stored) } : {}),
  };
}
