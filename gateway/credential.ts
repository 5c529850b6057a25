import { idOf, type AccountId, type DeviceId } from "../lib/ids.js";

/** account (16) ‖ device (16) ‖ secret (32). */
export const credentialBytes = 64;

export interface Credential {
  readonly account: AccountId;
  readonly device: DeviceId;
  readonly secret: Uint8Array;
}

/** @param bytes exactly 64 */
export function readCredential(bytes: Uint8Array): Credential {
  return { account: idOf<AccountId>(bytes.subarray(0, 16)), device: idOf<DeviceId>(bytes.subarray(16, 32)), secret: bytes.slice(32) };
}
