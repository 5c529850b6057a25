import type { Clock } from "../../lib/clock.js";
import { writeSigned } from "../../protos/signed/signed.js";
import { Overlay } from "../cipher/overlay.js";
import type { Cipher, UploadRequest } from "../cipher/ports.js";
import { valueKey, type Store, type Transaction } from "../store/ports.js";

/** Number of the newest key upload. */
const uploadKey = valueKey<bigint>("upload");
/** The Signed upload whose outcome is open. */
const pendingKey = valueKey<Uint8Array>("upload-pending");

export type WantedKeys = Pick<UploadRequest, "rotate" | "oneTimeEc" | "oneTimeKyber">;

/**
 * The key upload that is to be sent now: the one whose answer never came, byte by byte, else a new one with what is wanted. Private
 * halves, number and bytes are durable when this returns.
 */
export function uploadToSend(
  ports: { readonly store: Store; readonly cipher: Cipher; readonly clock: Clock },
  wanted: WantedKeys,
): Uint8Array {
  const pending = pendingUpload(ports.store);
  if (pending !== undefined) return pending;
  return ports.store.transact((tx) => {
    const overlay = new Overlay(tx.cipherRows);
    const upload = (tx.values.get(uploadKey) ?? 0n) + 1n;
    const { body, signature } = ports.cipher.makeUpload(overlay, { upload, nowMs: ports.clock.now(), ...wanted });
    overlay.flush(tx.cipherRows);
    const signed = writeSigned({ body, by: [{ signer: tx.identity.get()!.device, signature }] });
    tx.values.put(uploadKey, upload);
    tx.values.put(pendingKey, signed);
    return signed;
  });
}

export function pendingUpload(store: Store): Uint8Array | undefined {
  return store.values.get(pendingKey);
}

/** The server has it. */
export function forgetUpload(tx: Transaction): void {
  tx.values.delete(pendingKey);
}
