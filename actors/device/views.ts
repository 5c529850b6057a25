import type { AccountId, ConversationId, DeviceId } from "../../lib/ids.js";
import { limits } from "../../lib/limits.js";
import type { Control, ReadEntry } from "../../protos/entry.js";
import { isControl } from "../../protos/kinds.js";
import type { MissedReason, Pushed, PushedEntries } from "./messages.js";

/** What a skip, a missed or a bare header takes of the window. */
export const smallFrameBytes = 64;

type View = { readonly type: "deliver" } | { readonly type: "skip" } | { readonly type: "missed"; readonly why: MissedReason };

/**
 * What a device gets of consecutive entries of a log: bodies inside its intervals, `skip` and `missed` for the rest, neighbours of one
 * sort as one range. `prev` of each is the end of the one before, so a client that took everything takes this too, and one that lacks
 * something takes nothing out of order.
 *
 * @param entitled whether the device belonged to the conversation just before the first of them
 */
export function framesOf(
  conversation: ConversationId,
  entries: readonly ReadEntry[],
  entitled: boolean,
  account: AccountId,
  device: DeviceId,
): { readonly frames: PushedEntries[]; readonly entitled: boolean } {
  const frames: PushedEntries[] = [];
  let belongs = entitled;
  for (const entry of entries) {
    const { seq } = entry.header;
    const after = membershipAfter(entry.header.control, account, device) ?? belongs;
    const view = viewOf(entry, belongs || after, device);
    belongs = after;
    const before = frames.at(-1);
    if (view.type === "deliver") frames.push(deliver(conversation, entry, device));
    else if (before === undefined || !continues(before.what, view)) {
      const range = { conversation, from: seq, to: seq, prev: seq - 1n };
      frames.push({ what: { ...view, ...range }, through: seq, bytes: smallFrameBytes });
    } else frames[frames.length - 1] = { ...before, what: { ...before.what, to: seq } as Pushed, through: seq };
  }
  return { frames, entitled: belongs };
}

/** A body leaves only for a device that belongs to the conversation at that sequence. */
function viewOf({ header, body, gone }: ReadEntry, entitled: boolean, device: DeviceId): View {
  if (!entitled) return { type: "skip" };
  if (header.device === device && !isControl(header.kind)) return { type: "deliver" };
  if (header.scope === "subset" && !header.targets.includes(device)) return { type: "skip" };
  if (body !== undefined) return { type: "deliver" };
  if (gone === undefined) return { type: "skip" };
  const kept = header.bodyExpiresMs === 0 ? 0 : header.bodyExpiresMs - header.timeMs;
  return { type: "missed", why: gone === "expired" && kept >= limits.retentionMs ? "retention" : gone };
}

/** The device's own entries come as headers: its own copy is older than the server's. */
function deliver(conversation: ConversationId, { header, body }: ReadEntry, device: DeviceId): PushedEntries {
  const own = header.device === device && !isControl(header.kind);
  const prev = header.seq - 1n;
  const what = { type: "deliver", conversation, header, prev, replay: true } as const;
  if (own || body === undefined) return { what, through: header.seq, bytes: smallFrameBytes };
  return { what: { ...what, body }, through: header.seq, bytes: body.bytes.length };
}

function continues(before: Pushed, view: View): boolean {
  if (view.type === "skip") return before.type === "skip";
  return view.type === "missed" && before.type === "missed" && before.why === view.why;
}

/** Whether a device belongs to the conversation after a control entry; undefined: the entry does not speak of it. As `entitledIntervals` has it. */
export function membershipAfter(control: Control | undefined, account: AccountId, device: DeviceId): boolean | undefined {
  let belongs: boolean | undefined;
  for (const change of control?.changes ?? []) {
    if (change.account !== account || change.op === "role") continue;
    belongs = change.op !== "remove" && (change.devices?.includes(device) ?? false);
  }
  return belongs;
}
