import type { Clock } from "../../lib/clock.js";
import { idBytes, type DeviceId } from "../../lib/ids.js";
import { limits } from "../../lib/limits.js";
import { domains } from "../../protos/signed/hash.js";
import { deviceIdOf, linkDigitsOf, linkIdOf, linkMacOf } from "../../protos/signed/ids.js";
import { Overlay } from "../cipher/overlay.js";
import type { Cipher } from "../cipher/ports.js";
import type { Self, VerifiedList } from "../context.js";
import { HermodError, hasCode } from "../errors.js";
import { b64, type Rest } from "../rest.js";
import { valueKey, type Store } from "../store/ports.js";
import type { DeviceChains } from "./chains.js";
import { nextListBody } from "./list-body.js";
import { parseLinkUri, type LinkUri } from "./link-uri.js";

/** What the old device shows before it asks: compare the digits with those on the new one. */
export interface LinkRequest {
  readonly name: string;
  readonly platform: string;
  readonly digits: string;
  readonly device: DeviceId;
  readonly expiresMs: number;
}

export interface ApprovePorts {
  readonly store: Store;
  readonly cipher: Cipher;
  readonly clock: Clock;
  readonly rest: Rest;
  readonly chains: DeviceChains;
  readonly self: Self;
  /** Text of the own credential. */
  readonly bearer: () => string;
}

/** A device that this one approved and that is owed the start-up sync; durable from before the approval is sent. */
export const approvedKey = (device: DeviceId) => valueKey<{ readonly atMs: number }>(`approved/${device}`);
export const approvedPrefix = "approved/";

/** Reads a link for the question that has to be asked. Nothing is sent. */
export function inspectLink(uri: string, nowMs: number): LinkRequest {
  const { name, platform, identityKey, expiresMs } = parseLinkUri(uri, nowMs);
  return { name, platform, digits: linkDigitsOf(identityKey), device: deviceIdOf(identityKey), expiresMs };
}

/**
 * Approves a link, after the person said yes to its digits, and resolves once the device is in the account's list. A list that moves
 * meanwhile is followed and the approval made again, without asking again.
 *
 * @throws HermodError of `parseLinkUri`; `too-young`, `too-many-devices`, `link-expired`, `link-used`; the connection's errors
 */
export async function approveLink(ports: ApprovePorts, uri: string, signal?: AbortSignal): Promise<VerifiedList> {
  const link = parseLinkUri(uri, ports.clock.now());
  const device = deviceIdOf(link.identityKey);
  const untilMs = ports.clock.now() + limits.linkOfferMs;
  ports.store.transact((tx) => {
    tx.values.put(approvedKey(device), { atMs: ports.clock.now() });
  });
  let approvedVersion = 0;
  let overtaken = 0;
  for (;;) {
    const { head } = await ports.chains.ownHead(ports.self.account);
    if (head.devices.some(({ id }) => id === device)) return head;
    if (ports.clock.now() >= untilMs) throw new HermodError("link-expired", { message: "the new device did not finish in time" });
    if (approvedVersion !== head.version + 1) {
      const sent = await approveOnce(ports, link, device, head, signal);
      if (!sent && ++overtaken > limits.rebaseTriesMax) throw new HermodError("list-conflict");
      if (!sent) continue; // the list moved: look again
      approvedVersion = head.version + 1;
    }
    await ownListMoved(ports, signal);
    if (signal?.aborted) throw new HermodError("stopped", { message: "the caller gave up waiting" });
  }
}

async function approveOnce(
  ports: ApprovePorts,
  link: LinkUri,
  device: DeviceId,
  head: VerifiedList,
  signal?: AbortSignal,
): Promise<boolean> {
  const { cipher, store, self, clock, rest } = ports;
  if (head.devices.length >= limits.devicesPerAccountMax) throw new HermodError("too-many-devices");
  const { identityKey, registrationId, secret } = link;
  const add = { device, identityKey, registrationId };
  const body = nextListBody(head, { cause: "link", signer: self.device, add, nowMs: clock.now() });
  const signature = cipher.sign(new Overlay(store.cipherRows), domains.devices, body);
  const approval = { body: b64(body), signer: b64(idBytes(self.device)), signature: b64(signature), mac: b64(linkMacOf(secret, body)) };
  try {
    await rest.approveLink(linkIdOf(secret), approval, { bearer: ports.bearer(), ...(signal === undefined ? {} : { signal }) });
    return true;
  } catch (error) {
    if (hasCode(error, "list-conflict")) return false;
    throw error;
  }
}

/** Resolves when the own list grew, or after a while: a push may be lost. */
async function ownListMoved(ports: ApprovePorts, signal?: AbortSignal): Promise<void> {
  const moved = new AbortController();
  const stop = ports.chains.onChange((list) => {
    if (list.account === ports.self.account) moved.abort();
  });
  const signals = signal === undefined ? moved.signal : AbortSignal.any([moved.signal, signal]);
  await ports.clock.sleep(limits.linkLookMs, signals);
  stop();
}
