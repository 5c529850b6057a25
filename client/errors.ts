import { type ErrorCode, errorCodes, isErrorCode } from "../lib/errors.js";
import type { hermod } from "../protos/gen/hermod.js";

/** The server's `problem` frame as it came; some codes carry more than text (`storedId`, `chains`, `counter`). */
export type Problem = hermod.v1.Problem.$Properties;

export interface ErrorDetails {
  /** In place of the table's sentence. */
  readonly message?: string;
  readonly retryAfterMs?: number;
  readonly remediation?: string;
  readonly cause?: unknown;
  readonly problem?: Problem;
}

/**
 * Every error of the SDK. `code` is one of `docs/errors.md`, and the only thing to decide by; texts may change.
 *
 * @example
 * try { await me.register({ handle: "alice" }); }
 * catch (error) { if (error instanceof HermodError && error.code === "handle-taken") console.log(error.remediation); }
 */
export class HermodError extends Error {
  override readonly name = "HermodError";
  readonly code: ErrorCode;
  /** The same call may succeed when it is made again. */
  readonly retryable: boolean;
  /** Whether what was asked for may have happened in spite of the error. */
  readonly stored: "yes" | "no" | "perhaps";
  /** Wait at least so long before the next try. */
  readonly retryAfterMs: number | undefined;
  /** What to do about it, in a sentence. */
  readonly remediation: string;
  /** Where the code is explained. */
  readonly href: string;
  readonly problem: Problem | undefined;

  constructor(code: ErrorCode, details: ErrorDetails = {}) {
    const entry = errorCodes[code];
    super(details.message ?? entry.meaning, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.retryable = entry.retry !== "never";
    this.stored = entry.stored;
    this.retryAfterMs = details.retryAfterMs;
    this.remediation = details.remediation ?? entry.meaning;
    this.href = `docs/errors.md#${code}`;
    this.problem = details.problem;
  }
}

/** The error that a `problem` frame says. A code that this program does not know is read as `internal`, and keeps its text. */
export function errorOfProblem(problem: Problem): HermodError {
  const code = problem.code ?? "";
  const known = isErrorCode(code);
  return new HermodError(known ? code : "internal", {
    ...(known ? {} : { message: `the server answered with the unknown code ${JSON.stringify(code.slice(0, 64))}` }),
    ...(problem.retryAfterMs ? { retryAfterMs: problem.retryAfterMs } : {}),
    ...(problem.remediation ? { remediation: problem.remediation } : {}),
    problem,
  });
}

/** True when `error` is a HermodError with this code. */
export function hasCode(error: unknown, code: ErrorCode): error is HermodError {
  return error instanceof HermodError && error.code === code;
}
