import { Type, type Static, type TSchema } from "@sinclair/typebox";
import { TypeCompiler, type TypeCheck } from "@sinclair/typebox/compiler";
import { isHandle } from "../../lib/handle.js";
import { idBytes, idOf, parseId, type AccountId, type LinkId } from "../../lib/ids.js";
import { limits } from "../../lib/limits.js";
import { accountIdOfList, versionOfListBody } from "./signed-lists.js";
import type { Answer, Asker, ReplyTo, ToAccount } from "../../protos/messages.js";
import { problem, type Reply } from "./respond.js";
import type { Caller, RestContext } from "./context.js";

const bytes = (maxBytes: number) =>
  Type.String({ pattern: "^[A-Za-z0-9_-]*$", maxLength: Math.ceil((maxBytes * 4) / 3), description: "base64url without padding" });
const id = Type.String({ pattern: "^[a-z2-7]{26}$", description: "16 bytes as lower-case base32" });
const strict = { additionalProperties: false } as const;

export const schemas = {
  register: Type.Object(
    {
      handle: Type.String({ maxLength: 64 }),
      list: bytes(16_384),
      keys: bytes(196_608),
      credential: bytes(32),
      invite: Type.Optional(Type.String({ maxLength: 64 })),
    },
    strict,
  ),
  openLink: Type.Object({ linkId: id, identityKey: bytes(33) }, strict),
  approveLink: Type.Object({ body: bytes(16_384), signer: bytes(16), signature: bytes(64), mac: bytes(32) }, strict),
  recoverChain: Type.Object({ account: id }, strict),
  completeLink: Type.Object({ list: bytes(16_384), keys: bytes(196_608), credential: bytes(32) }, strict),
} as const;

/** One route: what it takes, who may call it, and what it does. The order of the table is the order of the documentation. */
export interface Route {
  readonly method: "get" | "post";
  readonly path: string;
  /** `none`: before a credential exists; then the limits go by address. */
  readonly credential: "none" | "device";
  readonly body?: TypeCheck<TSchema>;
  readonly limit: "registration" | "lookup" | "link" | "poll";
  handle(call: Call, context: RestContext): Promise<Reply>;
}

export interface Call {
  readonly caller: Caller;
  readonly body: unknown;
  readonly parameter: string;
  readonly query: URLSearchParams;
  /** Aborted when the client has gone. */
  readonly gone: AbortSignal;
}

const raw = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "base64url"));
const text = (content: Uint8Array): string => Buffer.from(content).toString("base64url");

export const routes: readonly Route[] = [
  {
    method: "post",
    path: "/v1/accounts",
    credential: "none",
    body: TypeCompiler.Compile(schemas.register),
    limit: "registration",
    handle: register,
  },
  { method: "get", path: "/v1/users/:handle", credential: "none", limit: "lookup", handle: lookUp },
  {
    method: "post",
    path: "/v1/devices/link",
    credential: "none",
    body: TypeCompiler.Compile(schemas.openLink),
    limit: "link",
    handle: openLink,
  },
  { method: "get", path: "/v1/devices/link/:link", credential: "none", limit: "poll", handle: pollLink },
  {
    method: "post",
    path: "/v1/devices/link/:link/approve",
    credential: "device",
    body: TypeCompiler.Compile(schemas.approveLink),
    limit: "link",
    handle: approveLink,
  },
  {
    method: "post",
    path: "/v1/devices/link/:link/complete",
    credential: "none",
    body: TypeCompiler.Compile(schemas.completeLink),
    limit: "link",
    handle: completeLink,
  },
  {
    method: "post",
    path: "/v1/devices/recover",
    credential: "none",
    body: TypeCompiler.Compile(schemas.completeLink),
    limit: "registration",
    handle: recover,
  },
  {
    method: "post",
    path: "/v1/devices/recover/chain",
    credential: "none",
    body: TypeCompiler.Compile(schemas.recoverChain),
    limit: "lookup",
    handle: recoverChain,
  },
];

async function register(call: Call, context: RestContext): Promise<Reply> {
  const body = call.body as Static<typeof schemas.register>;
  const list = raw(body.list);
  const account = accountIdOfList(list);
  if (account === undefined) return problem("bad-device-list");
  const message = (to: ReplyTo): ToAccount => ({
    type: "register",
    to,
    handle: body.handle,
    list,
    keys: raw(body.keys),
    secret: raw(body.credential),
    inviteNeeded: context.inviteNeeded,
    ...(body.invite === undefined ? {} : { invite: body.invite }),
  });
  return replyTo(await ask(context, account, message), 201);
}

async function lookUp(call: Call, context: RestContext): Promise<Reply> {
  // What no handle can be is nobody's, and no key for the store.
  if (!isHandle(call.parameter)) return problem("not-found");
  const account = await context.services.accountOf(call.parameter);
  return account === undefined ? problem("not-found") : { status: 200, body: { account } };
}

async function openLink(call: Call, context: RestContext): Promise<Reply> {
  const body = call.body as Static<typeof schemas.openLink>;
  const outcome = await context.services.openLink(body.linkId as LinkId, raw(body.identityKey));
  return outcome.type === "open" ? { status: 201, body: { expiresMs: outcome.expiresMs } } : problem(outcome.code);
}

