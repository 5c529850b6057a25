import type { ActorKind, Mail } from "../protos/messages.js";
import { shardOf } from "./shard.js";

/** Whoever runs actors of a shard on this node. */
export interface LocalActors {
  tell(mail: Mail): void;
}

/** Who owns a shard. In one process the answer is always this node; a cluster asks its directory. */
export interface Directory {
  ownerOf(shard: number): "local" | undefined;
}

/**
 * The only way from gateways and actors to actors: id → shard → owner → its host. In one process this is a function call;
 * callers may not know, so a cluster changes nothing for them.
 */
export class InProcessRouter {
  readonly #directory: Directory;
  #local: LocalActors | undefined;
  readonly #refuse: (mail: Mail) => void;

  /** @param refuse answers mail for a shard that nobody owns */
  constructor(directory: Directory, refuse: (mail: Mail) => void) {
    this.#directory = directory;
    this.#refuse = refuse;
  }

  /** Set once, when the host is built: host and router need each other. */
  serve(local: LocalActors): void {
    this.#local = local;
  }

  tell(mail: Mail): void {
    if (this.#local !== undefined && this.#directory.ownerOf(shardOf(mail.kind, mail.id)) === "local") this.#local.tell(mail);
    else this.#refuse(mail);
  }
}

/** Shards that this process owns. */
export class OwnedShards implements Directory {
  readonly #epochs: ReadonlyMap<number, bigint>;

  constructor(owned: readonly { readonly shard: number; readonly epoch: bigint }[]) {
    this.#epochs = new Map(owned.map(({ shard, epoch }) => [shard, epoch]));
  }

  ownerOf(shard: number): "local" | undefined {
    return this.#epochs.has(shard) ? "local" : undefined;
  }

  /** Shard and epoch of an actor that lives here. */
  ownershipOf(kind: ActorKind, id: string): { readonly shard: number; readonly epoch: bigint } | undefined {
    const shard = shardOf(kind, id);
    const epoch = this.#epochs.get(shard);
    return epoch === undefined ? undefined : { shard, epoch };
  }
}
