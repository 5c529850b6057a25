import type { Clock } from "../lib/clock.js";
import { isErrorCode } from "../lib/errors.js";
import { parseId, type AccountId, type DeviceId, type LinkId } from "../lib/ids.js";
import { limits } from "../lib/limits.js";
import { errorOfProblem, HermodError } from "./errors.js";

/** A request as it is kept and sent again after a lost answer: the body is fixed text. */
export interface RestRequest {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly body?: string;
}

export interface RestOptions {
  readonly servers: readonly string[];
  readonly clock: Clock;
  readonly fetch: typeof fetch;
  /** Ends every call. */
  readonly stopped?: AbortSignal;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
  /** Text of the credential. */
  readonly bearer?: string;
  readonly deadlineMs?: number;
}

export interface Approved {
  readonly account: AccountId;
  readonly handle: string;
  readonly body: Uint8Array;
  /** 16 bytes. */
  readonly signer: Uint8Array;
  readonly signature: Uint8Array;
  readonly mac: Uint8Array;
  readonly chain: readonly Uint8Array[];
}

export interface Placed {
  readonly account: AccountId;
  readonly device: DeviceId;
  readonly handle: string;
}

/** Bytes in JSON. */
export const b64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64url");

type Json = Readonly<Record<string, unknown>>;

/** The few calls that are needed before a device has a credential, and the one that approves a link. Every one may be repeated. */
export class Rest {
  readonly #options: RestOptions;

  constructor(options: RestOptions) {
    this.#options = options;
  }

  /** Registers, links or recovers: whatever was stored as the request. */
  async place(request: RestRequest, options?: CallOptions): Promise<Placed> {
    const answer = await this.#call(request, options);
    return {
      account: idField<AccountId>(answer, "account"),
      device: idField<DeviceId>(answer, "device"),
      handle: optionalText(answer, "handle"),
    };
  }

  /** The account behind a handle; `not-found` when there is none. */
  async lookup(handle: string, options?: CallOptions): Promise<AccountId> {
    return idField<AccountId>(await this.#call({ method: "GET", path: `/v1/users/${encodeURIComponent(handle)}` }, options), "account");
  }

  async offerLink(linkId: LinkId, identityKey: Uint8Array, options?: CallOptions): Promise<void> {
    await this.#call(
      { method: "POST", path: "/v1/devices/link", body: JSON.stringify({ linkId, identityKey: b64(identityKey) }) },
      options,
    );
  }

  /** Waits up to 25 s for the approval of an offer; undefined: still open. */
  async awaitLink(linkId: LinkId, options?: CallOptions): Promise<Approved | undefined> {
    const path = `/v1/devices/link/${linkId}?waitMs=${limits.linkPollMs}`;
    const answer = await this.#call({ method: "GET", path }, { deadlineMs: limits.linkPollMs + limits.restDeadlineMs, ...options });
    if (answer.state !== "approved") return undefined;
    return {
      account: idField<AccountId>(answer, "account"),
      handle: optionalText(answer, "handle"),
      body: bytesField(answer, "body"),
      signer: bytesField(answer, "signer"),
      signature: bytesField(answer, "signature"),
      mac: bytesField(answer, "mac"),
      chain: bytesList(answer, "chain"),
    };
  }

  async approveLink(linkId: LinkId, approval: Json, options: CallOptions): Promise<void> {
    await this.#call({ method: "POST", path: `/v1/devices/link/${linkId}/approve`, body: JSON.stringify(approval) }, options);
  }

