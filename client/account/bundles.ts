import { idBytes, idOf, isIdBytes, type AccountId, type DeviceId } from "../../lib/ids.js";
import { limits } from "../../lib/limits.js";
import type { hermod } from "../../protos/gen/hermod.js";
import { bounds } from "../../protos/signed/bounds.js";
import { isPublicKey } from "../../protos/signed/public-key.js";
import type { PrekeyBundle, SignedPublic } from "../cipher/ports.js";
import type { Connection } from "../connection/ports.js";
import type { Bundles, Chains, FetchedBundles, VerifiedList } from "../context.js";
import { HermodError } from "../errors.js";

interface Target {
  readonly account: AccountId;
  readonly device: DeviceId;
}

/** Fetches prekey bundles and joins them with the identity keys of the verified lists. What is malformed is as good as missing. */
export class PrekeyBundles implements Bundles {
  readonly #connection: Pick<Connection, "request">;
  readonly #chains: Pick<Chains, "head">;

  constructor(connection: Pick<Connection, "request">, chains: Pick<Chains, "head">) {
    this.#connection = connection;
    this.#chains = chains;
  }

  async fetch(devices: readonly Target[]): Promise<FetchedBundles> {
    const bundles = new Map<DeviceId, PrekeyBundle>();
    const limited = new Set<AccountId>();
    const accounts = [...new Set(devices.map(({ account }) => account))];
    for (let index = 0; index < accounts.length; index += limits.accountsPerRequestMax) {
      const page = new Set(accounts.slice(index, index + limits.accountsPerRequestMax));
      await this.#fetchPages(
        devices.filter(({ account }) => page.has(account)),
        bundles,
        limited,
      );
    }
    return { bundles, limited };
  }

  async #fetchPages(targets: readonly Target[], bundles: Map<DeviceId, PrekeyBundle>, limited: Set<AccountId>): Promise<void> {
    let open = targets;
    while (open.length > 0) {
      const frame = {
        accounts: [...new Set(open.map(({ account }) => account))].map(idBytes),
        devices: open.map(({ device }) => idBytes(device)),
      };
      const { prekeys } = await this.#connection.request({ fetchPrekeys: frame });
      if (!prekeys) throw new HermodError("internal", { message: "the server answered fetchPrekeys with something else" });
      const answered = new Set<DeviceId>();
      for (const bundle of prekeys.bundles) {
        if (!isIdBytes(bundle.device)) continue;
        const device = idOf<DeviceId>(bundle.device);
        const target = open.find((entry) => entry.device === device);
        if (target === undefined) continue;
        answered.add(device);
        const read = readBundle(bundle, device, this.#chains.head(target.account));
        if (read !== undefined) bundles.set(device, read);
      }
      for (const account of prekeys.limited) if (isIdBytes(account)) limited.add(idOf<AccountId>(account));
      const rest = open.filter(({ account, device }) => !answered.has(device) && !limited.has(account));
      if (!prekeys.more || rest.length === open.length) return; // nothing more, or no progress
      open = rest;
    }
  }
}

/**
 * A bundle with the identity key of the verified list; undefined when the list does not have the device, or a key in it is malformed.
 * Both prekey signatures are verified by the cipher when the session is made.
 */
export function readBundle(wire: hermod.v1.Bundle.$Properties, device: DeviceId, list: VerifiedList | undefined): PrekeyBundle | undefined {
  const listed = list?.devices.find(({ id }) => id === device);
  const signedPrekey = signedKey(wire.signedPrekey);
  const kyber = signedKey(wire.kyber);
  if (listed === undefined || signedPrekey === undefined || kyber === undefined) return undefined;
  if (!isPublicKey(signedPrekey.key) || kyber.key.length !== bounds.kyberKeyBytes) return undefined;
  const { identityKey, registrationId } = listed;
  const bundle = { device, identityKey, registrationId, signedPrekey, kyber };
  if (!wire.oneTime) return bundle;
  const { id = 0, key } = wire.oneTime;
  return key !== undefined && isPublicKey(key) ? { ...bundle, oneTime: { id, key } } : undefined;
}

function signedKey(wire: hermod.v1.SignedKey.$Properties | null | undefined): SignedPublic | undefined {
  if (wire?.key === undefined || wire.signature?.length !== bounds.signatureBytes) return undefined;
  return { id: wire.id ?? 0, key: wire.key, signature: wire.signature };
}
