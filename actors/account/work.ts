import type { ConversationId, DeviceId } from "../../lib/ids.js";
import { limits } from "../../lib/limits.js";
import type { ToAccount } from "../../protos/messages.js";
import { begin, resumeRevoked } from "./flows.js";
import { ask, type AccountEffect, type Flow } from "./messages.js";
import type { AccountChanges } from "./ports.js";
import { headOf, isActive, type Account, type Repeated } from "./state.js";

/*
 * What follows from a newer list, whoever crashes on the way: each removed device's actor hears `revoke` until its own partition says so;
 * each conversation hears of the version until it has it. The rows say what is left (`revokeTold`, `told`), and the work list says that
 * something may be: it is left only when every row is durable.
 */

/** A list version was stored, or rows were loaded: all that is owed from now on. */
export function followList(state: Account, removed: readonly DeviceId[]): AccountEffect[] {
  const { work } = state;
  for (const device of removed) work.revoking.set(device, { dueMs: state.now.monoMs, delayMs: limits.redeliverMinMs });
  work.untold = untold(state);
  for (const device of removed) work.dropping.add(device);
  const drops = removed.flatMap((device) => begin(state, undefined, dropKeys(state, device)));
  return [...drops, ...seeToWork(state)];
}

/** Activation: what an earlier life left open. */
export function resumeWork(state: Account): AccountEffect[] {
  if (!isActive(state)) return [];
  const removed = [...state.devices.values()].filter(({ revoked, revokeTold }) => revoked && !revokeTold).map(({ id }) => id);
  const left = removed.filter(
    (device) => !state.work.revoking.has(device) && !state.work.dropping.has(device) && state.dirtyDevices.get(device)?.revokeTold !== true,
  );
  state.work.untold = untold(state);
  if (left.length === 0 && state.work.untold.length === 0) return [];
  return [...begin(state, undefined, relist(state)), ...followList(state, left)];
}

/** Conversations that have an older version than the head, the most recent last; without those that are being told. */
function untold(state: Account): ConversationId[] {
  const { version } = headOf(state);
  const rows = [...state.conversations.values()].map((row) => state.dirtyConversations.get(row.conversation) ?? row);
  const behind = rows.filter((row) => row.told < version && !state.work.telling.has(row.conversation));
  return behind.sort((one, other) => one.activeMs - other.activeMs).map(({ conversation }) => conversation);
}

/** Tells whom it is time to tell, and asks to be woken for the rest. */
export function seeToWork(state: Account): AccountEffect[] {
  if (!isActive(state)) return [];
  const { work, now } = state;
  const effects: AccountEffect[] = [];
  for (const [id, repeated] of work.revoking) {
    if (!isDue(state, repeated)) continue;
    effects.push({ type: "tell", mail: { kind: "device", id, message: { type: "revoke", account: state.id } } });
  }
  work.tokens = Math.min(limits.toldPerSecond, work.tokens + ((now.monoMs - work.monoMs) * limits.toldPerSecond) / 1_000);
  work.monoMs = now.monoMs;
  for (const [conversation, repeated] of work.telling) {
    if (work.tokens < 1) break;
    if (isDue(state, repeated)) effects.push(...tell(state, conversation));
  }
  while (work.tokens >= 1 && work.untold.length > 0 && work.telling.size < limits.toldInFlightMax) {
    const conversation = work.untold.pop()!;
    work.telling.set(conversation, { dueMs: now.monoMs + limits.redeliverMinMs, delayMs: limits.redeliverMinMs * 2 });
    effects.push(...tell(state, conversation));
  }
  const next = nextDue(state);
  if (next !== undefined) effects.push({ type: "wake", monoMs: next });
  return [...effects, ...endWork(state)];
}

function tell(state: Account, id: ConversationId): AccountEffect[] {
  state.work.tokens -= 1;
  const { version, listHash, devices } = headOf(state);
  const message = { type: "told", account: state.id, version, listHash, devices: devices.map((device) => device.id) } as const;
  return [{ type: "tell", mail: { kind: "conversation", id, message } }];
}

/** Whether something is to be repeated now; then the next time comes later than this one did. */
function isDue(state: Account, repeated: Repeated): boolean {
  if (repeated.dueMs > state.now.monoMs) return false;
  repeated.dueMs = state.now.monoMs + repeated.delayMs;
  repeated.delayMs = Math.min(repeated.delayMs * 2, limits.redeliverMaxMs);
  return true;
}

function nextDue({ work, now }: Account): number | undefined {
  const due = [...work.revoking.values(), ...work.telling.values()].map(({ dueMs }) => dueMs);
  if (work.untold.length > 0 && work.telling.size < limits.toldInFlightMax) due.push(now.monoMs + 1_000 / limits.toldPerSecond);
  return due.length === 0 ? undefined : Math.max(Math.min(...due), now.monoMs + 1_000 / limits.toldPerSecond);
}

/** A conversation has the version. It may have been an older one than the head: then it is told again. */
export function onToldHeard(state: Account, { conversation, version }: Extract<ToAccount, { type: "told-heard" }>): AccountEffect[] {
  const row = state.dirtyConversations.get(conversation) ?? state.conversations.get(conversation);
  if (row === undefined) return [];
  const { version: head } = headOf(state);
  if (version > row.told) state.dirtyConversations.set(conversation, { ...row, told: Math.min(version, head) });
  if (version >= head) state.work.telling.delete(conversation);
  return seeToWork(state);
}

