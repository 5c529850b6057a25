import { randomBytes } from "node:crypto";
import type { AddressInfo } from "node:net";
import { accountKind } from "../actors/account/shell.js";
import { conversationKind } from "../actors/conversation/shell.js";
import { deviceKind } from "../actors/device/shell.js";
import { linkOffers } from "../actors/account/link-offers.js";
import { ActorHost, replyToOf } from "../actors/runtime/actor-host.js";
import { ShardIntents } from "../actors/runtime/intents.js";
import { leftOpen, wakeLeftOpen } from "../actors/runtime/recovery.js";
import { SignatureWorker } from "../actors/runtime/signatures.js";
import { takeAllShards, type OwnedShard } from "../cluster/ownership.js";
import type { Lease } from "../cluster/ports.js";
import { InProcessRouter, OwnedShards } from "../cluster/router.js";
import { Gateway } from "../gateway/gateway.js";
import type { GatewayCounters } from "../gateway/ports.js";
import { restRoutes } from "../gateway/rest/server.js";
import { Edge } from "../gateway/server.js";
import { systemClock, type Clock } from "../lib/clock.js";
import { toBase32 } from "../lib/ids.js";
import { limits, setLimits } from "../lib/limits.js";
import { systemRand } from "../lib/random.js";
import { openLmdb, type Stores } from "../storage/open.js";
import { openAdmin, type HealthCheck } from "./admin.js";
import type { Config } from "./config.js";
import { hashed, type Logger } from "./log.js";
import { openMetrics } from "./metrics.js";
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
  const stores = await openLmdb(config.data.dir, {
    clock,
    reserve: { bytesMin: config.data.reserveBytes, share: config.data.reserveShare },
    onFatal,
  });
  const undo: (() => unknown)[] = [() => stores.close()];
  try {
    return await assemble(config, log, clock, stores, undo);
  } catch (error) {
    for (const step of undo.reverse()) await step();
    throw error;
  }
}

async function assemble(config: Config, log: Logger, clock: Clock, stores: Stores, undo: (() => unknown)[]): Promise<RunningNode> {
  const incarnation = toBase32(randomBytes(10));
  const stored = await stores.clusterConfigs.readOrCreate({ format: 1, shards: limits.shards, serverKey: randomBytes(32) });
  if (stored.shards !== limits.shards)
    throw new Error(`this store was made for ${String(stored.shards)} shards, this program uses ${String(limits.shards)}`);
  const taken = await takeAllShards(stores.leases, config.node.name, incarnation);
  const owned = new OwnedShards(taken);

  const counters: GatewayCounters = {
    connections: 0,
    unauthenticated: 0,
    framesIn: 0,
    framesOut: 0,
    bytesOut: 0,
    closed: {},
    refusedUpgrades: {},
    problems: {},
  };
  const crashes: Record<string, number> = {};
  const router: InProcessRouter = new InProcessRouter(owned, (mail) => {
    const to = replyToOf(mail.message);
    if (to !== undefined) gateway.answer(to, { type: "problem", code: "fenced", retryAfterMs: 500 });
  });
  const gateway = new Gateway(incarnation, router, clock, limits, counters, (event, fields) => {
    log.warn(fields, event);
  });
  const host = new ActorHost({
    clock,
    router,
    sessions: gateway,
    gate: {
      afterAlive: (then) => {
        then();
      },
    },
    ownershipOf: (kind, id) => owned.ownershipOf(kind, id),
    onCrash: (kind, id, messageType, error) => {
      crashes[kind] = (crashes[kind] ?? 0) + 1;
      log.error(
        { kind, id: hashed(id), message: messageType, error: error instanceof Error ? error.stack : String(error) },
        "an actor threw and is reloaded",
      );
    },
  });
  const intents = new ShardIntents(
    {
      put: (slice, conversation, issuedMs) => stores.intentSlices.put(slice, conversation, issuedMs),
      saveLow: (shard, epoch, slice) => stores.leases.saveIntentLow(shard, epoch, incarnation, { epoch, slice }),
    },
    clock,
    (conversation) => owned.ownershipOf("conversation", conversation),
  );
  const signatures = new SignatureWorker();
  host.register(
    conversationKind({
      log: stores.log,
      states: stores.conversationStates,
      receipts: stores.receipts,
      intents,
      serverKey: stored.serverKey,
    }),
  );
  host.register(deviceKind({ states: stores.deviceStates, log: stores.logReader, receipts: stores.receiptRows }));
  host.register(accountKind({ ...stores, work: stores.workList, signatures, rand: systemRand() }));
  router.serve(host);

  const recovery = new AbortController();
  void recover(stores, intents, router, clock, taken, recovery.signal, log);

  const loopback = config.edge.host.startsWith("127.") || config.edge.host === "::1" || config.edge.host === "localhost";
  const inviteNeeded = config.registration.mode === "invite" || (config.registration.mode === "auto" && !loopback);
  let requests = 0;
  const edge = new Edge(
    gateway,
    { host: config.edge.host, port: config.edge.port, origins: config.edge.origins, limits },
    restRoutes({
      actors: router,
      services: { accountOf: (handle) => stores.handles.read(handle), ...linkOffers(stores.links, clock) },
      questions: gateway.questions,
      clock,
      limits,
      inviteNeeded,
      newRequestId: () => `${incarnation.slice(0, 6)}-${String(++requests)}`,
    }),
  );
  undo.push(() => {
    edge.close();
  });
  const apiPort = await edge.listen();
  const state = { draining: false };
  const metrics = openMetrics({
    version,
    edgeLibrary: "uWebSockets.js",
    gateway: counters,
    actorsLoaded: (kind) => host.loaded(kind),
    fanOutBacklog: () => intents.backlog,
    crashes,
  });
  const ready = (): HealthCheck[] => [
    state.draining ? { name: "draining", ok: false, reason: "this node is draining" } : { name: "serving", ok: true },
  ];
  const admin = await openAdmin(config.admin.host, config.admin.port, { metrics, ready, healthy: canary(stores, config.node.name, clock) });
  undo.push(() => admin.close());
  const invite = toBase32(randomBytes(20));
  await stores.invites.create(invite, clock.now());

  const stop = async (): Promise<void> => {
    state.draining = true;
    recovery.abort();
    edge.stopListening();
    await gateway.drain(Math.min(2_000, limits.drainMs / 4));
    await host.drain(limits.drainMs / 2);
    await intents.stop();
    await signatures.stop();
    edge.close();
    admin.close();
    admin.closeAllConnections();
    await stores.close();
  };
  return { apiPort, adminPort: (admin.address() as AddressInfo).port, inviteNeeded, invite, stop };
}

