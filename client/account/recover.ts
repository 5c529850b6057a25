import { limits } from "../../lib/limits.js";
import { sameBytes } from "../../lib/bytes.js";
import { domains } from "../../protos/signed/hash.js";
import { writeSigned } from "../../protos/signed/signed.js";
import { Overlay } from "../cipher/overlay.js";
import type { Self } from "../context.js";
import { HermodError, hasCode } from "../errors.js";
import { b64 } from "../rest.js";
import { checkChain } from "./chain-check.js";
import { nextListBody } from "./list-body.js";
import { drawIdentity, selfOf, sendPlacing, storedPlacing, storePlacing, type Placing, type PlacingPorts } from "./placing.js";
import { parseRecoveryWords, recoverySignerOf } from "./recovery-key.js";
import { uploadToSend } from "./upload.js";

export interface RecoverOptions {
  readonly handle: string;
  /** The 24 words that were shown at registration. */
  readonly words: string;
  readonly signal?: AbortSignal;
}

/**
 * Makes this store the account's only device, by the recovery key: all devices that are listed lose their access. Contacts are told that
 * the account has to be verified again.
 */
export async function recover(ports: PlacingPorts, options: RecoverOptions): Promise<Self> {
  const self = selfOf(ports.store);
  if (self?.handle === options.handle) return self;
  for (let tries = 0; tries <= limits.rebaseTriesMax; tries++) {
    drawIdentity(ports, "recover");
    const placing = storedPlacing(ports.store) ?? (await prepare(ports, options));
    try {
      return await sendPlacing(ports, placing, options.signal);
    } catch (error) {
      if (!hasCode(error, "list-conflict")) throw error; // the list moved: the request was dropped, make it anew
    }
  }
  throw new HermodError("list-conflict");
}

async function prepare(ports: PlacingPorts, options: RecoverOptions): Promise<Placing> {
  const { store, cipher, clock, rest, chains } = ports;
  const { row, identity } = drawIdentity(ports, "recover");
  const call = options.signal === undefined ? {} : { signal: options.signal };
  const recovery = recoverySignerOf(cipher, parseRecoveryWords(options.words));
  const account = await rest.lookup(options.handle, call);
  const versions = await rest.chainForRecovery(account, call);
  const { grown, problem } = checkChain({
    account,
    known: [],
    signedAt: () => undefined,
    versions,
    vouched: undefined,
    verify: cipher.verify,
  });
  const head = grown.at(-1)?.state;
  if (problem !== undefined || head === undefined) {
    throw new HermodError("list-invalid", { message: `the account's device list does not hold: ${problem?.detail ?? "it is empty"}` });
  }
  if (!sameBytes(head.recoveryKey, recovery.publicKey)) {
    throw new HermodError("bad-request", { message: `these words are not the recovery key of ${options.handle}` });
  }
  chains.absorb(account, versions);
  const remove = head.devices.map(({ id }) => id);
  const body = nextListBody(head, { cause: "recover", signer: "recovery", add: identity, remove, nowMs: clock.now() });
  const own = cipher.sign(new Overlay(store.cipherRows), domains.devices, body);
  const list = writeSigned({
    body,
    by: [
      { signer: "recovery", signature: recovery.sign(domains.devices, body) },
      { signer: identity.device, signature: own },
    ],
  });
  const keys = uploadToSend(ports, { rotate: true, oneTimeEc: limits.oneTimePrekeysMax, oneTimeKyber: limits.oneTimePrekeysMax });
  const wire = { list: b64(list), keys: b64(keys), credential: b64(row.credential) };
  const request = { method: "POST" as const, path: "/v1/devices/recover", body: JSON.stringify(wire) };
  const placing = { request, account, handle: options.handle, list };
  storePlacing(store, placing);
  return placing;
}
