import { limits } from "../../lib/limits.js";
import { idBytes } from "../../lib/ids.js";
import type { hermod } from "../../protos/gen/hermod.js";
import type { AccountHead, Answer, Asker, ToAccount } from "../../protos/messages.js";
import type { AccountEffect } from "./messages.js";
import { problem } from "./flows.js";
import type { AccountDevice } from "./ports.js";
import { headOf, isActive, type Account } from "./state.js";

/** What others, and the own devices, are told of the list. */

const dayMs = 86_400_000;

/** Signed versions from one on, as many as fit a page, at least one. */
export function versionsFrom(state: Account, fromVersion: number, bytesMax: number = limits.pageBytesMax): Uint8Array[] {
  const page: Uint8Array[] = [];
  let bytes = 0;
  for (let index = Math.max(1, fromVersion) - 1; index < state.versions.length; index++) {
    const { signed } = state.versions[index]!;
    bytes += signed.length;
    if (page.length > 0 && bytes > bytesMax) break;
    page.push(signed);
  }
  return page;
}

export function chainOf(state: Account, fromVersion: number): hermod.v1.DeviceChain.$Properties {
  return { account: idBytes(state.id), head: headOf(state).version, versions: versionsFrom(state, fromVersion) };
}

/** Anybody may see a chain. When its devices were last seen is for its own devices, by the day. */
export function fetchDevices(state: Account, { from, fromVersion }: Extract<ToAccount, { type: "fetch-devices" }>): AccountEffect[] {
  const chain = chainOf(state, fromVersion);
  const last = Math.max(1, fromVersion) + chain.versions!.length - 1;
  chain.handle = state.fields?.handle ?? "";
  if (isOwnDevice(state, from)) chain.lastSeenMs = headOf(state).devices.map(({ id }) => seenDay(state, id));
  const more = last < headOf(state).version;
  return [{ type: "answer", to: from, answer: { type: "frame", frame: { devices: { chains: [chain], more } } } }];
}

export function describe(
  state: Account,
  { account: id, question, fromVersion }: Extract<ToAccount, { type: "describe" }>,
): AccountEffect[] {
  const head: AccountHead = {
    version: headOf(state).version,
    listHash: headOf(state).listHash,
    devices: headOf(state).devices.map((device) => device.id),
    versions: versionsFrom(state, fromVersion),
  };
  const message = { type: "described", account: state.id, question, head } as const;
  return [{ type: "tell", mail: { kind: "account", id, message } }];
}

/** The row of the device that asks, if it is one of this account and not revoked. */
export function ownDevice(state: Account, from: Asker): AccountDevice | undefined {
  const row = from.account === state.id && isActive(state) ? state.devices.get(from.device) : undefined;
  return row?.revoked === false ? row : undefined;
}

/** The gateway's word that it is one is not enough for what changes the account: the row decides, at this moment. */
export function strangerProblem(state: Account, from: Asker): Answer {
  return problem(state.devices.get(from.device)?.revoked === true ? "revoked" : "unauthenticated");
}

function isOwnDevice(state: Account, from: Asker): boolean {
  return ownDevice(state, from) !== undefined;
}

function seenDay(state: Account, device: AccountDevice["id"]): bigint {
  const row = state.devices.get(device);
  const seenMs = Math.max(row?.lastSeenMs ?? 0, row?.addedMs ?? 0);
  return BigInt(Math.floor(seenMs / dayMs) * dayMs);
}
