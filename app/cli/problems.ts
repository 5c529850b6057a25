import type { ErrorCode } from "../../lib/errors.js";
import { HermodError } from "../../client/errors.js";
import { exitCodes } from "./command.js";

/** What is said of an error, and with which code the program ends. */
export interface Report {
  readonly sentence: string;
  readonly exitCode: number;
}

const exits: Partial<Record<ErrorCode, number>> = {
  "unreachable": exitCodes.unreachable,
  "draining": exitCodes.unreachable,
  "timeout": exitCodes.unhealthy,
  "overloaded": exitCodes.unhealthy,
  "unauthenticated": exitCodes.auth,
  "revoked": exitCodes.auth,
  "not-registered": exitCodes.auth,
  "invite-needed": exitCodes.auth,
  "store-wrong-key": exitCodes.auth,
  "store-in-use": exitCodes.conflict,
  "handle-taken": exitCodes.conflict,
  "already-registered": exitCodes.conflict,
  "replaced": exitCodes.conflict,
  "bad-handle": exitCodes.usage,
  "bad-request": exitCodes.usage,
};

/** What a person at a terminal does about it; the other codes explain themselves. */
const advice: Partial<Record<ErrorCode, string>> = {
  "unreachable": "Is the server running, and is the address right (--server)?",
  "unauthenticated": "This server does not know this device; is it the right one (--server)?",
  "revoked": "Link it again in a new directory: hermod link --dir NEW.",
  "not-registered": "Make an account with `hermod register <handle>`, join one with `hermod link`, or name its directory with --dir.",
  "invite-needed": "Ask the operator for an invite and give it with --invite; `hermod serve` prints one when it starts.",
  "store-wrong-key": "Restore the file `key` of the directory, or set HERMOD_PASSPHRASE_FILE.",
  "store-in-use":
    "End that process first, use its prompt (`hermod chat` knows /devices, /approve and /send), or choose another with --dir.",
  "handle-taken": "Choose another handle.",
  "already-registered": "Choose another directory with --dir.",
  "replaced": "Another copy of this directory is connected; use only one.",
  "link-expired": "Show a new code with `hermod link` and approve it within a minute.",
  "outranked": "Give the recovery key with --recovery-file.",
  "too-young": "Approve it on a device that has been part of the account for longer.",
  "storage-full": "Make room on the disk.",
  "list-forked": "Compare safety numbers before you write again.",
  "store-rolled-back": "This directory is an old copy; link a new device with `hermod link --dir NEW`.",
  "update-needed": "Update hermod.",
};

/** One clear sentence, and what to do; never a stack. */
export function reportOf(error: unknown): Report {
  if (error instanceof HermodError) return reportHermod(error);
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  const text = error instanceof Error ? error.message : String(error);
  const firstLine = text.split("\n")[0] ?? "";
  return { sentence: code === undefined ? `unexpected: ${firstLine}` : firstLine, exitCode: exitCodes.failure };
}

function reportHermod(error: HermodError): Report {
  const wait = error.retryAfterMs === undefined || error.code === "unreachable" ? "" : ` Try again in ${seconds(error.retryAfterMs)}.`;
  const own = advice[error.code];
  const nextStep = own ?? (error.remediation === error.message ? undefined : error.remediation);
  const what = error.message.replace(/\.$/, "");
  return {
    sentence: `${what} (${error.code}).${nextStep === undefined ? "" : ` ${nextStep}`}${wait}`,
    exitCode: exits[error.code] ?? exitCodes.failure,
  };
}

function seconds(ms: number): string {
  const whole = Math.max(1, Math.ceil(ms / 1000));
  return whole === 1 ? "a second" : `${String(whole)} seconds`;
}
