import { limits } from "../../lib/limits.js";
import type { AccountChanges, AccountConversation, AccountDevice } from "./ports.js";
import type { Account } from "./state.js";

/** Rows that changed on the side: what was told, when a device was seen. Written when nothing else is, many at once. */
export function bookkeeping(state: Account): AccountChanges | undefined {
  if (state.dirtyDevices.size === 0 && state.dirtyConversations.size === 0) return undefined;
  const devices: AccountDevice[] = [];
  for (const [id, { lastSeenMs, revokeTold }] of state.dirtyDevices) {
    state.dirtyDevices.delete(id);
    const row = state.devices.get(id);
    if (row === undefined) continue;
    devices.push({ ...row, lastSeenMs: lastSeenMs ?? row.lastSeenMs, revokeTold: revokeTold ?? row.revokeTold });
  }
  // In memory at once: what is heard while this is written must find it. If it fails, this life ends.
  for (const row of devices) state.devices.set(row.id, row);
  const conversations: AccountConversation[] = [];
  for (const [id, row] of state.dirtyConversations) {
    if (conversations.length >= limits.accountRowsPerWriteMax) break;
    state.dirtyConversations.delete(id);
    state.conversations.set(id, row);
    conversations.push(row);
  }
  return { devices, conversations };
}

/** Someone connected or left. Day-coarse on the wire, so an hour is enough on disk. */
export function onSeen(state: Account, device: AccountDevice["id"]): void {
  const row = state.devices.get(device);
  if (row === undefined || row.revoked) return;
  const lastMs = state.dirtyDevices.get(device)?.lastSeenMs ?? row.lastSeenMs;
  if (state.now.wallMs - lastMs < limits.lastSeenEveryMs) return;
  state.dirtyDevices.set(device, { ...state.dirtyDevices.get(device), lastSeenMs: state.now.wallMs });
}
