import type { ConversationId } from "../lib/ids.js";
import type { Answer, Mail, ReplyTo, ServerFrame, SessionRef } from "../protos/messages.js";
import type { SignatureCheck } from "../protos/signed/verdict.js";

/** Ports that all kinds of actors use. Each kind's own stand beside it. */

/** The moment of a step, stamped by the shell. Behaviours read no clock. */
export interface Moment {
  /** Wall clock, ms since 1970: for display and TTL only, never for a safety decision. */
  readonly wallMs: number;
  /** Monotonic, ms: for waiting, rates and back-off. */
  readonly monoMs: number;
}

/**
 * What became of a conditional write. `refused`: the condition did not hold when it was read back, nothing was written.
 * `unsure`: still unknown after the adapter's deadline (5,000 ms of serial reads and identical re-issues); it may apply at any later time.
 */
export type WriteOutcome = "applied" | "refused" | "unsure";

/** Sends mail to actors wherever they live. At most once; order is kept per (sender, receiver). */
export interface Router {
  tell(mail: Mail): void;
}

/** The way back to sessions. A session that is gone swallows what it is told. */
export interface Sessions {
  answer(to: ReplyTo, answer: Answer): void;
  push(session: SessionRef, frame: ServerFrame): void;
  /** Closes with a code of gateway/close-codes.ts. */
  close(session: SessionRef, code: number, reason: string): void;
}

/**
 * Alive gate (cluster.md rule 4): calls `then` only after a serial read of this node's fence row that started after this call and said
 * alive. Embedded: one process, always alive, `then` is called at once. A node that reads itself dead never calls it.
 */
export interface Gate {
  afterAlive(then: () => void): void;
}

/** What became of a request to check signatures. `overloaded`: the queue is full, nothing was checked. `failed`: the worker died at it or before it. */
export type SignatureOutcome = "hold" | "wrong" | "overloaded" | "failed";

/**
 * Checks signatures off the main thread (60 µs each, up to 103 in one upload). Behaviours judge by protos/signed/ and ask for the arithmetic
 * only: after the rate limit, never before. Bounded; never rejects.
 */
export interface Signatures {
  /** `hold`: every one of them. None at all holds. */
  check(checks: readonly SignatureCheck[]): Promise<SignatureOutcome>;
}

/** Ownership of this actor's shard at activation; a shard that is lost stops its actors. */
export interface Ownership {
  readonly shard: number;
  readonly epoch: bigint;
}

/** The one partition of the log that a call touches: `bucket = (sequence − 1) >> 9`. */
export interface LogKey {
  readonly conversation: ConversationId;
  readonly bucket: bigint;
}

/** Static cells of a bucket. `fanned`, `trimmed`, `masked` count sequences of the whole conversation; `fanned` is read from the newest bucket only. */
export interface BucketState {
  readonly epoch: bigint;
  readonly lastSeq: bigint;
  /** Id of the batch that wrote lastSeq; empty in a bucket without entries. */
  readonly batch: Uint8Array;
  readonly fanned: bigint;
  readonly trimmed: bigint;
  readonly masked: bigint;
}
