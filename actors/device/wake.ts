import type { Device } from "./state.js";
import type { Turn } from "./messages.js";

/** Asks for a tick, unless an earlier one is coming anyway: a tick looks at everything that is due. */
export function wakeAt(state: Device, turn: Turn, atMs: number): void {
  if (atMs >= state.wakeMs) return;
  state.wakeMs = atMs;
  turn.effects.push({ type: "wake", atMs });
}
