import { createServer } from "node:net";

/**
 * Whether nobody listens on a port. What a killed process left behind (connections in TIME_WAIT, for a minute) does not count: Node binds with
 * SO_REUSEADDR, and without SO_REUSEPORT, so only a living listener is in its way.
 */
export function isPortFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", () => {
      resolve(false);
    });
    probe.listen({ host, port, exclusive: true }, () => {
      probe.close(() => {
        resolve(true);
      });
    });
  });
}
