import { step } from "../../actors/device/behaviour.js";
import type { DeviceEffect, DeviceMessage } from "../../actors/device/messages.js";
import { createDevice, type Device } from "../../actors/device/state.js";
import type { DeviceRow } from "../../actors/device/ports.js";
import type { ConversationId } from "../../lib/ids.js";
import type { Header, ReadEntry } from "../../protos/entry.js";
import type { SequenceRange, Watermarks } from "../../protos/messages.js";
import { accountOf, conversationOf, deviceOf, messageAt } from "./entries.js";

export const phone = deviceOf("bob phone");
export const bob = accountOf("bob");
export const chat = conversationOf("a");
export const other = conversationOf("b");

const names = new Map<ConversationId, string>([
  [chat, "a"],
  [other, "b"],
]);

/** Drives the pure behaviour by hand: every answer of the store is said by the test. Effects come back as short words. */
export class Steps {
  readonly state: Device = createDevice(phone);
  nowMs = 0;
  effects: DeviceEffect[] = [];

  say(message: DeviceMessage): string[] {
    this.effects = step(this.state, message, { wallMs: 1_800_000_000_000 + this.nowMs, monoMs: this.nowMs });
    return this.effects.filter(({ type }) => type !== "wake" && type !== "tell-seen").map(brief);
  }

  after(ms: number): string[] {
    this.nowMs += ms;
    return this.say({ type: "tick" });
  }

  /** A loaded, fenced device with these marks. */
  static ready(marks: Record<string, bigint> = {}, row: Partial<DeviceRow> = {}): Steps {
    const steps = new Steps();
    const ids = new Map([...names].map(([id, name]) => [name, id]));
    const stored: DeviceRow = {
      epoch: 1n,
      ver: 4n,
      revoked: false,
      marks: new Map(Object.entries(marks).map(([name, from]) => [ids.get(name)!, from])),
      ...row,
    };
    steps.say({ type: "start", shardEpoch: 1n });
    steps.say({ type: "loaded", row: stored });
    steps.say({ type: "fenced", outcome: "applied", row: stored });
    return steps;
  }

  /** With a session that has sent its syncState. */
  static online(marks: Record<string, bigint> = {}): Steps {
    const steps = Steps.ready(marks);
    steps.attach(1);
    steps.sync(1);
    return steps;
  }

  /** Online, and the device has acked everything of `a` up to there: nothing is owed. */
  static at(acked: bigint): Steps {
    const steps = Steps.ready();
    steps.attach(1);
    steps.sync(1, [{ last: acked }]);
    steps.row(acked);
    steps.say({ type: "receipts", conversation: chat, notices: [] });
    return steps;
  }

  attach(socket: number, conn = BigInt(socket), synced = false): string[] {
    return this.say({ type: "attach", session: ref(socket), account: bob, conn, ...(synced ? { synced } : {}) });
  }

  detach(socket: number): string[] {
    return this.say({ type: "detach", session: ref(socket) });
  }

  sync(socket: number, chats: { last: bigint; full?: boolean; in?: ConversationId }[] = [], more = false): string[] {
    const named = chats.map(({ last, full, in: id }) => ({ conversation: id ?? chat, last, full: full === true }));
    return this.say({ type: "sync-state", from: from(socket, 7), chats: named, readPending: [], more });
  }

  deliver(
    seq: bigint,
    how: { prev?: bigint; from?: bigint; in?: ConversationId; bytes?: number; body?: boolean; activation?: bigint } = {},
  ): string[] {
    const prev = how.prev ?? seq - 1n;
    const { header, bodies } = messageAt(seq, {}, how.bytes ?? 10);
    const delivery = { header, prev, from: how.from ?? prev + 1n, ...(how.body === false ? {} : { body: bodies[0]! }) };
    return this.say({ type: "deliver", conversation: how.in ?? chat, activation: how.activation ?? 1n, delivery });
  }

  ack(
    through: bigint,
    how: { socket?: number; status?: "read"; except?: SequenceRange[]; in?: ConversationId; requestId?: number } = {},
  ): string[] {
    const asker = from(how.socket ?? 1, how.requestId ?? (how.status === "read" ? 9 : 0));
    return this.say({
      type: "ack",
      from: asker,
      conversation: how.in ?? chat,
      through,
      status: how.status ?? "delivered",
      except: how.except ?? [],
    });
  }

  row(delivered: bigint | undefined, id = chat, read = 0n): string[] {
    const watermarks: Watermarks | undefined = delivered === undefined ? undefined : { delivered, read, except: [] };
    return this.say({ type: "row-read", conversation: id, watermarks });
  }

  rowWritten(durable = true, id = chat): string[] {
    return this.say({ type: "row-written", conversation: id, durable });
  }

