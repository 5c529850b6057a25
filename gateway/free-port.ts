import { createServer, type ListenOptions } from "node:net";

/** Keeps a port for this process while it is held. */
export interface PortHold {
  readonly port: number;
  release(): void;
}

const freePortTriesMax = 16;

/**
 * Takes a port if nobody listens there; undefined if somebody does. What a killed process left behind (connections in TIME_WAIT, for a
 * minute) does not count. uWebSockets cannot tell the two apart: exclusive, it is refused by both; shared, by neither. So a listener of
 * Node's looks first, and between looking and listening a name of this machine keeps a second node from doing the same.
 *
 * Port 0 takes any free one, as a named one: on a port that the kernel chose, uWebSockets would leave out what lets the next process have it.
 */
export async function holdPort(host: string, port: number): Promise<PortHold | undefined> {
  if (port !== 0) return holdNamed(host, port);
  for (let tries = 0; tries < freePortTriesMax; tries++) {
    const free = await tryListen({ host, port: 0 });
    free?.release();
    const hold = free && (await holdNamed(host, free.port));
    if (hold !== undefined) return hold;
  }
  return undefined;
}

async function holdNamed(host: string, port: number): Promise<PortHold | undefined> {
  const name = process.platform === "linux" ? await tryListen({ path: `\0hermod-port/${host}/${String(port)}` }) : { release: () => {} };
  if (name === undefined) return undefined;
  // Binds with SO_REUSEADDR and without SO_REUSEPORT: only a living listener is in its way.
  const probe = await tryListen({ host, port, exclusive: true });
  if (probe === undefined) name.release();
  probe?.release();
  if (probe === undefined) return undefined;
  const release = (): void => {
    name.release();
  };
  return { port, release };
}

function tryListen(options: ListenOptions): Promise<PortHold | undefined> {
  return new Promise((resolve) => {
    const server = createServer((socket) => {
      socket.destroy();
    });
    server.once("error", () => {
      resolve(undefined);
    });
    server.listen(options, () => {
      server.unref();
      const address = server.address();
      resolve({
        port: typeof address === "object" ? (address?.port ?? 0) : 0,
        release: () => {
          server.close();
        },
      });
    });
  });
}
