import { KEMKeyPair } from "@signalapp/libsignal-client";
import { createHash } from "node:crypto";
import { linkIdOf, linkMacOf } from "../../protos/signed/ids.js";
import { idBytes, type AccountId, type LinkId } from "../../lib/ids.js";
import { hermod } from "../../protos/gen/hermod.js";
import type { Answer, ToAccount } from "../../protos/messages.js";
import { extend, type ListState } from "../../protos/signed/device-chain.js";
import { domains } from "../../protos/signed/hash.js";
import { writeSigned, type SignedObject } from "../../protos/signed/signed.js";
import { compareBytes } from "../../protos/signed/ids.js";
import type { AccountWorld } from "./account-world.js";
import { firstFields, nextFields, signedList, type ListFields } from "../unit/signed-chain-fixtures.js";
import { keyOf, must, signed, verify, type TestKey } from "../unit/signed-fixtures.js";

export const secretOf = (key: TestKey): Uint8Array => new Uint8Array(createHash("sha256").update(`secret of ${key.id}`).digest());

type Bytes = Uint8Array<ArrayBuffer>;
const kyberKeys: Uint8Array[] = [];

/** Kyber public keys are slow to make and the same for every test. */
function kyberKey(index: number): Uint8Array {
  return (kyberKeys[index] ??= KEMKeyPair.generate().getPublicKey().serialize());
}

export type KeyFields = hermod.v1.KeyUpload.$Properties;

/** A complete upload: `count` one-time keys of each kind from id `first` on. */
export function uploadFields(key: TestKey, upload: bigint, count = 3, first = 1): KeyFields {
  const signs = (bytes: Uint8Array): Uint8Array => key.private.sign(bytes as Bytes);
  const ecKey = (name: string): Uint8Array => keyOf(`${key.id} ${name}`).public;
  const signedEc = ecKey(`signed ${upload}`);
  return {
    format: 1,
    device: idBytes(key.id),
    upload,
    signedPrekey: { id: Number(upload), key: signedEc, signature: signs(signedEc) },
    lastResortKyber: { id: 1_000_000 + Number(upload), key: kyberKey(0), signature: signs(kyberKey(0)) },
    oneTimeEc: Array.from({ length: count }, (_, index) => ({ id: first + index, key: ecKey(`one-time ${first + index}`) })),
    oneTimeKyber: Array.from({ length: count }, (_, index) => {
      const public_ = kyberKey(1 + ((first + index) % 200));
      return { id: first + index, key: public_, signature: signs(public_) };
    }),
  };
}

export function uploadOf(key: TestKey, upload: bigint, count = 3, first = 1, signer: TestKey = key): Uint8Array {
  const body = hermod.v1.KeyUpload.encode(uploadFields(key, upload, count, first)).finish();
  return writeSigned(signed(domains.keys, body, { ...signer, signer: key.id }));
}

export type Registration = Extract<ToAccount, { type: "register" }>;

/** Somebody with an account whose chain and keys the test holds. */
export class Person {
  readonly name: string;
  readonly first: TestKey;
  readonly recovery: TestKey;
  readonly versions: SignedObject[] = [];
  readonly states: ListState[] = [];

  constructor(name: string) {
    this.name = name;
    this.first = keyOf(`${name} first`);
    this.recovery = keyOf(`${name} recovery`, "recovery");
    this.take(signedList(firstFields(this.first, { recoveryKey: this.recovery.public }), this.first));
  }

  get id(): AccountId {
    return this.states[0]!.account;
  }

  get head(): ListState {
    return this.states.at(-1)!;
  }

  device(name: string): TestKey {
    return keyOf(`${this.name} ${name}`);
  }

  /** Goes on from a version. */
  take(object: SignedObject): void {
    this.states.push(must(extend(this.states.at(-1), object, verify)));
    this.versions.push(object);
  }

  registration(world: AccountWorld, fields: Partial<Registration> = {}): Registration {
    return {
      type: "register",
      to: world.to(),
      handle: this.name,
      list: writeSigned(this.versions[0]!),
      keys: uploadOf(this.first, 1n),
      secret: secretOf(this.first),
      inviteNeeded: false,
      ...fields,
    };
  }

  /** The next version with these devices; signatures by `by`. */
  next(by: TestKey, devices: readonly TestKey[], fields: ListFields = {}, ...more: readonly TestKey[]): SignedObject {
    const all = nextFields(this.head, by, devices, { recoveryKey: this.recovery.public, ...fields });
    return signedList(all, by, ...more);
  }