  heard(delivered: bigint, read = 0n, id = chat): string[] {
    return this.say({ type: "receipt-heard", conversation: id, delivered, read });
  }

  changed(outcome: "applied" | "refused" | "unsure" = "applied"): string[] {
    return this.say({ type: "changed", outcome });
  }

  /** The answer to the newest look, entitle or read of that chat. */
  looked(head: bigint, newestMs = 0, id = chat, why: "start" | "chat" | "fetch" = "start"): string[] {
    const ticket = why === "start" ? (this.state.session?.ticket ?? 0) : why === "fetch" ? (this.state.fetches[0]?.ticket ?? 0) : 0;
    return this.say({ type: "looked", conversation: id, why, ticket, head, newestMs });
  }

  entitled(entitled = true, next?: bigint, id = chat): string[] {
    const ticket = this.state.chats.get(id)?.replay.ticket ?? 0;
    return this.say({ type: "entitled", conversation: id, why: "replay", ticket, entitled, ...(next === undefined ? {} : { next }) });
  }

  slice(first: bigint, last: bigint, change: (header: Header) => Partial<ReadEntry> = () => ({}), id = chat): string[] {
    const ticket = this.state.chats.get(id)?.replay.ticket ?? 0;
    return this.say({ type: "slice-read", conversation: id, why: "replay", ticket, from: first, entries: entriesOf(first, last, change) });
  }
}

export function entriesOf(first: bigint, last: bigint, change: (header: Header) => Partial<ReadEntry> = () => ({})): ReadEntry[] {
  const entries: ReadEntry[] = [];
  for (let seq = first; seq <= last; seq++) {
    const { header, bodies } = messageAt(seq, {}, 10);
    entries.push({ header, body: bodies[0]!, ...change(header) });
  }
  return entries;
}

export const ref = (socket: number): { gateway: string; socket: number } => ({ gateway: "g1", socket });
const from = (
  socket: number,
  requestId: number,
): { gateway: string; socket: number; requestId: number; account: typeof bob; device: typeof phone } => ({
  ...ref(socket),
  requestId,
  account: bob,
  device: phone,
});

const nameOf = (id: ConversationId): string => (id === chat ? "" : ` in ${names.get(id) ?? id}`);

function brief(effect: DeviceEffect): string {
  switch (effect.type) {
    case "push": {
      const { what } = effect;
      if (what.type === "deliver")
        return `${what.body === undefined ? "header" : "deliver"} ${what.header.seq} prev ${what.prev}${nameOf(what.conversation)}`;
      if (what.type === "skip") return `skip ${what.from}-${what.to} prev ${what.prev}${nameOf(what.conversation)}`;
      if (what.type === "missed") return `missed ${what.why} ${what.from}-${what.to} prev ${what.prev}${nameOf(what.conversation)}`;
      if (what.type === "caught-up") return `caught up${nameOf(what.conversation)}`;
      if (what.type === "read-stored") return `read stored ${what.through}`;
      if (what.type === "problem") return `problem ${what.code} ×${what.conversations.length}`;
      return what.type;
    }
    case "change": {
      const { set, clear, revoked } = effect.changes;
      const words = [
        ...set.map(({ conversation, from }) => `mark ${from}${nameOf(conversation)}`),
        ...clear.map((id) => `clear${nameOf(id)}`),
      ];
      return revoked ? "write revoked" : words.join(", ");
    }
    case "accept":
      return `${effect.how} ${effect.range.from}${effect.range.to === effect.range.from ? "" : `-${effect.range.to}`}${nameOf(effect.conversation)}`;
    case "read-row":
      return `read row${nameOf(effect.conversation)}`;
    case "write-row":
      return `write row ${effect.watermarks.delivered}/${effect.watermarks.read}${nameOf(effect.conversation)}`;
    case "tell-receipt":
      return `tell ${effect.watermarks.delivered}/${effect.watermarks.read}${nameOf(effect.conversation)}`;
    case "look":
      return `look${nameOf(effect.conversation)}`;
    case "entitle":
      return `entitle at ${effect.at}${nameOf(effect.conversation)}`;
    case "read-slice":
      return `read from ${effect.from}${nameOf(effect.conversation)}`;
    case "refuse":
      return `refuse ${effect.code}`;
    case "close":
      return `close ${effect.session.socket} ${effect.reason}`;
    case "ask-receipts":
      return `ask receipts${nameOf(effect.conversation)}`;
    case "read-stored":
      return `answer read stored ${effect.through}`;
    case "fetched":
      return `fetched ${effect.first}-${effect.last}`;
    case "fence":
      return `fence ${effect.epoch}`;
    default:
      return effect.type;
  }
}
