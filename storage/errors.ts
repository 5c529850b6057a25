/**
 * `unknown`: the write may have applied, or may apply later. `stopped`: closed, or failed for good. `store-in-use`: another process has
 * the directory. `update-needed`: written by a newer version. `corrupt`: bytes that no version wrote.
 */
export type StoreErrorCode = "unknown" | "stopped" | "store-in-use" | "update-needed" | "corrupt";

/** A failure of a store that its users tell apart by `code`. */
export class StoreError extends Error {
  override readonly name = "StoreError";
  readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Whether asking again is of no use. */
export function isStopped(error: unknown): boolean {
  return error instanceof StoreError && error.code === "stopped";
}
