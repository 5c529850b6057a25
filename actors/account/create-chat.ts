import { sameBytes } from "../../lib/bytes.js";
import { idBytes, type AccountId, type DeviceId } from "../../lib/ids.js";
import { limits } from "../../lib/limits.js";
import type { hermod } from "../../protos/gen/hermod.js";
import type { AccountHead, Answer, CheckedGenesis, ToAccount } from "../../protos/messages.js";
import { bounds } from "../../protos/signed/bounds.js";
import { judgeGenesis, type Genesis, type NamedMember } from "../../protos/signed/genesis.js";
import { readSigned } from "../../protos/signed/signed.js";
import { take } from "./buckets.js";
import { ownDevice, strangerProblem, versionsFrom } from "./devices.js";
import { problem } from "./flows.js";
import { ask, type Flow } from "./messages.js";
import { signatureProblem } from "./registration.js";
import { headOf, type Account } from "./state.js";

type CreateChat = Extract<ToAccount, { type: "create-chat" }>;

/**
 * The way into a new conversation: through its creator's account, which knows the limits and whether the device that signed is listed.
 * The conversation itself answers the asker; whichever genesis it has first, it keeps.
 */
export function* createChat(state: Account, { from, genesis: signed }: CreateChat): Flow {
  if (ownDevice(state, from) === undefined) return strangerProblem(state, from);
  const object = readSigned(signed, bounds.membershipBodyBytesMax);
  if (object.error !== undefined) return problem(object.error);
  const judged = judgeGenesis(object.ok, (account, device) => ownKey(state, account, device));
  if (judged.error !== undefined) return problem(judged.error);
  const { value: genesis, checks } = judged.ok;
  if (genesis.creator !== state.id || genesis.creatorDevice !== from.device) return problem("forbidden");
  const limited = limitedContacts(state, genesis);
  if (limited !== undefined) return limited;
  const verified = yield* ask({ type: "verify", checks });
  if (verified.outcome !== "hold") return signatureProblem(verified.outcome);

  const others = genesis.members.filter(({ account }) => account !== state.id);
  const asked = others.map(({ account, listVersion }) => ({ account, fromVersion: listVersion + 1 }));
  const { heads, silent } = asked.length === 0 ? { heads: new Map(), silent: false } : yield* ask({ type: "describe", members: asked });
  if (silent) return problem("timeout", limits.redeliverMinMs);
  if (ownDevice(state, from) === undefined) return strangerProblem(state, from); // unlinked meanwhile
  const checked = resolve(state, genesis, signed, heads);
  if (checked.type === "problem") return checked;

  // Remembered before it exists: a newer list then finds its way there, whatever happens next.
  const { conversation } = genesis;
  if (!state.conversations.has(conversation)) {
    const nowMs = state.now.wallMs;
    const row = { conversation, told: headOf(state).version, joinedMs: nowMs, activeMs: nowMs };
    yield* ask({ type: "write", build: () => ({ conversations: [row] }) });
  }
  const create = { type: "create", from, genesis: checked } as const;
  yield* ask({ type: "emit", effects: [{ type: "tell", mail: { kind: "conversation", id: conversation, message: create } }] });
  return undefined;
}

/** The key of an own device that is listed now. Whether the genesis names this version of the list is looked at next. */
function ownKey(state: Account, account: AccountId, device: DeviceId): Uint8Array | undefined {
  if (account !== state.id) return undefined;
  return headOf(state).devices.find(({ id }) => id === device)?.identityKey;
}

/** Strangers that an account may write to in an hour; a conversation that it knows costs nothing. */
function limitedContacts(state: Account, genesis: Genesis): Answer | undefined {
  if (state.conversations.has(genesis.conversation) || genesis.type === "self") return undefined;
  if (state.conversations.size >= limits.conversationsPerAccountMax) return problem("overloaded", 3_600_000);
  const max = limits.newContactsPerHour;
  const contacts = Math.min(genesis.members.length - 1, max);
  const waitMs = contacts === 0 ? undefined : take(state.newContacts, max, 3_600_000 / max, state.now.monoMs, contacts);
  return waitMs === undefined ? undefined : problem("rate-limited", waitMs);
}

function ownHead(state: Account, named: NamedMember): AccountHead {
  const { version, listHash, devices } = headOf(state);
  return { version, listHash, devices: devices.map(({ id }) => id), versions: versionsFrom(state, named.listVersion + 1) };
}

function isHead(named: NamedMember, head: AccountHead): boolean {
  return named.listVersion === head.version && sameBytes(named.listHash, head.listHash);
}

/** Every member with the devices of its head, or why not. */
function resolve(
  state: Account,
  genesis: Genesis,
  signed: Uint8Array,
  heads: ReadonlyMap<AccountId, AccountHead | undefined>,
): CheckedGenesis | Extract<Answer, { type: "problem" }> {
  const members: CheckedGenesis["members"][number][] = [];
  const newer: [NamedMember, AccountHead][] = [];
  for (const named of genesis.members) {
    const head = named.account === state.id ? ownHead(state, named) : heads.get(named.account);
    if (head === undefined) return { type: "problem", code: "not-found" };
    if (!isHead(named, head)) newer.push([named, head]);
    members.push({ ...named, devices: head.devices });
  }
  if (newer.length > 0) return stale(newer);
  const { conversation, type, hash } = genesis;
  return { conversation, type, signed, hash, members };
}

/** With the versions that the creator lacks, as far as they fit a page: it fetches the rest. */
function stale(newer: readonly (readonly [NamedMember, AccountHead])[]): Extract<Answer, { type: "problem" }> {
  let bytes = 0;
  const chains = newer.map(([{ account }, head]): hermod.v1.DeviceChain.$Properties => {
    const size = head.versions.reduce((sum, version) => sum + version.length, 0);
    bytes += size;
    return { account: idBytes(account), head: head.version, versions: bytes > limits.pageBytesMax ? [] : [...head.versions] };
  });
  return { type: "problem", code: "list-stale", details: { chains } };
}
