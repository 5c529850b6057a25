import { createHash } from "node:crypto";
import { systemRand } from "../lib/random.js";
import pino, { type Logger } from "pino";

export type { Logger };

/** JSON lines on stderr. No bodies, no keys, no addresses, and ids only as `hashed`. */
export function openLog(level: string): Logger {
  return pino(
    { level, base: null, timestamp: pino.stdTimeFunctions.isoTime, redact: ["*.secret", "*.credential", "*.body", "*.bytes"] },
    pino.destination({ dest: 2, sync: true }),
  );
}

const salt = systemRand().bytes(16);

/** An id as logs may carry it: comparable within one life of the process, of no use to anybody who only has the log. */
export function hashed(id: string): string {
  return createHash("sha256").update(salt).update(id).digest("base64url").slice(0, 10);
}