/** Finds what earlier lives left open, tells the low-water to wait for it, then wakes it at a bounded rate. */
async function recover(
  stores: Stores,
  intents: ShardIntents,
  router: InProcessRouter,
  clock: Clock,
  taken: readonly OwnedShard[],
  signal: AbortSignal,
  log: Logger,
): Promise<void> {
  const lows = new Map<number, Lease["intentLow"]>(taken.map(({ shard, intentLow }) => [shard, intentLow]));
  const store = {
    lowOf: (shard: number) => lows.get(shard)!,
    intents: (slice: { readonly shard: number; readonly epoch: bigint; readonly slice: number }) => stores.intentSlices.list(slice),
    work: (shard: number) => stores.workList.list(shard),
  };
  let found = 0;
  for (const ownership of taken) {
    if (signal.aborted) return;
    try {
      const { conversations, accounts } = await leftOpen(store, ownership);
      intents.recovering(ownership, conversations);
      found += conversations.length + accounts.length;
      await wakeLeftOpen(router, clock, conversations, accounts, signal);
    } catch (error) {
      // The low-water of this shard stays where it is, so the next start finds the same again; nothing acknowledged depends on it.
      log.error({ shard: ownership.shard, error: String(error) }, "a shard could not be recovered");
    }
  }
  if (found > 0) log.info({ found }, "recovered what earlier runs left open");
}

/** A conditional write to a row of this node's own, at most once a second. */
function canary(stores: Stores, node: string, clock: Clock): () => Promise<HealthCheck[]> {
  let cached: { readonly atMs: number; readonly checks: Promise<HealthCheck[]> } | undefined;
  const look = async (): Promise<HealthCheck[]> => {
    try {
      await stores.canary.write(node);
      return [{ name: "commit", ok: true }];
    } catch (error) {
      return [{ name: "commit", ok: false, reason: error instanceof Error ? error.message : "the store did not commit" }];
    }
  };
  return () => {
    if (cached === undefined || clock.mono() - cached.atMs > 1_000) cached = { atMs: clock.mono(), checks: look() };
    return cached.checks;
  };
}
