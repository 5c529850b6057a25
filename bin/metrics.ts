import { monitorEventLoopDelay, type IntervalHistogram } from "node:perf_hooks";
import { Counter, Gauge, Registry, collectDefaultMetrics } from "prom-client";
import type { GatewayCounters } from "../gateway/ports.js";
import { histogramMetric, type Meters } from "./meters.js";
import type { ActorKind } from "../protos/messages.js";

/** What the node counts by itself, read when somebody asks for the page. No ids in labels. */
export interface MetricSources {
  readonly version: string;
  readonly edgeLibrary: string;
  readonly gateway: GatewayCounters;
  actorsLoaded(kind: ActorKind): number;
  fanOutBacklog(): number;
  readonly crashes: Record<string, number>;
  readonly meters: Meters;
}

/** The metrics page. Hot paths keep plain counters; they are copied here when the page is read. */
export function openMetrics(sources: MetricSources): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const lag = monitorEventLoopDelay({ resolution: 20 });
  lag.enable();
  const gauge = (name: string, help: string, read: (into: Gauge) => void, labelNames: string[] = []): void => {
    registry.registerMetric(
      new Gauge({
        name,
        help,
        labelNames,
        registers: [],
        collect() {
          read(this);
        },
      }),
    );
  };
  const counter = (
    name: string,
    help: string,
    labelNames: string[],
    read: () => Iterable<readonly [Record<string, string>, number]>,
  ): void => {
    registry.registerMetric(
      new Counter({
        name,
        help,
        labelNames,
        registers: [],
        collect() {
          this.reset();
          for (const [labels, value] of read()) this.inc(labels, value);
        },
      }),
    );
  };
  addMetrics(sources, lag, gauge, counter);
  const { meters } = sources;
  registry.registerMetric(
    histogramMetric("hermod_store_commit_seconds", "Time of a commit until it was on disk.", meters.storeCommitSeconds),
  );
  registry.registerMetric(histogramMetric("hermod_store_commit_writes", "Writes that shared a commit.", meters.storeCommitWrites));
  registry.registerMetric(histogramMetric("hermod_send_ack_seconds", "From a send's frame to its serverAck.", meters.sendAckSeconds));
  return registry;
}

type AddGauge = (name: string, help: string, read: (into: Gauge) => void, labelNames?: string[]) => void;
type AddCounter = (
  name: string,
  help: string,
  labelNames: string[],
  read: () => Iterable<readonly [Record<string, string>, number]>,
) => void;

function addMetrics(sources: MetricSources, lag: IntervalHistogram, gauge: AddGauge, counter: AddCounter): void {
  const byReason = (counts: Record<string, number>) => Object.entries(counts).map(([reason, value]) => [{ reason }, value] as const);
  const { gateway } = sources;
  gauge(
    "hermod_build_info",
    "Version and edge library in use; always 1.",
    (into) => {
      into.set({ version: sources.version, edge: sources.edgeLibrary }, 1);
    },
    ["version", "edge"],
  );
  gauge("hermod_edge_connections", "Open client sockets.", (into) => {
    into.set(gateway.connections);
  });
  gauge("hermod_edge_unauthenticated", "Open sockets that have not shown a credential.", (into) => {
    into.set(gateway.unauthenticated);
  });
  gauge("hermod_fanout_backlog", "Conversations with fan-out, receipts or appends that are not finished.", (into) => {
    into.set(sources.fanOutBacklog());
  });
  gauge("hermod_loop_lag_seconds", "Event loop delay, 99th percentile since the last reading.", (into) => {
    into.set(lag.percentile(99) / 1e9);
    lag.reset();
  });
  gauge(
    "hermod_actor_active",
    "Loaded actors.",
    (into) => {
      for (const kind of ["conversation", "device", "account"] as const) into.set({ kind }, sources.actorsLoaded(kind));
    },
    ["kind"],
  );
  counter("hermod_edge_frames_total", "Frames by direction.", ["direction"], () => [
    [{ direction: "in" }, gateway.framesIn],
    [{ direction: "out" }, gateway.framesOut],
  ]);
  counter("hermod_edge_bytes_out_total", "Bytes written to clients.", [], () => [[{}, gateway.bytesOut]]);
  counter("hermod_edge_closed_total", "Closed sockets by reason.", ["reason"], () => byReason(gateway.closed));
  counter("hermod_edge_refused_upgrades_total", "Refused connections by reason.", ["reason"], () => byReason(gateway.refusedUpgrades));
  counter("hermod_edge_problems_total", "Refused frames by code.", ["reason"], () => byReason(gateway.problems));
  counter("hermod_nacks_total", "Entries that devices said they cannot take.", [], () => [[{}, sources.meters.nacks]]);
  counter("hermod_actor_crashes_total", "Actors that threw and were reloaded, by kind.", ["reason"], () => byReason(sources.crashes));
}
