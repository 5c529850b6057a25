import type { AddressInfo } from "node:net";
import { WebSocketServer, type WebSocket } from "ws";
import { hermod } from "../../protos/gen/hermod.js";

type Answer = hermod.v1.ServerFrame.$Properties;

/** One accepted socket of the peer. */
export class PeerSocket {
  readonly socket: WebSocket;
  readonly frames: hermod.v1.ClientFrame[] = [];
  closed = false;

  constructor(socket: WebSocket) {
    this.socket = socket;
  }

  get hello(): hermod.v1.Hello | undefined {
    return this.frames[0]?.hello ?? undefined;
  }

  send(frame: Answer): void {
    this.socket.send(hermod.v1.ServerFrame.encode(frame).finish());
  }
}

/** A scripted end of the wire: a real WebSocket server whose answers the test writes. It knows nothing about messages. */
export class FramePeer {
  readonly sockets: PeerSocket[] = [];
  readonly #server: WebSocketServer;
  /** Called for each frame; what it returns is sent. The default welcomes and says live. */
  script: (frame: hermod.v1.ClientFrame, socket: PeerSocket) => Answer[];

  private constructor(server: WebSocketServer) {
    this.#server = server;
    this.script = welcoming;
    server.on("connection", (socket) => {
      const peer = new PeerSocket(socket);
      this.sockets.push(peer);
      socket.on("message", (data: Buffer) => {
        const frame = hermod.v1.ClientFrame.decode(data);
        peer.frames.push(frame);
        for (const answer of this.script(frame, peer)) peer.send(answer);
      });
      socket.on("close", () => {
        peer.closed = true;
      });
    });
  }

  static async listen(port = 0): Promise<FramePeer> {
    const server = new WebSocketServer({ host: "127.0.0.1", port, handleProtocols: () => "hermod.v1" });
    await new Promise((resolve, reject) => {
      server.once("listening", resolve);
      server.once("error", reject);
    });
    return new FramePeer(server);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get last(): PeerSocket {
    return this.sockets.at(-1)!;
  }

  async close(): Promise<void> {
    for (const { socket } of this.sockets) socket.terminate();
    await new Promise<void>((resolve) => {
      this.#server.close(() => {
        resolve();
      });
    });
  }
}

/** Welcomes every hello and answers every syncState with live. */
export function welcoming(frame: hermod.v1.ClientFrame): Answer[] {
  if (frame.hello) return [{ welcome: { protocol: 1, serverTsMs: 5n, limits: {} } }];
  if (frame.syncState) return [{ requestId: frame.requestId, live: {} }];
  return [];
}

/** Waits until `condition` holds, at most `limitMs`. */
export async function until(condition: () => boolean, what: string, limitMs = 10_000): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`waited ${limitMs} ms for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
