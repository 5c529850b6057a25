import { spawn, type ChildProcess } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Self } from "../../client/context.js";
import type { Ended } from "../../bin/demo/server-process.js";

const driver = fileURLToPath(new URL("./client-driver.mjs", import.meta.url));

export interface ClientProcessOptions {
  readonly servers: readonly string[];
  /** Its store and its history lie in a folder of this name there. */
  readonly dir: string;
  readonly name: string;
  readonly limits?: Readonly<Record<string, number>>;
}

export interface ClientState {
  readonly connection: string;
  readonly pending: number;
  readonly staged: number;
  /** By conversation: the newest message, the newest that this device sent, and through where everything of others is stored. */
  readonly chats: Readonly<Record<string, { readonly newest: string; readonly own: string; readonly last: string }>>;
}

/** A row of a client's inbox, as its process dumps it. */
export interface DumpedRow {
  readonly conv: string;
  readonly seq: string;
  readonly state: string;
  readonly kind: number;
  readonly sender: string;
  readonly from: string;
  readonly msg: string;
  readonly counter: string;
  readonly reason?: string;
  readonly sha?: string;
}

export interface Dump {
  readonly self: Self;
  readonly rows: readonly DumpedRow[];
  /** Taken when the device left for good: nothing later is asked of it. */
  readonly retired?: boolean;
}

/** Ended before it answered: whoever asked looks at how it ended. */
export class ProcessEnded extends Error {}

type Answer = Record<string, never> & Record<string, unknown>;

/** A real client (client-driver.mjs) whose process can be killed and started again on its files. */
export class ClientProcess {
  readonly name: string;
  readonly history: string;
  readonly dir: string;
  readonly #options: ClientProcessOptions;
  #child!: ChildProcess;
  #ready!: Promise<void>;
  #asked = 0;
  readonly #waiting = new Map<number, { resolve: (answer: Answer) => void; reject: (error: Error) => void }>();
  /** How the present process ended. */
  ended!: Promise<Ended>;
  /** The crash points that the present process has named on its pipe: at most one, its last words. */
  points: string[] = [];
  answers = false;

  constructor(options: ClientProcessOptions) {
    this.#options = options;
    this.name = options.name;
    this.dir = join(options.dir, options.name);
    this.history = join(options.dir, `${options.name}.history`);
    mkdirSync(this.dir, { recursive: true });
  }

  /** Starts the process on what is on disk; resolves when its store is open, rejects when it ended before. */
  async launch(armed?: { readonly point: string; readonly nth: number }): Promise<void> {
    const { servers, limits } = this.#options;
    const config = { servers, limits, dir: this.dir, history: this.history, name: this.name, ...armed };
    const child = spawn(process.execPath, [driver, JSON.stringify(config)], { stdio: ["pipe", "pipe", "inherit", "pipe"] });
    this.#child = child;
    this.points = [];
    const points = this.points;
    child.stdio[3]!.on("data", (chunk: Buffer) => points.push(...chunk.toString().trim().split("\n")));
    child.stdin!.on("error", () => {}); // a process that is gone does not read; the ending tells
    this.ended = new Promise<Ended>((resolve) => {
      child.once("close", (code, signal) => {
        const waiting = [...this.#waiting.values()];
        this.#waiting.clear();
        for (const { reject } of waiting) reject(new ProcessEnded(`${this.name} ended with ${String(code ?? signal)}`));
        resolve({ code, signal });
      });
    });
    this.#ready = new Promise<void>((resolve, reject) => {
      createInterface({ input: child.stdout! }).on("line", (line) => {
        const heard = JSON.parse(line) as { re?: number; ok?: Answer; error?: string; event?: string };
        if (heard.event === "ready") resolve();
        if (heard.re === undefined) return;
        const asker = this.#waiting.get(heard.re);
        this.#waiting.delete(heard.re);
        if (heard.error === undefined) asker?.resolve(heard.ok!);
        else asker?.reject(new Error(`${this.name}: ${heard.error}`));
      });
      void this.ended.then((ended) => {
        reject(new ProcessEnded(`${this.name} ended with ${String(ended.code ?? ended.signal)}`));
      });
    });
    await this.#ready;
  }

  /** Asks the process for one of the driver's commands. Rejects with ProcessEnded when it dies first. */
  async ask<Result = Answer>(command: string, words: Readonly<Record<string, unknown>> = {}): Promise<Result> {
    if (!this.alive) throw new ProcessEnded(`${this.name} does not run`);
    const id = ++this.#asked;
    const answer = new Promise<Answer>((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
    this.#child.stdin!.write(`${JSON.stringify({ id, do: command, ...words })}\n`);
    return (await answer) as Result;
  }

  state(): Promise<ClientState> {
    return this.ask<ClientState>("state");
  }

  get alive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Launches and connects. */
  async run(): Promise<void> {
    await this.launch();
    await this.ask("start", { answers: this.answers });
  }

  async kill(signal: NodeJS.Signals = "SIGKILL"): Promise<Ended> {
    if (this.alive) this.#child.kill(signal);
    return this.ended;
  }

  /** Closes the client and ends the process. */
  async stop(): Promise<void> {
    if (!this.alive) return;
    await this.ask("sleep").catch(() => undefined);
    this.#child.stdin!.end();
    await this.ended;
  }
}
