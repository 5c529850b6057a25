import { toString as qrText, type QRCodeToStringOptionsOther } from "qrcode";
import { idBytes, type AccountId } from "../../lib/ids.js";
import type { Cipher, FingerprintSide } from "../cipher/ports.js";
import type { Self, VerifiedList } from "../context.js";
import { HermodError } from "../errors.js";
import type { Store } from "../store/ports.js";
import type { DeviceChains } from "./chains.js";

/** What two people compare to know that no server stands between them. It changes with either side's device list. */
export interface SafetyNumber {
  readonly account: AccountId;
  /** 60 digits. */
  readonly digits: string;
  /** The digits in twelve groups of five. */
  readonly text: string;
  /** What the other side's camera reads. */
  readonly scannable: Uint8Array;
  /** Compared before, and no device was removed against the rules of rank since. */
  readonly verified: boolean;
  /** Was compared, but must be compared again. */
  readonly verifyAgain: boolean;
  /** Both lists were just asked for. When false, the other side may show other digits for a harmless reason. */
  readonly upToDate: boolean;
  /** The code of block characters for a terminal. */
  qr(): Promise<string>;
}

export interface SafetyPorts {
  readonly store: Store;
  readonly cipher: Cipher;
  readonly chains: DeviceChains;
  readonly self: Self;
}

/** Shows or says of the other side, one of the two. */
export type Comparison = { readonly digits: string } | { readonly scanned: Uint8Array };

export async function safetyNumber(ports: SafetyPorts, account: AccountId): Promise<SafetyNumber> {
  const { own, their, upToDate } = await heads(ports, account);
  const { digits, scannable } = ports.cipher.safetyNumber(sideOf(own), sideOf(their));
  const row = ports.store.chains.get(account);
  const compared = row?.verified !== undefined;
  const qrOptions: QRCodeToStringOptionsOther = { type: "utf8", errorCorrectionLevel: "L" };
  return {
    account,
    digits,
    text: digits.match(/.{5}/g)!.join(" "),
    scannable,
    verified: compared && !row.verifyAgain,
    verifyAgain: compared && row.verifyAgain,
    upToDate,
    qr: async () => qrText([{ data: scannable, mode: "byte" }], qrOptions),
  };
}

/** True, and remembered along the chain, when the other side shows the same. False changes nothing. */
export async function verifySafety(ports: SafetyPorts, account: AccountId, shown: Comparison): Promise<boolean> {
  const { own, their } = await heads(ports, account);
  if (!sameAs(ports.cipher, sideOf(own), sideOf(their), shown)) return false;
  ports.store.transact((tx) => {
    const row = tx.chains.get(account)!;
    const { rootKey, version, listHash } = their;
    tx.chains.put({ ...row, verified: { rootKey, version, listHash }, verifyAgain: false });
  });
  return true;
}

function sameAs(cipher: Cipher, own: FingerprintSide, their: FingerprintSide, shown: Comparison): boolean {
  if ("scanned" in shown) return cipher.compareScannable(own, their, shown.scanned) === "same";
  return cipher.safetyNumber(own, their).digits === shown.digits.replace(/\s/g, "");
}

async function heads(ports: SafetyPorts, account: AccountId): Promise<{ own: VerifiedList; their: VerifiedList; upToDate: boolean }> {
  const { chains, self } = ports;
  if (account === self.account) throw new HermodError("bad-request", { message: "an account has no safety number with itself" });
  let upToDate = true;
  try {
    await chains.ensureHead([self.account, account]);
  } catch (error) {
    if (!(error instanceof HermodError) || !error.retryable) throw error;
    upToDate = false;
  }
  const own = chains.head(self.account);
  const their = chains.head(account);
  if (own === undefined || their === undefined) throw new HermodError("unreachable", { message: "the device lists are not known yet" });
  return { own, their, upToDate };
}

/** account ‖ listHash, and the root key: what the digits cover. */
function sideOf(list: VerifiedList): FingerprintSide {
  const identifier = new Uint8Array(16 + list.listHash.length);
  identifier.set(idBytes(list.account), 0);
  identifier.set(list.listHash, 16);
  return { identifier, rootKey: list.rootKey };
}
