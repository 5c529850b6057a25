import type { ToAccount } from "../../protos/messages.js";
import { credentialHolds } from "./credential.js";
import { problem } from "./flows.js";
import type { AccountEffect } from "./messages.js";
import { isActive, type Account } from "./state.js";

type Authenticate = Extract<ToAccount, { type: "authenticate" }>;

/**
 * Whether a device is who it says. An account that is not there, a device that it does not have and a wrong secret cost the same and get
 * the same code; only who knows the secret learns that the device was unlinked.
 */
export function authenticate(state: Account, { to, device, secret }: Authenticate): AccountEffect[] {
  const row = isActive(state) ? state.devices.get(device) : undefined;
  if (!credentialHolds(row?.credential, secret) || row === undefined) return [{ type: "answer", to, answer: problem("unauthenticated") }];
  if (row.revoked) return [{ type: "answer", to, answer: problem("revoked") }];
  return [{ type: "answer", to, answer: { type: "authenticated", account: state.id, device }, gated: true }];
}
