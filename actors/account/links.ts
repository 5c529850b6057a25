import { sameBytes } from "../../lib/bytes.js";
import { isIdBytes, idOf, type LinkId } from "../../lib/ids.js";
import { limits } from "../../lib/limits.js";
import type { Answer, ToAccount } from "../../protos/messages.js";
import { judgeVersion } from "../../protos/signed/device-chain.js";
import { readDeviceList, type ListedDevice } from "../../protos/signed/device-list.js";
import { deviceIdOf } from "../../protos/signed/ids.js";
import { readSigned, signerOf } from "../../protos/signed/signed.js";
import { bounds } from "../../protos/signed/bounds.js";
import { take } from "./buckets.js";
import { credentialHolds } from "./credential.js";
import { ownDevice, strangerProblem, versionsFrom } from "./devices.js";
import { problem } from "./flows.js";
import { judgeNext, limitedBy, listConflict, storeVersion, type NextVersion } from "./lists.js";
import { ask, type Flow, type Part } from "./messages.js";
import { notice } from "./notices.js";
import type { LinkRow } from "./ports.js";
import { freshPools, newDeviceOf, putOneTime, rowOf, signatureProblem, type NewDevice } from "./registration.js";
import { headOf, isActive, type Account } from "./state.js";

/*
 * A device is added in two halves: one that is listed signs the next version (approve), the new one countersigns it and brings its keys
 * (complete). The account's own write decides, and takes the link's id with it, so a link is used once whatever the link's row says.
 */

type Approve = Extract<ToAccount, { type: "approve-link" }>;
type Complete = Extract<ToAccount, { type: "complete-link" }>;
type Recover = Extract<ToAccount, { type: "recover-device" }>;

/** Bytes of no signature: the place of the one that the new device gives when it completes the link. */
const later = new Uint8Array(bounds.signatureBytes);

export function* approveLink(state: Account, message: Approve): Flow {
  const { from, body } = message;
  yield* ask({ type: "lock", name: "list" });
  if (ownDevice(state, from) === undefined) return strangerProblem(state, from);
  if (!isIdBytes(message.link) || signerOf(message.signer) !== from.device) return problem("bad-request");
  if (message.signature.length !== bounds.signatureBytes || message.mac.length !== 32) return problem("bad-request");
  const waitMs = take(state.links, limits.linkBucket, limits.linkRefillMs, state.now.monoMs);
  if (waitMs !== undefined) return problem("rate-limited", waitMs);
  const link = idOf<LinkId>(message.link);
  const offer = yield* ask({ type: "read-link", link });
  if (offer === undefined || offer.expiresMs <= state.now.wallMs) return problem("link-expired");
  const judged = judgeApproval(state, message, offer);
  if ("answer" in judged) return judged.answer;
  const verified = yield* ask({ type: "verify", checks: judged.checks });
  if (verified.outcome !== "hold") return signatureProblem(verified.outcome);
  const approval = { account: state.id, body, signer: message.signer, signature: message.signature, mac: message.mac };
  const approved = yield* ask({ type: "approve-link", link, approval });
  if (approved !== "applied") return problem(approved === "refused" ? "link-refused" : "unsure");
  return { type: "approved", version: judged.version };
}

type Approval = { readonly version: number; readonly checks: NextVersion["claim"]["checks"] } | { readonly answer: Answer };

/** The chain's rules but for the countersignature, which only the new device can give. */
function judgeApproval(state: Account, { from, body, signature }: Approve, offer: LinkRow): Approval {
  const list = readDeviceList(body);
  if (list.error !== undefined) return { answer: problem(list.error) };
  const by = [
    { signer: from.device, signature },
    { signer: list.ok.devices.at(-1)!.id, signature: later },
  ];
  const judged = judgeVersion(headOf(state), { body, by });
  if (judged.error === "list-conflict") return { answer: { type: "list-conflict", chain: versionsFrom(state, headOf(state).version) } };
  if (judged.error !== undefined) return { answer: problem(judged.error) };
  const { value, checks } = judged.ok;
  if (value.change.cause !== "link" || value.change.added[0] !== deviceIdOf(offer.identityKey)) return { answer: problem("link-refused") };
  const limited = limitedBy(state, value);
  if (limited !== undefined) return { answer: limited };
  return { version: value.version, checks: checks.filter((check) => !sameBytes(check.publicKey, offer.identityKey)) };
}

