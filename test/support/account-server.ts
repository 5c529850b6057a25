import { idBytes, idOf, toBase32, type AccountId, type DeviceId } from "../../lib/ids.js";
import { hermod } from "../../protos/gen/hermod.js";
import { extend, type ListState } from "../../protos/signed/device-chain.js";
import { readSigned, signerOf, type SignedObject } from "../../protos/signed/signed.js";
import type { PeerSocket } from "./frame-peer.js";
import { verify } from "./chain-maker.js";

type Answer = hermod.v1.ServerFrame.$Properties;
type Json = Record<string, unknown>;

interface Account {
  readonly handle: string;
  readonly states: ListState[];
  readonly versions: Uint8Array[];
  readonly credentials: Map<DeviceId, string>;
  readonly uploads: hermod.v1.KeyUpload[];
}

interface Offer {
  readonly identityKey: string;
  approved?: Json & { account: AccountId; version: number };
  completed?: string;
}

/** What was asked, and what a test does to it: let it pass, lose it, lose its answer, or answer something else. */
export type Meddle = (method: string, path: string, answer: () => Promise<Response>) => Promise<Response>;

const raw = (value: unknown): Uint8Array => new Uint8Array(Buffer.from(String(value), "base64url"));
const b64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64url");
const json = (status: number, body: object): Response => Response.json(body, { status });
const refused = (status: number, code: string): Response => json(status, { code });

/** The account's side of a server, in memory and honest: registration, lookups, links, recovery, device lists, keys. */
export class AccountServer {
  readonly accounts = new Map<AccountId, Account>();
  readonly handles = new Map<string, AccountId>();
  readonly offers = new Map<string, Offer>();
  readonly requests: string[] = [];
  meddle: Meddle = (_method, _path, answer) => answer();
  inviteNeeded = false;
  /** Told of each list that grew, as an account's other devices are. */
  onGrown: (account: AccountId, version: number) => void = () => {};

  /** Stands in for the network's fetch. */
  readonly fetch: typeof fetch = async (input, init) => {
    const url = new URL(input);
    const method = init?.method ?? "GET";
    const body = init?.body === undefined || init.body === null ? {} : (JSON.parse(init.body as string) as Json);
    const bearer = new Headers(init?.headers).get("authorization") ?? "";
    this.requests.push(`${method} ${url.pathname}`);
    return this.meddle(method, url.pathname, () => this.#route(method, url.pathname, body, bearer, init?.signal ?? undefined));
  };

  /** Answers the frames that belong to accounts; undefined: not one of them. */
  frame(frame: hermod.v1.ClientFrame, socket: PeerSocket): Answer[] | undefined {
    const { requestId } = frame;
    if (frame.fetchDevices) {
      const chains = frame.fetchDevices.accounts.flatMap(({ account, fromVersion }) => {
        const found = this.accounts.get(idOf(account));
        return found === undefined
          ? []
          : [{ account, head: found.states.length, versions: found.versions.slice(Math.max(1, fromVersion) - 1) }];
      });
      return [{ requestId, devices: { chains } }];
    }
    if (frame.putKeys) {
      const upload = hermod.v1.KeyUpload.decode(hermod.v1.Signed.decode(frame.putKeys.signed).body);
      const account = [...this.accounts.values()].find(({ credentials }) => credentials.has(idOf(upload.device)));
      if (account?.uploads.some((other) => other.upload === upload.upload) !== true) account?.uploads.push(upload);
      return [{ requestId, keysStored: { upload: upload.upload, oneTimeEc: 100, oneTimeKyber: 100 } }];
    }
    if (frame.changeDevices) {
      const account = idOf<AccountId>(socket.hello!.credential.subarray(0, 16));
      const grown = this.#grow(account, frame.changeDevices.signed);
      return grown === undefined
        ? [{ requestId, devicesChanged: { account: idBytes(account), version: this.accounts.get(account)!.states.length } }]
        : [{ requestId, problem: { code: grown } }];
    }
    return undefined;
  }

  #grow(account: AccountId, signed: Uint8Array): string | undefined {
    const found = this.accounts.get(account)!;
    if (found.versions.some((version) => Buffer.from(version).equals(signed))) return undefined;
    const object = read(signed);
    const next = extend(found.states.at(-1), object, verify);
    if (next.error !== undefined) return next.error;
    found.states.push(next.ok);
    found.versions.push(signed);
    this.onGrown(account, found.states.length);
    return undefined;
  }

