import { isHandle } from "../../lib/handle.js";
import { limits } from "../../lib/limits.js";
import { accountIdOf } from "../../protos/signed/ids.js";
import { domains, hash } from "../../protos/signed/hash.js";
import { bounds } from "../../protos/signed/bounds.js";
import { recoverySecretBytes } from "../../protos/signed/recovery.js";
import { writeSigned } from "../../protos/signed/signed.js";
import { Overlay } from "../cipher/overlay.js";
import type { Self } from "../context.js";
import { HermodError } from "../errors.js";
import { b64 } from "../rest.js";
import { valueKey, type Store } from "../store/ports.js";
import { firstListBody } from "./list-body.js";
import { drawIdentity, selfOf, sendPlacing, storedPlacing, storePlacing, type Placing, type PlacingPorts } from "./placing.js";
import { recoverySignerOf } from "./recovery-key.js";
import { uploadToSend } from "./upload.js";

export interface RegisterOptions {
  readonly handle: string;
  /** Needed where the server does not listen on loopback only. */
  readonly invite?: string;
  readonly signal?: AbortSignal;
}

/** Kept from before the upload until its owner has seen it. */
const recoverySecretKey = valueKey<Uint8Array>("recovery-secret");
const region = 0;

/**
 * Makes an account whose first device is this store, or goes on where an earlier call was interrupted. Once done it does nothing: the
 * order is keys made, stored, uploaded, so a lost answer or a kill at any point leads to the same account.
 */
export async function register(ports: PlacingPorts, options: RegisterOptions): Promise<Self> {
  const { handle, signal } = options;
  const self = selfOf(ports.store);
  if (self !== undefined) {
    if (self.handle === handle) return self;
    throw new HermodError("already-registered", { message: `this store is ${self.handle} already` });
  }
  if (!isHandle(handle)) throw new HermodError("bad-handle");
  const open = storedPlacing(ports.store);
  if (open !== undefined && ports.store.identity.get()?.how === "register" && open.handle !== handle) {
    throw new HermodError("already-registered", {
      message: `this store began to register ${open.handle}, and the outcome is open: finish that first`,
    });
  }
  const placing = open ?? prepare(ports, options);
  if (open !== undefined) drawIdentity(ports, "register"); // refuses when the open request is a link's
  return sendPlacing(ports, placing, signal);
}

/** The recovery secret of an account made here, until `recoveryShown`. */
export function recoverySecret(store: Store): Uint8Array | undefined {
  return store.values.get(recoverySecretKey);
}

/** Its owner has it: nothing of it stays here. */
export function recoveryShown(store: Store): void {
  store.transact((tx) => {
    tx.values.delete(recoverySecretKey);
  });
}

function prepare(ports: PlacingPorts, options: RegisterOptions): Placing {
  const { store, cipher, rand, clock } = ports;
  const { row, identity } = drawIdentity(ports, "register");
  const secret = store.values.get(recoverySecretKey) ?? rand.bytes(recoverySecretBytes);
  store.transact((tx) => {
    tx.values.put(recoverySecretKey, secret);
  });
  const recoveryKey = recoverySignerOf(cipher, secret).publicKey;
  const nonce = rand.bytes(bounds.nonceBytes);
  const body = firstListBody({ device: identity, recoveryKey, nonce, region, nowMs: clock.now() });
  const signature = cipher.sign(new Overlay(store.cipherRows), domains.devices, body);
  const list = writeSigned({ body, by: [{ signer: identity.device, signature }] });
  const keys = uploadToSend(ports, { rotate: true, oneTimeEc: limits.oneTimePrekeysMax, oneTimeKyber: limits.oneTimePrekeysMax });
  const { handle, invite } = options;
  const wire = { handle, list: b64(list), keys: b64(keys), credential: b64(row.credential), ...(invite === undefined ? {} : { invite }) };
  const account = accountIdOf(hash(domains.devices, body), region);
  const placing = { request: { method: "POST" as const, path: "/v1/accounts", body: JSON.stringify(wire) }, account, handle, list };
  storePlacing(store, placing);
  return placing;
}
