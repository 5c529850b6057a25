import { StoreError } from "../errors.js";

/** Version of the records that this program writes: the first byte of every stored value. */
export const recordVersion = 1;

/** Where the record begins; refuses what a newer program wrote, because half of it would be read as all of it. */
export function recordStart(value: Uint8Array): number {
  const version = value[0];
  if (version === recordVersion) return 1;
  if (version === undefined || version === 0) throw new StoreError("corrupt", "a stored value without a version");
  throw new StoreError("update-needed", `a record of version ${version}; this program knows up to ${recordVersion}: use a newer one`);
}

/** A value that says only that its row is there. */
export const presence = Uint8Array.of(recordVersion);
