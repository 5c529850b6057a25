import type { Metric } from "prom-client";
import { Histogram, latencySeconds } from "../lib/histogram.js";

/** What hot paths observe. */
export interface Meters {
  readonly storeCommitSeconds: Histogram;
  readonly storeCommitWrites: Histogram;
  readonly sendAckSeconds: Histogram;
  /** Entries that devices said they cannot take. */
  nacks: number;
}

export function openMeters(): Meters {
  return {
    storeCommitSeconds: new Histogram(latencySeconds),
    storeCommitWrites: new Histogram([1, 2, 4, 8, 16, 32, 64, 128, 256]),
    sendAckSeconds: new Histogram(latencySeconds),
    nacks: 0,
  };
}

/** A histogram of ours as prom-client prints it, without its cost per observation. */
export function histogramMetric(name: string, help: string, histogram: Histogram): Metric {
  const get = (): unknown => {
    let count = 0;
    const values: object[] = histogram.bounds.map((bound, index) => {
      count += histogram.counts[index]!;
      return { labels: { le: bound }, value: count, metricName: `${name}_bucket` };
    });
    count += histogram.counts.at(-1)!;
    values.push(
      { labels: { le: "+Inf" }, value: count, metricName: `${name}_bucket` },
      { labels: {}, value: histogram.sum, metricName: `${name}_sum` },
      { labels: {}, value: count, metricName: `${name}_count` },
    );
    return { name, help, type: "histogram", values, aggregator: "sum" };
  };
  return { name, help, get, type: "histogram", aggregator: "sum", reset: () => undefined, labelNames: ["le"] } as unknown as Metric;
}
