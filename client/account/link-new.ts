import { toString as qrText } from "qrcode";
import { limits } from "../../lib/limits.js";
import { domains } from "../../protos/signed/hash.js";
import { linkDigitsOf, linkIdOf } from "../../protos/signed/ids.js";
import { Overlay } from "../cipher/overlay.js";
import type { LocalIdentity } from "../cipher/ports.js";
import { afterFailure, freshBackoff } from "../connection/backoff.js";
import type { Self } from "../context.js";
import { HermodError, hasCode } from "../errors.js";
import { b64, type Approved } from "../rest.js";
import { checkApproval, type CheckedApproval } from "./link-check.js";
import { formatLinkUri } from "./link-uri.js";
import { drawIdentity, dropPlacing, sendPlacing, storedPlacing, storePlacing, type Placing, type PlacingPorts } from "./placing.js";
import { uploadToSend } from "./upload.js";

/** What the new device asks its user before it becomes a part of an account. */
export interface LinkQuestion {
  readonly account: string;
  /** As the server says it. */
  readonly handle: string;
  /** How many devices the account has now. */
  readonly devices: number;
}

export interface LinkOptions {
  /** How this device is called on the old one's screen. */
  readonly name?: string;
  readonly platform?: string;
  /** "Link to @alice?" Asked once, after every check has passed; without it the answer is yes. */
  readonly confirm?: (question: LinkQuestion) => boolean | Promise<boolean>;
  readonly signal?: AbortSignal;
}

interface Offer {
  readonly secret: Uint8Array;
  readonly uri: string;
  readonly madeMs: number;
}

/**
 * A new device waiting to be linked: shows a code, draws a fresh one every 45 s, checks what comes back.
 *
 * @example
 * const link = await me.linkDevice({ confirm: async ({ handle }) => ask(`link to @${handle}?`) });
 * console.log(await link.qr());
 * await link.completed;
 */
export class Link {
  /** Shown on both devices, for people to compare. */
  readonly digits: string;
  /** Resolves once this store is a device of the account; rejects with `link-refused`, `stopped` or the server's refusal. */
  readonly completed: Promise<Self>;
  readonly #ports: PlacingPorts;
  readonly #options: LinkOptions;
  readonly #identity: LocalIdentity;
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  readonly #listeners = new Set<(uri: string) => void>();
  #offer: Offer | undefined;
  #confirmed: string | undefined;
  /** An approval is being taken: those of other codes wait, there is one store. */
  #taking = false;

  /** Use `Client.linkDevice`. */
  static async begin(ports: PlacingPorts, options: LinkOptions = {}): Promise<Link> {
    const { identity } = drawIdentity(ports, "link");
    const link = new Link(ports, options, identity);
    const shown = new Promise<void>((resolve) => {
      link.onUri(() => {
        resolve();
      });
    });
    await Promise.race([shown, link.completed]);
    return link;
  }

  private constructor(ports: PlacingPorts, options: LinkOptions, identity: LocalIdentity) {
    this.#ports = ports;
    this.#options = options;
    this.#identity = identity;
    this.#signal = options.signal === undefined ? this.#stop.signal : AbortSignal.any([this.#stop.signal, options.signal]);
    this.digits = linkDigitsOf(identity.identityKey);
    this.completed = this.#run();
    this.completed.catch(() => {}); // whoever waits sees it; nobody has to
  }

  /** The link as it is now; it changes every 45 s. Show it, never send it. */
  get uri(): string {
    return this.#offer?.uri ?? "";
  }

  /** The link as a code of block characters for a terminal. */
  async qr(): Promise<string> {
    return qrText(this.uri, { type: "utf8", errorCorrectionLevel: "L" });
  }

  /** Called with each new link. */
  onUri(listener: (uri: string) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /** Gives up; `completed` rejects with `stopped` unless it is done. */
  cancel(): void {
    this.#stop.abort();
  }

  async #run(): Promise<Self> {
    const open = storedPlacing(this.#ports.store);
    const self = open === undefined ? undefined : await this.#complete(open);
    try {
      return self ?? (await this.#offerUntilLinked());
    } finally {
      this.#stop.abort();
    }
  }

  /** Shows codes and polls each until one is approved and completed. */
  async #offerUntilLinked(): Promise<Self> {
    const { clock } = this.#ports;
    return new Promise<Self>((resolve, reject) => {
      const show = async (): Promise<void> => {
        while (!this.#signal.aborted) {
          const offer = await this.#show();
          this.#poll(offer).then((self) => {
            if (self !== undefined) resolve(self);
          }, reject);
          await clock.sleep(limits.linkRefreshMs, this.#signal);
        }
        reject(new HermodError("stopped", { message: "linking was given up" }));
      };
      show().catch(reject);
    });
  }