type Joined = Extract<ToAccount, { type: "joined" }>;

/**
 * A conversation has this account among its members, with that version of its list. It hears back when the row is durable: from then on
 * every newer version finds its way there. An older version than the row names is believed: telling once more changes nothing there.
 */
export function onJoined(state: Account, joined: Joined): AccountEffect[] {
  const { conversation } = joined;
  const row = state.dirtyConversations.get(conversation) ?? state.conversations.get(conversation);
  const told = toldOf(state, joined);
  if (row === undefined && state.conversations.size >= 2 * limits.conversationsPerAccountMax) return heard(state, conversation);
  if (row?.told === told && !isBeingWritten(state, conversation)) return heard(state, conversation);
  const { work } = state;
  if (told < headOf(state).version && (!work.listed || work.ending)) return begin(state, undefined, joinLate(state, joined));
  return join(state, joined);
}

function toldOf(state: Account, { version }: Joined): number {
  return Math.min(version, headOf(state).version);
}

/** A newer list is owed to it: as with every list, the work list comes first, so that whoever hears `joined-heard` is told also after a crash. */
function* joinLate(state: Account, joined: Joined): Flow {
  yield* relist(state);
  yield* ask({ type: "emit", effects: join(state, joined) });
  return undefined;
}

function join(state: Account, joined: Joined): AccountEffect[] {
  const { conversation } = joined;
  const row = state.dirtyConversations.get(conversation) ?? state.conversations.get(conversation);
  const told = toldOf(state, joined);
  state.joins.add(conversation);
  if (row?.told === told) return isBeingWritten(state, conversation) ? [] : [...heardOnce(state, conversation), ...seeToWork(state)];
  const nowMs = state.now.wallMs;
  state.dirtyConversations.set(conversation, { conversation, told, joinedMs: row?.joinedMs ?? nowMs, activeMs: nowMs });
  if (told === headOf(state).version) return [];
  const { work } = state;
  if (!work.telling.has(conversation) && !work.untold.includes(conversation)) work.untold.push(conversation);
  return seeToWork(state);
}

/** Conversations that wait for their row: it is durable now. */
export function onRowsWritten(state: Account, { conversations = [] }: AccountChanges): AccountEffect[] {
  const durable = conversations.filter(({ conversation }) => state.joins.has(conversation) && !state.dirtyConversations.has(conversation));
  return durable.flatMap(({ conversation }) => heardOnce(state, conversation));
}

function heardOnce(state: Account, conversation: ConversationId): AccountEffect[] {
  state.joins.delete(conversation);
  return heard(state, conversation);
}

function isBeingWritten(state: Account, conversation: ConversationId): boolean {
  if (state.dirtyConversations.has(conversation)) return true;
  return state.writing?.changes.conversations?.some((row) => row.conversation === conversation) ?? false;
}

function heard(state: Account, id: ConversationId): AccountEffect[] {
  return [{ type: "tell", mail: { kind: "conversation", id, message: { type: "joined-heard", account: state.id } } }];
}

export function onRevokedDurable(state: Account, device: DeviceId): AccountEffect[] {
  if (!state.work.revoking.delete(device)) return [];
  noteRevoked(state, device);
  return [...resumeRevoked(state, device), ...seeToWork(state)];
}

/** Prekeys of a removed device go: nobody may start a session with it. */
function* dropKeys(state: Account, device: DeviceId): Flow {
  for (let delayMs: number = limits.redeliverMinMs; ; delayMs = Math.min(delayMs * 2, limits.redeliverMaxMs)) {
    if ((yield* ask({ type: "drop-prekeys", device })) === "applied") break;
    yield* ask({ type: "sleep", ms: delayMs });
  }
  state.work.dropping.delete(device);
  noteRevoked(state, device);
  return undefined;
}

/** The row says so when nothing is left of a removed device: neither a live partition nor keys. */
function noteRevoked(state: Account, device: DeviceId): void {
  if (state.work.revoking.has(device) || state.work.dropping.has(device)) return;
  state.dirtyDevices.set(device, { ...state.dirtyDevices.get(device), revokeTold: true });
}

/** Notes work that rows show. It is there already, unless its removal was answered by nothing and came late. */
function* relist(state: Account): Flow {
  yield* ask({ type: "lock", name: "list" });
  yield* ask({ type: "add-work" });
  state.work.listed = true;
  return undefined;
}

/** Nothing is owed, and the rows say so. */
function isDone(state: Account): boolean {
  const { work } = state;
  const clean = state.writing === undefined && state.dirtyDevices.size === 0 && state.dirtyConversations.size === 0;
  return clean && work.revoking.size === 0 && work.dropping.size === 0 && work.telling.size === 0 && work.untold.length === 0;
}

/** Takes the account off the work list when nothing is left. */
export function endWork(state: Account): AccountEffect[] {
  const { work } = state;
  if (!work.listed || work.ending || !isDone(state)) return [];
  work.ending = true;
  return begin(state, undefined, leaveList(state));
}

function* leaveList(state: Account): Flow {
  try {
    yield* ask({ type: "lock", name: "list" }); // a version that is being stored counts on the list
    if (!isDone(state)) return undefined;
    yield* ask({ type: "remove-work" });
    state.work.listed = false;
    return undefined;
  } finally {
    state.work.ending = false;
  }
}
