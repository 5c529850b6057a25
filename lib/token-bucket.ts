/** A bucket of tokens that refills steadily. Changed in place by `take`: one per limited thing, owned by whoever limits. */
export interface TokenBucket {
  tokens: number;
  /** Monotonic moment of `tokens`. */
  atMs: number;
}

export interface TokenRule {
  /** Tokens that a full bucket holds: the burst. */
  readonly size: number;
  readonly perSecond: number;
}

export function fullBucket(rule: TokenRule, monoMs: number): TokenBucket {
  return { tokens: rule.size, atMs: monoMs };
}

/** Takes `count` tokens and returns 0, or takes none and returns after how many ms (at least 1) they will be there. */
export function take(bucket: TokenBucket, rule: TokenRule, monoMs: number, count = 1): number {
  const refilled = ((monoMs - bucket.atMs) / 1_000) * rule.perSecond;
  if (refilled > 0) {
    bucket.tokens = Math.min(rule.size, bucket.tokens + refilled);
    bucket.atMs = monoMs;
  }
  if (bucket.tokens >= count) {
    bucket.tokens -= count;
    return 0;
  }
  return Math.max(1, Math.ceil(((count - bucket.tokens) / rule.perSecond) * 1_000));
}
