import { hermod } from "../protos/gen/hermod.js";
import { StoreError } from "./errors.js";
import { partitionOf, rowKey } from "./keys.js";
import type { Partitions, ReadRows } from "./partitions.js";
import { decodeRecord, encodeRecord } from "./records/codec.js";

const { FormatRecord } = hermod.v1;

/** How tables and keys are laid out. A change that older programs cannot read raises it. */
export const storeFormat = 1;

const formatPartition = partitionOf("format");
const formatRow = rowKey(0);

/** Writes the format into a new store; refuses one of a newer program. */
export async function checkFormat(partitions: Partitions): Promise<void> {
  const stored = await partitions.write(formatPartition, (rows) => {
    const there = readFormat(rows);
    if (there === undefined) rows.put(formatRow, encodeRecord(FormatRecord, { format: storeFormat }));
    return there ?? storeFormat;
  });
  if (stored > storeFormat) {
    throw new StoreError("update-needed", `the data has format ${stored}; this program knows up to ${storeFormat}: use a newer one`);
  }
}

export function readFormat(rows: ReadRows): number | undefined {
  const value = rows.get(formatRow);
  return value && decodeRecord(FormatRecord, value).format;
}
