import { Alarms } from "../lib/alarms.js";
import type { Clock } from "../lib/clock.js";
import type { ErrorCode } from "../lib/errors.js";
import { idBytes } from "../lib/ids.js";
import { limits } from "../lib/limits.js";
import { fullBucket, take, type TokenRule } from "../lib/token-bucket.js";
import { closeCodes, closeReasonOf } from "../protos/close-codes.js";
import { parseEnvelope } from "../protos/envelope.js";
import type { hermod } from "../protos/gen/hermod.js";
import type { Answer, ReplyTo, ServerFrame, SessionRef } from "../protos/messages.js";
import { credentialBytes, readCredential } from "./credential.js";
import { gather } from "./gather.js";
import type { Actors, GatewayCounters, GatewayWatch } from "./ports.js";
import { Questions } from "./questions.js";
import { decodeFrame, requestOf, type Request } from "./requests.js";
import type { OpenSession, Session, SessionLimits } from "./session.js";
import type { ClientSocket } from "./sockets.js";

const protocolVersion = 1;
/** Accounts, and chats of a syncState, that cost as much as one page. */
const accountsPerPage = 8;
const chatsPerPage = 200;

/** A second without a refusal, and those before it are forgiven. */
const warningsKeptMs = 1_000;

interface Held {
  readonly socket: ClientSocket;
  session: Session;
  /** The connection that another of the same device replaced must not detach the newer one: refs are never reused. */
  readonly ref: SessionRef;
}

/**
 * All client connections of this process and what is said over them. It keeps nothing durable and decides nothing that matters:
 * it checks form, size and rate, vouches for who is asking, and passes bytes on. Also the `Sessions` port of the actors.
 */
export class Gateway {
  readonly name: string;
  readonly questions: Questions;
  readonly #actors: Actors;
  readonly #clock: Clock;
  readonly #limits: SessionLimits;
  readonly counters: GatewayCounters;
  readonly #held = new Map<number, Held>();
  readonly #deadlines: Alarms<Held>;
  readonly #log: GatewayWatch["log"];
  readonly #onSendAck: GatewayWatch["onSendAck"];
  draining = false;

