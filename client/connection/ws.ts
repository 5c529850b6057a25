import { WebSocket, type ClientOptions } from "ws";
import { limits } from "../../lib/limits.js";
import type { Dial, Socket, SocketEvents } from "./ports.js";

export const subprotocol = "hermod.v1";

/** Dials with the `ws` package: no compression, frames bounded, pings answered by the library. */
export const dialWs: Dial = (url: string, events: SocketEvents): Socket => {
  // `ws` knows `closeTimeout`, its types do not yet; without it a stopped process would wait 30 s for a server that hangs.
  const options: ClientOptions & { readonly closeTimeout: number } = {
    perMessageDeflate: false,
    maxPayload: limits.frameBytesMax,
    handshakeTimeout: limits.connectDeadlineMs,
    followRedirects: false,
    closeTimeout: limits.closeWaitMs,
  };
  const socket = new WebSocket(url, [subprotocol], options);
  let status: number | undefined;
  socket.binaryType = "nodebuffer";
  socket.on("open", () => {
    events.opened();
  });
  socket.on("message", (data, isBinary) => {
    if (isBinary && Buffer.isBuffer(data)) events.message(data);
    else socket.terminate(); // text is not of this protocol
  });
  socket.on("ping", () => {
    events.heard();
  });
  socket.on("unexpected-response", (_request, response) => {
    status = response.statusCode;
    response.resume();
    socket.terminate();
  });
  socket.on("error", () => {}); // `close` follows and says what there is to say
  socket.on("close", (code, reason) => {
    events.closed(code, reason.toString("utf8"), status);
  });
  return {
    send: (bytes) => {
      socket.send(bytes, { binary: true, compress: false });
    },
    close: (code, reason) => {
      socket.close(code, reason);
    },
    terminate: () => {
      socket.terminate();
    },
    get bufferedAmount() {
      return socket.bufferedAmount;
    },
  };
};

/** The WebSocket address of a server given as http(s) or ws(s), with or without a path in front. */
export function socketUrlOf(server: string): string {
  const url = new URL(server);
  url.protocol = url.protocol === "https:" || url.protocol === "wss:" ? "wss:" : "ws:";
  url.pathname = `${url.pathname.replace(/\/+$/, "")}/v1/ws`;
  return url.href;
}
