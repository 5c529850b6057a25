import type { Clock } from "../../lib/clock.js";
import type { DeviceId } from "../../lib/ids.js";
import { limits } from "../../lib/limits.js";
import { domains } from "../../protos/signed/hash.js";
import { writeSigned, type Signer } from "../../protos/signed/signed.js";
import { Overlay } from "../cipher/overlay.js";
import type { Cipher } from "../cipher/ports.js";
import type { Connection } from "../connection/ports.js";
import type { Self, VerifiedList } from "../context.js";
import { HermodError, hasCode } from "../errors.js";
import type { Store } from "../store/ports.js";
import type { DeviceChains } from "./chains.js";
import { nextListBody } from "./list-body.js";
import { parseRecoveryWords, recoverySignerOf } from "./recovery-key.js";

/** One device of the own account, by rank. */
export interface OwnDevice {
  readonly id: DeviceId;
  /** 1 is the first: it outranks the others. */
  readonly rank: number;
  /** Whether this is the store at hand. */
  readonly own: boolean;
  readonly addedMs: number;
  /** The day on which it was last connected, as the server says; undefined: not known. */
  readonly lastSeenMs: number | undefined;
}

export interface DevicesPorts {
  readonly store: Store;
  readonly cipher: Cipher;
  readonly clock: Clock;
  readonly chains: DeviceChains;
  readonly connection: Pick<Connection, "request">;
  readonly self: Self;
}

/** All devices of the own account, with the day they were last seen. */
export async function listDevices(ports: DevicesPorts): Promise<readonly OwnDevice[]> {
  const { head, lastSeen } = await ports.chains.ownHead(ports.self.account);
  return head.devices.map(({ id, addedMs }, index) => {
    const seen = lastSeen[index] ?? 0n;
    return {
      id,
      rank: index + 1,
      own: id === ports.self.device,
      addedMs: Number(addedMs),
      lastSeenMs: seen === 0n ? undefined : Number(seen),
    };
  });
}

/**
 * Takes a device out of the list: from the server's answer on it receives and sends nothing. One that stands before this device in rank
 * needs the recovery key. A device that is gone already is no error.
 */
export async function removeDevice(ports: DevicesPorts, device: DeviceId, recoveryWords?: string): Promise<VerifiedList> {
  for (let tries = 0; tries <= limits.rebaseTriesMax; tries++) {
    const { head } = await ports.chains.ownHead(ports.self.account);
    if (!head.devices.some(({ id }) => id === device)) return head;
    const signed = removal(ports, head, device, recoveryWords);
    try {
      await ports.connection.request({ changeDevices: { signed } });
    } catch (error) {
      if (!hasCode(error, "list-conflict")) throw error;
      continue; // another device was faster: look again and sign what is true now
    }
    ports.chains.absorb(ports.self.account, [signed]);
    return ports.chains.head(ports.self.account)!;
  }
  throw new HermodError("list-conflict");
}

function removal(ports: DevicesPorts, head: VerifiedList, device: DeviceId, recoveryWords: string | undefined): Uint8Array {
  const { cipher, store, self, clock } = ports;
  const rankOf = (id: DeviceId): number => head.devices.findIndex((listed) => listed.id === id);
  if (head.devices.length === 1) throw new HermodError("bad-device-list", { message: "the last device of an account is never removed" });
  const outranked = rankOf(device) < rankOf(self.device);
  if (outranked && recoveryWords === undefined) throw new HermodError("outranked");
  const cause = outranked ? "recover" : "unlink";
  const body = nextListBody(head, { cause, signer: self.device, remove: [device], nowMs: clock.now() });
  const signature = cipher.sign(new Overlay(store.cipherRows), domains.devices, body);
  const by: { signer: Signer; signature: Uint8Array }[] = [{ signer: self.device, signature }];
  if (outranked && recoveryWords !== undefined) {
    const recovery = recoverySignerOf(cipher, parseRecoveryWords(recoveryWords));
    by.push({ signer: "recovery", signature: recovery.sign(domains.devices, body) });
  }
  return writeSigned({ body, by });
}
