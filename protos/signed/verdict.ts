import type { ErrorCode } from "../../lib/errors.js";

/** Why something signed, or claimed to be, is not taken. `detail` is for a developer's eyes, never parsed. */
export interface Refusal {
  readonly error: ErrorCode;
  readonly detail: string;
  readonly ok?: undefined;
}

/** The outcome of a rule: the thing itself, or why not. Input never throws; only our own mistakes do. */
export type Verdict<T> = { readonly ok: T; readonly error?: undefined } | Refusal;

export function refuse(error: ErrorCode, detail: string): Refusal {
  return { error, detail };
}

/** Whether one signature holds. Public keys passed `isPublicKey` and signatures have 64 bytes before this is asked; it must not throw. */
export type Verify = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean;

export interface SignatureCheck {
  readonly publicKey: Uint8Array;
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
}

/**
 * Something that obeys every rule and is true if all signatures hold. The rules are apart from the arithmetic because the server does the
 * arithmetic in a worker thread: a behaviour judges, an effect verifies.
 */
export interface Claim<T> {
  readonly value: T;
  readonly checks: readonly SignatureCheck[];
}

/** Whether every signature of a claim holds. */
export function holds(checks: readonly SignatureCheck[], verify: Verify): boolean {
  return checks.every((check) => verify(check.publicKey, check.message, check.signature));
}

/** What is left of a judged claim once its signatures were checked. */
export function settle<T>(judged: Verdict<Claim<T>>, verify: Verify): Verdict<T> {
  if (judged.error !== undefined) return judged;
  return holds(judged.ok.checks, verify) ? { ok: judged.ok.value } : refuse("bad-signature", "a signature does not hold");
}
