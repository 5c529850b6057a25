import { limits } from "../../lib/limits.js";
import { accept } from "./acceptance.js";
import { chatOf, fallBehind, needRow } from "./chats.js";
import { wantMark } from "./marks.js";
import type { ToldDelivery, Turn } from "./messages.js";
import { covers, maxOf, type Chat, type Device } from "./state.js";
import { ensureTold } from "./telling.js";
import { wakeAt } from "./wake.js";
import { fits, take } from "./window.js";

/** One entry for this device. It is accepted at once only where something durable stands for it already. */
export function onDeliver(state: Device, told: ToldDelivery, turn: Turn): void {
  const { conversation } = told;
  const { seq } = told.delivery.header;
  if (state.revoked) {
    accept(conversation, told.activation, seq, "gone", turn);
    return;
  }
  const mark = state.marks.get(conversation);
  if (mark !== undefined) mark.heard = maxOf(mark.heard, seq);
  const started = state.session?.started === true;
  if (!started && !state.chats.has(conversation) && covers(mark, seq)) {
    accept(conversation, told.activation, seq, "covered", turn);
    return;
  }
  const chat = chatOf(state, conversation);
  chat.heard = maxOf(chat.heard, seq);
  if (started && chat.row !== "read") {
    needRow(chat, turn);
    if (keepArrival(state, chat, told)) return;
  }
  arrive(state, chat, told, turn);
}

/** Takes responsibility if something durable stands for the entry, pushes it if it is next, else leaves it to the log and a mark. */
export function arrive(state: Device, chat: Chat, told: ToldDelivery, turn: Turn): void {
  const { delivery, activation } = told;
  const { seq } = delivery.header;
  const durable = covers(state.marks.get(chat.id), seq);
  if (seq <= chat.told.delivered) {
    accept(chat.id, activation, seq, "acked", turn);
    return;
  }
  if (durable) accept(chat.id, activation, seq, "covered", turn);
  else if (!holdOpen(state, chat, told, turn)) return;
  const session = state.session;
  if (session === undefined || state.phase === "draining") {
    if (!durable) wantMark(state, chat, delivery.from);
    return;
  }
  if (!session.started || chat.row !== "read") {
    if (seq > chat.pushed) fallBehind(state, chat);
    return;
  }
  if (seq <= chat.pushed) {
    if (seq <= chat.acked) ensureTold(state, chat, turn);
    return;
  }
  // Live never overtakes what was not handed over yet: `prev` says whether there is something between.
  const next = chat.flow === "live" && delivery.prev <= chat.pushed;
  if (next && delivery.body !== undefined && fits(session, delivery.body.bytes.length)) push(state, chat, told, turn);
  else {
    if (!durable) wantMark(state, chat, delivery.from);
    fallBehind(state, chat);
  }
}

function push(state: Device, chat: Chat, { delivery }: ToldDelivery, turn: Turn): void {
  const session = state.session!;
  const { header, body, prev } = delivery;
  chat.pushed = header.seq;
  chat.handed = maxOf(chat.handed, header.seq);
  // What lay between is not this device's, but it may be a control entry that moves its membership.
  delete chat.replay.entitled;
  take(state, session, chat, header.seq, body!.bytes.length, turn);
  turn.effects.push({
    type: "push",
    session: session.ref,
    what: { type: "deliver", conversation: chat.id, header, body: body!, prev, replay: false },
  });
}

/** False: too many wait already. It is not accepted, so the conversation brings it again. */
function holdOpen(state: Device, chat: Chat, { delivery, activation }: ToldDelivery, turn: Turn): boolean {
  const { seq } = delivery.header;
  const at = chat.open.findIndex((open) => open.seq === seq);
  const known = chat.open[at];
  if (known !== undefined) {
    if (known.activation !== activation) chat.open[at] = { ...known, activation };
    return true;
  }
  if (state.openCount >= limits.openDeliveriesMax) return false;
  state.openCount++;
  chat.open.push({ seq, from: delivery.from, activation, sinceMs: turn.nowMs, inWrite: false });
  wakeAt(state, turn, turn.nowMs + limits.ackWaitMs);
  return true;
}

/** The first entries of a chat come while its row is read; with their bodies they can be pushed without a look at the log. */
function keepArrival(state: Device, chat: Chat, told: ToldDelivery): boolean {
  const bytes = told.delivery.body?.bytes.length ?? 0;
  if (chat.arrivals.length >= limits.windowEntries || state.arrivalBytes + bytes > limits.windowBytes) return false;
  state.arrivalBytes += bytes;
  chat.arrivals.push(told);
  return true;
}

/** The row is known now, or the session is gone. */
export function releaseArrivals(state: Device, chat: Chat, turn: Turn): void {
  const arrivals = chat.arrivals;
  chat.arrivals = [];
  for (const told of arrivals) {
    state.arrivalBytes -= told.delivery.body?.bytes.length ?? 0;
    arrive(state, chat, told, turn);
  }
}