  /** Makes an offer, tells the server its name, then shows it. */
  async #show(): Promise<Offer> {
    const { rand, clock, rest, servers } = this.#ports;
    const secret = rand.bytes(32);
    await this.#patiently(() => rest.offerLink(linkIdOf(secret), this.#identity.identityKey, { signal: this.#signal }));
    const { identityKey, registrationId } = this.#identity;
    const madeMs = clock.now();
    const uri = formatLinkUri({
      server: servers[0] ?? "",
      identityKey,
      registrationId,
      secret,
      expiresMs: madeMs + limits.linkUriMs,
      name: this.#options.name ?? "",
      platform: this.#options.platform ?? "",
    });
    const offer = { secret, uri, madeMs };
    this.#offer = offer;
    for (const listener of [...this.#listeners]) listener(uri);
    return offer;
  }

  /** Waits for one offer's approval as long as the server keeps it; a list that moved meanwhile means: wait for the next approval. */
  async #poll(offer: Offer): Promise<Self | undefined> {
    const linkId = linkIdOf(offer.secret);
    let done: Uint8Array | undefined;
    while (!this.#signal.aborted && this.#ports.clock.now() - offer.madeMs < limits.linkOfferMs) {
      let approved: Approved | undefined;
      try {
        approved = await this.#patiently(() => this.#ports.rest.awaitLink(linkId, { signal: this.#signal }));
      } catch (error) {
        if (hasCode(error, "link-expired") || hasCode(error, "not-found") || hasCode(error, "stopped")) return undefined;
        throw error;
      }
      if (approved === undefined) continue;
      if (this.#taking || (done !== undefined && Buffer.from(done).equals(approved.body))) {
        await this.#ports.clock.sleep(limits.linkRetryMs, this.#signal); // the one that came too late; the old device makes another
        continue;
      }
      done = approved.body;
      this.#taking = true;
      const self = await this.#take(offer, linkId, approved).finally(() => {
        this.#taking = false;
      });
      if (self !== undefined) return self;
    }
    return undefined;
  }

  async #take(offer: Offer, linkId: string, approved: Approved): Promise<Self | undefined> {
    const { store, cipher, chains } = this.#ports;
    const countersign = (body: Uint8Array): Uint8Array => cipher.sign(new Overlay(store.cipherRows), domains.devices, body);
    const checked = checkApproval({ approved, secret: offer.secret, identity: this.#identity, countersign, verify: cipher.verify });
    await this.#ask(checked);
    const { row } = drawIdentity(this.#ports, "link");
    const keys = uploadToSend(this.#ports, { rotate: true, oneTimeEc: limits.oneTimePrekeysMax, oneTimeKyber: limits.oneTimePrekeysMax });
    const body = JSON.stringify({ list: b64(checked.list), keys: b64(keys), credential: b64(row.credential) });
    const request = { method: "POST" as const, path: `/v1/devices/link/${linkId}/complete`, body };
    chains.absorb(checked.account, checked.chain);
    const placing: Placing = { request, account: checked.account, handle: checked.handle, list: checked.list };
    storePlacing(store, placing);
    return this.#complete(placing);
  }

  async #ask(checked: CheckedApproval): Promise<void> {
    if (this.#confirmed === checked.account) return;
    const question = { account: checked.account, handle: checked.handle, devices: checked.state.devices.length - 1 };
    const yes = (await this.#options.confirm?.(question)) ?? true;
    if (!yes) throw new HermodError("link-refused", { message: `linking to ${checked.handle} was declined here` });
    this.#confirmed = checked.account;
  }

  /** Undefined when the list moved, or the offer ran out, before this device was in: the next approval or offer decides. */
  async #complete(placing: Placing): Promise<Self | undefined> {
    try {
      return await this.#patiently(() => sendPlacing(this.#ports, placing, this.#signal));
    } catch (error) {
      if (!hasCode(error, "list-conflict") && !hasCode(error, "link-expired")) throw error;
      if (storedPlacing(this.#ports.store) !== undefined) dropPlacing(this.#ports.store);
      return undefined;
    }
  }

  /** Repeats what may be repeated, with back-off, until the link is given up. */
  async #patiently<Result>(call: () => Promise<Result>): Promise<Result> {
    const { rand, clock } = this.#ports;
    let backoff = freshBackoff(["server"], rand);
    for (;;) {
      try {
        return await call();
      } catch (error) {
        const again = error instanceof HermodError && error.retryable && error.code !== "list-conflict";
        if (!again || this.#signal.aborted) throw error;
        const { delayMs, next } = afterFailure(backoff, rand);
        backoff = next;
        await clock.sleep(Math.max(delayMs, error.retryAfterMs ?? 0), this.#signal);
        if (this.#signal.aborted) throw new HermodError("stopped", { message: "linking was given up", cause: error });
      }
    }
  }
}
