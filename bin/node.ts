import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { linkOffers } from "../actors/account/link-offers.js";
import { takeAllShards } from "../cluster/ownership.js";
import { Gateway } from "../gateway/gateway.js";
import type { GatewayCounters } from "../gateway/ports.js";
import { restRoutes } from "../gateway/rest/server.js";
import { Edge } from "../gateway/server.js";
import { systemClock, type Clock } from "../lib/clock.js";
import { toBase32 } from "../lib/ids.js";
import { setLimits } from "../lib/configurable-limits.js";
import { limits } from "../lib/limits.js";
import { systemRand } from "../lib/random.js";
import { openLmdb, type Stores } from "../storage/open.js";
import { startActors, type NodeActors } from "./actors.js";
import { openAdmin, type HealthCheck } from "./admin.js";
import type { Config } from "./config.js";
import { sweepHourly } from "./housekeeping.js";
import type { Logger } from "./log.js";
import { openMeters, type Meters } from "./meters.js";
import { openMetrics } from "./metrics.js";
import { recoverShards } from "./recovery.js";
import { version } from "./version.js";

/** A running node. */
export interface RunningNode {
  readonly apiPort: number;
  readonly adminPort: number;
  readonly inviteNeeded: boolean;
  readonly invite: string;
  /** Drains and stops: sockets are sent elsewhere, actors finish, the store is closed. */
  stop(): Promise<void>;
}

/** Starts everything of a node that runs alone: store, leases, actors, gateway, health. Throws StoreError, PortInUse, or Node's listen errors. */
export async function startNode(config: Config, log: Logger, onFatal: (cause: unknown) => void): Promise<RunningNode> {
  setLimits(config.limits);
  const clock = systemClock();
  const reserve = { bytesMin: config.data.reserveBytes, share: config.data.reserveShare };
  const meters = openMeters();
  const onCommit = (writes: number, seconds: number): void => {
    meters.storeCommitSeconds.observe(seconds);
    meters.storeCommitWrites.observe(writes);
  };
  const stores = await openLmdb(config.data.dir, { clock, reserve, onFatal, onCommit });
  const node = new EmbeddedNode(config, log, clock, stores, meters);
  try {
    await node.start();
    return node;
  } catch (error) {
    await node.stop();
    throw error;
  }
}

