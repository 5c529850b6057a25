import type { ErrorCode } from "../../lib/errors.js";
import type { DeviceId } from "../../lib/ids.js";
import type { Entry, Header } from "../../protos/entry.js";
import type { Mail, ReplyTo, ToConversation, Watermarks } from "../../protos/messages.js";
import type { WriteOutcome } from "../ports.js";
import type { AppendOutcome, BucketState } from "./ports.js";
import type { RefusalDetails, RosterAnswer, StoredSend } from "./state.js";

/** Cache of the fold as it is stored. */
export interface StoredSnapshot {
  readonly through: bigint;
  readonly version: bigint;
  readonly snapshot: Uint8Array;
}

/** Everything that a conversation hears: mail, the runtime's word, and the answers of its own effects. */
export type Message =
  | ToConversation
  | { readonly type: "start"; readonly shardEpoch: bigint }
  | { readonly type: "tick" }
  | { readonly type: "passivate" }
  | { readonly type: "drain" }
  | { readonly type: "state-read"; readonly stored: StoredSnapshot | undefined }
  | { readonly type: "probed"; readonly bucket: bigint; readonly found: BucketState | undefined }
  | { readonly type: "bucket-written"; readonly outcome: WriteOutcome }
  | { readonly type: "headers-read"; readonly headers: readonly Header[] }
  | { readonly type: "receipts-read"; readonly watermarks: ReadonlyMap<DeviceId, Watermarks> }
  | { readonly type: "entries-read"; readonly entries: readonly Entry[] }
  /** A read that the store could not answer. */
  | { readonly type: "read-failed"; readonly what: "state" | "probe" | "headers" | "receipts" | "entries" }
  | AppendOutcome
  | { readonly type: "intent-durable" }
  | { readonly type: "intent-failed" }
  | { readonly type: "fanned-saved"; readonly fanned: bigint; readonly outcome: WriteOutcome }
  | { readonly type: "snapshot-saved"; readonly through: bigint; readonly outcome: WriteOutcome }
  | { readonly type: "bodies-trimmed"; readonly through: bigint; readonly outcome: WriteOutcome };

/** Everything that a conversation can want done. */
export type Effect =
  | { readonly type: "read-state" }
  | { readonly type: "probe"; readonly bucket: bigint }
  | {
      readonly type: "fence";
      readonly bucket: bigint;
      readonly expected: { readonly epoch: bigint; readonly lastSeq: bigint };
      readonly epoch: bigint;
    }
  | { readonly type: "open-bucket"; readonly bucket: bigint; readonly cells: BucketState }
  | { readonly type: "read-headers"; readonly bucket: bigint; readonly from: bigint; readonly to: bigint }
  | { readonly type: "read-receipts" }
  | { readonly type: "read-entries"; readonly bucket: bigint; readonly from: bigint; readonly to: bigint }
  | {
      readonly type: "append";
      readonly bucket: bigint;
      readonly epoch: bigint;
      readonly lastSeq: bigint;
      readonly batch: Uint8Array;
      readonly fanned: bigint;
      readonly entries: readonly Entry[];
    }
  | { readonly type: "issue-intent" }
  | { readonly type: "dirty" }
  | { readonly type: "clean" }
  | { readonly type: "save-fanned"; readonly bucket: bigint; readonly epoch: bigint; readonly lastSeq: bigint; readonly fanned: bigint }
  | { readonly type: "save-snapshot"; readonly version: bigint; readonly through: bigint; readonly snapshot: Uint8Array }
  | { readonly type: "trim"; readonly bucket: bigint; readonly epoch: bigint; readonly through: bigint }
  /** What rests on still being the owner: it leaves through the alive gate, by a read that starts now. */
  | { readonly type: "when-alive"; readonly then: Effect }
  /** Leaves through the alive gate too. */
  | { readonly type: "sent"; readonly to: ReplyTo; readonly send: StoredSend; readonly existing: boolean }
  | { readonly type: "refused"; readonly to: ReplyTo; readonly code: ErrorCode; readonly details?: RefusalDetails }
  | { readonly type: "send-roster"; readonly to: ReplyTo; readonly answer: RosterAnswer }
  | { readonly type: "tell"; readonly mail: Mail }
  | { readonly type: "wake-at"; readonly monoMs: number }
  | { readonly type: "ended" };
