import { createHash } from "node:crypto";
import { idOf } from "../../lib/ids.js";

/** The id of a message that a scenario names. */
export function messageIdOf(text: string): ReturnType<typeof idOf> {
  return idOf(new Uint8Array(createHash("sha256").update(text).digest().subarray(0, 16)));
}
