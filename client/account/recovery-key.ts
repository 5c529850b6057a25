import { entropyToMnemonic, mnemonicToEntropy } from "@scure/bip39";
import { wordlist } from "@scure/bip39/wordlists/english.js";
import { readFile, writeFile } from "node:fs/promises";
import { recoverySecretBytes, recoverySigningSeed } from "../../protos/signed/recovery.js";
import type { Cipher, RecoverySigner } from "../cipher/ports.js";
import { HermodError } from "../errors.js";

/** The recovery secret as 24 English words (BIP39): what a person writes down, once. */
export function recoveryWords(secret: Uint8Array): string {
  return entropyToMnemonic(secret, wordlist);
}

/** The secret that 24 words spell. Case and spacing do not matter; a wrong word or a wrong checksum is `bad-request`. */
export function parseRecoveryWords(words: string): Uint8Array {
  const normal = words.trim().toLowerCase().split(/\s+/).join(" ");
  let secret: Uint8Array;
  try {
    secret = mnemonicToEntropy(normal, wordlist);
  } catch {
    throw new HermodError("bad-request", { message: "these are not the 24 words of a recovery key: one is misspelt, missing or moved" });
  }
  if (secret.length !== recoverySecretBytes) throw new HermodError("bad-request", { message: "a recovery key has 24 words" });
  return secret;
}

/** The key that signs list versions in the name of the account itself. */
export function recoverySignerOf(cipher: Cipher, secret: Uint8Array): RecoverySigner {
  return cipher.recoverySigner(recoverySigningSeed(secret));
}

/** Writes the words for those who cannot write them down (bots): readable by the owner only, and never over a file with other words. */
export async function writeRecoveryFile(path: string, secret: Uint8Array): Promise<void> {
  const text = `${recoveryWords(secret)}\n`;
  try {
    await writeFile(path, text, { mode: 0o600, flag: "wx" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    if ((await readFile(path, "utf8")) === text) return; // an earlier try wrote it and was killed
    throw new HermodError("bad-request", { message: `the recovery file ${path} exists already and holds something else`, cause: error });
  }
}
