import { assert } from "../../lib/assert.js";
import type { AccountId } from "../../lib/ids.js";
import type { WriteOutcome } from "../ports.js";
import { acceptAll, settle } from "./acceptance.js";
import { rewind } from "./chats.js";
import { end } from "./ending.js";
import type { Turn } from "./messages.js";
import { dismiss } from "./sessions.js";
import type { Chat, Device, OpenDelivery } from "./state.js";

/** Refused: a newer activation is here. Unsure: it may still land. Either way what this activation knows is worth nothing any more. */
export function onChanged(state: Device, outcome: WriteOutcome, turn: Turn): void {
  const write = state.write;
  assert(write !== undefined, "a write was answered that nobody issued");
  delete state.write;
  if (outcome !== "applied") {
    end(state, outcome === "refused" ? "fenced" : "unsure", turn);
    return;
  }
  state.ver++;
  if (write.revoked) {
    onRevoked(state, turn);
    return;
  }
  for (const { conversation, from } of write.set) {
    const chat = state.chats.get(conversation);
    const mark = state.marks.get(conversation);
    if (mark === undefined) state.marks.set(conversation, { from, phase: "durable", heard: chat?.heard ?? 0n });
    else if (from < mark.from) mark.from = from;
    if (chat !== undefined) onMarked(state, chat, turn);
  }
  for (const conversation of write.clear) {
    state.marks.delete(conversation);
    const chat = state.chats.get(conversation);
    if (chat !== undefined) settle(state, chat, turn);
  }
}

function onMarked(state: Device, chat: Chat, turn: Turn): void {
  settle(state, chat, turn);
  state.touched.add(chat);
  if (!chat.rewind) return;
  chat.rewind = false;
  if (state.session?.started === true && chat.row === "read" && chat.pushed > chat.acked) rewind(state, chat, chat.acked);
}

/** From the account: this device was unlinked. Answered only when that is durable here. */
export function onRevoke(state: Device, account: AccountId, turn: Turn): void {
  if (state.revoked) {
    turn.effects.push({ type: "tell-revoked", account });
    return;
  }
  state.revokers.add(account);
}

function onRevoked(state: Device, turn: Turn): void {
  state.revoked = true;
  dismiss(state, "revoked", turn);
  for (const chat of state.chats.values()) {
    const arrived = chat.arrivals.map(({ activation, delivery }) => ({ activation, seq: delivery.header.seq }) as OpenDelivery);
    acceptAll(chat, [...chat.open, ...arrived], "gone", turn);
  }
  for (const to of state.waiters()) turn.effects.push({ type: "refuse", to, code: "revoked" });
  for (const account of state.revokers) turn.effects.push({ type: "tell-revoked", account });
  state.revokers.clear();
  state.marks.clear();
  state.chats.clear();
  state.wantedMarks.clear();
  state.clearWanted.clear();
  state.raiseWanted.clear();
  state.fetches = [];
  state.retries = [];
  state.openCount = 0;
  state.arrivalBytes = 0;
}
