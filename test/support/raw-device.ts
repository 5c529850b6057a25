import { WebSocket } from "ws";
import { Client } from "../../client/client.js";
import { helloCredential } from "../../client/running.js";
import { openMemoryStore } from "../../client/store/memory.js";
import type { Store } from "../../client/store/ports.js";
import { hermod } from "../../protos/gen/hermod.js";

export type ClientPart = Omit<hermod.v1.ClientFrame.$Properties, "requestId">;
export type ServerFrame = hermod.v1.ServerFrame;

/** A registered account whose device speaks the wire by hand: for input that no honest client would send. */
export interface Registered {
  readonly store: Store;
  readonly client: Client;
  readonly credential: Uint8Array;
}

let connections = 0n;

/** Registers over the real API by the real SDK, and disconnects. */
export async function registered(url: string, handle: string): Promise<Registered> {
  const store = openMemoryStore();
  const client = await Client.open({ servers: [url], store });
  await client.register({ handle });
  return { store, client, credential: helloCredential(store) };
}

export interface Closed {
  readonly code: number;
  readonly reason: string;
}

/** A WebSocket that sends whatever it is told and keeps everything that it hears. */
export class RawSocket {
  readonly socket: WebSocket;
  readonly heard: ServerFrame[] = [];
  readonly closed: Promise<Closed>;
  readonly opened: Promise<void>;
  /** Status of a refused upgrade. */
  refusedStatus: number | undefined;
  #requests = 0;
  #waiting: (() => void)[] = [];

  constructor(
    url: string,
    options: {
      readonly protocols?: string[];
      readonly headers?: Record<string, string>;
      readonly localAddress?: string;
      readonly perMessageDeflate?: boolean;
    } = {},
  ) {
    const { protocols = ["hermod.v1"], headers = {}, perMessageDeflate = false, localAddress } = options;
    const address = `${url.replace(/^http/, "ws")}/v1/ws`;
    this.socket = new WebSocket(address, protocols, {
      headers,
      perMessageDeflate,
      ...(localAddress === undefined ? {} : { localAddress }),
    });
    this.socket.on("message", (data: Buffer) => {
      this.heard.push(hermod.v1.ServerFrame.decode(new Uint8Array(data)));
      for (const wake of this.#waiting.splice(0)) wake();
    });
    this.opened = new Promise((resolve, reject) => {
      this.socket.once("open", resolve);
      this.socket.once("unexpected-response", (_request, response) => {
        this.refusedStatus = response.statusCode;
        response.resume();
        reject(new Error(`refused with ${String(response.statusCode)}`));
      });
      this.socket.once("error", reject);
    });
    this.opened.catch(() => undefined);
    this.closed = new Promise((resolve) => {
      this.socket.once("close", (code, reason) => {
        resolve({ code, reason: reason.toString() });
        for (const wake of this.#waiting.splice(0)) wake();
      });
    });
    this.socket.on("error", () => undefined);
  }

  raw(bytes: Uint8Array | string): void {
    this.socket.send(bytes);
  }

  send(frame: ClientPart, requestId = 0): void {
    this.raw(hermod.v1.ClientFrame.encode({ ...frame, requestId }).finish());
  }

  async request(frame: ClientPart, withinMs = 5_000): Promise<ServerFrame> {
    const requestId = ++this.#requests;
    this.send(frame, requestId);
    return this.hear((answer) => answer.requestId === requestId, withinMs);
  }

  /** The first frame that fits, also one that came before. */
  async hear(fits: (frame: ServerFrame) => boolean, withinMs = 5_000): Promise<ServerFrame> {
    const deadline = performance.now() + withinMs;
    for (;;) {
      const found = this.heard.find(fits);
      if (found !== undefined) return found;
      const leftMs = deadline - performance.now();
      if (leftMs <= 0) throw new Error(`nothing that fits was heard; last: ${JSON.stringify(this.heard.at(-1)?.problem ?? "none")}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs);
        this.#waiting.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  /** Says hello and, unless told otherwise, syncs with nothing to doubt. */
  async hello(credential: Uint8Array, over: Partial<hermod.v1.Hello.$Properties> = {}): Promise<ServerFrame> {
    await this.opened;
    connections += 1n;
    return this.request({
      hello: { credential, conn: 1_000_000n + connections, clientName: "raw", clientVersion: "0", protocolMin: 1, protocolMax: 1, ...over },
    });
  }

  async close(): Promise<void> {
    this.socket.terminate();
    await this.closed;
  }
}

/** A device that said hello and is live. */
export async function liveDevice(url: string, who: Registered, localAddress?: string): Promise<RawSocket> {
  const socket = new RawSocket(url, localAddress === undefined ? {} : { localAddress });
  const welcome = await socket.hello(who.credential);
  if (!welcome.welcome) throw new Error(`no welcome: ${JSON.stringify(welcome.problem)}`);
  socket.send({ syncState: { chats: [], readPending: [], more: false } });
  await socket.hear((frame) => frame.live !== null);
  return socket;
}
