import { assert } from "../../lib/assert.js";
import type { AccountId, ConversationId, DeviceId } from "../../lib/ids.js";
import type { AccountHead, Answer, ReplyTo, ToAccount } from "../../protos/messages.js";
import type { ListState } from "../../protos/signed/device-chain.js";
import type { Moment, Ownership } from "../ports.js";
import type { Bucket } from "./buckets.js";
import type { Flow, PortQuestion } from "./messages.js";
import type { AccountChanges, AccountConversation, AccountDevice, AccountFields } from "./ports.js";

/** A request on its way. */
export interface Running {
  readonly id: number;
  readonly flow: Flow;
  /** Who gets what the flow returns; undefined: it runs for the account itself. */
  readonly to: ReplyTo | undefined;
  /** What it waits for, as far as the account itself must see to it. */
  waits?: Waits;
}

export type Waits =
  | { readonly type: "write"; readonly build: () => AccountChanges }
  | { readonly type: "port"; readonly question: PortQuestion }
  | { readonly type: "lock" }
  | { readonly type: "until-revoked"; readonly devices: Set<DeviceId>; readonly dueMs: number }
  | {
      readonly type: "describe";
      readonly left: Set<AccountId>;
      readonly heads: Map<AccountId, AccountHead | undefined>;
      readonly dueMs: number;
    }
  | { readonly type: "sleep"; readonly dueMs: number };

/** Something that is repeated until it is heard. */
export interface Repeated {
  dueMs: number;
  delayMs: number;
}

/** What follows from a newer list: devices that must hear that they are revoked, conversations that must hear of the version. */
export interface Work {
  /** The account stands in its shard's work list, as far as this activation knows. */
  listed: boolean;
  ending: boolean;
  readonly revoking: Map<DeviceId, Repeated>;
  /** Removed devices whose prekeys are being dropped. */
  readonly dropping: Set<DeviceId>;
  /** The most recent one last. */
  untold: ConversationId[];
  readonly telling: Map<ConversationId, Repeated>;
  /** How many may be told now, as of `monoMs`. */
  tokens: number;
  monoMs: number;
}

/** An account's actor: its partition in memory, the requests on their way, and what is owed to conversations and devices. */
export interface Account {
  readonly id: AccountId;
  readonly ownership: Ownership;
  phase: "loading" | "ready" | "ended";
  now: Moment;
  /** What came before the account was ready, in order. */
  readonly waiting: ToAccount[];
  shardEpoch: bigint;
  /** Set once the fence is being written. */
  epoch: bigint;
  ver: bigint;
  probes: number;
  isFenced: boolean;
  draining: boolean;

  fields: AccountFields | undefined;
  readonly versions: { readonly signed: Uint8Array; readonly storedMs: number }[];
  /** The fold of `versions`. */
  chain: ListState | undefined;
  readonly devices: Map<DeviceId, AccountDevice>;
  readonly conversations: Map<ConversationId, AccountConversation>;

  nextFlow: number;
  readonly flows: Map<number, Running>;
  /** By name: who has the lock, then who waits for it. Without those that nobody wants. */
  readonly locks: Map<string, number[]>;
  /** Flows that wait to write, the one in flight first. */
  readonly writes: number[];
  /** The write in flight, by a flow or of bookkeeping. */
  writing: { readonly changes: AccountChanges; readonly flow: number | undefined } | undefined;
  /** Bookkeeping: rows to write when nothing else is written. */
  readonly dirtyDevices: Map<DeviceId, { lastSeenMs?: number; revokeTold?: true }>;
  readonly dirtyConversations: Map<ConversationId, AccountConversation>;
  /** Conversations that wait to hear that their row is durable. */
  readonly joins: Set<ConversationId>;

  readonly work: Work;
  readonly listTries: Bucket;
  readonly links: Bucket;
  readonly newContacts: Bucket;
  readonly uploads: Map<DeviceId, Bucket>;
  readonly requesters: Map<AccountId, Bucket>;
  readonly keysOut: Bucket;
  /** Answers to prekey requests; undefined: still on its way. */
  readonly prekeyAnswers: Map<string, { readonly untilMs: number; answer: Answer | undefined }>;
  /** Per pool: keys whose claim has an unknown outcome: never handed out. */
  readonly burnt: Map<string, Set<number>>;
  readonly lowToldMs: Map<DeviceId, number>;

  /** Whom the account owes an answer. */
  waiters(): readonly ReplyTo[];
}

export function createAccount(id: AccountId, ownership: Ownership): Account {
  const state: Account = {
    id,
    ownership,
    phase: "loading",
    now: { wallMs: 0, monoMs: 0 },
    waiting: [],
    shardEpoch: 0n,
    epoch: -1n,
    ver: 0n,
    probes: 0,
    isFenced: false,
    draining: false,
    fields: undefined,
    versions: [],
    chain: undefined,
    devices: new Map(),
    conversations: new Map(),
    nextFlow: 1,
    flows: new Map(),
    locks: new Map(),
    writes: [],
    writing: undefined,
    dirtyDevices: new Map(),
    dirtyConversations: new Map(),
    joins: new Set(),
    work: { listed: false, ending: false, revoking: new Map(), dropping: new Set(), untold: [], telling: new Map(), tokens: 0, monoMs: 0 },
    listTries: {},
    links: {},
    newContacts: {},
    uploads: new Map(),
    requesters: new Map(),
    keysOut: {},
    prekeyAnswers: new Map(),
    burnt: new Map(),
    lowToldMs: new Map(),
    waiters: () => waitersOf(state),
  };
  return state;
}

/** Who asked in this message and wants an answer. */
export function askerOf(message: ToAccount): ReplyTo | undefined {
  if ("from" in message) return message.from;
  return "to" in message ? message.to : undefined;
}

function waitersOf(state: Account): readonly ReplyTo[] {
  const held = state.waiting.map(askerOf).filter((asker) => asker !== undefined);
  const asked = [...state.flows.values()].map(({ to }) => to).filter((to) => to !== undefined);
  return [...held, ...asked];
}

/** The account's list, once somebody is registered. */
export function headOf(state: Account): ListState {
  assert(state.chain !== undefined, "only an account with a list has a head");
  return state.chain;
}

export function isActive(state: Account): boolean {
  return state.fields?.state === "active";
}

/** Puts what has become durable into memory. The fold of the chain is the caller's. */
export function apply(state: Account, changes: AccountChanges): void {
  if (changes.account !== undefined) state.fields = changes.account;
  if (changes.version !== undefined) {
    const { number, signed, storedMs } = changes.version;
    state.versions[number - 1] = { signed, storedMs };
  }
  for (const device of changes.devices ?? []) state.devices.set(device.id, device);
  for (const conversation of changes.conversations ?? []) state.conversations.set(conversation.conversation, conversation);
}
