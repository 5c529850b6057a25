import { Worker } from "node:worker_threads";
import { limits } from "../../lib/limits.js";
import type { SignatureCheck } from "../../protos/signed/verdict.js";
import type { SignatureOutcome, Signatures } from "../ports.js";
import type { CheckAnswer, CheckRequest } from "./signatures-worker.js";

/** Where the compiled thread is: beside this file, or in dist/ when this runs from its source, as tests do. */
function workerUrl(): URL {
  const fromSource = import.meta.url.endsWith(".ts");
  return new URL(fromSource ? "../../dist/actors/runtime/signatures-worker.js" : "./signatures-worker.js", import.meta.url);
}

/**
 * Checks signatures in one worker thread: the only place of the server that knows libsignal. Started at the first request, and again after
 * it died: who waited then hears `failed`, so that nothing that kills the thread is tried twice unasked.
 */
export class SignatureWorker implements Signatures {
  readonly #spawn: () => Worker;
  readonly #waiting = new Map<number, { readonly checks: number; readonly heard: (outcome: SignatureOutcome) => void }>();
  #worker: Worker | undefined;
  #pending = 0;
  #next = 0;
  #stopped = false;

  constructor(spawn: () => Worker = () => new Worker(workerUrl())) {
    this.#spawn = spawn;
  }

  check(checks: readonly SignatureCheck[]): Promise<SignatureOutcome> {
    if (this.#stopped) return Promise.resolve("failed");
    if (this.#pending + checks.length > limits.signatureChecksMax) return Promise.resolve("overloaded");
    if (checks.length === 0) return Promise.resolve("hold");
    const id = ++this.#next;
    return new Promise((heard) => {
      this.#waiting.set(id, { checks: checks.length, heard });
      this.#pending += checks.length;
      try {
        this.#worker ??= this.#start();
        this.#worker.postMessage({ id, checks: checks.map(plain) } satisfies CheckRequest);
      } catch {
        this.#settle(id, "failed");
      }
    });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#worker?.terminate();
    this.#failAll();
  }

  #start(): Worker {
    const worker = this.#spawn();
    worker.unref(); // a process does not stay for it
    worker.on("message", ({ id, holds }: CheckAnswer) => {
      this.#settle(id, holds ? "hold" : "wrong");
    });
    const died = (): void => {
      if (this.#worker !== worker) return;
      this.#worker = undefined;
      this.#failAll();
    };
    worker.on("error", died);
    worker.on("exit", died);
    return worker;
  }

  #settle(id: number, outcome: SignatureOutcome): void {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return;
    this.#waiting.delete(id);
    this.#pending -= waiting.checks;
    waiting.heard(outcome);
  }

  #failAll(): void {
    for (const id of [...this.#waiting.keys()]) this.#settle(id, "failed");
  }
}

/** Without whatever larger buffer the bytes are a view of, which would be copied to the thread as a whole. */
function plain({ publicKey, message, signature }: SignatureCheck): SignatureCheck {
  return { publicKey: new Uint8Array(publicKey), message: new Uint8Array(message), signature: new Uint8Array(signature) };
}
