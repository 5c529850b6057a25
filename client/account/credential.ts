import { idBytes, toBase32, type AccountId, type DeviceId } from "../../lib/ids.js";

/** What a device shows at each hello. The secret is drawn and stored here before anyone else sees it. */
export interface Credential {
  readonly account: AccountId;
  readonly device: DeviceId;
  /** 32 bytes. */
  readonly secret: Uint8Array;
}

export const credentialSecretBytes = 32;
const credentialBytesLength = 16 + 16 + credentialSecretBytes;

/** account ‖ device ‖ secret, as hello carries it. */
export function credentialBytes(credential: Credential): Uint8Array {
  const bytes = new Uint8Array(credentialBytesLength);
  bytes.set(idBytes(credential.account), 0);
  bytes.set(idBytes(credential.device), 16);
  bytes.set(credential.secret, 32);
  return bytes;
}

/** The same as text, for `Authorization: Bearer`. */
export function credentialText(credential: Credential): string {
  return toBase32(credentialBytes(credential));
}
