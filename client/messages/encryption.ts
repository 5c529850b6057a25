import { createHash } from "node:crypto";
import { sameBytes } from "../../lib/bytes.js";
import { idBytes, type AccountId, type DeviceId } from "../../lib/ids.js";
import { limits } from "../../lib/limits.js";
import { point } from "../../lib/point.js";
import { hermod } from "../../protos/gen/hermod.js";
import { bodyTypeNumber, type BodyType } from "../../protos/kinds.js";
import { devicesIn, type Roster } from "../../protos/signed/roster.js";
import { Overlay } from "../cipher/overlay.js";
import type { ClientContext, FetchedBundles } from "../context.js";
import { HermodError } from "../errors.js";
import type { OutboxRow } from "../store/ports.js";
import { bindContent, writeReference } from "./content.js";

type Body = hermod.v1.DeviceBody.$Properties;

/** What the outbox keeps beside a row that was encrypted: needed for a resend, and for the own entry in the inbox. */
export interface SealedNote {
  /** Unpadded Content, as every recipient sees it. */
  readonly bound: Uint8Array;
}

/** Something that this row of scope `subset` needs is not there yet; the conversation's other sends do not wait for it. */
export class NotYet extends HermodError {}

/** What was planned for a row. Both are called synchronously around the commit, so that nothing comes between. */
export interface SealPlan {
  readonly counter: bigint;
  readonly previousAll: bigint;
  isWanted(): boolean;
  committed(): void;
}

/**
 * Encrypts a row for each of its devices and commits ratchets, ciphertext and counter in one transaction.
 *
 * @returns false when the plan was overtaken: nothing was committed
 */
export async function seal(context: ClientContext, row: OutboxRow, roster: Roster, plan: SealPlan): Promise<boolean> {
  const { counter, previousAll } = plan;
  const devices = recipients(context, row, roster);
  for (const account of new Set(devices.values())) context.chains.assertUsable(account);
  // A retry request is not encrypted: it burns no keys, and none of the few bundles that its answer will need.
  const lacks = (device: DeviceId): boolean => row.kind !== retryKind && lacksSession(context, device);
  const missing = [...devices].filter(([device]) => lacks(device));
  const fetched = await bundlesOf(context, missing);
  const asked = new Set(missing.map(([device]) => device));
  const wanted = [...devices.keys()];
  if (isResend(row) && wanted.some((device) => lacksSession(context, device) && !fetched.bundles.has(device))) {
    throw new NotYet("rate-limited", { message: "no bundle for the device that asked", retryAfterMs: limits.outboxDelayMaxMs });
  }
  return context.cipher.locks.hold(wanted, async () => {
    // A session was put away while this waited for the mutexes: planned anew, with a bundle.
    if (wanted.some((device) => !asked.has(device) && lacks(device))) return false;
    const overlay = new Overlay(context.store.cipherRows);
    const bound = bind(context, row, roster, counter, previousAll);
    const bodies: Body[] = [];
    for (const device of wanted) bodies.push(await bodyFor(context, overlay, row, device, fetched, bound));
    const envelope = writeEnvelope(row, roster, counter, bodies);
    if (envelope.length > limits.entryBytesMax) throw new HermodError("too-large");
    if (!plan.isWanted() || changedMeanwhile(context, row)) return false;
    point("client.encrypted");
    commit(context, overlay, row, { counter, envelope, rosterSeq: roster.seq, bound });
    plan.committed();
    return true;
  });
}

/** A row that has not left yet may be brought up to date (read state); what was encrypted of the older one is dropped. */
function changedMeanwhile(context: ClientContext, row: OutboxRow): boolean {
  const now = context.store.outbox.get(row.chat, row.messageId);
  return now === undefined || !sameBytes(now.content, row.content);
}

/** Scope `all`: exactly the roster's devices without this one, as derived from verified chains. Never what the server says. */
function recipients(context: ClientContext, row: OutboxRow, roster: Roster): ReadonlyMap<DeviceId, AccountId> {
  const devices = new Map(devicesIn(roster));
  devices.delete(context.self.device);
  if (row.targets === undefined) return devices;
  const targets = new Map<DeviceId, AccountId>();
  for (const device of row.targets) {
    const account = devices.get(device);
    if (account !== undefined) targets.set(device, account);
  }
  if (targets.size === 0)
    throw new HermodError("wrong-recipients", { message: "none of the devices belongs to the conversation any more" });
  return targets;
}

