import type { Turn } from "./messages.js";
import type { Device } from "./state.js";

/** Asks for a tick, unless an earlier one is coming anyway: a tick looks at everything that is due. Never at once, so that ticks cannot spin. */
export function wakeAt(state: Device, turn: Turn, atMs: number): void {
  const laterMs = Math.max(atMs, turn.nowMs + 1);
  if (laterMs >= state.wakeMs) return;
  state.wakeMs = laterMs;
  turn.effects.push({ type: "wake", atMs: laterMs });
}