/** Long poll: answers when the offer is approved, has run out, or `waitMs` is over. */
async function pollLink(call: Call, context: RestContext): Promise<Reply> {
  const link = parseId<LinkId>(call.parameter);
  if (link === undefined) return problem("bad-request");
  const asked = Number(call.query.get("waitMs") ?? 0);
  const waitMs = Number.isFinite(asked) ? Math.min(Math.max(0, asked), limits.linkPollMs) : 0;
  const until = context.clock.mono() + waitMs;
  for (;;) {
    const view = await context.services.readLink(link);
    if (view.type === "gone") return problem(view.code);
    if (view.type === "approved") {
      const { account, body, signer, signature, mac } = view;
      const { versions: chain, handle } = await chainOf(context, account as AccountId);
      // Overtaken by another version: open again, until the old device approves anew.
      if (versionOfListBody(body) === chain.length + 1) {
        return {
          status: 200,
          body: {
            state: "approved",
            account,
            handle,
            body: text(body),
            signer: text(signer),
            signature: text(signature),
            mac: text(mac),
            chain: chain.map(text),
          },
        };
      }
    }
    if (context.clock.mono() >= until || call.gone.aborted) return { status: 200, body: { state: "open" } };
    await context.clock.sleep(limits.linkPollStepMs, call.gone);
  }
}

async function approveLink(call: Call, context: RestContext): Promise<Reply> {
  const link = parseId<LinkId>(call.parameter);
  const { caller } = call;
  if (link === undefined) return problem("bad-request");
  if (caller.account === undefined || caller.device === undefined) return problem("unauthenticated");
  const body = call.body as Static<typeof schemas.approveLink>;
  const { account, device } = caller;
  const message = (to: ReplyTo): ToAccount => {
    const from: Asker = { ...to, account, device };
    return {
      type: "approve-link",
      from,
      link: idBytes(link),
      body: raw(body.body),
      signer: raw(body.signer),
      signature: raw(body.signature),
      mac: raw(body.mac),
    };
  };
  return replyTo(await ask(context, account, message), 200);
}

async function completeLink(call: Call, context: RestContext): Promise<Reply> {
  const link = parseId<LinkId>(call.parameter);
  if (link === undefined) return problem("bad-request");
  const body = call.body as Static<typeof schemas.completeLink>;
  const list = raw(body.list);
  const account = accountIdOfList(list);
  if (account === undefined) return problem("bad-device-list");
  const message = (to: ReplyTo): ToAccount => ({
    type: "complete-link",
    to,
    link: idBytes(link),
    list,
    keys: raw(body.keys),
    secret: raw(body.credential),
  });
  return replyTo(await ask(context, account, message), 201);
}

async function recover(call: Call, context: RestContext): Promise<Reply> {
  const body = call.body as Static<typeof schemas.completeLink>;
  const list = raw(body.list);
  const account = accountIdOfList(list);
  if (account === undefined) return problem("bad-device-list");
  const message = (to: ReplyTo): ToAccount => ({ type: "recover-device", to, list, keys: raw(body.keys), secret: raw(body.credential) });
  return replyTo(await ask(context, account, message), 201);
}

/** The chain that a recovery has to extend, for someone who has no device any more. Every contact may see it. */
async function recoverChain(call: Call, context: RestContext): Promise<Reply> {
  const { account } = call.body as Static<typeof schemas.recoverChain>;
  const { versions: chain } = await chainOf(context, account as AccountId);
  return chain.length === 0 ? problem("not-found") : { status: 200, body: { chain: chain.map(text) } };
}

function ask(context: RestContext, account: AccountId, message: (to: ReplyTo) => ToAccount): Promise<Answer> {
  return context.questions.ask((to) => {
    context.actors.tell({ kind: "account", id: account, message: message(to) });
  });
}

/** Chains are public; the asker of a link offer is nobody yet, so the gateway asks in its own name. */
async function chainOf(
  context: RestContext,
  account: AccountId,
): Promise<{ readonly versions: readonly Uint8Array[]; readonly handle: string }> {
  const nobody = { account, device: idOf<Asker["device"]>(new Uint8Array(16)) };
  const versions: Uint8Array[] = [];
  let handle = "";
  for (let page = 0; page < limits.listVersionsMax; page++) {
    const answer = await ask(context, account, (to) => ({
      type: "fetch-devices",
      from: { ...to, ...nobody },
      fromVersion: versions.length + 1,
    }));
    const chain = answer.type === "frame" ? answer.frame.devices?.chains?.[0] : undefined;
    if (chain?.versions === undefined || chain.versions === null || chain.versions.length === 0) break;
    versions.push(...chain.versions);
    handle = chain.handle ?? "";
    if (versions.length >= (chain.head ?? 0)) break;
  }
  return { versions, handle };
}

function replyTo(answer: Answer, success: 200 | 201): Reply {
  switch (answer.type) {
    case "registered":
      return { status: success, body: { account: answer.account, device: answer.device, handle: answer.handle } };
    case "linked":
      return { status: success, body: { account: answer.account, device: answer.device, version: answer.version } };
    case "approved":
      return { status: success, body: { version: answer.version } };
    case "list-conflict":
      return problem("list-conflict", { more: { chain: answer.chain.map(text) } });
    case "problem":
      return problem(answer.code, {
        ...(answer.retryAfterMs === undefined ? {} : { retryAfterMs: answer.retryAfterMs }),
        ...(answer.remediation ? { detail: answer.remediation } : {}),
      });
    default:
      return problem("internal");
  }
}
