import type { WebSocket } from "uWebSockets.js";
import { hermod } from "../protos/gen/hermod.js";
import type { ServerFrame } from "../protos/messages.js";
import type { GatewayCounters } from "./ports.js";

/** What uWebSockets keeps per socket. */
export interface SocketData {
  readonly number: number;
  readonly ip: string;
  /** From the Authorization header, if it was there. */
  readonly credential: Uint8Array | undefined;
}

/**
 * One client socket's way out. Frames of one turn are written together in one cork: a frame written alone costs about 5 µs,
 * corked 1.3 µs (measured, libraries.md).
 */
export class ClientSocket {
  readonly number: number;
  readonly ip: string;
  /** Monotonic moment of the last frame or pong. */
  heardMs: number;
  readonly #socket: WebSocket<SocketData>;
  readonly #out: SocketsOut;
  #waiting: Uint8Array[] = [];
  #closing: { readonly code: number; readonly reason: string } | undefined;
  #open = true;

  constructor(socket: WebSocket<SocketData>, out: SocketsOut, nowMs: number) {
    const { number, ip } = socket.getUserData();
    this.number = number;
    this.ip = ip;
    this.#socket = socket;
    this.#out = out;
    this.heardMs = nowMs;
  }

  get open(): boolean {
    return this.#open && this.#closing === undefined;
  }

  send(requestId: number, frame: ServerFrame): void {
    if (!this.open) return;
    this.#waiting.push(hermod.v1.ServerFrame.encode(requestId === 0 ? frame : { ...frame, requestId }).finish());
    this.#out.later(this);
  }

  /** What was sent before is written first. */
  close(code: number, reason: string): void {
    if (!this.open) return;
    this.#closing = { code, reason };
    this.#out.later(this);
  }

  /** uWebSockets says that it is gone: nothing may touch it any more. */
  closed(): void {
    this.#open = false;
    this.#waiting = [];
  }

  get closeReason(): string | undefined {
    return this.#closing?.reason;
  }

  flush(counters: GatewayCounters): void {
    if (!this.#open) return;
    const frames = this.#waiting;
    this.#waiting = [];
    let dropped = false;
    this.#socket.cork(() => {
      for (const frame of frames) {
        counters.framesOut++;
        counters.bytesOut += frame.length;
        // 2: dropped at the backpressure limit. uWebSockets closes the socket then (closeOnBackpressureLimit); nothing behind it may go out.
        if (this.#socket.send(frame, true) === 2) {
          dropped = true;
          return;
        }
      }
    });
    if (dropped) this.#closing ??= { code: 4008, reason: "slow-consumer" };
    // `end` of a socket that uWebSockets has closed during the cork would throw: `closed` has been called by then.
    if (this.#closing !== undefined && this.#isOpen()) this.#socket.end(this.#closing.code, this.#closing.reason);
  }

  #isOpen(): boolean {
    return this.#open;
  }
}

/** Collects the sockets that have something to write in this turn of the event loop, and writes them at its end. */
export class SocketsOut {
  readonly #counters: GatewayCounters;
  #waiting = new Set<ClientSocket>();

  constructor(counters: GatewayCounters) {
    this.#counters = counters;
  }

  later(socket: ClientSocket): void {
    if (this.#waiting.size === 0) {
      queueMicrotask(() => {
        this.#flush();
      });
    }
    this.#waiting.add(socket);
  }

  #flush(): void {
    const sockets = this.#waiting;
    this.#waiting = new Set();
    for (const socket of sockets) socket.flush(this.#counters);
  }
}
