import { randomFillSync } from "node:crypto";

/** The only source of randomness. The simulator brings one that a seed determines. */
export interface Rand {
  /** `length` fresh random bytes. */
  bytes(length: number): Uint8Array;
  /** Evenly in [0, 1). Not for secrets. */
  fraction(): number;
  /** A whole number evenly in [0, below). Not for secrets. */
  below(below: number): number;
}

/** The host's secure generator. */
export function systemRand(): Rand {
  const bytes = (length: number): Uint8Array => randomFillSync(new Uint8Array(length));
  const fraction = (): number => {
    const drawn = bytes(7);
    let value = drawn[0]! & 31; // 53 bits in all: with more, the sum is rounded and may come out as 1
    for (const byte of drawn.subarray(1)) value = value * 256 + byte;
    return value / 2 ** 53;
  };
  return { bytes, fraction, below: (below) => Math.floor(fraction() * below) };
}

/** A generator that a 32-bit seed determines (mulberry32): for simulations and property tests, never for secrets. */
export function seededRand(seed: number): Rand {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  return {
    bytes: (length) => Uint8Array.from({ length }, () => next() & 255),
    fraction: () => next() / 2 ** 32,
    below: (below) => Math.floor((next() / 2 ** 32) * below),
  };
}