  /** All versions of an account's chain, for someone who has no device any more. */
  async chainForRecovery(account: AccountId, options?: CallOptions): Promise<readonly Uint8Array[]> {
    const body = JSON.stringify({ account });
    return bytesList(await this.#call({ method: "POST", path: "/v1/devices/recover/chain", body }, options), "chain");
  }

  /** Tries each server once; the first that answers decides. */
  async #call(request: RestRequest, options: CallOptions = {}): Promise<Json> {
    let last: unknown;
    for (const server of this.#options.servers) {
      const deadline = new AbortController();
      const timer = this.#options.clock.timer(options.deadlineMs ?? limits.restDeadlineMs, () => {
        deadline.abort();
      });
      try {
        const signals = [deadline.signal, options.signal, this.#options.stopped].filter((signal) => signal !== undefined);
        return await this.#once(server, request, options.bearer, AbortSignal.any(signals));
      } catch (error) {
        if (options.signal?.aborted === true || this.#options.stopped?.aborted === true)
          throw new HermodError("stopped", { message: "the caller gave up waiting", cause: error });
        if (error instanceof HermodError) throw error;
        last = error; // no answer from this one
      } finally {
        timer.cancel();
      }
    }
    const servers = this.#options.servers.join(", ");
    throw new HermodError("unreachable", { message: `no answer from ${servers}`, cause: last });
  }

  async #once(server: string, request: RestRequest, bearer: string | undefined, signal: AbortSignal): Promise<Json> {
    const response = await this.#options.fetch(`${httpOf(server)}${request.path}`, {
      method: request.method,
      headers: {
        accept: "application/json",
        ...(request.body === undefined ? {} : { "content-type": "application/json" }),
        ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
      },
      ...(request.body === undefined ? {} : { body: request.body }),
      redirect: "error",
      signal,
    });
    const text = await readBounded(response);
    const json = parse(text);
    if (response.ok && json !== undefined) return json;
    throw refusal(response.status, json);
  }
}

/** A server's HTTP address without a slash behind. */
function httpOf(server: string): string {
  return server.replace(/^ws/, "http").replace(/\/+$/, "");
}

async function readBounded(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader = response.body?.getReader();
  while (reader !== undefined) {
    const read = (await reader.read()) as { readonly done: boolean; readonly value?: Uint8Array };
    if (read.value === undefined) break;
    length += read.value.length;
    if (length > limits.restAnswerBytesMax) {
      await reader.cancel();
      throw new HermodError("internal", { message: "the server's answer is larger than any answer may be" });
    }
    chunks.push(read.value);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function parse(text: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : undefined;
  } catch {
    return undefined;
  }
}

/** Problem json by its code; without one, what the status says. */
function refusal(status: number, json: Json | undefined): HermodError {
  const code = typeof json?.code === "string" ? json.code : "";
  if (isErrorCode(code)) {
    const retryAfterMs = typeof json?.retryAfterMs === "number" ? json.retryAfterMs : 0;
    const remediation = typeof json?.remediation === "string" ? json.remediation : "";
    return errorOfProblem({ code, retryAfterMs, remediation });
  }
  const message = `the server answered ${status} without a code`;
  if (status === 404) return new HermodError("not-found", { message });
  if (status === 401) return new HermodError("unauthenticated", { message });
  if (status === 429) return new HermodError("rate-limited", { message });
  return status >= 500 ? new HermodError("unsure", { message }) : new HermodError("bad-request", { message });
}

function textField(json: Json, name: string): string {
  const value = json[name];
  if (typeof value === "string") return value;
  throw new HermodError("internal", { message: `the server's answer lacks ${name}` });
}

function optionalText(json: Json, name: string): string {
  return typeof json[name] === "string" ? json[name] : "";
}

function idField<Id extends AccountId | DeviceId>(json: Json, name: string): Id {
  const id = parseId<Id>(textField(json, name));
  if (id === undefined) throw new HermodError("internal", { message: `${name} in the server's answer is no id` });
  return id;
}

function bytesField(json: Json, name: string): Uint8Array {
  return new Uint8Array(Buffer.from(textField(json, name), "base64url"));
}

function bytesList(json: Json, name: string): Uint8Array[] {
  const value = json[name];
  if (!Array.isArray(value) || !value.every((entry) => typeof entry === "string")) {
    throw new HermodError("internal", { message: `${name} in the server's answer is no list` });
  }
  return value.map((entry) => new Uint8Array(Buffer.from(entry, "base64url")));
}
