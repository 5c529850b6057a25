/** A token bucket; absent fields: full. Filled by the monotonic clock when it is looked at. */
export interface Bucket {
  tokens?: number;
  monoMs?: number;
}

/** Tokens in a bucket now. */
export function levelOf(bucket: Bucket, max: number, refillMs: number, monoMs: number): number {
  if (bucket.tokens === undefined || bucket.monoMs === undefined) return max;
  return Math.min(max, bucket.tokens + (monoMs - bucket.monoMs) / refillMs);
}

/** Takes `count` tokens, or takes none and says after how many milliseconds they are there. */
export function take(bucket: Bucket, max: number, refillMs: number, monoMs: number, count = 1): number | undefined {
  const level = levelOf(bucket, max, refillMs, monoMs);
  if (level < count) return Math.ceil((count - level) * refillMs);
  bucket.tokens = level - count;
  bucket.monoMs = monoMs;
  return undefined;
}
