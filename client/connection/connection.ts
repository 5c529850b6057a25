import type { Clock, Timer } from "../../lib/clock.js";
import type { ErrorCode } from "../../lib/errors.js";
import { limits } from "../../lib/limits.js";
import type { Rand } from "../../lib/random.js";
import { afterClose, closeReasonOf } from "../../protos/close-codes.js";
import { hermod } from "../../protos/gen/hermod.js";
import { HermodError } from "../errors.js";
import { afterFailure, freshBackoff, hinted, nextServer, succeeded, type Backoff } from "./backoff.js";
import type { ClientFrame, Connection, ConnectionState, Dial, RequestOptions, ServerFrame, Session, Socket } from "./ports.js";
import { Requests } from "./requests.js";
import { socketUrlOf } from "./ws.js";

export interface ConnectionOptions {
  readonly servers: readonly string[];
  readonly dial: Dial;
  readonly clock: Clock;
  readonly rand: Rand;
  /** account ‖ device ‖ secret, 64 bytes. Asked at each hello. */
  readonly credential: () => Uint8Array;
  /** Draws the next connection count: durable before it returns. */
  readonly nextConn: () => bigint;
  readonly clientName: string;
  readonly clientVersion: string;
  /** Told of refusals that end nothing (a wrong credential keeps being tried, slowly). */
  readonly onProblem: (code: ErrorCode, message: string) => void;
}

/** One life of one socket. Whatever comes late from an older one is dropped by comparing with the current link. */
interface Link {
  readonly socket: Socket;
  readonly requests: Requests;
  session: Session | undefined;
  conn: bigint | undefined;
  deadline: Timer;
  heardMs: number;
  draining: boolean;
  /** Monotonic moment before which the server does not want to see this device again. */
  notBeforeMs: number;
  /** Code of the last problem without a request: the reason of the close that follows it. */
  problem: string | undefined;
}

type Terminal = "stopped" | "revoked" | "replaced" | "outdated";
const protocolMin = 1;
const protocolMax = 1;
const closeWanted = 1000;
/** Frames of a stream: they never end a request. */
const streamFrames: ReadonlySet<string> = new Set(["deliver", "skip", "missed", "receipt", "caughtUp"]);
/** Frames that both end a request and belong to the stream. */
const streamEnds: ReadonlySet<string> = new Set(["live", "fetched", "readStored"]);

/** Keeps one session alive over one WebSocket at a time: dials, says hello, answers requests, comes back with back-off. */
export class WebSocketConnection implements Connection {
  readonly #options: ConnectionOptions;
  readonly #push = new Set<(frame: ServerFrame) => void>();
  readonly #sessions = new Set<(session: Session) => void>();
  readonly #states = new Set<(state: ConnectionState) => void>();
  #state: ConnectionState = { type: "offline" };
  #backoff: Backoff;
  #link: Link | undefined;
  #retry: Timer | undefined;

  constructor(options: ConnectionOptions) {
    if (options.servers.length === 0) throw new HermodError("bad-request", { message: "no server was given" });
    this.#options = options;
    this.#backoff = freshBackoff(options.servers, options.rand);
  }

  get state(): ConnectionState {
    return this.#state;
  }

  get session(): Session | undefined {
    return this.#link?.session;
  }

  get bufferedAmount(): number {
    return this.#link?.socket.bufferedAmount ?? 0;
  }

