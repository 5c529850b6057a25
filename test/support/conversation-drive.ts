import { createHash } from "node:crypto";
import { createConversation, step } from "../../actors/conversation/behaviour.js";
import type { Effect, Message } from "../../actors/conversation/messages.js";
import type { BucketState } from "../../actors/conversation/ports.js";
import type { Conversation } from "../../actors/conversation/state.js";
import type { Moment } from "../../actors/ports.js";
import { unreachable } from "../../lib/assert.js";
import { noBytes } from "../../lib/bytes.js";
import { idOf, type AccountId, type DeviceId, type MessageId } from "../../lib/ids.js";
import type { BodySlot, Entry, Envelope } from "../../protos/entry.js";
import type { Asker, CheckedGenesis, Mail, Watermarks } from "../../protos/messages.js";
import { devicesIn } from "../../protos/signed/roster.js";
import { domains, hash } from "../../protos/signed/hash.js";
import { directIdOf } from "../../protos/signed/ids.js";
import { accountOf, deviceOf } from "./entries.js";

/* One conversation of ann (phone) and bob (phone, laptop), driven message by message, and its effects in words. */

export const ann = accountOf("ann");
export const bob = accountOf("bob");
export const eve = accountOf("eve");
export const annPhone = deviceOf("ann phone");
export const bobPhone = deviceOf("bob phone");
export const bobLaptop = deviceOf("bob laptop");
export const bobTablet = deviceOf("bob tablet");
export const evePhone = deviceOf("eve phone");
export const team = directIdOf(ann, bob);
export const shardEpoch = 7n;
/** Epoch of an activation that finds nothing of this shard epoch. */
export const firstEpoch = shardEpoch << 32n;

const names = new Map<string, string>([
  [ann, "ann"],
  [bob, "bob"],
  [eve, "eve"],
  [annPhone, "ann"],
  [bobPhone, "bob"],
  [bobLaptop, "bob's laptop"],
  [bobTablet, "bob's tablet"],
  [evePhone, "eve"],
]);
const accounts = new Map<DeviceId, AccountId>([
  [annPhone, ann],
  [bobPhone, bob],
  [bobLaptop, bob],
  [bobTablet, bob],
  [evePhone, eve],
]);
export const nameOf = (id: string): string => names.get(id) ?? id;
const sha = (text: string): Uint8Array => new Uint8Array(createHash("sha256").update(text).digest());

export function asker(device: DeviceId, requestId = 1): Asker {
  return { gateway: "g", socket: 1, requestId, account: accounts.get(device)!, device };
}

export function genesis(text = "genesis"): CheckedGenesis {
  const body = new TextEncoder().encode(text);
  const member = (account: AccountId, devices: readonly DeviceId[]) => ({
    account,
    role: "member" as const,
    listVersion: 1,
    listHash: sha(account),
    devices,
  });
  const members = [member(ann, [annPhone]), member(bob, [bobPhone, bobLaptop])];
  return { conversation: team, type: "direct", signed: body, hash: hash(domains.genesis, body), members };
}

/** A conversation and the moment that its next message comes at. */
export class Drive {
  readonly state: Conversation = createConversation(team);
  now: Moment = { wallMs: 1_800_000_000_000, monoMs: 1_000 };
  /** The log that answers what an activation reads. */
  entries: Entry[] = [];
  #requests = 0;

  hear(message: Message): string[] {
    const effects = step(this.state, message, this.now);
    for (const effect of effects) if (effect.type === "append") this.#appending = effect.entries;
    return effects.map(brief);
  }

  #appending: readonly Entry[] = [];