  async register(world: AccountWorld): Promise<Answer | undefined> {
    return world.ask(this.id, this.registration(world));
  }

  /** Links a device in all its steps. */
  async link(world: AccountWorld, added: TestKey, by: TestKey = this.first): Promise<Answer | undefined> {
    const offer = linkOf(`${added.id} ${this.head.version}`);
    const devices = [...this.head.devices.map((device) => this.keyOfDevice(device.identityKey)), added];
    await world.stores.links.open(offer.id, added.public, world.clock.now() + 120_000);
    const list = this.next(by, devices, {}, added);
    const approved = await world.ask(this.id, this.approval(world, offer, list, by));
    if (approved?.type !== "approved") return approved;
    const linked = await world.ask(this.id, this.completion(world, offer, list, added));
    if (linked?.type === "linked") this.take(list);
    return linked;
  }

  /** Keys of devices by their public half; the test names them. */
  keyOfDevice(identityKey: Uint8Array): TestKey {
    const names = ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"];
    const found = names.map((name) => this.device(name)).find((key) => compareBytes(key.public, identityKey) === 0);
    if (found === undefined) throw new Error("a device that the test did not name");
    return found;
  }

  approval(world: AccountWorld, offer: Offer, list: SignedObject, by: TestKey): Extract<ToAccount, { type: "approve-link" }> {
    return {
      type: "approve-link",
      from: world.from(this.id, by.id),
      link: idBytes(offer.id),
      body: list.body,
      signer: idBytes(by.id),
      signature: list.by.find(({ signer }) => signer === by.id)!.signature,
      mac: linkMacOf(offer.secret, list.body),
    };
  }

  completion(world: AccountWorld, offer: Offer, list: SignedObject, added: TestKey): Extract<ToAccount, { type: "complete-link" }> {
    return {
      type: "complete-link",
      to: world.to(),
      link: idBytes(offer.id),
      list: writeSigned(list),
      keys: uploadOf(added, 1n),
      secret: secretOf(added),
    };
  }

  /** Removes devices, by the first one. */
  async unlink(world: AccountWorld, ...removed: readonly TestKey[]): Promise<Answer | undefined> {
    const list = this.removal(...removed);
    const answer = await world.ask(this.id, {
      type: "change-devices",
      from: world.from(this.id, this.first.id),
      signed: writeSigned(list),
    });
    if (answer?.type === "frame") this.take(list);
    return answer;
  }

  removal(...removed: readonly TestKey[]): SignedObject {
    const stay = this.head.devices.filter(({ id }) => !removed.some((key) => key.id === id));
    const keys = stay.map(({ identityKey }) => this.keyOfDevice(identityKey));
    return this.next(this.first, keys, { cause: "unlink" });
  }
}

export interface Offer {
  readonly id: LinkId;
  readonly secret: Uint8Array;
}

export function linkOf(name: string): Offer {
  const secret = new Uint8Array(createHash("sha256").update(`offer ${name}`).digest());
  return { id: linkIdOf(secret), secret };
}

/** Any genesis, signed. */
export function genesisOf(creator: Person, by: TestKey, fields: hermod.v1.Genesis.$Properties): Uint8Array {
  const all = { format: 1, region: 0, creator: idBytes(creator.id), creatorDevice: idBytes(by.id), timeMs: 1n, ...fields };
  return writeSigned(signed(domains.genesis, hermod.v1.Genesis.encode(all).finish(), by));
}

/** A direct genesis as an honest creator makes it: with both heads. */
export function directGenesis(creator: Person, other: Person, by: TestKey = creator.first, heads = [creator.head, other.head]): Uint8Array {
  const members = heads
    .map((head) => ({ account: idBytes(head.account), role: 1, listVersion: head.version, listHash: head.listHash }))
    .sort((one, two) => compareBytes(one.account, two.account));
  return genesisOf(creator, by, { type: "direct", members });
}

export function selfGenesis(creator: Person, by: TestKey = creator.first): Uint8Array {
  const { version: listVersion, listHash } = creator.head;
  return genesisOf(creator, by, { type: "self", members: [{ account: idBytes(creator.id), role: 1, listVersion, listHash }] });
}

export function codeOf(answer: Answer | undefined): string {
  if (answer === undefined) return "nothing";
  if (answer.type === "problem") return answer.code;
  return answer.type === "frame" ? Object.keys(answer.frame).join() : answer.type;
}
