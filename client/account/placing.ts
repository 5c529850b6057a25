import type { Clock } from "../../lib/clock.js";
import type { AccountId } from "../../lib/ids.js";
import { point } from "../../lib/point.js";
import type { Rand } from "../../lib/random.js";
import { Overlay } from "../cipher/overlay.js";
import type { Cipher, LocalIdentity } from "../cipher/ports.js";
import type { Self } from "../context.js";
import { HermodError } from "../errors.js";
import type { Rest, RestRequest } from "../rest.js";
import type { IdentityRow, Store } from "../store/ports.js";
import type { DeviceChains } from "./chains.js";
import { credentialSecretBytes } from "./credential.js";
import { forgetUpload } from "./upload.js";

/** What registering, linking and recovering need. */
export interface PlacingPorts {
  readonly store: Store;
  readonly cipher: Cipher;
  readonly clock: Clock;
  readonly rand: Rand;
  readonly rest: Rest;
  readonly chains: DeviceChains;
  readonly servers: readonly string[];
}

export interface Drawn {
  readonly row: IdentityRow;
  readonly identity: LocalIdentity;
}

/**
 * This device's keys and credential, made and stored at the first call and the same ever after: what reaches the server was durable
 * here before.
 *
 * @throws HermodError `already-registered` when the store belongs to an account, or is on another way into one that may have succeeded
 */
export function drawIdentity(ports: PlacingPorts, how: IdentityRow["how"]): Drawn {
  const { store, cipher } = ports;
  const row = store.identity.get();
  if (row !== undefined) {
    if (row.stage !== "drawn") throw new HermodError("already-registered");
    if (row.request !== undefined && row.how !== how) {
      throw new HermodError("already-registered", {
        message: `this store began to ${row.how}, and the outcome is open: finish that first`,
      });
    }
    const identity = cipher.identity(new Overlay(store.cipherRows))!;
    if (row.how === how) return { row, identity };
    const changed = { ...row, how };
    store.transact((tx) => {
      tx.identity.put(changed);
    });
    return { row: changed, identity };
  }
  return store.transact((tx) => {
    const overlay = new Overlay(tx.cipherRows);
    const identity = cipher.createIdentity(overlay);
    overlay.flush(tx.cipherRows);
    const credential = ports.rand.bytes(credentialSecretBytes);
    const drawn: IdentityRow = { how, stage: "drawn", device: identity.device, credential, servers: ports.servers };
    tx.identity.put(drawn);
    return { row: drawn, identity };
  });
}

/** The stored request, with the list version that it carries. */
export interface Placing {
  readonly request: RestRequest;
  readonly account: AccountId;
  readonly handle: string;
  /** The Signed list version that makes this device a part of the account. */
  readonly list: Uint8Array;
}

/** Stores a request before it is sent the first time: from here on it is repeated, byte by byte, until its outcome is known. */
export function storePlacing(store: Store, placing: Placing): void {
  store.transact((tx) => {
    const row = tx.identity.get()!;
    const { account, handle } = placing;
    const list = Buffer.from(placing.list).toString("base64url");
    const request = new TextEncoder().encode(JSON.stringify({ ...placing.request, list }));
    tx.identity.put({ ...row, account, handle, request });
  });
  point("client.keys-made");
}

/** The request whose outcome is open, if there is one. */
export function storedPlacing(store: Store): Placing | undefined {
  const row = store.identity.get();
  if (row?.stage !== "drawn" || row.request === undefined || row.account === undefined) return undefined;
  const { list, ...request } = JSON.parse(new TextDecoder().decode(row.request)) as RestRequest & { list: string };
  return { request, account: row.account, handle: row.handle ?? "", list: new Uint8Array(Buffer.from(list, "base64url")) };
}

/** The server refused for good and stored nothing: keys and credential stay, the request is forgotten. */
export function dropPlacing(store: Store): void {
  store.transact((tx) => {
    const { how, stage, device, credential, servers } = tx.identity.get()!;
    tx.identity.put({ how, stage, device, credential, servers });
  });
}

/**
 * Sends the stored request and takes the answer over: from then on this store is a device of the account.
 *
 * @throws HermodError of the server. When it says that nothing was stored and that a repetition would not help, the request is forgotten
 */
export async function sendPlacing(ports: PlacingPorts, placing: Placing, signal?: AbortSignal): Promise<Self> {
  const { store, chains, rest } = ports;
  const options = signal === undefined ? {} : { signal };
  const placed = await rest.place(placing.request, options).catch((error: unknown) => {
    // Only the server's own word ends it: a caller who gave up waiting and an answer of something in between leave the outcome open.
    const refused = error instanceof HermodError && error.problem !== undefined && error.stored === "no";
    if (refused && (!error.retryable || error.code === "list-conflict")) dropPlacing(store);
    throw error;
  });
  point("client.keys-uploaded");
  const row = store.identity.get()!;
  if (placed.account !== placing.account || placed.device !== row.device) {
    throw new HermodError("internal", { message: "the server answered for another account or device" });
  }
  const handle = placing.handle || placed.handle;
  chains.absorb(placing.account, [placing.list], (tx) => {
    const { how, device, credential, servers } = tx.identity.get()!;
    tx.identity.put({ how, stage: "registered", device, credential, servers, account: placing.account, handle });
    forgetUpload(tx);
  });
  return { account: placing.account, device: row.device, handle };
}

/** Who this store is, once it is registered. */
export function selfOf(store: Store): Self | undefined {
  const row = store.identity.get();
  if (row === undefined || row.stage === "drawn" || row.account === undefined) return undefined;
  return { account: row.account, device: row.device, handle: row.handle ?? "" };
}
