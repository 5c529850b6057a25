/** Counts values into fixed buckets: a comparison or two per value, so it may stand on a hot path. */
export class Histogram {
  /** Upper bounds, ascending; a last bucket without bound is implied. */
  readonly bounds: readonly number[];
  /** One more than bounds. Not cumulative. */
  readonly counts: number[];
  sum = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = new Array<number>(bounds.length + 1).fill(0);
  }

  observe(value: number): void {
    let index = 0;
    while (index < this.bounds.length && value > this.bounds[index]!) index++;
    this.counts[index]!++;
    this.sum += value;
  }
}

/** Seconds from 0.5 ms to 10 s, about doubling. */
export const latencySeconds: readonly number[] = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10];
