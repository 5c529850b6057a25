import { PrivateKey, PublicKey } from "@signalapp/libsignal-client";
import { firstListBody, nextListBody, type NewDevice } from "../../client/account/list-body.js";
import { seededRand } from "../../lib/random.js";
import type { AccountId } from "../../lib/ids.js";
import { extend, type ListState } from "../../protos/signed/device-chain.js";
import type { ListCause } from "../../protos/signed/device-list.js";
import { domains, signedMessage } from "../../protos/signed/hash.js";
import { deviceIdOf } from "../../protos/signed/ids.js";
import { readSigned, writeSigned, type Signer } from "../../protos/signed/signed.js";
import type { Verify } from "../../protos/signed/verdict.js";

export const verify: Verify = (publicKey, message, signature) =>
  PublicKey.deserialize(native(publicKey)).verify(native(message), native(signature));

const native = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => new Uint8Array(bytes);

/** A device with its private key in the test's hand. */
export interface MadeDevice extends NewDevice {
  readonly key: PrivateKey;
}

export function makeDevice(): MadeDevice {
  const key = PrivateKey.generate();
  const identityKey = key.getPublicKey().serialize();
  return { key, identityKey, device: deviceIdOf(identityKey), registrationId: 7 };
}

export interface Step {
  readonly cause: ListCause;
  readonly by: MadeDevice | "recovery";
  readonly add?: MadeDevice;
  readonly remove?: readonly MadeDevice[];
  /** Signatures to leave out or to put in someone's place. */
  readonly without?: readonly Signer[];
  readonly forge?: MadeDevice;
  readonly nowMs?: number;
}

const rand = seededRand(4);

/** An account's chain whose every key the test holds; honest steps extend it, others are only made. */
export class MadeChain {
  readonly first = makeDevice();
  readonly recovery = PrivateKey.generate();
  readonly versions: Uint8Array[] = [];
  readonly states: ListState[] = [];

  constructor() {
    const body = firstListBody({
      device: this.first,
      recoveryKey: this.recovery.getPublicKey().serialize(),
      nonce: rand.bytes(16),
      region: 0,
      nowMs: 1_000,
    });
    this.push(writeSigned({ body, by: [{ signer: this.first.device, signature: sign(this.first.key, body) }] }));
  }

  get account(): AccountId {
    return this.states[0]!.account;
  }

  get head(): ListState {
    return this.states.at(-1)!;
  }

  /** Makes the next version without taking it over. */
  make(step: Step, head = this.head): Uint8Array {
    const signer: Signer = step.by === "recovery" ? "recovery" : step.by.device;
    const body = nextListBody(head, {
      cause: step.cause,
      signer,
      ...(step.add === undefined ? {} : { add: step.add }),
      remove: (step.remove ?? []).map(({ device }) => device),
      nowMs: step.nowMs ?? 2_000,
    });
    const by = [{ signer, signature: sign(step.by === "recovery" ? this.recovery : (step.forge ?? step.by).key, body) }];
    if (step.cause === "recover" && signer !== "recovery") by.push({ signer: "recovery", signature: sign(this.recovery, body) });
    if (step.add !== undefined) by.push({ signer: step.add.device, signature: sign(step.add.key, body) });
    return writeSigned({ body, by: by.filter((entry) => step.without?.includes(entry.signer) !== true) });
  }

  /** Makes the next version and goes on from it. */
  grow(step: Step): this {
    this.push(this.make(step));
    return this;
  }

  /** The same account with its own further history, from version `version` on. */
  fork(version: number): MadeChain {
    const other = Object.create(MadeChain.prototype) as MadeChain;
    return Object.assign(other, {
      first: this.first,
      recovery: this.recovery,
      versions: this.versions.slice(0, version),
      states: this.states.slice(0, version),
    });
  }

  private push(signed: Uint8Array): void {
    const object = readSigned(signed, 8_192);
    if (object.error !== undefined) throw new Error(object.detail);
    const next = extend(this.states.at(-1), object.ok, verify);
    if (next.error !== undefined) throw new Error(next.detail);
    this.versions.push(signed);
    this.states.push(next.ok);
  }
}

export function sign(key: PrivateKey, body: Uint8Array): Uint8Array {
  return key.sign(native(signedMessage(domains.devices, body)));
}
