import { StoreError } from "../errors.js";
import { recordStart, recordVersion } from "./version.js";

/** What protos/gen brings for a record. */
interface Generated<Written, Read> {
  encode(record: Written): { finish(): Uint8Array };
  decode(bytes: Uint8Array): Read;
}

/** A stored value by the generated code: for the records that are not written for every message. */
export function encodeRecord<Written, Read>(kind: Generated<Written, Read>, record: Written): Uint8Array {
  const bytes = kind.encode(record).finish();
  const value = Buffer.allocUnsafe(bytes.length + 1);
  value[0] = recordVersion;
  value.set(bytes, 1);
  return value;
}

export function decodeRecord<Written, Read>(kind: Generated<Written, Read>, value: Uint8Array): Read {
  const start = recordStart(value);
  try {
    return kind.decode(value.subarray(start));
  } catch (cause) {
    throw new StoreError("corrupt", "a record that does not parse", { cause });
  }
}
