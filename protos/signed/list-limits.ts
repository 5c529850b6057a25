import { limits } from "../../lib/limits.js";
import type { DeviceId } from "../../lib/ids.js";
import type { ListState } from "./device-chain.js";
import { refuse, type Refusal } from "./verdict.js";

/** What the server alone knows about time. All by its own wall clock; the dates inside bodies are for display. */
export interface ListTimes {
  readonly nowMs: number;
  /** When versions 2 and later were stored; the last day is enough. */
  readonly storedMs: readonly number[];
  /** When the device was added; undefined: unknown, taken as just now. */
  addedMs(device: DeviceId): number | undefined;
  /** When the device was last connected; undefined: never since it was added. */
  lastSeenMs(device: DeviceId): number | undefined;
}

export interface ListLimits {
  readonly addAfterMs: number;
  readonly listChangesPerDayMax: number;
  readonly idleAfterMs: number;
}

/** A refusal by time, and when the same version would pass. */
export interface ListLimited extends Refusal {
  readonly retryAfterMs: number;
}

const dayMs = 86_400_000;
/** A device that nobody opened for 45 days may be removed by one behind it. Beyond retention, so it has nothing left to read. */
const idleAfterMs = 45 * dayMs;

/** The limits in force: read at each use, the configuration may have changed them. */
function inForce(): ListLimits {
  return { addAfterMs: limits.addAfterMs, listChangesPerDayMax: limits.listChangesPerDayMax, idleAfterMs };
}

/**
 * The rules of a list version that need a clock: the server's only, since clients cannot know them. They limit what a stolen device does
 * before it is noticed; whether the version is true, the chain says.
 *
 * @param before the head that `after` extends
 */
export function listLimitProblem(
  before: ListState,
  after: ListState,
  times: ListTimes,
  rules: ListLimits = inForce(),
): ListLimited | undefined {
  return tooMany(times, rules) ?? tooYoung(before, after, times, rules) ?? notIdle(before, after, times, rules);
}

function tooMany(times: ListTimes, rules: ListLimits): ListLimited | undefined {
  const today = times.storedMs.filter((ms) => ms > times.nowMs - dayMs).sort((a, b) => b - a);
  const oldest = today[rules.listChangesPerDayMax - 1];
  if (oldest === undefined) return undefined;
  return { ...refuse("rate-limited", "too many changes of the list in one day"), retryAfterMs: oldest + dayMs - times.nowMs };
}

/** The first in rank adds at any time, and so does the recovery key; others only when they have been listed for a day. */
function tooYoung(before: ListState, after: ListState, times: ListTimes, rules: ListLimits): ListLimited | undefined {
  const { cause, signer } = after.change;
  if (cause !== "link" || signer === "recovery" || signer === before.devices[0]?.id) return undefined;
  const waitMs = (times.addedMs(signer) ?? times.nowMs) + rules.addAfterMs - times.nowMs;
  return waitMs > 0 ? { ...refuse("too-young", "linked too recently to link another"), retryAfterMs: waitMs } : undefined;
}

/** `idle` sets rank aside, so each device before the signer must really have been away. */
function notIdle(before: ListState, after: ListState, times: ListTimes, rules: ListLimits): ListLimited | undefined {
  const { cause, signer, removed } = after.change;
  if (cause !== "idle") return undefined;
  const rank = before.devices.findIndex(({ id }) => id === signer);
  const outranking = before.devices.slice(0, rank).filter(({ id }) => removed.includes(id));
  const waits = outranking.map(({ id }) => {
    const seenMs = times.lastSeenMs(id) ?? times.addedMs(id) ?? times.nowMs;
    return seenMs + rules.idleAfterMs - times.nowMs;
  });
  const waitMs = Math.max(0, ...waits);
  return waitMs > 0 ? { ...refuse("outranked", "a device before the signer was seen within 45 days"), retryAfterMs: waitMs } : undefined;
}
