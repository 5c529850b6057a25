import type { Effect } from "./messages.js";
import type { Conversation } from "./state.js";

/** Asks for a tick at that moment, unless an earlier one is pending. */
export function wake(state: Conversation, monoMs: number, effects: Effect[]): void {
  if (monoMs >= state.wakeMs) return;
  state.wakeMs = monoMs;
  effects.push({ type: "wake-at", monoMs });
}
