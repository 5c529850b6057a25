import { createHash } from "node:crypto";
import { sameBytes } from "../../lib/bytes.js";
import { idBytes, idOf, type AccountId, type ConversationId, type DeviceId, type MessageId } from "../../lib/ids.js";
import { hermod } from "../../protos/gen/hermod.js";
import { kindNumber, kindOf } from "../../protos/kinds.js";
import { readGenesis } from "../../protos/signed/genesis.js";
import { applyGenesis, applyTold, devicesIn, hasDevice, resolveGenesis, type Roster } from "../../protos/signed/roster.js";
import { readSigned } from "../../protos/signed/signed.js";
import { writeTold } from "../../protos/signed/told.js";
import type { VerifiedList } from "../../client/context.js";

type Envelope = hermod.v1.Envelope;

interface StoredEntry {
  readonly seq: bigint;
  readonly account: AccountId;
  readonly device: DeviceId;
  readonly counter: bigint;
  readonly id: Uint8Array;
  readonly hash: Uint8Array;
  readonly kind: number;
  readonly scope: number;
  readonly rosterSeq: bigint;
  readonly rosterHash: Uint8Array;
  readonly refersTo: hermod.v1.EntryRef | null;
  readonly control?: hermod.v1.Body.$Properties;
  readonly bodies: ReadonlyMap<DeviceId, hermod.v1.Body.$Properties>;
  readonly roster: Roster;
  readonly quiet: boolean;
}

export interface Conversation {
  readonly id: ConversationId;
  readonly entries: StoredEntry[];
  readonly rosters: Roster[];
  readonly last: Map<DeviceId, bigint>;
}

export type Push = (frame: hermod.v1.ServerFrame.$Properties) => void;

/**
 * The rules of a conversation's server side in memory: counters, roster at the sequence, first answers, deliveries with `prev`, replay of
 * what was not acknowledged. No network, no signatures: what a client must survive is all in the order and in what is lost.
 */
export class MessageServer {
  readonly accounts = new Map<AccountId, VerifiedList[]>();
  readonly chats = new Map<ConversationId, Conversation>();
  readonly acked = new Map<string, bigint>();
  readonly reads = new Map<string, bigint>();
  readonly excepts = new Map<string, hermod.v1.SequenceRange.$Properties[]>();
  readonly online = new Map<DeviceId, { readonly account: AccountId; readonly push: Push; live: boolean }>();
  /** Newest-active conversation first, as a device's actor drains. */
  readonly activity: ConversationId[] = [];

  head(account: AccountId): VerifiedList {
    const head = this.accounts.get(account)?.at(-1);
    if (head === undefined) throw new Error("no such account");
    return head;
  }

