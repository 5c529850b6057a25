import { toBase32, type ConversationId, type DeviceId } from "../lib/ids.js";
import { limits } from "../lib/limits.js";
import type { Header } from "../protos/entry.js";
import { isControl } from "../protos/kinds.js";
import type { ReadRows } from "./partitions.js";
import { decodeHeader } from "./records/header.js";
import { decodeBody, type StoredBucket } from "./records/log.js";
import { bodyRow, bucketOf, clip, firstBodyRow, headerRow, readBucket } from "./tables/log-rows.js";

/** What is known of a conversation after the buckets seen so far. */
interface Followed {
  readonly conversation: ConversationId;
  nextBucket: bigint;
  nextSeq: bigint;
  epoch: bigint;
  previousControl: bigint;
  readonly counters: Map<DeviceId, bigint>;
}

/** Follows logs bucket by bucket: sequences and counters without gaps, epochs that never fall, a whole chain of control entries. */
export class LogCheck {
  conversations = 0;
  entries = 0;
  bodies = 0;
  private readonly complain: (problem: string) => void;
  private readonly now: number;
  private followed: Followed | undefined;

  constructor(complain: (problem: string) => void, now: number) {
    this.complain = complain;
    this.now = now;
  }

  /** The next bucket in the order of names. Problems come back as texts. */
  bucket(conversation: ConversationId, bucket: bigint, rows: ReadRows): string[] {
    const followed = this.follow(conversation);
    const problems: string[] = [];
    if (bucket !== followed.nextBucket) problems.push(`bucket ${bucket} comes where ${followed.nextBucket} should`);
    followed.nextBucket = bucket + 1n;
    const cells = readBucket(rows);
    if (cells === undefined) return [...problems, "a bucket without static cells"];
    problems.push(...this.headers(followed, bucket, cells, rows));
    if (cells.lastSeq + 1n !== followed.nextSeq)
      problems.push(`the head says ${cells.lastSeq}, the headers end at ${followed.nextSeq - 1n}`);
    if (cells.epoch < followed.epoch) problems.push("the head's epoch is below that of an entry");
    if (cells.fanned > cells.lastSeq || cells.trimmed > cells.lastSeq) problems.push("fanned or trimmed is beyond the head");
    this.stray(rows, cells, bucket, problems);
    return problems;
  }

  /** After the last bucket of the last conversation. */
  end(): void {
    if (this.followed?.nextSeq === 1n && this.followed.nextBucket > 1n) this.complain("a log of several buckets without entries");
  }

  private follow(conversation: ConversationId): Followed {
    if (this.followed?.conversation !== conversation) {
      this.end();
      this.conversations++;
      this.followed = { conversation, nextBucket: 0n, nextSeq: 1n, epoch: 0n, previousControl: 0n, counters: new Map() };
    }
    return this.followed;
  }

  private headers(followed: Followed, bucket: bigint, cells: StoredBucket, rows: ReadRows): string[] {
    const problems: string[] = [];
    const { from, to } = clip(bucket, 1n, cells.lastSeq);
    if (from > to) return problems;
    // Also what lies beyond the head: a header there was never appended.
    for (const row of rows.range(headerRow(0n), headerRow(0xffff_ffff_ffff_ffffn), (1 << limits.bucketBits) + 1)) {
      const header = decodeHeader(row.value);
      this.entries++;
      problems.push(...checkHeader(followed, bucket, header).map((problem) => `seq ${header.seq}: ${problem}`));
      problems.push(...this.checkBodies(rows, cells, header).map((problem) => `seq ${header.seq}: ${problem}`));
    }
    return problems;
  }

  private checkBodies(rows: ReadRows, cells: StoredBucket, header: Header): string[] {
    const { seq, bodyExpiresMs } = header;
    const bodies = rows.range(firstBodyRow(seq), firstBodyRow(seq + 1n), limits.bodiesMax + 1);
    for (const body of bodies) decodeBody(body.value);
    this.bodies += bodies.length;
    if (isControl(header.kind)) return rows.get(bodyRow(seq, "shared")) === undefined ? ["a control entry without its body"] : [];
    const expired = bodyExpiresMs !== 0 && bodyExpiresMs <= this.now;
    if (expired || seq <= cells.trimmed || bodies.length > 0) return [];
    const missing = header.scope === "subset" ? header.targets.length > 0 : false;
    return missing ? ["its bodies are gone, though neither trimmed nor expired"] : [];
  }

  /** Bodies whose header is missing. */
  private stray(rows: ReadRows, cells: StoredBucket, bucket: bigint, problems: string[]): void {
    const { from, to } = clip(bucket, 1n, cells.lastSeq);
    const before = rows.keys(firstBodyRow(0n), firstBodyRow(from), 1);
    const behind = rows.keys(firstBodyRow(to + 1n), firstBodyRow(0xffff_ffff_ffff_ffffn), 1);
    if (before.length + behind.length > 0) problems.push("bodies outside the bucket's sequences");
  }
}

function checkHeader(followed: Followed, bucket: bigint, header: Header): string[] {
  const problems: string[] = [];
  if (header.seq !== followed.nextSeq) problems.push(`comes where ${followed.nextSeq} should`);
  if (bucketOf(header.seq) !== bucket) problems.push("lies in another bucket");
  if (header.epoch < followed.epoch) problems.push("its epoch is below that of the entry before");
  if (header.previousControl !== followed.previousControl) problems.push(`names ${header.previousControl} as the control entry before`);
  if (header.seq === 1n && header.kind !== "genesis") problems.push("the log does not begin with a genesis");
  if (header.seq !== 1n && header.kind === "genesis") problems.push("a second genesis");
  if (header.hash.length !== 32) problems.push(`its hash has ${header.hash.length} bytes: ${toBase32(header.hash)}`);
  if (!isControl(header.kind) || header.counter !== 0n) problems.push(...checkCounter(followed, header));
  followed.nextSeq = header.seq + 1n;
  followed.epoch = header.epoch;
  if (isControl(header.kind)) followed.previousControl = header.seq;
  return problems;
}

function checkCounter(followed: Followed, { device, counter }: Header): string[] {
  const last = followed.counters.get(device) ?? 0n;
  followed.counters.set(device, counter);
  return counter === last + 1n ? [] : [`counter ${counter} of ${device} follows ${last}`];
}
