import { statfsSync } from "node:fs";
import type { Clock } from "../../lib/clock.js";
import { limits } from "../../lib/limits.js";

/** What is kept free, so that marks, receipts and fences still find room when appends no longer do. */
export interface DiskReserve {
  readonly bytesMin: number;
  /** Of the whole file system; the larger of the two counts. */
  readonly share: number;
}

export const usualReserve: DiskReserve = { bytesMin: limits.diskReserveBytesMin, share: limits.diskReserveShare };

/** Says whether more than the reserve is free, from what the file system said at most `diskCheckMs` ago. */
export function diskRoom(directory: string, reserve: DiskReserve, clock: Clock): () => boolean {
  let checkedAt = -Infinity;
  let room = true;
  return () => {
    const now = clock.mono();
    if (now - checkedAt >= limits.diskCheckMs) {
      checkedAt = now;
      const { bavail, blocks, bsize } = statfsSync(directory);
      room = bavail * bsize > Math.max(reserve.bytesMin, blocks * bsize * reserve.share);
    }
    return room;
  };
}
