import { HermodError } from "../errors.js";
import { limits } from "../../lib/limits.js";

/*
 * Ciphertext shows its length, so content is padded to one table of sizes before it is encrypted: 0x80 and then zeros (ISO 7816-4).
 * Steps of 160 bytes up to 4 KiB, where most text is; above that each size is about a fifth larger than the one before.
 */
const stepBytes = 160;
const evenStepsBelow = 4_096;
const growth = 1.2;
const mark = 0x80;

/** Every length that padded content can have, ascending. */
export const paddedSizes: readonly number[] = sizes();

/** Longest content that can be padded, and so sent: the mark takes a byte. */
export const contentBytesMax = (paddedSizes.at(-1) ?? 0) - 1;

/** Content with its padding. Throws `too-large` above the table. */
export function pad(content: Uint8Array): Uint8Array {
  const size = sizeFor(content.length);
  if (size === undefined)
    throw new HermodError("too-large", { message: `content has ${content.length} bytes, at most ${contentBytesMax} can be sent` });
  const padded = new Uint8Array(size);
  padded.set(content);
  padded[content.length] = mark;
  return padded;
}

/** Content without its padding; undefined unless it is padded exactly as `pad` does it. */
export function unpad(padded: Uint8Array): Uint8Array | undefined {
  let end = padded.length - 1;
  while (end >= 0 && padded[end] === 0) end--;
  if (end < 0 || padded[end] !== mark) return undefined;
  return sizeFor(end) === padded.length ? padded.slice(0, end) : undefined;
}

function sizeFor(contentLength: number): number | undefined {
  return paddedSizes.find((size) => size > contentLength);
}

function sizes(): number[] {
  const table: number[] = [];
  for (let size = stepBytes; size <= limits.paddedBytesMax;) {
    table.push(size);
    size = size + stepBytes < evenStepsBelow ? size + stepBytes : Math.ceil((size * growth) / stepBytes) * stepBytes;
  }
  return table;
}
