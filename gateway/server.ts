import uws, { type HttpRequest, type HttpResponse, type us_socket_context_t, type WebSocket } from "uWebSockets.js";
import type { Clock, Timer } from "../lib/clock.js";
import { fromBase32 } from "../lib/ids.js";
import { limits } from "../lib/limits.js";
import type { Gateway } from "./gateway.js";
import { credentialBytes } from "./credential.js";
import { holdPort, type PortHold } from "./free-port.js";
import type { SessionLimits } from "./session.js";
import { ClientSocket, SocketsOut, type SocketData } from "./sockets.js";

export const subprotocol = "hermod.v1";
/** A silent socket is pinged after this share of the time in which it would count as dead. */
const pingShare = 0.4;

export interface EdgeOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** Origins that browsers may connect from; empty: none. Clients that are no browsers send no Origin. */
  readonly origins: readonly string[];
  readonly limits: SessionLimits;
  readonly clock: Clock;
}

/** Registers more routes on the same listener (REST). */
export type Routes = (app: uws.TemplatedApp) => void;

export class PortInUse extends Error {
  readonly port: number;
  constructor(host: string, port: number) {
    super(`port ${String(port)} on ${host} is in use`);
    this.port = port;
  }
}

/** What uWebSockets.js has and its types leave out. Options 0: the port may be shared, also with what a killed process left behind. */
interface NativeApp {
  listen(host: string, port: number, options: 0, heard: (listening: uws.us_listen_socket | false) => void): void;
  close(): void;
}

/** The listener of the client side: WebSocket at /v1/ws and what `routes` adds. */
export class Edge {
  readonly #gateway: Gateway;
  readonly #options: EdgeOptions;
  readonly #app: uws.TemplatedApp;
  readonly #out: SocketsOut;
  readonly #sockets = new Map<WebSocket<SocketData>, ClientSocket>();
  readonly #perIp = new Map<string, number>();
  #listening: uws.us_listen_socket | false = false;
  #hold: PortHold | undefined;
  #next = 0;
  #pinging: Timer | undefined;