  /** Begins to connect, and goes on until `pause`, `stop` or a terminal close. Harmless while it runs. */
  start(): void {
    this.#assertNotTerminal();
    if (this.#state.type === "offline") this.#dial();
  }

  /** Closes and stays offline until `start`. */
  pause(): void {
    if (isTerminal(this.#state)) return;
    this.#leave(new HermodError("unreachable", { message: "the connection was closed" }));
    this.#enter({ type: "offline" });
  }

  /** Closes for good. */
  stop(): void {
    this.end("stopped", "stopped");
  }

  /** Closes for good, in the terminal state that says why; a second end changes nothing. */
  end(type: Terminal, code: ErrorCode): void {
    if (isTerminal(this.#state)) return;
    this.#leave(new HermodError(code));
    this.#enter({ type });
  }

  request(frame: ClientFrame, options: RequestOptions = {}): Promise<ServerFrame> {
    const link = this.#link;
    if (link?.session === undefined) return Promise.reject(this.#notHere());
    return link.requests.open((requestId) => {
      link.socket.send(hermod.v1.ClientFrame.encode({ ...frame, requestId }).finish());
    }, options);
  }

  send(frame: ClientFrame): boolean {
    const link = this.#link;
    if (link?.session === undefined) return false;
    link.socket.send(hermod.v1.ClientFrame.encode({ ...frame, requestId: 0 }).finish());
    return true;
  }

  onPush(listener: (frame: ServerFrame) => void): () => void {
    return listen(this.#push, listener);
  }

  onSession(listener: (session: Session) => void): () => void {
    return listen(this.#sessions, listener);
  }

  onState(listener: (state: ConnectionState) => void): () => void {
    return listen(this.#states, listener);
  }

  caughtUp(session: Session): void {
    if (this.#link?.session !== session || this.#state.type !== "syncing") return;
    this.#backoff = succeeded(this.#backoff);
    this.#enter({ type: "live" });
  }

  #dial(): void {
    this.#retry = undefined;
    this.#enter({ type: "connecting" });
    const isMine = (): boolean => this.#link === link;
    const socket = this.#options.dial(socketUrlOf(nextServer(this.#backoff)), {
      opened: () => {
        if (isMine()) this.#hello(link);
      },
      message: (bytes) => {
        if (isMine()) this.#received(link, bytes);
      },
      heard: () => {
        link.heardMs = this.#options.clock.mono();
      },
      closed: (code, reason, status) => {
        if (isMine()) this.#closed(link, code, reason, status);
      },
    });
    const { clock } = this.#options;
    const link: Link = {
      socket,
      requests: new Requests(clock),
      session: undefined,
      conn: undefined,
      deadline: clock.timer(limits.connectDeadlineMs, () => {
        socket.terminate();
      }),
      heardMs: clock.mono(),
      draining: false,
      notBeforeMs: 0,
      problem: undefined,
    };
    this.#link = link;
  }

  #hello(link: Link): void {
    const { credential, nextConn, clientName, clientVersion, onProblem } = this.#options;
    try {
      link.conn = nextConn();
    } catch (error) {
      // The store does not take it (a full disk): tried again like a server that is not there.
      onProblem(error instanceof HermodError ? error.code : "internal", `the connection's number cannot be stored: ${String(error)}`);
      link.socket.terminate();
      return;
    }
    const hello = { credential: credential(), conn: link.conn, clientName, clientVersion, protocolMin, protocolMax, capabilities: [] };
    link.socket.send(hermod.v1.ClientFrame.encode({ requestId: 0, hello }).finish());
  }

  #received(link: Link, bytes: Uint8Array): void {
    link.heardMs = this.#options.clock.mono();
    let frame: ServerFrame;
    try {
      frame = hermod.v1.ServerFrame.decode(bytes);
    } catch {
      this.#options.onProblem("bad-frame", "the server sent bytes that are no frame");
      link.socket.terminate();
      return;
    }
    if (link.session === undefined) this.#beforeWelcome(link, frame);
    else this.#route(link, frame);
  }

  #beforeWelcome(link: Link, frame: ServerFrame): void {
    if (frame.problem) this.#note(link, frame.problem);
    if (frame.drain) this.#drain(link, frame.drain.reconnectInMs);
    if (!frame.welcome || link.conn === undefined) return;
    if (frame.welcome.protocol > protocolMax) {
      this.end("outdated", "version-not-supported");
      return;
    }
    link.deadline.cancel();
    link.session = { conn: link.conn, limits: frame.welcome.limits ?? {}, serverTsMs: frame.welcome.serverTsMs };
    this.#watch(link);
    this.#enter({ type: "syncing" });
    for (const listener of [...this.#sessions]) if (this.#link === link) listener(link.session);
  }

  #route(link: Link, frame: ServerFrame): void {
    const name: string | undefined = frame.frame;
    if (name === undefined || name === "welcome") return;
    if (frame.drain) this.#drain(link, frame.drain.reconnectInMs);
    if (frame.problem && frame.requestId === 0) this.#note(link, frame.problem);
    if (streamFrames.has(name) || streamEnds.has(name)) this.#tell(frame);
    const ended = !streamFrames.has(name) && link.requests.answer(frame);
    if (!ended && !streamFrames.has(name) && !streamEnds.has(name) && frame.requestId === 0) this.#tell(frame);
    if (link.draining && link.requests.size === 0) link.socket.close(closeWanted, "drained");
  }

  #tell(frame: ServerFrame): void {
    for (const listener of [...this.#push]) listener(frame);
  }

  #note(link: Link, problem: { readonly code?: string; readonly retryAfterMs?: number }): void {
    link.problem = problem.code;
    if (problem.retryAfterMs) this.#notBefore(link, problem.retryAfterMs);
  }

  #notBefore(link: Link, waitMs: number): void {
    link.notBeforeMs = Math.max(link.notBeforeMs, this.#options.clock.mono() + waitMs);
  }

  /** The node goes away: what was asked may still be answered, then this side closes, so that the node need not wait. */
  #drain(link: Link, reconnectInMs: number): void {
    this.#notBefore(link, reconnectInMs);
    link.draining = true;
    if (link.requests.size === 0) link.socket.close(closeWanted, "drained");
  }

  /** The server pings after 30 s of silence; 75 s without anything means that the path is dead in a way that TCP has not noticed. */
  #watch(link: Link): void {
    const { clock } = this.#options;
    const silentMs = clock.mono() - link.heardMs;
    if (silentMs >= limits.deadAfterMs) {
      link.socket.terminate();
      return;
    }
    link.deadline = clock.timer(limits.deadAfterMs - silentMs, () => {
      this.#watch(link);
    });
  }

  #closed(link: Link, code: number, reason: string, status: number | undefined): void {
    this.#drop(link, new HermodError("unreachable", { message: `the connection was lost (${code}${reason === "" ? "" : `, ${reason}`})` }));
    const terminal = terminalOf(code, link.problem);
    if (terminal !== undefined) {
      this.#enter({ type: terminal });
      return;
    }
    const refused = status === 401 || status === 403 || afterClose(code) === "refresh";
    if (refused) this.#options.onProblem("unauthenticated", `the server does not take this device's credential (${status ?? code})`);
    const hintMs = link.notBeforeMs - this.#options.clock.mono();
    if (hintMs > 0) this.#backoff = hinted(this.#backoff, hintMs);
    this.#wait();
  }

  #wait(): void {
    const { delayMs, next } = afterFailure(this.#backoff, this.#options.rand);
    this.#backoff = next;
    this.#enter({ type: "waiting", retryInMs: delayMs });
    if (this.#state.type !== "waiting") return; // a listener stopped it
    this.#retry = this.#options.clock.timer(delayMs, () => {
      this.#dial();
    });
  }

  #leave(error: HermodError): void {
    this.#retry?.cancel();
    this.#retry = undefined;
    const link = this.#link;
    if (link === undefined) return;
    this.#drop(link, error);
    link.socket.close(closeWanted, "bye");
  }

