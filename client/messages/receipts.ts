import type { AccountId } from "../../lib/ids.js";
import type { ReceiptRow, SequenceSpan } from "../store/ports.js";
import { addExcept, covers } from "./cursor.js";

/** How far one recipient's devices have come with one message. */
export type Tick = "none" | "delivered" | "read";

export interface Watermarks {
  readonly deliveredThrough: bigint;
  readonly readThrough: bigint;
  readonly except: readonly SequenceSpan[];
}

/** Folds a receipt into what is known. Watermarks only grow, whatever order receipts come in. */
export function foldReceipt(known: Watermarks | undefined, receipt: Watermarks): Watermarks {
  const deliveredThrough = highest(known?.deliveredThrough ?? 0n, receipt.deliveredThrough);
  // Read never goes beyond delivered: who sends more says something that cannot be.
  const claimed = highest(known?.readThrough ?? 0n, receipt.readThrough);
  const readThrough = claimed < deliveredThrough ? claimed : deliveredThrough;
  if (known === undefined || receipt.deliveredThrough > known.deliveredThrough) {
    return { deliveredThrough, readThrough, except: narrowed(known, receipt) };
  }
  return { deliveredThrough, readThrough, except: known.except };
}

/**
 * What was ticked stays ticked, and what was left out stays left out below the old watermark: a later receipt decides only above it.
 * An account's `except` is the intersection over its devices and may name less than before; that is a tick won, not lost.
 */
function narrowed(known: Watermarks | undefined, receipt: Watermarks): readonly SequenceSpan[] {
  if (known === undefined) return receipt.except;
  let spans: readonly SequenceSpan[] = [];
  for (const span of receipt.except) {
    if (span.to <= known.deliveredThrough) {
      if (known.except.some((each) => each.from <= span.from && span.to <= each.to)) spans = addExcept(spans, span);
    } else spans = addExcept(spans, span);
  }
  return spans;
}

function highest(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

/** The tick of one sequence under these watermarks. What lies in `except` never ticks. */
export function tickOf(seq: bigint, marks: Watermarks | undefined): Tick {
  if (marks === undefined || seq > marks.deliveredThrough || covers(marks.except, seq)) return "none";
  return seq <= marks.readThrough ? "read" : "delivered";
}

/** The lowest tick over all recipients: one message's state as its sender sees it. Without recipients it has nobody to reach. */
export function tickOfAll(seq: bigint, recipients: readonly AccountId[], receipts: ReadonlyMap<AccountId, Watermarks>): Tick {
  if (recipients.length === 0) return "none";
  let lowest: Tick = "read";
  for (const account of recipients) {
    const tick = tickOf(seq, receipts.get(account));
    if (tick === "none") return "none";
    if (tick === "delivered") lowest = "delivered";
  }
  return lowest;
}

/** Receipts of accounts, without those of single devices. */
export function byAccount(rows: readonly ReceiptRow[]): ReadonlyMap<AccountId, Watermarks> {
  return new Map(rows.filter((row) => row.device === undefined).map((row) => [row.account, row]));
}

/** A person's message is ticked by the others; in the self conversation by the own other devices, which the receipt names one by one. */
export function isTicked(seq: bigint, recipients: readonly AccountId[], receipts: ReadonlyMap<AccountId, Watermarks>): boolean {
  return recipients.every((account) => tickOf(seq, receipts.get(account)) === "read");
}
