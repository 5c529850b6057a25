import { limits } from "../lib/limits.js";
import { shardOf as hashOf } from "../lib/xxh32.js";
import type { ActorKind } from "../protos/messages.js";

/** The shard of an actor: a fixed slice of the id space. The same on every node and in every build: golden vectors in the tests. */
export function shardOf(kind: ActorKind, id: string): number {
  return hashOf(kind, id, limits.shards);
}
