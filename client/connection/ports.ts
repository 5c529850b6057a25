import type { hermod } from "../../protos/gen/hermod.js";

/** One request of the client: exactly one member of the oneof, without its number, which the connection gives. */
export type ClientFrame = Omit<hermod.v1.ClientFrame.$Properties, "requestId">;
/** A decoded frame of the server. `frame` names the member that is set; undefined for one that this program does not know. */
export type ServerFrame = hermod.v1.ServerFrame;
export type ServerLimits = hermod.v1.ServerLimits.$Properties;

/**
 * Where the client stands. `stopped`, `revoked`, `replaced` and `outdated` are terminal: only a new `Client.open` (or, for
 * `replaced`, `start()`) leads out of them.
 */
export type ConnectionState =
  | { readonly type: "offline" }
  | { readonly type: "connecting" }
  | { readonly type: "syncing" }
  | { readonly type: "live" }
  | { readonly type: "waiting"; readonly retryInMs: number }
  | { readonly type: "stopped" }
  | { readonly type: "revoked" }
  | { readonly type: "replaced" }
  | { readonly type: "outdated" };

/** What one welcomed connection is good for. A new one begins with each `welcome`; everything asked on an older one was answered or rejected. */
export interface Session {
  /** This device's count of its connections. */
  readonly conn: bigint;
  readonly limits: ServerLimits;
  /** The server's clock, for display and to tell a lag of ours; never for ordering. */
  readonly serverTsMs: bigint;
}

export interface RequestOptions {
  readonly signal?: AbortSignal;
  /** Default `limits.requestDeadlineMs`. */
  readonly deadlineMs?: number;
}

export interface Connection {
  readonly state: ConnectionState;
  /** The session that is welcomed now, or undefined. */
  readonly session: Session | undefined;
  /**
   * Sends a request and resolves with the frame that ends its answer (for `fetch` that is `fetched`, for `syncState` `live`,
   * for a READ ack `readStored`).
   *
   * Frames that belong to a stream (`deliver`, `skip`, `missed`, `receipt`, `caughtUp`) always go to `onPush`, in the order
   * of the wire, also when they carry a request's number. A frame that ends an answer goes to `onPush` too, before the promise
   * resolves, when it is `live`, `fetched` or `readStored`, so that one listener sees the stream whole.
   *
   * @throws HermodError with the code of a `problem` answer (`error.problem` holds it); `unreachable` when the socket is not there
   *   (`stored` "no" in fact: nothing was written) or was lost before the answer (the outcome is open); `timeout`; `stopped`.
   */
  request(frame: ClientFrame, options?: RequestOptions): Promise<ServerFrame>;
  /** Sends without waiting for an answer (acks). False when there is no session; then nothing was sent. */
  send(frame: ClientFrame): boolean;
  /** Every pushed frame in order. A problem without a request comes here too. Returns the way to stop listening. */
  onPush(listener: (frame: ServerFrame) => void): () => void;
  /** Called after each `welcome`, in state `syncing`, before any push of that session. */
  onSession(listener: (session: Session) => void): () => void;
  onState(listener: (state: ConnectionState) => void): () => void;
  /** The sync engine's word that everything owed before `live` is stored: the state becomes `live`. Ignored for an older session. */
  caughtUp(session: Session): void;
  /** Bytes handed to the socket that the kernel has not taken. Senders of bulk wait while it is above `limits.socketBackpressureBytesMax`. */
  readonly bufferedAmount: number;
}

/** One WebSocket, reduced to what a session needs. Events come one at a time and never before `dial` returned. */
export interface Socket {
  send(bytes: Uint8Array): void;
  close(code: number, reason: string): void;
  /** Ends it without a closing handshake: `closed` follows. */
  terminate(): void;
  readonly bufferedAmount: number;
}

export interface SocketEvents {
  opened(): void;
  message(bytes: Uint8Array): void;
  /** A ping came in: the peer lives. */
  heard(): void;
  /** Last event, exactly once. 1006 when the peer said nothing. `status` is the HTTP status of a refused upgrade. */
  closed(code: number, reason: string, status?: number): void;
}

/** Opens one WebSocket, subprotocol hermod.v1. The simulator and browsers bring their own. */
export type Dial = (url: string, events: SocketEvents) => Socket;