  #drop(link: Link, error: HermodError): void {
    this.#link = undefined;
    link.deadline.cancel();
    link.requests.endAll(error);
  }

  #enter(state: ConnectionState): void {
    if (isTerminal(this.#state)) return;
    this.#state = state;
    for (const listener of [...this.#states]) listener(state);
  }

  #notHere(): HermodError {
    if (isTerminal(this.#state)) return terminalError(this.#state);
    return new HermodError("unreachable", { message: "there is no connection now" });
  }

  #assertNotTerminal(): void {
    if (isTerminal(this.#state)) throw terminalError(this.#state);
  }
}

function listen<Listener>(listeners: Set<Listener>, listener: Listener): () => void {
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
  };
}

export function isTerminal(state: ConnectionState): state is { readonly type: Terminal } {
  return state.type === "stopped" || state.type === "revoked" || state.type === "replaced" || state.type === "outdated";
}

/** The error that a call in a terminal state gets. */
export function terminalError(state: { readonly type: Terminal }): HermodError {
  return new HermodError(state.type === "outdated" ? "version-not-supported" : state.type);
}

/** The terminal state that a close leads to. A stop that this program does not know asks for a newer one. */
export function terminalOf(code: number, problem: string | undefined): Terminal | undefined {
  if (afterClose(code) !== "stop") {
    // The socket may break before its close code arrives; the problem frame in front of it says the same.
    if (problem === "revoked" || problem === "replaced") return problem;
    return problem === "version-not-supported" ? "outdated" : undefined;
  }
  const reason = closeReasonOf(code);
  if (reason === "replaced") return "replaced";
  return reason === "revoked" || reason === "banned" ? "revoked" : "outdated";
}
