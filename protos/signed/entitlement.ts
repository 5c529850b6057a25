import type { AccountId, DeviceId } from "../../lib/ids.js";
import type { ControlHeader } from "./roster.js";

/** A stretch of sequences, both ends included; without `to` it goes on. */
export interface EntitledInterval {
  readonly from: bigint;
  readonly to?: bigint;
}

/**
 * The stretches of a log that a device is entitled to. One begins with the control entry that adds the device (or its account) and ends
 * with the one that removes it, that entry included: a removed device learns of its removal from a header and a signed or told body,
 * which hold nothing secret, and gets nothing that was sequenced after it. A device that was linked later begins with the `devices`
 * entry that tells of it, whatever its account was entitled to before.
 *
 * @param headers the log's headers with `control`, in order from sequence 1; others may stand between and are passed over
 */
export function entitledIntervals(
  headers: Iterable<Pick<ControlHeader, "seq" | "control">>,
  account: AccountId,
  device: DeviceId,
): EntitledInterval[] {
  const intervals: EntitledInterval[] = [];
  let from: bigint | undefined;
  for (const { seq, control } of headers) {
    for (const change of control?.changes ?? []) {
      if (change.account !== account || change.op === "role") continue;
      const listed = change.op !== "remove" && (change.devices?.includes(device) ?? false);
      if (listed) from ??= seq;
      else if (from !== undefined) {
        intervals.push({ from, to: seq });
        from = undefined;
      }
    }
  }
  if (from !== undefined) intervals.push({ from });
  return intervals;
}

export function isEntitled(intervals: readonly EntitledInterval[], seq: bigint): boolean {
  return intervals.some(({ from, to }) => from <= seq && (to === undefined || seq <= to));
}
