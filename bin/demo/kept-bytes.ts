import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "../../lib/clock.js";
import type { BodySlot } from "../../protos/entry.js";
import { openLmdb } from "../../storage/open.js";
import type { Told } from "./story.js";

/** What the server's disk has of one message: read from the data directory of a server that has stopped. */
export async function keptOf(directory: string, told: Told, clock: Clock): Promise<readonly BodySlot[]> {
  const stores = await openLmdb(directory, {
    clock,
    onFatal: (cause) => {
      throw cause instanceof Error ? cause : new Error(String(cause));
    },
  });
  try {
    const { conversation, seq } = told;
    const [entry] = await stores.log.entries({ conversation, bucket: (seq - 1n) >> 9n }, seq, seq, 1);
    return entry?.bodies ?? [];
  } finally {
    await stores.close();
  }
}

/** In how many files of the directory the text occurs, as it stands. */
export function filesWith(directory: string, text: string): number {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((file) => file.isFile());
  return files.filter((file) => readFileSync(join(file.parentPath, file.name)).includes(Buffer.from(text, "utf8"))).length;
}

const shownBytesMax = 96;

/** Sixteen bytes a line: hexadecimal, and what would be readable of it. */
export function dump(bytes: Uint8Array): string[] {
  const lines: string[] = [];
  for (let at = 0; at < Math.min(bytes.length, shownBytesMax); at += 16) {
    const row = bytes.subarray(at, Math.min(at + 16, shownBytesMax));
    const hex = [...row].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
    const readable = [...row].map((byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : "·")).join("");
    lines.push(`${hex.padEnd(47)}  ${readable}`);
  }
  if (bytes.length > shownBytesMax) lines.push(`… and ${String(bytes.length - shownBytesMax)} more bytes`);
  return lines;
}