  async #route(method: string, path: string, body: Json, bearer: string, signal?: AbortSignal): Promise<Response> {
    const link = /^\/v1\/devices\/link\/([a-z2-7]+)(\/approve|\/complete)?$/.exec(path);
    if (path === "/v1/accounts") return this.#register(body);
    if (path.startsWith("/v1/users/")) return this.#lookup(decodeURIComponent(path.slice("/v1/users/".length)));
    if (path === "/v1/devices/link") return this.#offer(body);
    if (path === "/v1/devices/recover") return this.#place(accountIn(raw(body.list)), body);
    if (path === "/v1/devices/recover/chain") return json(200, { chain: this.accounts.get(body.account as AccountId)!.versions.map(b64) });
    if (link === null) return refused(404, "not-found");
    const offer = this.offers.get(link[1]!);
    if (offer === undefined) return refused(410, "link-expired");
    if (link[2] === "/approve") return this.#approve(offer, body, bearer);
    if (link[2] === "/complete") return this.#complete(offer, body);
    return method === "GET" ? this.#poll(offer, signal) : refused(405, "method-not-allowed");
  }

  #register(body: Json): Response {
    if (this.inviteNeeded && body.invite === undefined) return refused(403, "invite-needed");
    const list = raw(body.list);
    const first = extend(undefined, read(list), verify);
    if (first.error !== undefined) return refused(400, first.error);
    const { account, devices } = first.ok;
    const handle = body.handle as string;
    const owner = this.handles.get(handle);
    if (owner !== undefined && owner !== account) return refused(409, "handle-taken");
    const device = devices[0]!.id;
    if (!this.accounts.has(account)) {
      this.accounts.set(account, { handle, states: [first.ok], versions: [list], credentials: new Map(), uploads: [uploadIn(body)] });
      this.handles.set(handle, account);
    }
    this.accounts.get(account)!.credentials.set(device, body.credential as string);
    return json(201, { account, device, handle });
  }

  #lookup(handle: string): Response {
    const account = this.handles.get(handle);
    return account === undefined ? refused(404, "not-found") : json(200, { account });
  }

  #offer(body: Json): Response {
    const known = this.offers.get(body.linkId as string);
    if (known !== undefined && known.identityKey !== body.identityKey) return refused(409, "link-used");
    this.offers.set(body.linkId as string, known ?? { identityKey: body.identityKey as string });
    return json(201, { expiresMs: 120_000 });
  }

  async #poll(offer: Offer, signal?: AbortSignal): Promise<Response> {
    for (let turn = 0; turn < 200 && offer.approved === undefined; turn++) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      if (signal?.aborted) throw new Error("gone");
    }
    if (offer.approved === undefined) return json(200, { state: "open" });
    const { account, body, signer, signature, mac } = offer.approved;
    const { versions, handle } = this.accounts.get(account)!;
    return json(200, { state: "approved", account, handle, body, signer, signature, mac, chain: versions.map(b64) });
  }

  #approve(offer: Offer, body: Json, bearer: string): Response {
    const credential = bearer.replace("Bearer ", "");
    const found = [...this.accounts.entries()].find(([account, { credentials }]) =>
      [...credentials].some(([device, secret]) => credential === toBase32(Buffer.concat([idBytes(account), idBytes(device), raw(secret)]))),
    );
    if (found === undefined) return refused(401, "unauthenticated");
    if (offer.completed !== undefined) return refused(409, "link-used");
    const list = hermod.v1.DeviceList.decode(raw(body.body));
    const [account, { states }] = found;
    if (list.version !== states.length + 1) return refused(409, "list-conflict");
    if (signerOf(raw(body.signer)) === undefined) return refused(400, "bad-request");
    offer.approved = { ...body, account, version: list.version };
    return json(200, { version: list.version });
  }

  #complete(offer: Offer, body: Json): Response {
    const list = body.list as string;
    const { approved } = offer;
    if (offer.completed !== undefined && offer.completed !== list) return refused(409, "link-used");
    if (approved === undefined) return refused(400, "link-refused");
    if (offer.completed === undefined && approved.version !== this.accounts.get(approved.account)!.states.length + 1) {
      delete offer.approved;
      return refused(409, "list-conflict");
    }
    offer.completed = list;
    return this.#place(approved.account, body);
  }

  #place(account: AccountId, body: Json): Response {
    const problem = this.#grow(account, raw(body.list));
    if (problem !== undefined) return refused(400, problem);
    const found = this.accounts.get(account)!;
    const device = found.states.at(-1)!.devices.at(-1)!.id;
    found.credentials.set(device, body.credential as string);
    found.uploads.push(uploadIn(body));
    return json(201, { account, device, version: found.states.length });
  }
}

function read(signed: Uint8Array): SignedObject {
  const object = readSigned(signed, 8_192);
  if (object.error !== undefined) throw new Error(object.detail);
  return object.ok;
}

function accountIn(signed: Uint8Array): AccountId {
  return idOf(hermod.v1.DeviceList.decode(hermod.v1.Signed.decode(signed).body).account);
}

function uploadIn(body: Json): hermod.v1.KeyUpload {
  return hermod.v1.KeyUpload.decode(hermod.v1.Signed.decode(raw(body.keys)).body);
}
