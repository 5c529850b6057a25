import type { Timer } from "../../lib/clock.js";
import { idBytes, idOf, isIdBytes, type ConversationId } from "../../lib/ids.js";
import { limits } from "../../lib/limits.js";
import type { hermod } from "../../protos/gen/hermod.js";
import type { ServerFrame } from "../connection/ports.js";
import type { ClientContext } from "../context.js";
import { HermodError } from "../errors.js";
import { placeOf } from "./cursor.js";
import type { Intake } from "./intake.js";
import type { Rosters } from "./rosters.js";

/** What one conversation has received and not yet looked at. */
interface Line {
  readonly chat: ConversationId;
  queue: StreamFrame[];
  working: Promise<void> | undefined;
  fetching: boolean;
  /** Where the cursor stood when the fetch began. */
  fetchedFrom: bigint;
  /** The highest sequence that the server spoke of. */
  heard: bigint;
  unacked: number;
  failures: number;
  retry: Timer | undefined;
}

type StreamFrame =
  | { readonly type: "deliver"; readonly frame: hermod.v1.Deliver }
  | { readonly type: "skip"; readonly frame: hermod.v1.Skip }
  | { readonly type: "missed"; readonly frame: hermod.v1.Missed }
  | { readonly type: "fetched" };

/**
 * The stream of deliveries, conversation by conversation: what comes next is taken in, what is early is dropped and fetched, everything
 * is acknowledged by the watermark of what is stored.
 */
export class Receiver {
  readonly #context: ClientContext;
  readonly #rosters: Rosters;
  readonly #intake: Intake;
  readonly #stop: (error: HermodError) => void;
  readonly #lines = new Map<ConversationId, Line>();
  /** Conversations whose gap a fetch did not fill: the next sync says so. */
  readonly doubted = new Set<ConversationId>();
  #running = true;

  constructor(context: ClientContext, rosters: Rosters, intake: Intake, stop: (error: HermodError) => void) {
    this.#context = context;
    this.#rosters = rosters;
    this.#intake = intake;
    this.#stop = stop;
  }

  stop(): void {
    this.#running = false;
    this.#forget();
  }

  /** What an older session brought and nobody looked at comes again. */
  onSession(): void {
    this.#forget();
  }

  onPush(frame: ServerFrame): void {
    const read = streamFrame(frame);
    if (read === undefined || !this.#running || !isIdBytes(read.chatId)) return;
    const line = this.#line(idOf<ConversationId>(read.chatId));
    if (line.queue.length >= limits.receiveQueueMax && read.stream.type !== "fetched") {
      line.heard = highest(line.heard, throughOf(read.stream));
      return;
    }
    line.queue.push(read.stream);
    this.#work(line);
  }

  /** Resolves when everything that has come so far was looked at. */
  async idle(): Promise<void> {
    for (const line of this.#lines.values()) while (line.working !== undefined) await line.working;
  }

  /** Tells the server how far this conversation is stored. */
  ack(chat: ConversationId): void {
    const row = this.#context.store.chats.get(chat);
    if (row === undefined || row.last === 0n) return;
    const except = row.except.filter((span) => span.from <= row.last);
    if (this.#context.connection.send({ messageAck: { chatId: idBytes(chat), through: row.last, status: delivered, except } })) {
      this.#context.history.write({ type: "ack", conv: chat, seq: row.last });
    }
  }

  #forget(): void {
    for (const line of this.#lines.values()) {
      line.queue = [];
      line.fetching = false;
      line.heard = 0n;
      line.failures = 0;
      line.retry?.cancel();
      line.retry = undefined;
    }
  }

  #line(chat: ConversationId): Line {
    let line = this.#lines.get(chat);
    if (line === undefined) {
      line = {
        chat,
        queue: [],
        working: undefined,
        fetching: false,
        fetchedFrom: 0n,
        heard: 0n,
        unacked: 0,
        failures: 0,
        retry: undefined,
      };
      this.#lines.set(chat, line);
    }
    return line;
  }

  #work(line: Line): void {
    line.working ??= this.#drain(line)
      .catch((error: unknown) => {
        this.#failed(line, error);
      })
      .finally(() => {
        line.working = undefined;
        if (line.queue.length > 0 && this.#running) this.#work(line);
      });
  }