  create(account: AccountId, genesis: Uint8Array): hermod.v1.ServerFrame.$Properties {
    const object = readSigned(genesis, 1 << 20);
    const read = object.ok === undefined ? object : readGenesis(object.ok.body);
    if (read.ok === undefined || object.ok === undefined) return problem("bad-request");
    const id = read.ok.conversation;
    const stale = read.ok.members.filter((member) => member.listVersion !== this.head(member.account).version);
    if (stale.length > 0) return problem("list-stale");
    const existing = this.chats.get(id);
    if (existing !== undefined) {
      return { serverAck: { chatId: idBytes(id), seq: 1n, existing: !sameBytes(existing.entries[0]!.hash, read.ok.hash) } };
    }
    const resolved = resolveGenesis(read.ok, (owner, version) =>
      this.accounts.get(owner)?.[version - 1]?.devices.map((device) => device.id),
    );
    if (resolved.ok === undefined) return problem("bad-device-list");
    const roster = applyGenesis(resolved.ok);
    const chat: Conversation = { id, entries: [], rosters: [roster], last: new Map() };
    this.chats.set(id, chat);
    this.#append(chat, {
      account,
      device: read.ok.creatorDevice,
      kind: kindNumber("genesis"),
      hash: read.ok.hash,
      control: { type: 5, bytes: genesis },
      roster,
      quiet: false,
    });
    return { serverAck: { chatId: idBytes(id), seq: 1n, hash: read.ok.hash } };
  }

  send(account: AccountId, device: DeviceId, bytes: Uint8Array): hermod.v1.ServerFrame.$Properties {
    const envelope = hermod.v1.Envelope.decode(bytes);
    const chat = this.chats.get(idOf(envelope.chatId));
    if (chat === undefined) return problem("not-a-member", envelope);
    const hash = createHash("sha256").update(bytes).digest();
    const last = chat.last.get(device) ?? 0n;
    if (envelope.counter <= last) {
      const first = chat.entries.find((entry) => entry.device === device && entry.counter === envelope.counter)!;
      if (!sameBytes(first.hash, hash)) return problem("id-reused", envelope, { storedId: first.id });
      return this.#ackOf(chat, first);
    }
    const roster = chat.rosters.at(-1)!;
    if (!hasDevice(roster, account, device)) return problem("not-a-member", envelope);
    if (envelope.counter > last + 1n) {
      return { outOfOrder: { chatId: envelope.chatId, counter: envelope.counter, expected: last + 1n } };
    }
    if (envelope.rosterSeq !== roster.seq) return this.#mismatch(chat, envelope, device);
    if (!sameBytes(envelope.rosterHash, roster.hash)) return problem("roster-forked", envelope);
    const wrong = wrongRecipients(envelope, roster, device);
    if (wrong !== undefined) return problem(wrong, envelope);
    chat.last.set(device, envelope.counter);
    const bodies = new Map(envelope.bodies.map((body) => [idOf<DeviceId>(body.device), { type: body.type, bytes: body.bytes }]));
    const { counter, kind, scope, rosterSeq, rosterHash, refersTo } = envelope;
    const made = { account, device, counter, id: envelope.clientMsgId, hash, kind, scope, rosterSeq, rosterHash, refersTo, bodies, roster };
    return this.#ackOf(chat, this.#append(chat, { ...made, quiet: false }));
  }

  /** The server's own entry: an account's list moved. */
  tell(chat: Conversation, list: VerifiedList): void {
    const before = chat.rosters.at(-1)!;
    const told = { account: list.account, version: list.version, listHash: list.listHash };
    const seq = BigInt(chat.entries.length) + 1n;
    const roster = applyTold(
      before,
      told,
      list.devices.map((device) => device.id),
      seq,
    );
    if (roster.ok === undefined) throw new Error(roster.detail);
    chat.rosters.push(roster.ok);
    const bytes = writeTold(told);
    const hash = createHash("sha256").update(bytes).digest();
    this.#append(chat, {
      account: list.account,
      device: idOf(new Uint8Array(16)),
      kind: kindNumber("devices"),
      hash,
      control: { type: 6, bytes },
      roster: roster.ok,
      quiet: true,
    });
  }

  #append(
    chat: Conversation,
    made: Partial<StoredEntry> & Pick<StoredEntry, "account" | "device" | "kind" | "hash" | "roster" | "quiet">,
  ): StoredEntry {
    const seq = BigInt(chat.entries.length) + 1n;
    const blank = {
      counter: 0n,
      id: new Uint8Array(0),
      scope: 1,
      rosterSeq: 0n,
      rosterHash: new Uint8Array(0),
      refersTo: null,
      bodies: new Map(),
    };
    const entry: StoredEntry = { ...blank, ...made, seq };
    chat.entries.push(entry);
    this.activity.splice(0, this.activity.length, chat.id, ...this.activity.filter((id) => id !== chat.id));
    if (!entry.quiet) for (const [device] of devicesIn(entry.roster)) this.pushTo(device, chat, entry);
    return entry;
  }

  pushTo(device: DeviceId, chat: Conversation, entry: StoredEntry): void {
    const session = this.online.get(device);
    if (session?.live !== true || !this.holds(entry, device)) return;
    const frame = this.deliverFrame(chat, entry, device);
    if (frame !== undefined) session.push(frame);
  }

  holds(entry: StoredEntry, device: DeviceId): boolean {
    if (!devicesIn(entry.roster).has(device)) return false;
    return entry.control !== undefined || entry.device === device || entry.bodies.has(device);
  }

  deliverFrame(chat: Conversation, entry: StoredEntry, device: DeviceId, replay = false): hermod.v1.ServerFrame.$Properties | undefined {
    const before = chat.entries.filter((each) => each.seq < entry.seq && this.holds(each, device));
    const body = entry.control ?? entry.bodies.get(device);
    return {
      deliver: {
        chatId: idBytes(chat.id),
        seq: entry.seq,
        prev: before.at(-1)?.seq ?? 0n,
        senderAccount: idBytes(entry.account),
        senderDevice: idBytes(entry.device),
        kind: entry.kind,
        scope: entry.scope,
        clientMsgId: entry.id,
        counter: entry.counter,
        serverTsMs: 1_000n + entry.seq,
        rosterSeq: entry.rosterSeq,
        rosterHash: entry.rosterHash,
        ...(entry.refersTo === null ? {} : { refersTo: entry.refersTo }),
        ...(entry.device === device && entry.control === undefined ? {} : { body }),
        replay,
        hash: entry.hash,
      },
    };
  }

  /** Everything that the device has not acknowledged, newest-active conversation first. */
  replay(device: DeviceId, full: ReadonlyMap<ConversationId, bigint>): hermod.v1.ServerFrame.$Properties[] {
    const frames: hermod.v1.ServerFrame.$Properties[] = [];
    for (const id of this.activity) {
      const chat = this.chats.get(id)!;
      const from = full.get(id) ?? this.acked.get(`${id}/${device}`) ?? 0n;
      for (const entry of chat.entries) {
        if (entry.seq > from && this.holds(entry, device)) frames.push(this.deliverFrame(chat, entry, device, true)!);
      }
    }
    return frames;
  }

  rosterPage(id: ConversationId, from: bigint): hermod.v1.ServerFrame.$Properties {
    const chat = this.chats.get(id);
    if (chat === undefined) return problem("not-a-member");
    const controls = chat.entries.filter((entry) => entry.control !== undefined && entry.seq >= from);
    return { rosterPage: { chatId: idBytes(id), entries: controls.map((entry) => this.controlFrame(chat, entry)), more: false } };
  }

  controlFrame(chat: Conversation, entry: StoredEntry): hermod.v1.Deliver.$Properties {
    return this.deliverFrame(chat, entry, idOf(new Uint8Array(16)))!.deliver!;
  }

  #mismatch(chat: Conversation, envelope: Envelope, _device: DeviceId): hermod.v1.ServerFrame.$Properties {
    const changes = chat.entries.filter((entry) => entry.control !== undefined && entry.seq > envelope.rosterSeq);
    const { chatId, counter } = envelope;
    const rosterSeq = chat.rosters.at(-1)!.seq;
    return { rosterMismatch: { chatId, counter, rosterSeq, changes: changes.map((entry) => this.controlFrame(chat, entry)), more: false } };
  }

  #ackOf(chat: Conversation, entry: StoredEntry): hermod.v1.ServerFrame.$Properties {
    const { seq, counter, hash, id } = entry;
    return { serverAck: { chatId: idBytes(chat.id), clientMsgId: id, counter, seq, serverTsMs: 1_000n + seq, hash } };
  }

  ack(account: AccountId, device: DeviceId, frame: hermod.v1.MessageAck): void {
    const id = idOf<ConversationId>(frame.chatId);
    const chat = this.chats.get(id);
    if (chat === undefined || frame.through > BigInt(chat.entries.length)) return; // bad-cursor
    const key = `${id}/${device}`;
    if (Number(frame.status) === 2) this.reads.set(key, max(this.reads.get(key) ?? 0n, frame.through));
    else this.acked.set(key, max(this.acked.get(key) ?? 0n, frame.through));
    if (Number(frame.status) !== 2) this.excepts.set(key, [...frame.except]);
    for (const [other, otherAccount] of devicesIn(chat.rosters.at(-1)!)) {
      if (otherAccount !== account) this.receiptTo(other, chat, account);
    }
  }

  receiptTo(device: DeviceId, chat: Conversation, account: AccountId): void {
    const devices = chat.rosters.at(-1)!.members.get(account)?.devices ?? [];
    const mark = (map: Map<string, bigint>): bigint => devices.reduce((most, each) => max(most, map.get(`${chat.id}/${each}`) ?? 0n), 0n);
    const except = devices.length === 1 ? (this.excepts.get(`${chat.id}/${devices[0]}`) ?? []) : [];
    const delivered = mark(this.acked);
    const read = mark(this.reads);
    this.online.get(device)?.push({
      receipt: {
        chatId: idBytes(chat.id),
        account: idBytes(account),
        deliveredThrough: delivered,
        readThrough: read < delivered ? read : delivered,
        except,
      },
    });
  }

  /** Ids in the order of the log, without control entries. */
  log(id: ConversationId, kind = "message"): MessageId[] {
    const entries = this.chats.get(id)?.entries ?? [];
    return entries.filter((entry) => kindOf(entry.kind) === kind).map((entry) => idOf<MessageId>(entry.id));
  }
}

function wrongRecipients(envelope: Envelope, roster: Roster, sender: DeviceId): string | undefined {
  const wanted = new Set([...devicesIn(roster).keys()].filter((device) => device !== sender));
  const named = envelope.bodies.map((body) => idOf<DeviceId>(body.device));
  if (new Set(named).size !== named.length || named.some((device) => !wanted.has(device))) return "wrong-recipients";
  return Number(envelope.scope) === 1 && named.length !== wanted.size ? "wrong-recipients" : undefined;
}

export function problem(code: string, envelope?: Envelope, more: hermod.v1.Problem.$Properties = {}): hermod.v1.ServerFrame.$Properties {
  return { problem: { code, ...(envelope === undefined ? {} : { chatId: envelope.chatId, counter: envelope.counter }), ...more } };
}

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
