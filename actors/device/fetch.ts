import { limits } from "../../lib/limits.js";
import type { DeviceNews, FetchRange, Turn } from "./messages.js";
import { withoutGaps } from "./replay.js";
import { strange } from "./sessions.js";
import { isPresent, maxOf, minOf, type Device, type FetchJob } from "./state.js";
import { framesOf } from "./views.js";

/** Entries that the device asks for, within its intervals. One job at a time; nothing is pushed between its frames and `fetched`. */
export function onFetch(state: Device, request: FetchRange, turn: Turn): void {
  const { from, conversation, range } = request;
  if (!isPresent(state, from)) {
    strange(state, from, turn);
    return;
  }
  if (range.from < 1n || range.to < range.from || range.to - range.from >= BigInt(limits.fetchEntriesMax)) {
    turn.effects.push({ type: "refuse", to: from, code: "bad-request" });
    return;
  }
  if (state.fetches.length >= limits.fetchesWaitingMax) {
    turn.effects.push({ type: "refuse", to: from, code: "overloaded" });
    return;
  }
  const ticket = ++state.tickets;
  const job = { from, conversation, ticket, first: range.from, last: range.to, at: range.from, head: 0n, entitled: false, bytes: 0 };
  state.fetches.push(job);
  if (state.fetches.length === 1) begin(job, turn);
}

function begin({ conversation, ticket }: FetchJob, turn: Turn): void {
  turn.effects.push({ type: "look", conversation, why: "fetch", ticket, hint: 0n });
}

function jobOf(state: Device, ticket: number): FetchJob | undefined {
  return state.fetches[0]?.ticket === ticket ? state.fetches[0] : undefined;
}

export function onFetchLooked(state: Device, ticket: number, head: bigint, turn: Turn): void {
  const job = jobOf(state, ticket);
  if (job === undefined) return;
  if (head === 0n) {
    refuse(state, job, "not-a-member", turn);
    return;
  }
  job.head = head;
  job.last = minOf(job.last, head);
  const { conversation, from } = job;
  const at = minOf(job.first, head);
  turn.effects.push({ type: "entitle", conversation, account: from.account, why: "fetch", ticket, at, head });
}

/** A conversation that does not exist, one that the device is not in, and one that it left before are answered alike. */
export function onFetchEntitled(state: Device, news: Extract<DeviceNews, { type: "entitled" }>, turn: Turn): void {
  const job = jobOf(state, news.ticket);
  if (job === undefined) return;
  if (!news.entitled && news.next === undefined) refuse(state, job, "not-a-member", turn);
  else if (job.first > job.head) refuse(state, job, "bad-cursor", turn);
  else {
    job.entitled = news.entitled;
    if (!news.entitled && news.next! > job.at) skipTo(state, job, minOf(news.next! - 1n, job.last), turn);
    readOn(state, job, turn);
  }
}

function skipTo(state: Device, job: FetchJob, to: bigint, turn: Turn): void {
  const { conversation, at } = job;
  push(state, job, { type: "skip", conversation, from: at, to, prev: at - 1n }, turn);
  job.at = to + 1n;
}

function push(state: Device, job: FetchJob, what: ReturnType<typeof framesOf>["frames"][number]["what"], turn: Turn): void {
  turn.effects.push({ type: "push", session: job.from, what });
}

function readOn(state: Device, job: FetchJob, turn: Turn): void {
  const { conversation, ticket, at, last } = job;
  if (at > last || job.bytes >= limits.fetchBytesMax) {
    noteHanded(state, job);
    turn.effects.push({ type: "fetched", to: job.from, conversation, first: job.first, last: at - 1n });
    done(state, turn);
    return;
  }
  const entries = Math.min(limits.sliceEntries, Number(last - at) + 1);
  turn.effects.push({ type: "read-slice", conversation, why: "fetch", ticket, from: at, entries, bytes: limits.sliceBytes });
}

export function onFetchSlice(state: Device, news: Extract<DeviceNews, { type: "slice-read" }>, turn: Turn): void {
  const job = jobOf(state, news.ticket);
  if (job === undefined) return;
  const entries = withoutGaps(news).filter(({ header }) => header.seq <= job.last);
  if (entries.length === 0) {
    // The head was read before, so something is there: what cannot be read now is asked for again.
    refuse(state, job, "timeout", turn);
    return;
  }
  const { frames, entitled } = framesOf(job.conversation, entries, job.entitled, job.from.account, state.id);
  for (const frame of frames) {
    job.bytes += frame.bytes;
    push(state, job, frame.what, turn);
  }
  job.entitled = entitled;
  job.at = entries.at(-1)!.header.seq + 1n;
  readOn(state, job, turn);
}

/** What was fetched may be acked. */
function noteHanded(state: Device, job: FetchJob): void {
  const chat = state.chats.get(job.conversation);
  if (chat !== undefined) chat.handed = maxOf(chat.handed, job.at - 1n);
}

function refuse(state: Device, job: FetchJob, code: "not-a-member" | "bad-cursor" | "timeout", turn: Turn): void {
  turn.effects.push({ type: "refuse", to: job.from, code });
  done(state, turn);
}

function done(state: Device, turn: Turn): void {
  state.fetches.shift();
  const next = state.fetches[0];
  if (next !== undefined) begin(next, turn);
}
