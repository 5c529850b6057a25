import type { HttpRequest, HttpResponse, TemplatedApp } from "uWebSockets.js";
import { limits } from "../../lib/limits.js";
import { LruMap } from "../../lib/lru-map.js";
import { fullBucket, take, type TokenBucket, type TokenRule } from "../../lib/token-bucket.js";
import { readCredential } from "../credential.js";
import { bearerOf, ipOf } from "../server.js";
import type { SessionLimits } from "../session.js";
import type { Caller, RestContext } from "./context.js";
import { problem, respond, type Reply } from "./respond.js";
import { routes, type Route } from "./routes.js";

/** How many addresses are remembered for limits; the longest unseen goes out, and is as good as new. */
const addressesMax = 100_000;

/** The REST side of the API: the same actors, the same limits, RFC 9457 problems. Limits go by address, per gateway, approximate. */
export function restRoutes(context: RestContext): (app: TemplatedApp) => void {
  const buckets = new LruMap<string, TokenBucket>(addressesMax);
  return (app) => {
    for (const path of new Set(routes.map((route) => route.path))) {
      const here = routes.filter((route) => route.path === path);
      app.any(path, (response, request) => {
        serve(here, context, buckets, response, request);
      });
    }
    app.any("/*", (response) => {
      respond(response, context.newRequestId(), problem("not-found"));
    });
  };
}

function serve(
  here: readonly Route[],
  context: RestContext,
  buckets: LruMap<string, TokenBucket>,
  response: HttpResponse,
  request: HttpRequest,
): void {
  const requestId = context.newRequestId();
  const gone = new AbortController();
  response.onAborted(() => {
    gone.abort();
  });
  const answer = (reply: Reply, allow?: string): void => {
    if (!gone.signal.aborted) respond(response, requestId, reply, allow);
  };
  const route = here.find(({ method }) => method === request.getMethod());
  if (route === undefined) {
    answer(problem("method-not-allowed"), here.map(({ method }) => method.toUpperCase()).join(", "));
    return;
  }
  const ip = ipOf(response);
  const waitMs = limited(buckets, route, ip, context);
  if (waitMs > 0) {
    answer(problem("rate-limited", { retryAfterMs: waitMs }));
    return;
  }
  // The request object dies with this call: everything is read from it now.
  const parameter = decodeParameter(request.getParameter(0));
  const query = new URLSearchParams(request.getQuery());
  const credential = bearerOf(request.getHeader("authorization"));
  const run = async (body: unknown): Promise<void> => {
    const caller = await callerOf(route, ip, credential, context);
    const reply =
      caller === undefined
        ? problem("unauthenticated")
        : await route.handle({ caller, body, parameter, query, gone: gone.signal }, context);
    answer(reply);
  };
  const failed = (): void => {
    answer(problem("internal"));
  };
  if (route.body === undefined) {
    run(undefined).catch(failed);
    return;
  }
  readBody(response, (content) => {
    const body = content === undefined ? undefined : parse(content);
    if (content === undefined) answer(problem("too-large"));
    else if (body === undefined) answer(problem("bad-request", { detail: "the body is not JSON" }));
    else if (!route.body!.Check(body)) answer(problem("bad-request", { detail: detailOf(route, body) }));
    else run(body).catch(failed);
  });
}

/** The first thing that is wrong, by its place; never the value. */
function detailOf(route: Route, body: unknown): string {
  const first = route.body?.Errors(body).First();
  return first === undefined ? "the body does not have the expected form" : `${first.path === "" ? "body" : first.path}: ${first.message}`;
}

function decodeParameter(raw: string | undefined): string {
  try {
    return decodeURIComponent(raw ?? "");
  } catch {
    return "";
  }
}

/** Calls back once: with the whole body, or undefined when it is larger than allowed. */
function readBody(response: HttpResponse, done: (content: Buffer | undefined) => void): void {
  const parts: Buffer[] = [];
  let length = 0;
  let over = false;
  response.onData((chunk, isLast) => {
    if (over) return;
    length += chunk.byteLength;
    if (length > limits.restBodyBytesMax) {
      over = true;
      done(undefined);
      return;
    }
    parts.push(Buffer.from(chunk.slice(0)));
    if (isLast) done(Buffer.concat(parts));
  });
}

/** JSON without prototypes: a key `__proto__` is refused by the validators as unknown, and touches nothing here. */
function parse(content: Buffer): unknown {
  try {
    return JSON.parse(content.toString("utf8"), (key, value: unknown) => {
      if (key === "__proto__") throw new Error("forbidden key");
      return value;
    });
  } catch {
    return undefined;
  }
}

/** Who calls; undefined: a route for devices, and no credential that holds. */
async function callerOf(route: Route, ip: string, credential: Uint8Array | undefined, context: RestContext): Promise<Caller | undefined> {
  if (route.credential === "none") return { ip };
  if (credential === undefined) return undefined;
  const { account, device, secret } = readCredential(credential);
  const answer = await context.questions.ask((to) => {
    context.actors.tell({ kind: "account", id: account, message: { type: "authenticate", to, device, secret } });
  });
  return answer.type === "authenticated" && answer.account === account && answer.device === device ? { ip, account, device } : undefined;
}

function limited(buckets: LruMap<string, TokenBucket>, route: Route, ip: string, context: RestContext): number {
  const rule = ruleOf(route, context.limits);
  const key = `${route.limit} ${ip}`;
  const now = context.clock.mono();
  let bucket = buckets.get(key);
  if (bucket === undefined) {
    bucket = fullBucket(rule, now);
    buckets.set(key, bucket);
  }
  return take(bucket, rule, now);
}

function ruleOf(route: Route, rules: SessionLimits): TokenRule {
  switch (route.limit) {
    case "registration":
      return { size: rules.registrationsPerIpBucket, perSecond: 1_000 / rules.registrationsPerIpRefillMs };
    case "lookup":
      return { size: rules.lookupsPerHour, perSecond: rules.lookupsPerHour / 3_600 };
    case "link":
      // Offers, approvals and completions of one address; a link takes three of them.
      return { size: rules.linkBucket * 3, perSecond: 3_000 / rules.linkRefillMs };
    case "poll":
      return { size: 60, perSecond: 1 };
  }
}
