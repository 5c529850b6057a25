import { limits } from "../../lib/limits.js";
import type { Rand } from "../../lib/random.js";

/** What decides when and where a client dials next. Plain values: each function gives the next ones. */
export interface Backoff {
  /** Tries since the last time that the client was live. */
  readonly failures: number;
  /** Servers in this round's order; the next to dial is the first. */
  readonly order: readonly string[];
  /** The server's own word on when to come back; used once. */
  readonly hintMs: number | undefined;
}

export function freshBackoff(servers: readonly string[], rand: Rand): Backoff {
  return { failures: 0, order: shuffled(servers, rand), hintMs: undefined };
}

/** The server that is dialled next. */
export function nextServer(backoff: Backoff): string {
  return backoff.order[0]!;
}

/** A server said when to come back. The longest word until the next try counts, up to a bound, so that no server can silence a client. */
export function hinted(backoff: Backoff, hintMs: number): Backoff {
  const bounded = Math.min(Math.max(0, hintMs), limits.reconnectHintMaxMs);
  return { ...backoff, hintMs: Math.max(backoff.hintMs ?? 0, bounded) };
}

/** After a try that failed, or a connection that was lost: how long to wait, and what holds then. There is no cap on tries. */
export function afterFailure(backoff: Backoff, rand: Rand): { readonly delayMs: number; readonly next: Backoff } {
  const round = Math.floor(backoff.failures / backoff.order.length);
  const jitter = rand.fraction() * ceilingMs(backoff.hintMs === undefined ? round : 0);
  const delayMs = Math.round((backoff.hintMs ?? 0) + jitter);
  const [failed, ...others] = backoff.order;
  return { delayMs, next: { failures: backoff.failures + 1, order: [...others, failed!], hintMs: undefined } };
}

/** The client is live: the next failure begins at the shortest delay. */
export function succeeded(backoff: Backoff): Backoff {
  return { ...backoff, failures: 0, hintMs: undefined };
}

/** 0.5 s, doubled per round over all servers, at most 20 s. */
function ceilingMs(round: number): number {
  return Math.min(limits.reconnectMaxMs, limits.reconnectMinMs * 2 ** Math.min(round, 16));
}

function shuffled(servers: readonly string[], rand: Rand): string[] {
  const order = [...servers];
  for (let index = order.length - 1; index > 0; index--) {
    const other = rand.below(index + 1);
    [order[index], order[other]] = [order[other]!, order[index]!];
  }
  return order;
}
