import { accountKind } from "../actors/account/shell.js";
import { conversationKind } from "../actors/conversation/shell.js";
import { deviceKind } from "../actors/device/shell.js";
import type { Sessions } from "../actors/ports.js";
import { ActorHost, replyToOf } from "../actors/runtime/actor-host.js";
import { ShardIntents } from "../actors/runtime/intents.js";
import { SignatureWorker } from "../actors/runtime/signatures.js";
import type { OwnedShard } from "../cluster/ownership.js";
import { InProcessRouter, OwnedShards } from "../cluster/router.js";
import type { Clock } from "../lib/clock.js";
import type { Rand } from "../lib/random.js";
import type { Stores } from "../storage/open.js";
import { hashed, type Logger } from "./log.js";

/** Everything that runs actors on this node. */
export interface NodeActors {
  readonly router: InProcessRouter;
  readonly host: ActorHost;
  readonly intents: ShardIntents;
  readonly signatures: SignatureWorker;
  /** Actors that threw, by kind. */
  readonly crashes: Record<string, number>;
}

export interface ActorsNeed {
  readonly stores: Stores;
  readonly clock: Clock;
  readonly rand: Rand;
  readonly log: Logger;
  readonly incarnation: string;
  readonly taken: readonly OwnedShard[];
  onNack(): void;
  /** The gateway: built after the router that it needs, so asked for late. */
  sessions(): Sessions;
}

export function startActors(need: ActorsNeed): NodeActors {
  const { stores, clock, log } = need;
  const owned = new OwnedShards(need.taken);
  const crashes: Record<string, number> = {};
  const sessions: Sessions = {
    answer: (to, answer) => {
      need.sessions().answer(to, answer);
    },
    push: (session, frame) => {
      need.sessions().push(session, frame);
    },
    close: (session, code, reason) => {
      need.sessions().close(session, code, reason);
    },
  };
  const router = new InProcessRouter(owned, (mail) => {
    const to = replyToOf(mail.message);
    if (to !== undefined) sessions.answer(to, { type: "problem", code: "fenced", retryAfterMs: 500 });
  });
  const host = new ActorHost({
    clock,
    router,
    sessions,
    // One process owns the data directory: nobody else can have taken over, so there is nothing to read.
    gate: {
      afterAlive: (then) => {
        then();
      },
    },
    ownershipOf: (kind, id) => owned.ownershipOf(kind, id),
    onCrash: (kind, id, messageType, error) => {
      crashes[kind] = (crashes[kind] ?? 0) + 1;
      const stack = error instanceof Error ? error.stack : String(error);
      log.error({ kind, id: hashed(id), message: messageType, error: stack }, "an actor threw and is reloaded");
    },
  });
  const intents = new ShardIntents(
    {
      put: (slice, conversation, issuedMs) => stores.intentSlices.put(slice, conversation, issuedMs),
      saveLow: (shard, epoch, slice) => stores.leases.saveIntentLow(shard, epoch, need.incarnation, { epoch, slice }),
    },
    clock,
    (conversation) => owned.ownershipOf("conversation", conversation),
  );
  const signatures = new SignatureWorker();
  registerKinds(host, need, intents, signatures);
  router.serve(host);
  return { router, host, intents, signatures, crashes };
}

function registerKinds(host: ActorHost, need: ActorsNeed, intents: ShardIntents, signatures: SignatureWorker): void {
  const { stores } = need;
  host.register(conversationKind({ log: stores.log, states: stores.conversationStates, receipts: stores.receipts, intents }));
  const notes = {
    nacked: (device: string, conversation: string, _seq: bigint, reason: string): void => {
      need.onNack();
      need.log.warn(
        { device: hashed(device), conversation: hashed(conversation), reason: nackReason(reason) },
        "a device cannot take an entry",
      );
    },
  };
  host.register(deviceKind({ states: stores.deviceStates, log: stores.logReader, receipts: stores.receiptRows, notes }));
  host.register(accountKind({ ...stores, work: stores.workList, signatures, rand: need.rand }));
}

/** A client's own word, as far as a log may carry it. */
function nackReason(reason: string): string {
  return /^[a-z-]{1,64}$/.test(reason) ? reason : "other";
}
