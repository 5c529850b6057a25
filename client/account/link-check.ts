import { sameBytes } from "../../lib/bytes.js";
import type { AccountId } from "../../lib/ids.js";
import { extend, type ListState } from "../../protos/signed/device-chain.js";
import { linkMacHolds } from "../../protos/signed/ids.js";
import { signerOf, writeSigned, type Signer } from "../../protos/signed/signed.js";
import type { Verify } from "../../protos/signed/verdict.js";
import type { LocalIdentity } from "../cipher/ports.js";
import { HermodError } from "../errors.js";
import type { Approved } from "../rest.js";
import { checkChain } from "./chain-check.js";

/** An approval that holds: what is left is the person's yes. */
export interface CheckedApproval {
  readonly account: AccountId;
  /** As the server says it; the account is what was proven. */
  readonly handle: string;
  /** Signed versions 1 … v. */
  readonly chain: readonly Uint8Array[];
  /** Signed version v + 1 with both signatures. */
  readonly list: Uint8Array;
  readonly state: ListState;
}

export interface ApprovalCheck {
  readonly approved: Approved;
  /** The secret of the link that was approved. */
  readonly secret: Uint8Array;
  readonly identity: LocalIdentity;
  readonly countersign: (body: Uint8Array) => Uint8Array;
  readonly verify: Verify;
}

/**
 * A new device's checks, in their order: the MAC first, because only it proves that the list came from who saw the code here and not
 * from the server; then the chain from version 1; then its own entry.
 *
 * @throws HermodError `link-refused`, `list-invalid`
 */
export function checkApproval(check: ApprovalCheck): CheckedApproval {
  const { approved, secret, identity } = check;
  if (!linkMacHolds(secret, approved.body, approved.mac)) throw refused("its MAC is wrong: it was not made by a device that saw the code");

  const { account, chain } = approved;
  const { grown, problem } = checkChain({
    account,
    known: [],
    signedAt: () => undefined,
    versions: chain,
    vouched: undefined,
    verify: check.verify,
  });
  const head = grown.at(-1)?.state;
  if (problem !== undefined || head === undefined) {
    throw new HermodError("list-invalid", { message: `the account's device list does not hold: ${problem?.detail ?? "it is empty"}` });
  }

  const signer = signerOf(approved.signer);
  if (signer === undefined || signer === "recovery") throw refused("its signer is no device");
  const by: { signer: Signer; signature: Uint8Array }[] = [
    { signer, signature: approved.signature },
    { signer: identity.device, signature: check.countersign(approved.body) },
  ];
  const next = extend(head, { body: approved.body, by }, check.verify);
  if (next.error !== undefined) throw refused(`its list does not follow the account's: ${next.detail}`);
  const { cause, added } = next.ok.change;
  const own = next.ok.devices.find(({ id }) => id === identity.device);
  if (cause !== "link" || added.length !== 1 || added[0] !== identity.device || own === undefined)
    throw refused("it does not add this device");
  if (!sameBytes(own.identityKey, identity.identityKey) || own.registrationId !== identity.registrationId) {
    throw refused("it lists this device with other keys");
  }
  const list = writeSigned({ body: approved.body, by });
  return { account, handle: approved.handle, chain, list, state: next.ok };
}

function refused(why: string): HermodError {
  return new HermodError("link-refused", { message: `the approval is refused: ${why}` });
}
