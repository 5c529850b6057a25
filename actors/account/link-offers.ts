import type { LinkId } from "../../lib/ids.js";
import type { Clock } from "../../lib/clock.js";
import { limits } from "../../lib/limits.js";
import { isPublicKey } from "../../protos/signed/public-key.js";
import type { LinkRow, Links } from "./ports.js";

/** What became of an offer that a new device made. */
export type OfferOutcome =
  | { readonly type: "open"; readonly expiresMs: number }
  | { readonly type: "refused"; readonly code: "bad-key" | "link-used" | "overloaded" };

/** How an offer stands. `approved`: until the account's own list has that body, nobody is linked. */
export type OfferView =
  | { readonly type: "open" }
  | ({ readonly type: "approved" } & NonNullable<LinkRow["approval"]>)
  | { readonly type: "gone"; readonly code: "link-expired" };

export interface LinkOffers {
  /** Opens an offer for 120 s. The same key again is the same offer. */
  openLink(link: LinkId, identityKey: Uint8Array): Promise<OfferOutcome>;
  /** Rejects when the store cannot answer. An id that was never offered looks like one that ran out. */
  readLink(link: LinkId): Promise<OfferView>;
}

/**
 * Offers of devices that have no account yet: stateless, over one partition each. It says nothing about the account that approves; what it
 * holds is worth nothing without the secret in the QR code, which never comes here.
 */
export function linkOffers(links: Links, clock: Clock): LinkOffers {
  return {
    openLink: (link, identityKey) => {
      if (!isPublicKey(identityKey)) return Promise.resolve({ type: "refused", code: "bad-key" });
      const expiresMs = clock.now() + limits.linkOfferMs;
      return links.open(link, identityKey, expiresMs).then((outcome): OfferOutcome => {
        if (outcome === "applied") return { type: "open", expiresMs };
        return { type: "refused", code: outcome === "refused" ? "link-used" : "overloaded" };
      });
    },
    readLink: (link) =>
      links.read(link).then((row): OfferView => {
        if (row === undefined || row.expiresMs <= clock.now()) return { type: "gone", code: "link-expired" };
        return row.approval === undefined ? { type: "open" } : { type: "approved", ...row.approval };
      }),
  };
}
