import { assert } from "../../lib/assert.js";

/** One key of its parts. Every part but the last has a fixed form without "/", so two keys never meet. */
export function keyOf(...parts: readonly string[]): string {
  return parts.join("/");
}

/** A number below 2⁶⁴ that sorts by value. */
export function ordered(value: bigint): string {
  assert(value >= 0n && value < 1n << 64n, "a number beyond 64 bits");
  return value.toString(16).padStart(16, "0");
}

/** Text from outside as a part of a key: any characters in, plain ASCII out, prefixes stay prefixes. */
export function free(text: string): string {
  return encodeURIComponent(text).replaceAll("~", "%7E");
}

/** Our own names are ASCII already. */
export function plain(text: string): string {
  assert(/^[\x21-\x7d]*$/.test(text), "a name with characters that do not sort");
  return text;
}
