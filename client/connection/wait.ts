import type { Clock } from "../../lib/clock.js";
import { limits } from "../../lib/limits.js";
import { HermodError } from "../errors.js";
import { isTerminal, terminalError, type WebSocketConnection } from "./connection.js";
import type { Connection, ConnectionState } from "./ports.js";

/** Resolves when the connection is live; rejects with a terminal state's code, or `stopped` when the signal is aborted. */
export function untilLive(connection: Connection, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const look = (state: ConnectionState): boolean => {
      if (state.type === "live") resolve();
      else if (isTerminal(state)) reject(terminalError(state));
      else if (signal?.aborted) reject(new HermodError("stopped", { message: "the caller gave up waiting" }));
      else return false;
      stop();
      signal?.removeEventListener("abort", onAbort);
      return true;
    };
    const onAbort = (): void => {
      look(connection.state);
    };
    const stop = connection.onState(look);
    if (!look(connection.state)) signal?.addEventListener("abort", onAbort);
  });
}

/** Connects for one thing and leaves again. What fails is left to the next `start`. Does nothing while a connection is there. */
export async function briefly(
  connection: WebSocketConnection,
  clock: Clock,
  work: () => Promise<unknown>,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (connection.state.type !== "offline") return;
  const deadline = new AbortController();
  const timer = clock.timer(limits.requestDeadlineMs, () => {
    deadline.abort();
  });
  try {
    connection.start();
    await untilLive(connection, signal === undefined ? deadline.signal : AbortSignal.any([signal, deadline.signal]));
    await work();
  } catch (error) {
    if (!(error instanceof HermodError)) throw error;
  } finally {
    timer.cancel();
    connection.pause();
  }
}
