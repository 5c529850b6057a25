import { idBytes, type DeviceId } from "../../lib/ids.js";
import type { AccountEffect } from "./messages.js";
import { headOf, type Account } from "./state.js";

/** Tells the account's other devices that the list moved. A hint: who is not connected sees it at the next fetch. */
export function notice(state: Account, except: DeviceId): AccountEffect[] {
  const frame = { devicesChanged: { account: idBytes(state.id), version: headOf(state).version } };
  const others = headOf(state).devices.filter(({ id }) => id !== except);
  return others.map(({ id }) => ({ type: "tell", mail: { kind: "device", id, message: { type: "notice", frame } } }));
}
