/** Whether and when to send the same thing again, and whether it may have been stored. */
export interface ErrorEntry {
  readonly retry: "never" | "later" | "now";
  readonly stored: "yes" | "no" | "perhaps";
  readonly meaning: string;
}

/** Every error a client can see. `docs/errors.md` is checked against this table. */
export const errorCodes = {
  // sends
  "not-a-member": { retry: "never", stored: "no", meaning: "The sender does not belong to the conversation, or it does not exist." },
  "id-reused": { retry: "never", stored: "no", meaning: "This counter already belongs to other bytes." },
  "out-of-order": { retry: "now", stored: "no", meaning: "A counter was left out; send again from `expected`." },
  "roster-mismatch": {
    retry: "now",
    stored: "no",
    meaning: "Encrypted for an older roster; apply `changes`, encrypt again from this counter on.",
  },
  "roster-forked": {
    retry: "never",
    stored: "no",
    meaning: "Same roster sequence, other hash: the server and this device disagree on history.",
  },
  "roster-conflict": { retry: "now", stored: "no", meaning: "The roster moved under this change; rebase on `head`." },
  "wrong-recipients": {
    retry: "now",
    stored: "no",
    meaning: "Scope `all` needs a body for exactly the roster's devices; `subset` only devices of the roster.",
  },
  "stored-earlier": { retry: "never", stored: "yes", meaning: "Stored long ago; its sequence is among the device's own headers." },
  "too-large": { retry: "never", stored: "no", meaning: "The entry is larger than the limit." },
  "forbidden-kind": { retry: "never", stored: "no", meaning: "This kind of entry is not for clients, or not for this conversation." },
  "forbidden": { retry: "never", stored: "no", meaning: "The role does not allow it." },
  "rate-limited": { retry: "later", stored: "no", meaning: "Too many requests; wait `retryAfterMs` and send the same again." },
  "overloaded": { retry: "later", stored: "no", meaning: "A bound in lib/limits.ts is reached; try again with back-off." },
  "fenced": { retry: "now", stored: "perhaps", meaning: "Another owner has the conversation; the gateway routes again." },
  "unsure": { retry: "later", stored: "perhaps", meaning: "The store did not say; send the same counter again." },
  "storage-full": { retry: "later", stored: "no", meaning: "The disk is full; reading and acking go on." },
  "draining": { retry: "later", stored: "no", meaning: "This node is going away; reconnect." },
  "timeout": { retry: "later", stored: "perhaps", meaning: "No answer within the deadline; send the same again." },
  "internal": { retry: "later", stored: "perhaps", meaning: "An actor failed at this message and was reloaded; send the same again." },
  // frames and requests
  "bad-frame": { retry: "never", stored: "no", meaning: "The frame is not valid protobuf, or breaks a bound." },
  "bad-request": { retry: "never", stored: "no", meaning: "A field is missing, malformed or out of range." },
  "unknown-frame": { retry: "never", stored: "no", meaning: "This server does not know the frame." },
  "bad-cursor": { retry: "never", stored: "no", meaning: "An ack or sequence lies beyond what was handed out." },
  "not-found": { retry: "never", stored: "no", meaning: "There is no such thing, or it is not for this caller." },
  "method-not-allowed": { retry: "never", stored: "no", meaning: "The route exists, but not with this method." },
  // credentials and sessions
  "unauthenticated": { retry: "never", stored: "no", meaning: "No credential, or one that is wrong." },
  "revoked": { retry: "never", stored: "no", meaning: "The device was unlinked." },
  "replaced": { retry: "never", stored: "no", meaning: "A newer connection of the same device took over." },
  "version-not-supported": { retry: "never", stored: "no", meaning: "No common protocol version." },
  "forbidden-origin": { retry: "never", stored: "no", meaning: "This Origin is not on the allow list." },
  // accounts and devices
  "invite-needed": { retry: "never", stored: "no", meaning: "Registration needs an unused invite." },
  "handle-taken": { retry: "never", stored: "no", meaning: "The handle belongs to another account." },
  "bad-handle": {
    retry: "never",
    stored: "no",
    meaning: "A handle is 3 to 31 characters of a-z, 0-9, dot, underscore, hyphen and begins with a letter or digit.",
  },
  "bad-signature": { retry: "never", stored: "no", meaning: "A signature is missing, wrong, or of a device that may not sign this." },
  "bad-key": { retry: "never", stored: "no", meaning: "A public key is malformed, not canonical or of low order." },
  "bad-device-list": { retry: "never", stored: "no", meaning: "The list version breaks a rule of the chain." },
  "outranked": { retry: "never", stored: "no", meaning: "A device may not remove one before it in rank." },
  "too-young": { retry: "later", stored: "no", meaning: "A linked device may add another one only 24 hours after it was linked." },
  "too-many-devices": { retry: "never", stored: "no", meaning: "The account has as many devices as it may have." },
  "list-conflict": { retry: "now", stored: "no", meaning: "The device list moved; rebase on its head." },
  "list-stale": { retry: "now", stored: "no", meaning: "A named device list is not the newest; `chains` holds the newer versions." },
  "update-needed": { retry: "never", stored: "no", meaning: "Made by a newer format than this program knows." },
  "link-expired": { retry: "never", stored: "no", meaning: "The link offer ran out; show a new code." },
  "link-used": { retry: "never", stored: "no", meaning: "The link offer was used already." },
  "link-refused": { retry: "never", stored: "no", meaning: "The link offer does not hold: wrong MAC, account or device." },
  // raised in the SDK only
  "store-in-use": { retry: "never", stored: "no", meaning: "Another process holds this store; it names the process." },
  "store-rolled-back": { retry: "never", stored: "no", meaning: "The store is older than the server's word; link this device again." },
  "store-wrong-key": { retry: "never", stored: "no", meaning: "The store's key or passphrase does not open it." },
  "not-registered": { retry: "never", stored: "no", meaning: "This store holds no account yet." },
  "already-registered": { retry: "never", stored: "no", meaning: "This store belongs to another account already." },
  "unreachable": { retry: "later", stored: "perhaps", meaning: "No server could be reached." },
  "list-forked": {
    retry: "never",
    stored: "no",
    meaning: "Two different versions of one device list were shown; sending to this account stops until you decide.",
  },
  "list-invalid": { retry: "never", stored: "no", meaning: "The server showed a device list that does not verify." },
  "stopped": { retry: "never", stored: "no", meaning: "The client was stopped." },
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof errorCodes;

export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(errorCodes, text);
}