  async #drain(line: Line): Promise<void> {
    for (let next = line.queue.shift(); next !== undefined && this.#running; next = line.queue.shift()) {
      if (next.type === "fetched") line.fetching = false;
      else {
        line.heard = highest(line.heard, throughOf(next));
        await this.#take(line, next);
        line.unacked += 1;
      }
      if (line.queue.length === 0 || line.unacked >= limits.ackEveryEntries) this.#settle(line, next.type === "fetched");
    }
  }

  async #take(line: Line, stream: Exclude<StreamFrame, { type: "fetched" }>): Promise<void> {
    let chat = this.#context.store.chats.get(line.chat);
    if (chat === undefined) {
      const known = await this.#rosters.catchUp(line.chat);
      chat = this.#context.store.chats.get(line.chat);
      if (known.error !== undefined || chat === undefined) return;
    }
    const place = placeOf(chat.last, stream.frame.prev, throughOf(stream));
    if (place === "early") return;
    if (place === "duplicate") {
      if (stream.type === "deliver") this.#context.history.write({ type: "dup", conv: line.chat, seq: stream.frame.seq });
      return;
    }
    if (stream.type === "deliver") await this.#intake.deliver(line.chat, stream.frame);
    else if (stream.type === "skip") this.#intake.skip(line.chat, stream.frame);
    else this.#intake.missed(line.chat, stream.frame);
    line.failures = 0;
  }

  /** After a run of entries: ack, and ask for what is missing. */
  #settle(line: Line, fetched: boolean): void {
    if (line.unacked > 0) this.ack(line.chat);
    line.unacked = 0;
    const last = this.#context.store.chats.get(line.chat)?.last ?? 0n;
    if (last >= line.heard || line.fetching) {
      if (last >= line.heard) this.doubted.delete(line.chat);
      return;
    }
    if (fetched && last <= line.fetchedFrom) {
      // The server has told everything and the gap is still there: the next sync begins at the cursor.
      this.doubted.add(line.chat);
      this.#retry(line);
      return;
    }
    this.#fetch(line, last);
  }

  #fetch(line: Line, last: bigint): void {
    line.fetching = true;
    line.fetchedFrom = last;
    const end = last + BigInt(limits.fetchEntriesMax);
    const to = line.heard < end ? line.heard : end;
    this.#context.connection.request({ fetch: { chatId: idBytes(line.chat), from: last + 1n, to } }).catch(() => {
      line.fetching = false;
      this.doubted.add(line.chat);
      this.#retry(line);
    });
  }

  /** Looks at the gap again later, within the same session. */
  #retry(line: Line): void {
    if (line.retry !== undefined || !this.#running || this.#context.connection.session === undefined) return;
    line.failures += 1;
    line.retry = this.#context.clock.timer(limits.receiveRetryMs * Math.min(line.failures, 20), () => {
      line.retry = undefined;
      const last = this.#context.store.chats.get(line.chat)?.last ?? 0n;
      if (this.#running && !line.fetching && line.heard > last) this.#fetch(line, last);
    });
  }

  /** Something that the entry needs was not answered: it and what follows are dropped, not acked, and fetched again. Our own failures stop the client. */
  #failed(line: Line, error: unknown): void {
    line.unacked = 0;
    for (const frame of line.queue) if (frame.type !== "fetched") line.heard = highest(line.heard, throughOf(frame));
    line.queue = [];
    line.fetching = false;
    if (!this.#running) return;
    if (error instanceof HermodError && error.retryable) {
      this.#retry(line);
      return;
    }
    if (error instanceof HermodError && refusedByServer.has(error.code)) return;
    this.#stop(error instanceof HermodError ? error : new HermodError("internal", { cause: error }));
  }
}

/** The server delivers from a conversation and says at once that there is none: nothing to be done about it but not to believe it. */
const refusedByServer: ReadonlySet<string> = new Set(["not-a-member", "not-found", "bad-request"]);
const delivered = 1;

function streamFrame(frame: ServerFrame): { readonly chatId: Uint8Array; readonly stream: StreamFrame } | undefined {
  if (frame.deliver !== null) return { chatId: frame.deliver.chatId, stream: { type: "deliver", frame: frame.deliver } };
  if (frame.skip !== null) return { chatId: frame.skip.chatId, stream: { type: "skip", frame: frame.skip } };
  if (frame.missed !== null) return { chatId: frame.missed.chatId, stream: { type: "missed", frame: frame.missed } };
  if (frame.fetched !== null) return { chatId: frame.fetched.chatId, stream: { type: "fetched" } };
  return undefined;
}

function throughOf(stream: Exclude<StreamFrame, { type: "fetched" }>): bigint {
  return stream.type === "deliver" ? stream.frame.seq : stream.frame.to;
}

function highest(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
