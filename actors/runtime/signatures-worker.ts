import { PublicKey } from "@signalapp/libsignal-client";
import { parentPort } from "node:worker_threads";
import type { SignatureCheck } from "../../protos/signed/verdict.js";

/** The thread that does the arithmetic of signatures, and nothing else. One request at a time, in order. */

export interface CheckRequest {
  readonly id: number;
  readonly checks: readonly SignatureCheck[];
}

export interface CheckAnswer {
  readonly id: number;
  readonly holds: boolean;
}

type Bytes = Uint8Array<ArrayBuffer>;

function holds({ publicKey, message, signature }: SignatureCheck): boolean {
  try {
    return PublicKey.deserialize(publicKey as Bytes).verify(message as Bytes, signature as Bytes);
  } catch {
    return false; // what libsignal cannot read as a key, or as a signature, holds nothing
  }
}

parentPort?.on("message", ({ id, checks }: CheckRequest) => {
  parentPort?.postMessage({ id, holds: checks.every(holds) } satisfies CheckAnswer);
});