class EmbeddedNode implements RunningNode {
  apiPort = 0;
  adminPort = 0;
  readonly inviteNeeded: boolean;
  readonly invite: string;
  readonly #config: Config;
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #rand = systemRand();
  readonly #stores: Stores;
  readonly #meters: Meters;
  readonly #background = new AbortController();
  readonly #counters: GatewayCounters = {
    connections: 0,
    unauthenticated: 0,
    framesIn: 0,
    framesOut: 0,
    bytesOut: 0,
    closed: {},
    refusedUpgrades: {},
    problems: {},
  };
  #actors: NodeActors | undefined;
  #gateway: Gateway | undefined;
  #edge: Edge | undefined;
  #admin: Server | undefined;
  #draining = false;

  constructor(config: Config, log: Logger, clock: Clock, stores: Stores, meters: Meters) {
    this.#config = config;
    this.#log = log;
    this.#clock = clock;
    this.#stores = stores;
    this.#meters = meters;
    this.inviteNeeded = config.registration.mode === "invite" || (config.registration.mode === "auto" && !isLoopback(config.edge.host));
    this.invite = toBase32(this.#rand.bytes(20));
  }

  async start(): Promise<void> {
    const incarnation = toBase32(this.#rand.bytes(10));
    const stored = await this.#stores.clusterConfigs.readOrCreate({ format: 1, shards: limits.shards, serverKey: this.#rand.bytes(32) });
    if (stored.shards !== limits.shards) {
      throw new Error(`this store was made for ${String(stored.shards)} shards, this program uses ${String(limits.shards)}`);
    }
    const taken = await takeAllShards(this.#stores.leases, this.#config.node.name, incarnation);
    const actors = startActors({
      stores: this.#stores,
      clock: this.#clock,
      rand: this.#rand,
      log: this.#log,
      incarnation,
      taken,
      onNack: () => {
        this.#meters.nacks++;
      },
      sessions: () => this.#gateway!,
    });
    this.#actors = actors;
    const gateway = new Gateway(incarnation, actors.router, this.#clock, limits, this.#counters, {
      log: (event, fields) => {
        this.#log.warn(fields, event);
      },
      onSendAck: (seconds) => {
        this.#meters.sendAckSeconds.observe(seconds);
      },
    });
    this.#gateway = gateway;
    void recoverShards(this.#stores, actors.intents, actors.router, this.#clock, taken, this.#background.signal, this.#log);
    void sweepHourly(this.#stores.partitions, this.#clock, this.#background.signal, this.#log);
    await this.#stores.invites.create(this.invite, this.#clock.now());
    await this.#listen(incarnation, gateway, actors);
  }

  /** Drains and closes whatever was opened, in the order that loses nothing. */
  async stop(): Promise<void> {
    this.#draining = true;
    this.#background.abort();
    this.#edge?.stopListening();
    await this.#gateway?.drain(Math.min(2_000, limits.drainMs / 4));
    await this.#actors?.host.drain(limits.drainMs / 2);
    await this.#actors?.intents.stop();
    await this.#actors?.signatures.stop();
    this.#edge?.close();
    this.#admin?.close();
    this.#admin?.closeAllConnections();
    await this.#stores.close();
  }

  async #listen(incarnation: string, gateway: Gateway, actors: NodeActors): Promise<void> {
    const { edge, admin } = this.#config;
    let requests = 0;
    const routes = restRoutes({
      actors: actors.router,
      services: { accountOf: (handle) => this.#stores.handles.read(handle), ...linkOffers(this.#stores.links, this.#clock) },
      questions: gateway.questions,
      clock: this.#clock,
      limits,
      inviteNeeded: this.inviteNeeded,
      newRequestId: () => `${incarnation.slice(0, 6)}-${String(++requests)}`,
    });
    this.#edge = new Edge(gateway, { ...edge, limits, clock: this.#clock }, routes);
    this.apiPort = await this.#edge.listen();
    const metrics = openMetrics({
      version,
      edgeLibrary: "uWebSockets.js",
      gateway: this.#counters,
      actorsLoaded: (kind) => actors.host.loaded(kind),
      fanOutBacklog: () => actors.intents.backlog,
      crashes: actors.crashes,
      meters: this.#meters,
    });
    const ready = (): HealthCheck[] => [
      this.#draining ? { name: "serving", ok: false, reason: "this node is draining" } : { name: "serving", ok: true },
    ];
    this.#admin = await openAdmin(admin.host, admin.port, {
      metrics,
      ready,
      healthy: canary(this.#stores, this.#config.node.name, this.#clock),
    });
    this.adminPort = (this.#admin.address() as AddressInfo).port;
  }
}

function isLoopback(host: string): boolean {
  return host.startsWith("127.") || host === "::1" || host === "localhost";
}

/** Writes this node's own row, at most once a second. */
function canary(stores: Stores, node: string, clock: Clock): () => Promise<HealthCheck[]> {
  let cached: { readonly atMs: number; readonly checks: Promise<HealthCheck[]> } | undefined;
  const look = async (): Promise<HealthCheck[]> => {
    try {
      await stores.canary.write(node);
      return [{ name: "commit", ok: true }];
    } catch {
      return [{ name: "commit", ok: false, reason: "the store did not commit" }];
    }
  };
  return () => {
    if (cached === undefined || clock.mono() - cached.atMs > 1_000) cached = { atMs: clock.mono(), checks: look() };
    return cached.checks;
  };
}
