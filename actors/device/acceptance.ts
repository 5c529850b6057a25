import type { ConversationId } from "../../lib/ids.js";
import { isTelling } from "./chats.js";
import { wantMark } from "./marks.js";
import type { Turn } from "./messages.js";
import { covers, type Chat, type Device, type OpenDelivery } from "./state.js";

/** Takes responsibility for what something durable stands for now; what is left gets a mark when nobody is there to ack it. */
export function settle(state: Device, chat: Chat, turn: Turn): void {
  if (chat.open.length === 0) return;
  const mark = state.marks.get(chat.id);
  const acked: OpenDelivery[] = [];
  const marked: OpenDelivery[] = [];
  const covered: OpenDelivery[] = [];
  const open: OpenDelivery[] = [];
  for (const delivery of chat.open) {
    if (delivery.seq <= chat.told.delivered) acked.push(delivery);
    else if (!covers(mark, delivery.seq)) open.push(delivery);
    // The write proves that this node owned the device later than the delivery came; for one that came meanwhile nothing does.
    else if (delivery.inWrite) marked.push(delivery);
    else covered.push(delivery);
  }
  state.openCount -= chat.open.length - open.length;
  chat.open = open;
  acceptAll(chat, acked, "acked", turn);
  acceptAll(chat, marked, "marked", turn);
  acceptAll(chat, covered, "covered", turn);
  for (const delivery of open) delivery.inWrite = false;
  const first = firstUnacked(state, chat);
  if (first !== undefined) wantMark(state, chat, first);
}

/** From where on a mark is needed because nobody will ack: an ack that came already is only waited for. */
function firstUnacked(state: Device, chat: Chat): bigint | undefined {
  if (state.session !== undefined && state.phase !== "draining") return undefined;
  let first: bigint | undefined;
  for (const { seq, from } of chat.open) {
    if (seq <= chat.acked && isTelling(chat) && state.phase !== "draining") continue;
    if (first === undefined || from < first) first = from;
  }
  return first;
}

export function settleAll(state: Device, turn: Turn): void {
  for (const chat of state.chats.values()) settle(state, chat, turn);
}

export function accept(
  conversation: ConversationId,
  activation: bigint,
  seq: bigint,
  how: "acked" | "marked" | "covered" | "gone",
  turn: Turn,
): void {
  turn.effects.push({ type: "accept", conversation, activation, range: { from: seq, to: seq }, how });
}

/** Accepts several deliveries of one chat: one range per activation. Whoever calls knows that everything between them is taken too. */
export function acceptAll(chat: Chat, deliveries: readonly OpenDelivery[], how: "acked" | "marked" | "covered" | "gone", turn: Turn): void {
  const ranges = new Map<bigint, { from: bigint; to: bigint }>();
  for (const { activation, seq } of deliveries) {
    const range = ranges.get(activation);
    if (range === undefined) ranges.set(activation, { from: seq, to: seq });
    else {
      if (seq < range.from) range.from = seq;
      if (seq > range.to) range.to = seq;
    }
  }
  for (const [activation, range] of ranges) turn.effects.push({ type: "accept", conversation: chat.id, activation, range, how });
}
