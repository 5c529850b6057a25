import { limits } from "../../lib/limits.js";
import type { WriteOutcome } from "../ports.js";
import { end } from "./ending.js";
import type { DeviceMail, Turn } from "./messages.js";
import type { DeviceRow } from "./ports.js";
import type { Device } from "./state.js";
import { wakeAt } from "./wake.js";

/** Loads and fences that are tried before mail that waits is refused. */
const attemptsMax = 5;

export function begin(state: Device, shardEpoch: bigint, turn: Turn): void {
  state.shardEpoch = shardEpoch;
  turn.effects.push({ type: "load" });
}

/**
 * Eager fence: this activation's epoch is written before the marks that were read are used. The fence holds only if (epoch, ver) are
 * still what was read, so marks that passed it are the newest.
 */
export function onLoaded(state: Device, row: DeviceRow | undefined, turn: Turn): void {
  const written = row?.epoch ?? 0n;
  const floor = state.shardEpoch << 32n;
  if (written >= floor + (1n << 32n)) {
    end(state, "fenced", turn);
    return;
  }
  state.epoch = written >= floor ? written + 1n : floor;
  turn.effects.push({ type: "fence", row, epoch: state.epoch });
}

/** A load that fails is tried again a little later, a few times; then those who wait are told. */
export function onLoadFailed(state: Device, turn: Turn): void {
  state.attempts++;
  if (state.attempts >= attemptsMax) end(state, "timeout", turn);
  else {
    state.loadLater = true;
    wakeAt(state, turn, turn.nowMs + limits.readRetryMs);
  }
}

/** Refused or unknown: an older activation's write was still on its way. Read again and fence above it. */
export function onFenced(
  state: Device,
  outcome: WriteOutcome,
  row: DeviceRow | undefined,
  turn: Turn,
  onMail: (state: Device, mail: DeviceMail, turn: Turn) => void,
): void {
  if (outcome !== "applied") {
    state.attempts++;
    if (state.attempts >= attemptsMax) end(state, "fenced", turn);
    else turn.effects.push({ type: "load" });
    return;
  }
  state.phase = "ready";
  state.ver = row?.ver ?? 0n;
  state.revoked = row?.revoked ?? false;
  for (const [conversation, from] of row?.marks ?? []) state.marks.set(conversation, { from, phase: "durable", heard: 0n });
  // One by one: if one of them throws, the rest is still there to be answered.
  for (let mail = state.waiting.shift(); mail !== undefined; mail = state.waiting.shift()) onMail(state, mail, turn);
}