  constructor(gateway: Gateway, options: EdgeOptions, routes: Routes) {
    this.#gateway = gateway;
    this.#options = options;
    this.#out = new SocketsOut(gateway.counters);
    this.#app = uws.App();
    this.#app.ws<SocketData>("/v1/ws", {
      compression: uws.DISABLED,
      maxPayloadLength: limits.frameBytesMax,
      maxBackpressure: limits.socketBackpressureBytesMax,
      // Without it a dropped frame is silent (uWebSockets.js#499). Typed as a number there, read as a boolean.
      closeOnBackpressureLimit: true as unknown as number,
      // Nothing at all for so long, not even a pong: gone. uWebSockets would ping only shortly before; #ping does earlier.
      idleTimeout: Math.ceil(limits.deadAfterMs / 4_000) * 4,
      sendPingsAutomatically: false,
      upgrade: (response, request, context) => {
        this.#upgrade(response, request, context);
      },
      open: (socket) => {
        this.#opened(socket);
      },
      message: (socket, message, isBinary) => {
        this.#received(socket, message, isBinary);
      },
      pong: (socket) => {
        this.#heard(socket);
      },
      close: (socket, code) => {
        this.#closed(socket, code);
      },
    });
    routes(this.#app);
    this.#armPing();
  }

  /** Resolves with the port. Rejects with PortInUse when somebody listens there; right after a kill it is free. */
  async listen(): Promise<number> {
    const { host, port } = this.#options;
    this.#hold = await holdPort(host, port);
    const listening = this.#hold !== undefined && (await this.#listen(this.#hold.port));
    if (listening === false) throw new PortInUse(host, port);
    this.#listening = listening;
    return uws.us_socket_local_port(listening);
  }

  #listen(port: number): Promise<uws.us_listen_socket | false> {
    return new Promise((resolve) => {
      this.#native.listen(this.#options.host, port, 0, resolve);
    });
  }

  /** No new connections; the open ones stay. */
  stopListening(): void {
    if (this.#listening !== false) uws.us_listen_socket_close(this.#listening);
    this.#listening = false;
    this.#hold?.release();
    this.#hold = undefined;
  }

  close(): void {
    this.#pinging?.cancel();
    this.#pinging = undefined;
    this.stopListening();
    this.#native.close();
  }

  /** Pings whoever was silent for a while (30 s of the usual 75): it keeps the connection open on its way, and finds out who is gone. */
  #armPing(): void {
    const { clock } = this.#options;
    const afterMs = limits.deadAfterMs * pingShare;
    this.#pinging = clock.timer(afterMs / 3, () => {
      const silentSince = clock.mono() - afterMs;
      for (const [socket, client] of this.#sockets) {
        if (client.open && client.heardMs <= silentSince) socket.ping();
      }
      this.#armPing();
    });
  }

  #heard(socket: WebSocket<SocketData>): void {
    const client = this.#sockets.get(socket);
    if (client !== undefined) client.heardMs = this.#options.clock.mono();
  }

  get #native(): NativeApp {
    return this.#app as unknown as NativeApp;
  }

  #upgrade(response: HttpResponse, request: HttpRequest, context: us_socket_context_t): void {
    const refusal = this.#refusalOf(request, ipOf(response));
    if (refusal !== undefined) {
      const { refusedUpgrades } = this.#gateway.counters;
      refusedUpgrades[refusal.code] = (refusedUpgrades[refusal.code] ?? 0) + 1;
      response.cork(() => {
        response
          .writeStatus(refusal.status)
          .writeHeader("content-type", "application/problem+json")
          .end(JSON.stringify({ code: refusal.code, title: refusal.title }));
      });
      return;
    }
    const data: SocketData = { number: ++this.#next, ip: ipOf(response), credential: bearerOf(request.getHeader("authorization")) };
    response.upgrade(data, request.getHeader("sec-websocket-key"), subprotocol, "", context);
  }

  #refusalOf(request: HttpRequest, ip: string): { status: string; code: string; title: string } | undefined {
    const origin = request.getHeader("origin");
    if (origin !== "" && !this.#options.origins.includes(origin)) {
      return { status: "403 Forbidden", code: "forbidden-origin", title: "This Origin may not connect." };
    }
    const offered = request
      .getHeader("sec-websocket-protocol")
      .split(",")
      .map((name) => name.trim());
    if (!offered.includes(subprotocol))
      return { status: "400 Bad Request", code: "bad-request", title: `Offer the subprotocol ${subprotocol}.` };
    if (this.#gateway.draining) return { status: "503 Service Unavailable", code: "draining", title: "This node is going away." };
    const { counters } = this.#gateway;
    if (
      counters.connections >= this.#options.limits.socketsMax ||
      counters.unauthenticated >= this.#options.limits.unauthenticatedSocketsMax
    ) {
      return { status: "503 Service Unavailable", code: "overloaded", title: "Too many connections." };
    }
    if ((this.#perIp.get(ip) ?? 0) >= this.#options.limits.socketsPerIpMax) {
      return { status: "429 Too Many Requests", code: "rate-limited", title: "Too many connections from this address." };
    }
    return undefined;
  }

  #opened(socket: WebSocket<SocketData>): void {
    const client = new ClientSocket(socket, this.#out, this.#options.clock.mono());
    this.#sockets.set(socket, client);
    this.#perIp.set(client.ip, (this.#perIp.get(client.ip) ?? 0) + 1);
    this.#gateway.opened(client);
  }

  #received(socket: WebSocket<SocketData>, message: ArrayBuffer, isBinary: boolean): void {
    const client = this.#sockets.get(socket);
    if (client === undefined) return;
    if (!isBinary) {
      client.close(1003, "binary frames only");
      return;
    }
    client.heardMs = this.#options.clock.mono();
    // uWebSockets takes the buffer back after this call, and decoded bytes are views: copy once.
    this.#gateway.received(client.number, new Uint8Array(message.slice(0)), socket.getUserData().credential);
  }

  #closed(socket: WebSocket<SocketData>, code: number): void {
    const client = this.#sockets.get(socket);
    if (client === undefined) return;
    this.#sockets.delete(socket);
    const left = (this.#perIp.get(client.ip) ?? 1) - 1;
    if (left > 0) this.#perIp.set(client.ip, left);
    else this.#perIp.delete(client.ip);
    this.#gateway.closed(client.number, code);
  }
}

/** The peer's address; IPv6 counts per /64. */
export function ipOf(response: HttpResponse): string {
  const text = Buffer.from(response.getRemoteAddressAsText()).toString();
  return text.includes(":") && !text.includes(".") ? text.split(":").slice(0, 4).join(":") : text;
}

/** The 64 bytes of `Authorization: Bearer <base32>`, or undefined. */
export function bearerOf(header: string): Uint8Array | undefined {
  if (!header.startsWith("Bearer ")) return undefined;
  const bytes = fromBase32(header.slice(7).trim().toLowerCase());
  return bytes?.length === credentialBytes ? bytes : undefined;
}
