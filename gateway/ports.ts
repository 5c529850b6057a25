import type { LinkId } from "../lib/ids.js";
import type { Mail } from "../protos/messages.js";

/** The way to actors: the router of cluster/. The gateway knows no other. */
export interface Actors {
  tell(mail: Mail): void;
}

/** What can be asked before there is an account: stateless services over single partitions, handed in by bin/. */
export interface PublicServices {
  /** Exact match only. */
  accountOf(handle: string): Promise<string | undefined>;
  openLink(link: LinkId, identityKey: Uint8Array): Promise<OpenLinkOutcome>;
  readLink(link: LinkId): Promise<LinkView>;
}

export type OpenLinkOutcome =
  | { readonly type: "open"; readonly expiresMs: number }
  | { readonly type: "refused"; readonly code: "bad-key" | "link-used" | "overloaded" };

export type LinkView =
  | { readonly type: "open" }
  | {
      readonly type: "approved";
      readonly account: string;
      readonly body: Uint8Array;
      readonly signer: Uint8Array;
      readonly signature: Uint8Array;
      readonly mac: Uint8Array;
    }
  | { readonly type: "gone"; readonly code: "link-expired" | "not-found" };

/** Who is told of what operators want to see. */
export interface GatewayWatch {
  readonly log: (event: string, fields: Record<string, unknown>) => void;
  /** A send was acknowledged so long after its frame came. */
  readonly onSendAck: (seconds: number) => void;
}

/** What an operator reads of this gateway. Numbers only, never an id. */
export interface GatewayCounters {
  connections: number;
  unauthenticated: number;
  framesIn: number;
  framesOut: number;
  bytesOut: number;
  closed: Record<string, number>;
  refusedUpgrades: Record<string, number>;
  problems: Record<string, number>;
}