  /** The log has the batch. */
  appended(): string[] {
    this.entries.push(...this.#appending);
    return this.hear({ type: "appended" });
  }

  later(ms: number): this {
    this.now = { wallMs: this.now.wallMs + ms, monoMs: this.now.monoMs + ms };
    return this;
  }

  /** Loaded, and nobody has ever written to it. */
  unknown(): this {
    this.hear({ type: "start", shardEpoch });
    this.hear({ type: "state-read", stored: undefined });
    this.hear({ type: "probed", bucket: 0n, found: undefined });
    return this;
  }

  /** Created, accepted by everybody, clean. */
  created(): this {
    this.unknown();
    this.hear({ type: "create", from: asker(annPhone, 99), genesis: genesis() });
    this.hear({ type: "bucket-written", outcome: "applied" });
    this.appended();
    this.hear({ type: "intent-durable" });
    for (const account of [ann, bob]) this.hear({ type: "joined-heard", account });
    for (const device of [annPhone, bobPhone, bobLaptop]) this.accepted(device, 1n);
    return this;
  }

  accepted(device: DeviceId, seq: bigint, how: "acked" | "marked" | "covered" | "gone" = "acked", activation = this.state.epoch): string[] {
    return this.hear({ type: "accepted", activation, device, range: { from: seq, to: seq }, how });
  }

  send(counter: bigint, changes: Partial<Envelope> & { from?: DeviceId; text?: string } = {}): string[] {
    const { from = annPhone, text = `m${counter}`, ...rest } = changes;
    return this.hear({ type: "send", from: asker(from, ++this.#requests), envelope: { ...this.envelope(counter, text, from), ...rest } });
  }

  /** Sent, durable, accepted, answered. */
  sent(...counters: bigint[]): this {
    for (const counter of counters) {
      this.send(counter);
      this.appended();
      this.hear({ type: "intent-durable" });
      const seq = this.state.durable;
      for (const device of this.state.devices.keys()) this.accepted(device, seq);
    }
    return this;
  }

  envelope(counter: bigint, text: string, from: DeviceId): Envelope {
    const roster = this.state.roster;
    const bodies: BodySlot[] = [];
    for (const device of roster === undefined ? [] : devicesIn(roster).keys()) {
      if (device !== from) bodies.push({ slot: device, type: "whisper", bytes: new TextEncoder().encode(text) });
    }
    return {
      conversation: team,
      counter,
      id: idOf<MessageId>(sha(text).subarray(0, 16)),
      kind: "message",
      scope: "all",
      rosterSeq: roster?.seq ?? 1n,
      rosterHash: roster?.hash ?? noBytes,
      timerMs: 0,
      urgent: false,
      bodies,
      hash: sha(`${text} ${counter}`),
      bytes: 400,
    };
  }

  told(version: number, devices: readonly DeviceId[], account = bob): string[] {
    return this.hear({ type: "told", account, version, listHash: sha(`list ${version}`), devices });
  }

  receipt(device: DeviceId, delivered: bigint, read = 0n, except: Watermarks["except"] = []): string[] {
    return this.hear({ type: "receipt", account: accounts.get(device)!, device, watermarks: { delivered, read, except } });
  }

  /** A fresh activation over what this one has written, through its fence, with nothing in flight. */
  next(fanned = this.state.durable, snapshot?: { through: bigint; version: bigint; snapshot: Uint8Array }): Drive {
    const drive = this.fenced(fanned);
    drive.hear({ type: "state-read", stored: snapshot });
    drive.hear({ type: "receipts-read", watermarks: new Map() });
    return drive;
  }

  /** The same up to the fence. */
  fenced(fanned = this.state.durable): Drive {
    const drive = new Drive();
    drive.entries = [...this.entries];
    drive.now = this.now;
    drive.hear({ type: "start", shardEpoch: shardEpoch + 1n });
    drive.hear({ type: "state-read", stored: undefined });
    drive.hear({ type: "probed", bucket: 0n, found: cells(this.state.epoch, this.state.durable, fanned) });
    drive.hear({ type: "bucket-written", outcome: "applied" });
    return drive;
  }

  /** Answers the reads of headers from the entries that were written. */
  readAll(): string[] {
    const headers = this.entries.map(({ header }) => header).filter(({ seq }) => seq >= this.state.loading!.nextHeader);
    return this.hear({ type: "headers-read", headers });
  }
}

export function cells(epoch: bigint, lastSeq: bigint, fanned = lastSeq): BucketState {
  return { epoch, lastSeq, batch: noBytes, fanned, trimmed: 0n, masked: 0n };
}

/** An effect in a few words. */
export function brief(effect: Effect): string {
  switch (effect.type) {
    case "append":
      return `append ${effect.entries.map(({ header }) => header.seq).join(" ")}`;
    case "sent":
      return `sent at ${effect.send.seq}${effect.existing ? " (existing)" : ""}`;
    case "refused":
      return `refused ${effect.code}${effect.details?.expected === undefined ? "" : ` expected ${effect.details.expected}`}`;
    case "when-alive":
      return `if alive: ${brief(effect.then)}`;
    case "send-roster":
      return `${effect.answer.mismatchAt === undefined ? "roster page" : "roster-mismatch"} ${effect.answer.seqs.join(" ")}`.trimEnd();
    case "tell":
      return told(effect.mail);
    case "probe":
      return `probe ${effect.bucket}`;
    case "fence":
      return `fence ${effect.bucket}`;
    case "open-bucket":
      return `open-bucket ${effect.bucket}`;
    case "read-headers":
      return `read-headers ${effect.from} to ${effect.to}`;
    case "read-entries":
      return `read-entries ${effect.from} to ${effect.to}`;
    case "save-fanned":
      return `save-fanned ${effect.fanned}`;
    case "save-snapshot":
      return `save-snapshot ${effect.through}`;
    case "trim":
      return `trim through ${effect.through}`;
    case "read-state":
    case "read-receipts":
    case "issue-intent":
    case "dirty":
    case "clean":
    case "wake-at":
    case "ended":
      return effect.type;
    default:
      return unreachable(effect);
  }
}

function told({ id, message }: Mail): string {
  const to = nameOf(id);
  if (message.type === "deliver") {
    const { header, prev, from, body } = message.delivery;
    return `deliver ${header.seq} to ${to} prev ${prev}${from === prev + 1n ? "" : ` from ${from}`}${body === undefined ? " bodyless" : ""}`;
  }
  if (message.type === "receipts") {
    const notices = message.notices.map(({ account, device, watermarks }) => {
      const except = watermarks.except.map(({ from, to: end }) => ` except ${from}-${end}`).join("");
      return `${nameOf(device ?? account)} ${watermarks.delivered}/${watermarks.read}${except}`;
    });
    return `receipts to ${to}: ${notices.join(", ")}`;
  }
  return id === team ? `${message.type} itself` : `${message.type} to ${to}`;
}