export function* completeLink(state: Account, message: Complete): Flow {
  yield* ask({ type: "lock", name: "list" });
  if (!isActive(state) || !isIdBytes(message.link)) return problem("link-refused");
  const link = idOf<LinkId>(message.link);
  const judged = judgeNext(state, message.list);
  if (judged.type === "repeated") return yield* linkedBefore(state, message, judged.version, link);
  if (state.fields!.usedLinks.includes(link)) return problem("link-used");
  const offer = yield* ask({ type: "read-link", link });
  if (offer === undefined || offer.expiresMs <= state.now.wallMs) return problem("link-expired");
  if (offer.approval?.account !== state.id) return problem("link-refused");
  if (judged.type === "refused") return isConflict(judged.answer) ? listConflict(state, message.list) : judged.answer;
  const { next } = judged;
  // What was approved adds the device that made the offer, and nothing else was.
  if (!sameBytes(next.object.body, offer.approval.body)) return problem("link-refused");
  return yield* addDevice(state, next, message, link);
}

export function* recoverDevice(state: Account, message: Recover): Flow {
  yield* ask({ type: "lock", name: "list" });
  if (!isActive(state)) return problem("not-found");
  const judged = judgeNext(state, message.list);
  if (judged.type === "repeated") return yield* linkedBefore(state, message, judged.version, undefined);
  if (judged.type === "refused") return isConflict(judged.answer) ? listConflict(state, message.list) : judged.answer;
  const { change } = judged.next.claim.value;
  if (change.cause !== "recover" || change.added.length !== 1) return problem("bad-device-list");
  return yield* addDevice(state, judged.next, message, undefined);
}

type Added = Pick<Complete, "keys" | "secret">;

/** Both halves of the signatures and all keys are checked, then everything is decided by one conditional write. */
function* addDevice(state: Account, next: NextVersion, message: Added, link: LinkId | undefined): Flow {
  const { value: after, checks } = next.claim;
  const device = newDeviceOf(after.devices.at(-1)!, message.keys, message.secret);
  if (device.error !== undefined) return problem(device.error);
  const verified = yield* ask({ type: "verify", checks: [...checks, ...device.ok.checks] });
  if (verified.outcome !== "hold") return signatureProblem(verified.outcome);
  const row = rowOf(device.ok, message.secret, verified.salt, state.now.wallMs);
  yield* storeVersion(state, next, link === undefined ? { device: row } : { device: row, link });
  yield* ask({ type: "emit", effects: notice(state, row.id) });
  return yield* putKeysOf(state, device.ok, after.version);
}

function* putKeysOf(state: Account, { listed, upload }: NewDevice, version: number): Part<Answer> {
  const put = yield* putOneTime(state, upload, freshPools);
  if (put === "unsure") return problem("unsure", limits.redeliverMinMs);
  return { type: "linked", account: state.id, device: listed.id, version };
}

/** The same bytes and the same secret again get the same answer; the keys go once more, where a crash came before them. */
function* linkedBefore(state: Account, message: Added & Pick<Complete, "list">, version: number, link: LinkId | undefined): Flow {
  const refused = problem(link === undefined ? "list-conflict" : "link-used");
  if (link !== undefined && !state.fields!.usedLinks.includes(link)) return refused;
  const added = addedBy(state, version);
  const row = added === undefined ? undefined : state.devices.get(added.id);
  if (added === undefined || row === undefined || !credentialHolds(row.credential, message.secret)) return refused;
  const device = newDeviceOf(added, message.keys, message.secret);
  if (device.error !== undefined || device.ok.upload.upload !== row.upload) {
    return { type: "linked", account: state.id, device: row.id, version };
  }
  const verified = yield* ask({ type: "verify", checks: device.ok.checks });
  if (verified.outcome !== "hold") return signatureProblem(verified.outcome);
  return yield* putKeysOf(state, device.ok, version);
}

/** The device that a stored version added: the last in rank. */
function addedBy(state: Account, version: number): ListedDevice | undefined {
  const stored = readSigned(state.versions[version - 1]!.signed, bounds.listBodyBytesMax);
  return stored.ok === undefined ? undefined : readDeviceList(stored.ok.body).ok?.devices.at(-1);
}

function isConflict(answer: Answer): boolean {
  return answer.type === "problem" && answer.code === "list-conflict";
}
