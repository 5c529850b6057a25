import { sameBytes } from "../../lib/bytes.js";
import type { DeviceId } from "../../lib/ids.js";
import { kindNumber, type EntryKind } from "../../protos/kinds.js";
import { mayDo } from "../../protos/signed/roles.js";
import { hasDevice, type Roster } from "../../protos/signed/roster.js";
import { contextMismatch, type Content } from "./content.js";
import type { Entry, EntryBody } from "./entry.js";

/** Why an entry is not read though it was decrypted, or never will be. Counted, shown, never retried. */
export type RefusalReason =
  | "foreign-device"
  | "replayed"
  | "bad-padding"
  | "malformed"
  | "newer-format"
  | "context"
  | "roster"
  | "role"
  | "unsupported"
  | "bad-control";

export type Screening =
  | { readonly type: "refuse"; readonly reason: RefusalReason }
  /** There is no ciphertext for this device: a placeholder, and a request to send it again. */
  | { readonly type: "empty" }
  | { readonly type: "open"; readonly body: EntryBody };

/** The checks that come before decryption: whose entry it claims to be, and whether its place in the sender's order is new. */
export function screen(entry: Entry, roster: Roster, highest: bigint): Screening {
  if (!hasDevice(roster, entry.sender, entry.device)) return { type: "refuse", reason: "foreign-device" };
  if (entry.counter <= highest) return { type: "refuse", reason: "replayed" };
  const body = entry.body;
  if (body === undefined || body.type === "none") return { type: "empty" };
  if (body.type === "whisper" || body.type === "prekey") return { type: "open", body };
  if (body.type === "signed" && entry.kind === "retry-request") return { type: "open", body };
  return { type: "refuse", reason: "unsupported" };
}

/**
 * The checks after decryption, in their order: every field of the context is the entry's, the roster that the sender saw is the newest
 * one below the entry in our own fold, and the role allows the kind. The counter was looked at before: it is the entry's.
 */
export function judge(
  content: Content,
  entry: Omit<Entry, "prev" | "serverMs" | "hash" | "scope">,
  roster: Roster,
): RefusalReason | undefined {
  const member = roster.members.get(entry.sender);
  if (member === undefined) return "foreign-device";
  const context = {
    chat: entry.chat,
    senderDevice: entry.device,
    kind: kindNumber(entry.kind),
    messageId: entry.messageId,
    counter: entry.counter,
    rosterSeq: entry.rosterSeq,
    rosterHash: entry.rosterHash,
    listVersion: member.listVersion,
    ...(entry.refersTo === undefined ? {} : { refersTo: entry.refersTo }),
  };
  if (contextMismatch(content, context) !== undefined) return "context";
  if (entry.rosterSeq !== roster.seq || !sameBytes(entry.rosterHash, roster.hash)) return "roster";
  if (!mayDo(roster.type, member.role, "send")) return "role";
  return partAllowed(content, entry.kind) ? undefined : "unsupported";
}

/** The part that a kind carries; anything else is from a newer program or from somebody who tries things out. */
function partAllowed(content: Content, kind: EntryKind): boolean {
  switch (kind) {
    case "message":
      return content.part === "text";
    case "resend":
      return content.part === "resend";
    case "retry-request":
      return content.part === "retry";
    case "sync":
      return content.part === "sync" || content.part === "empty";
    default:
      return false;
  }
}

/** The newest entry of scope `all` that was seen from one device in one conversation, in whatever state. */
export interface SeenAll {
  readonly counter: bigint;
  readonly seq: bigint;
}

/**
 * Whether a message of the same device is missing before this one. `missedThrough` = the last sequence that the server declared lost;
 * `fromStart` = this device belonged to the conversation from its genesis on, so it was entitled to everything.
 */
export function lacksPredecessor(previousAll: bigint, seen: SeenAll | undefined, missedThrough: bigint, fromStart: boolean): boolean {
  if (seen === undefined) return fromStart && previousAll > 0n && missedThrough === 0n;
  return previousAll > seen.counter && missedThrough <= seen.seq;
}

/** Whether this device was named by the genesis' lists. */
export function belongsFromStart(first: Roster | undefined, device: DeviceId): boolean {
  if (first === undefined) return false;
  return [...first.members.values()].some((member) => member.devices.includes(device));
}
