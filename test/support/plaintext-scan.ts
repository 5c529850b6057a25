import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

const windowBytes = 8;
const filterBits = 24;

/** Looks for any 8 consecutive bytes of any of many secrets, at every offset. */
export class WindowScan {
  /** Which hashes of windows there are: says quickly that a place holds none. */
  readonly #filter = new Uint8Array(2 ** (filterBits - 3));
  readonly #windows = new Set<string>();

  add(secret: Uint8Array): void {
    for (let at = 0; at + windowBytes <= secret.length; at++) {
      const hash = hashAt(secret, at);
      this.#filter[hash >> 3]! |= 1 << (hash & 7);
      this.#windows.add(textAt(secret, at));
    }
  }

  get size(): number {
    return this.#windows.size;
  }

  /** Offset of the first window found. */
  find(bytes: Uint8Array): number | undefined {
    for (let at = 0; at + windowBytes <= bytes.length; at++) {
      const hash = hashAt(bytes, at);
      if ((this.#filter[hash >> 3]! & (1 << (hash & 7))) !== 0 && this.#windows.has(textAt(bytes, at))) return at;
    }
    return undefined;
  }
}

function hashAt(bytes: Uint8Array, at: number): number {
  const low = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
  const high = bytes[at + 4]! | (bytes[at + 5]! << 8) | (bytes[at + 6]! << 16) | (bytes[at + 7]! << 24);
  return (Math.imul(low, 0x9e3779b1) ^ Math.imul(high, 0x85ebca6b)) >>> (32 - filterBits);
}

function textAt(bytes: Uint8Array, at: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + at, windowBytes).toString("latin1");
}

/** A key or secret in every spelling in which it might be written down: raw, hex, base64, base64url. */
export function spellings(secret: Uint8Array): Uint8Array[] {
  const buffer = Buffer.from(secret);
  const texts = [
    buffer.toString("hex"),
    buffer.toString("hex").toUpperCase(),
    buffer.toString("base64").replace(/=+$/, ""),
    buffer.toString("base64url"),
  ];
  return [secret, ...texts.map((text) => Buffer.from(text))];
}

/** Every file below a directory. */
export function filesBelow(dir: string): { readonly name: string; readonly bytes: Uint8Array }[] {
  return readdirSync(dir, { recursive: true, encoding: "utf8" })
    .filter((name) => statSync(join(dir, name)).isFile())
    .map((name) => ({ name, bytes: readFileSync(join(dir, name)) }));
}
