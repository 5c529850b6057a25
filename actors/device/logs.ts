import type { AccountId, ConversationId, DeviceId } from "../../lib/ids.js";
import { limits } from "../../lib/limits.js";
import type { Header } from "../../protos/entry.js";
import type { LogReader } from "./ports.js";
import { membershipAfter } from "./views.js";

/** Questions to a log that take several reads, one after the other. */

export function bucketOf(seq: bigint): bigint {
  return seq <= 0n ? 0n : (seq - 1n) >> BigInt(limits.bucketBits);
}

/** The log's last sequence by serial reads; 0n: no such log. Buckets follow each other without a gap, so the last is found in log steps. */
export function findHead(log: LogReader, conversation: ConversationId, hint: bigint): Promise<bigint> {
  const probe = (bucket: bigint): Promise<bigint | undefined> => log.probe({ conversation, bucket }).then((state) => state?.lastSeq);
  const narrow = (low: bigint, lowSeq: bigint, high: bigint): Promise<bigint> => {
    if (high - low <= 1n) return Promise.resolve(lowSeq);
    const middle = (low + high) / 2n;
    return probe(middle).then((seq) => (seq === undefined ? narrow(low, lowSeq, middle) : narrow(middle, seq, high)));
  };
  const climb = (low: bigint, lowSeq: bigint, stride: bigint): Promise<bigint> =>
    probe(low + stride).then((seq) => (seq === undefined ? narrow(low, lowSeq, low + stride) : climb(low + stride, seq, stride * 2n)));
  const first = bucketOf(hint);
  return probe(first).then((seq) => {
    if (seq !== undefined) return climb(first, seq, 1n);
    // A hint that points behind the log: begin at its start.
    return first === 0n ? 0n : findHead(log, conversation, 0n);
  });
}

export interface Membership {
  readonly entitled: boolean;
  readonly next?: bigint;
}

/**
 * Whether a device belongs to the conversation just before `at`, by walking back the chain of control entries to the last one that
 * speaks of it; and if not, at which control entry from `at` to `head` it comes in.
 */
export function findMembership(
  log: LogReader,
  conversation: ConversationId,
  account: AccountId,
  device: DeviceId,
  at: bigint,
  head: bigint,
): Promise<Membership> {
  const read = (seq: bigint): Promise<Header> => headerAt(log, conversation, seq);
  const before = (seq: bigint, steps: number): Promise<boolean> => {
    if (seq === 0n) return Promise.resolve(false);
    if (steps >= limits.controlWalkMax) return Promise.reject(new Error("the chain of control entries is too long"));
    return read(seq).then((header) => membershipAfter(header.control, account, device) ?? before(below(header), steps + 1));
  };
  const entry = (seq: bigint, found: bigint | undefined, steps: number): Promise<bigint | undefined> => {
    if (seq < at) return Promise.resolve(found);
    if (steps >= limits.controlWalkMax) return Promise.reject(new Error("the chain of control entries is too long"));
    return read(seq).then((header) => {
      const belongs = membershipAfter(header.control, account, device) === true;
      return entry(below(header), belongs ? seq : found, steps + 1);
    });
  };
  return read(at)
    .then((header) => before(below(header), 0))
    .then((entitled): Promise<Membership> | Membership => {
      if (entitled) return { entitled };
      return entry(head, undefined, 0).then((next) => (next === undefined ? { entitled } : { entitled, next }));
    });
}

/** The chain only ever goes down, whatever a damaged row says. */
function below({ seq, previousControl }: Header): bigint {
  return previousControl < seq ? previousControl : 0n;
}

export function headerAt(log: LogReader, conversation: ConversationId, seq: bigint): Promise<Header> {
  return log.header({ conversation, bucket: bucketOf(seq) }, seq).then((header) => {
    if (header === undefined) throw new Error(`no header at ${conversation}:${seq.toString()}`);
    return header;
  });
}