/** Targets that the newest list of their account has, but the conversation's roster does not yet: the server is still telling it. */
export function awaitsRoster(context: ClientContext, row: OutboxRow, roster: Roster): boolean {
  const listed = devicesIn(roster);
  return (row.targets ?? []).some((device) => {
    if (listed.has(device)) return false;
    return [...roster.members.keys()].some((account) => context.chains.head(account)?.devices.some((each) => each.id === device) ?? false);
  });
}

function lacksSession(context: ClientContext, device: DeviceId): boolean {
  return !context.cipher.hasSession(new Overlay(context.store.cipherRows), device);
}

function isResend(row: OutboxRow): boolean {
  return row.targets !== undefined && row.kind === resendKind;
}
const resendKind = 9;
const retryKind = 10;

async function bundlesOf(context: ClientContext, missing: readonly (readonly [DeviceId, AccountId])[]): Promise<FetchedBundles> {
  if (missing.length === 0) return { bundles: new Map(), limited: new Set() };
  return context.bundles.fetch(missing.map(([device, account]) => ({ account, device })));
}

async function bodyFor(
  context: ClientContext,
  overlay: Overlay,
  row: OutboxRow,
  device: DeviceId,
  fetched: FetchedBundles,
  bound: Uint8Array,
): Promise<Body> {
  const id = idBytes(device);
  // A retry request is signed, not encrypted: the session that it is about may be broken in both directions.
  if (row.kind === retryKind) return { device: id, type: bodyTypeNumber("signed"), bytes: retryBytes(row.content) };
  const encryption = await context.cipher.encryptFor(overlay, device, fetched.bundles.get(device), bound);
  if (encryption.type === "no-bundle") return { device: id, type: bodyTypeNumber("none"), bytes: new Uint8Array(0) };
  const type: BodyType = encryption.body.type;
  return { device: id, type: bodyTypeNumber(type), bytes: encryption.body.bytes };
}

function retryBytes(part: Uint8Array): Uint8Array {
  return hermod.v1.Content.decode(part).retry?.signed ?? new Uint8Array(0);
}

function bind(context: ClientContext, row: OutboxRow, roster: Roster, counter: bigint, previousAll: bigint): Uint8Array {
  return bindContent(row.content, {
    chat: row.chat,
    senderDevice: context.self.device,
    kind: row.kind,
    messageId: row.messageId,
    counter,
    previousAll,
    rosterSeq: roster.seq,
    rosterHash: roster.hash,
    listVersion: roster.members.get(context.self.account)?.listVersion ?? 0,
    ...(row.refersTo === undefined ? {} : { refersTo: row.refersTo }),
  });
}

function writeEnvelope(row: OutboxRow, roster: Roster, counter: bigint, bodies: readonly Body[]): Uint8Array {
  return hermod.v1.Envelope.encode({
    format: 1,
    chatId: idBytes(row.chat),
    counter,
    clientMsgId: idBytes(row.messageId),
    kind: row.kind,
    scope: row.scope,
    rosterSeq: roster.seq,
    rosterHash: roster.hash,
    ...(row.refersTo === undefined ? {} : { refersTo: writeReference(row.refersTo) }),
    bodies: [...bodies],
  }).finish();
}

function commit(
  context: ClientContext,
  overlay: Overlay,
  row: OutboxRow,
  sealed: { counter: bigint; envelope: Uint8Array; rosterSeq: bigint; bound: Uint8Array },
): void {
  const { counter, envelope, rosterSeq, bound } = sealed;
  const note: SealedNote = { bound };
  context.store.transact((tx) => {
    const chat = tx.chats.get(row.chat);
    if (chat === undefined) throw new HermodError("internal", { message: "a send into a conversation that is gone" });
    overlay.flush(tx.cipherRows);
    tx.outbox.update({ ...row, state: "sending", counter, envelope, rosterSeq, transmitted: true, note });
    tx.chats.put({ ...chat, nextCounter: counter + 1n });
  });
}

/** The content's name in a history: ciphertexts differ per device, this does not. */
export function contentHash(bound: Uint8Array): string {
  return createHash("sha256").update(bound).digest("hex");
}

/** The bound content of a row that was encrypted at least once. */
export function boundOf(row: OutboxRow): Uint8Array | undefined {
  return (row.note as SealedNote | undefined)?.bound;
}