  constructor(name: string, actors: Actors, clock: Clock, sessionLimits: SessionLimits, counters: GatewayCounters, watch: GatewayWatch) {
    this.name = name;
    this.#actors = actors;
    this.#clock = clock;
    this.#limits = sessionLimits;
    this.counters = counters;
    this.#log = watch.log;
    this.#onSendAck = watch.onSendAck;
    this.questions = new Questions(name, clock);
    this.#deadlines = new Alarms(clock, (held) => {
      if (held.session.phase !== "open") this.#close(held, "unauthenticated");
    });
  }

  /** A socket was upgraded. It has 5 s to say who it is. */
  opened(socket: ClientSocket): void {
    const held: Held = {
      socket,
      session: { phase: "opening" },
      ref: { gateway: this.name, socket: socket.number },
    };
    this.#held.set(socket.number, held);
    this.counters.connections++;
    this.counters.unauthenticated++;
    this.#deadlines.set(held, this.#clock.mono() + this.#limits.authDeadlineMs);
  }

  /** @param bytes owned by the gateway from now on */
  received(number: number, bytes: Uint8Array, credential: Uint8Array | undefined): void {
    const held = this.#held.get(number);
    if (!held?.socket.open) return;
    this.counters.framesIn++;
    const frame = decodeFrame(bytes);
    if (frame === undefined) {
      this.#problem(held, 0, "bad-frame");
      this.#warn(held, limits.badFrameCost);
      return;
    }
    if (held.session.phase === "opening") this.#hello(held, frame, credential);
    else if (held.session.phase === "open") this.#request(held, held.session, frame);
    else this.#problem(held, frame.requestId, "unauthenticated");
  }

  /** The socket is gone, whoever closed it. */
  closed(number: number, code: number): void {
    const held = this.#held.get(number);
    if (held === undefined) return;
    this.#held.delete(number);
    this.#deadlines.clear(held);
    this.counters.connections--;
    if (held.session.phase !== "open") this.counters.unauthenticated--;
    const reason = held.socket.closeReason ?? closeReasonOf(code) ?? (code === 1006 ? "lost" : "client");
    this.counters.closed[reason] = (this.counters.closed[reason] ?? 0) + 1;
    held.socket.closed();
    if (held.session.phase === "open") {
      this.#actors.tell({ kind: "device", id: held.session.device, message: { type: "detach", session: held.ref } });
    }
  }

  // The way back from actors (port `Sessions`).

  answer(to: ReplyTo, answer: Answer): void {
    if (to.socket === 0) {
      this.questions.heard(to.requestId, answer);
      return;
    }
    const held = this.#held.get(to.socket);
    if (held === undefined) return;
    if (held.session.phase === "proving") {
      this.#proved(held, held.session, answer);
      return;
    }
    if (answer.type === "frame") this.#answerFrame(held, to.requestId, answer.frame);
    else if (answer.type === "problem") this.#answerFrame(held, to.requestId, { problem: problemOf(answer) });
  }

  push(session: SessionRef, frame: ServerFrame): void {
    this.#held.get(session.socket)?.socket.send(0, frame);
  }

  close(session: SessionRef, code: number, reason: string): void {
    const held = this.#held.get(session.socket);
    if (held === undefined) return;
    if (code === closeCodes["slow-consumer"].code) this.#log("slow consumer closed", { reason });
    held.socket.close(code, reason);
  }

  /** Asks every device to come back elsewhere, spread over `windowMs`, then closes. */
  async drain(windowMs: number): Promise<void> {
    this.draining = true;
    const spread = Math.min(10_000, Math.max(500, this.#held.size));
    let index = 0;
    for (const held of this.#held.values())
      held.socket.send(0, { drain: { reconnectInMs: Math.round((spread * (index++ + 1)) / (this.#held.size + 1)) } });
    const all = [...this.#held.values()];
    const perStep = Math.max(1, Math.ceil(all.length / 20));
    for (let at = 0; at < all.length; at += perStep) {
      for (const held of all.slice(at, at + perStep)) this.#close(held, "draining");
      await this.#clock.sleep(windowMs / 20);
    }
    this.#deadlines.stop();
  }

  #hello(held: Held, frame: hermod.v1.ClientFrame, fromHeader: Uint8Array | undefined): void {
    const { hello } = frame;
    if (!hello) {
      this.#problem(held, frame.requestId, "unauthenticated");
      this.#close(held, "unauthenticated");
      return;
    }
    if (hello.protocolMin > protocolVersion || hello.protocolMax < protocolVersion) {
      this.#problem(held, frame.requestId, "version-not-supported");
      this.#close(held, "version-not-supported");
      return;
    }
    const credential = hello.credential.length > 0 ? hello.credential : fromHeader;
    if (credential?.length !== credentialBytes || hello.conn === 0n) {
      this.#problem(held, frame.requestId, "unauthenticated");
      this.#close(held, "unauthenticated");
      return;
    }
    const proved = { ...readCredential(credential), conn: hello.conn };
    held.session = { phase: "proving", requestId: frame.requestId, hello: proved };
    const to = { ...held.ref, requestId: frame.requestId };
    this.#actors.tell({
      kind: "account",
      id: proved.account,
      message: { type: "authenticate", to, device: proved.device, secret: proved.secret },
    });
  }

  #proved(held: Held, session: Extract<Session, { phase: "proving" }>, answer: Answer): void {
    const { hello, requestId } = session;
    if (answer.type !== "authenticated" || answer.account !== hello.account || answer.device !== hello.device) {
      const code = answer.type === "problem" ? answer.code : "unauthenticated";
      held.socket.send(requestId, { problem: problemOf(answer.type === "problem" ? answer : { code }) });
      this.#close(held, code === "revoked" ? "revoked" : code === "unauthenticated" ? "unauthenticated" : "draining");
      return;
    }
    this.#deadlines.clear(held);
    this.counters.unauthenticated--;
    const now = this.#clock.mono();
    held.session = {
      phase: "open",
      ...hello,
      sendsInFlight: new Map(),
      sends: fullBucket(this.#sendRule, now),
      pages: fullBucket(this.#pageRule, now),
      warnings: 0,
      warnedMs: now,
    };
    held.socket.send(requestId, {
      welcome: { serverTsMs: BigInt(this.#clock.now()), protocol: protocolVersion, limits: this.#welcomeLimits() },
    });
    this.#actors.tell({
      kind: "device",
      id: hello.device,
      message: { type: "attach", session: held.ref, account: hello.account, conn: hello.conn },
    });
    this.#actors.tell({ kind: "account", id: hello.account, message: { type: "seen", device: hello.device } });
  }

  #request(held: Held, session: OpenSession, frame: hermod.v1.ClientFrame): void {
    const { requestId } = frame;
    const request = requestOf(frame, { ...held.ref, account: session.account, device: session.device });
    if (request.type === "refused") {
      this.#problem(held, requestId, request.code, frame);
      this.#warn(held, 1);
      return;
    }
    const waitMs = this.#cost(session, request);
    if (waitMs > 0) {
      held.socket.send(requestId, { problem: { ...problemOf({ code: "rate-limited", retryAfterMs: waitMs }), ...addressOf(frame) } });
      this.#warn(held, 1);
      return;
    }
    if (request.type === "gather") {
      void gather(request, this.questions, (mail) => {
        this.#actors.tell(mail);
      }).then((answer) => {
        held.socket.send(requestId, answer);
      });
      return;
    }
    if (request.cost === "send") {
      if (session.sendsInFlight.size >= this.#limits.sendsInFlightMax * 2) {
        this.#problem(held, requestId, "overloaded", frame);
        return;
      }
      session.sendsInFlight.set(requestId, this.#clock.mono());
    }
    this.#actors.tell(request.mail);
  }

  #answerFrame(held: Held, requestId: number, frame: ServerFrame): void {
    const { session } = held;
    const sentMs = session.phase === "open" ? session.sendsInFlight.get(requestId) : undefined;
    if (session.phase === "open" && sentMs !== undefined) {
      session.sendsInFlight.delete(requestId);
      if (frame.serverAck) this.#onSendAck((this.#clock.mono() - sentMs) / 1_000);
    }
    held.socket.send(requestId, frame);
  }

  /** 0: the session may. Else: how long to wait, ms. */
  #cost(session: OpenSession, request: Exclude<Request, { type: "refused" }>): number {
    const now = this.#clock.mono();
    if (request.type === "mail" && request.cost === "send") return take(session.sends, this.#sendRule, now);
    if (request.type === "mail" && request.cost === "none") return 0;
    return take(session.pages, this.#pageRule, now, pagesOf(request));
  }

  get #sendRule(): TokenRule {
    return { size: this.#limits.sendsPerDeviceBucket, perSecond: this.#limits.sendsPerDevicePerSecond };
  }

  get #pageRule(): TokenRule {
    return { size: this.#limits.pagesPerDeviceBucket, perSecond: this.#limits.pagesPerDevicePerSecond };
  }

  /** A client that goes on in spite of warnings is closed: 4029. */
  #warn(held: Held, cost: number): void {
    if (held.session.phase !== "open") {
      this.#close(held, "unauthenticated");
      return;
    }
    const { session } = held;
    const now = this.#clock.mono();
    // One refusal now and then in a connection of weeks is no flood.
    if (now - session.warnedMs >= warningsKeptMs) session.warnings = 0;
    session.warnedMs = now;
    session.warnings += cost;
    if (session.warnings >= this.#limits.problemsBeforeClose) this.#close(held, "rate-limited");
  }

  #problem(held: Held, requestId: number, code: ErrorCode, frame?: hermod.v1.ClientFrame): void {
    this.counters.problems[code] = (this.counters.problems[code] ?? 0) + 1;
    held.socket.send(requestId, { problem: { ...problemOf({ code }), ...(frame === undefined ? {} : addressOf(frame)) } });
  }

  #close(held: Held, why: keyof typeof closeCodes): void {
    held.socket.close(closeCodes[why].code, why);
  }

  #welcomeLimits(): hermod.v1.ServerLimits.$Properties {
    return {
      frameBytesMax: limits.frameBytesMax,
      entryBytesMax: limits.entryBytesMax,
      sendsInFlightMax: this.#limits.sendsInFlightMax,
      syncChatsMax: limits.syncChatsMax,
      windowEntries: limits.windowEntries,
      windowBytes: limits.windowBytes,
    };
  }
}

/** What a request costs in pages: one that makes the server look at many things costs more. */
function pagesOf(request: Exclude<Request, { type: "refused" }>): number {
  if (request.type === "gather") return Math.max(1, request.mails.length / accountsPerPage);
  const { message } = request.mail;
  return message.type === "sync-state" ? Math.max(1, message.chats.length / chatsPerPage) : 1;
}

function problemOf(problem: {
  readonly code: ErrorCode;
  readonly retryAfterMs?: number;
  readonly remediation?: string;
  readonly details?: Partial<hermod.v1.Problem.$Properties>;
}): hermod.v1.Problem.$Properties {
  return { ...problem.details, code: problem.code, retryAfterMs: problem.retryAfterMs ?? 0, remediation: problem.remediation ?? "" };
}

/** Chat and counter of a send, so that the client knows which one was refused even without its requestId. */
function addressOf(frame: hermod.v1.ClientFrame): Partial<hermod.v1.Problem.$Properties> {
  if (!frame.sendMessage) return {};
  const envelope = parseEnvelope(frame.sendMessage.envelope);
  return envelope === undefined ? {} : { chatId: idBytes(envelope.conversation), counter: envelope.counter };
}
