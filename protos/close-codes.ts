/** What a client does after a close: come back with back-off, check its credential or state first, or stop. */
export type AfterClose = "reconnect" | "refresh" | "stop";

/** The close codes that the server uses. `docs/protocol.md` is checked against this table; a code that is not in it follows its range. */
export const closeCodes = {
  "draining": { code: 4001, meaning: "The node is going away, or the owner of the device cannot be reached." },
  "slow-consumer": { code: 4008, meaning: "Too much lay unread or unacked." },
  "rate-limited": { code: 4029, meaning: "Requests went on after repeated warnings." },
  "unauthenticated": { code: 4100, meaning: "No credential in time, or one that is wrong." },
  "bad-cursor": { code: 4101, meaning: "An ack lay beyond the end of its conversation, or belonged to none of this device's." },
  "revoked": { code: 4201, meaning: "The device was unlinked." },
  "version-not-supported": { code: 4203, meaning: "No common protocol version." },
  "banned": { code: 4204, meaning: "The account may not connect." },
  "replaced": { code: 4209, meaning: "A newer connection of the same device is there." },
} as const satisfies Record<string, { readonly code: number; readonly meaning: string }>;

export type CloseReason = keyof typeof closeCodes;

/** 4100 to 4199 refresh, 4200 to 4299 stop; all else, WebSocket's own codes too, is a reason to come back. */
export function afterClose(code: number): AfterClose {
  if (code >= 4100 && code <= 4199) return "refresh";
  if (code >= 4200 && code <= 4299) return "stop";
  return "reconnect";
}

/** The table's name of a code, if it has one. */
export function closeReasonOf(code: number): CloseReason | undefined {
  return (Object.keys(closeCodes) as CloseReason[]).find((reason) => closeCodes[reason].code === code);
}
