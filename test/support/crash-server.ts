import { spawn, type ChildProcess } from "node:child_process";
import { randomInt } from "node:crypto";
import { mkdirSync } from "node:fs";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";
import type { Ended } from "../../bin/demo/server-process.js";

const program = fileURLToPath(new URL("../../dist/bin/hermod.js", import.meta.url));

export interface CrashServerOptions {
  readonly dir: string;
  /** More words after `hermod serve`. */
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Words before it, such as `strace …`; descriptor 3 and the signals pass through. */
  readonly under?: readonly string[];
}

const startMs = 30_000;

/** A real node that may be killed by the kernel at a named point, or run under another program; started again on its files and ports. */
export class CrashServer {
  readonly dir: string;
  readonly url: string;
  readonly adminUrl: string;
  readonly #words: readonly string[];
  readonly #options: CrashServerOptions;
  #child!: ChildProcess;
  /** Everything all its processes wrote. */
  output = "";
  /** The crash points that the present process named on its pipe: at most one, its last words. */
  points: string[] = [];
  ended!: Promise<Ended>;

  private constructor(options: CrashServerOptions, port: number, adminPort: number) {
    this.#options = options;
    this.dir = options.dir;
    this.url = `http://127.0.0.1:${String(port)}`;
    this.adminUrl = `http://127.0.0.1:${String(adminPort)}`;
    const ports = ["--port", String(port), "--admin-port", String(adminPort)];
    this.#words = [program, "serve", "--data", options.dir, ...ports, ...(options.args ?? [])];
  }

  static async start(options: CrashServerOptions): Promise<CrashServer> {
    mkdirSync(options.dir, { recursive: true });
    const server = new CrashServer(options, await freePort(), await freePort());
    await server.launch();
    return server;
  }

  get pid(): number {
    return this.#child.pid!;
  }

  get alive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Resolves when it listens; rejects with what it said when it ended before. */
  async launch(change: Pick<CrashServerOptions, "env" | "under"> = {}): Promise<void> {
    const under = change.under ?? this.#options.under ?? [];
    const [command, ...words] = [...under, process.execPath, ...this.#words];
    const env = { ...process.env, ...this.#options.env, ...change.env };
    const child = spawn(command!, words, { stdio: ["ignore", "pipe", "pipe", "pipe"], env });
    this.#child = child;
    const points: string[] = [];
    this.points = points;
    child.stdio[3]!.on("data", (chunk: Buffer) => points.push(...chunk.toString().trim().split("\n")));
    this.ended = new Promise<Ended>((resolve) => {
      child.once("close", (code, signal) => {
        resolve({ code, signal });
      });
    });
    const from = this.output.length;
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => child.kill("SIGKILL"), startMs);
      const read = (chunk: Buffer): void => {
        this.output += chunk.toString();
        if (!/^ {2}Invite +\S/m.test(this.output.slice(from))) return;
        clearTimeout(timer);
        resolve();
      };
      child.stdout!.on("data", read);
      child.stderr!.on("data", read);
      void this.ended.then(({ code, signal }) => {
        clearTimeout(timer);
        reject(new Error(`the server ended with ${String(code ?? signal)} instead of starting:\n${this.output.slice(from)}`));
      });
    });
  }

  /** Ends the process with the next passing of a point, the n-th from its start; resolves when the server runs again, armed so. */
  async restartArmed(point: string, nth: number): Promise<void> {
    await this.launch({ env: { HERMOD_POINT: `${point}@${String(nth)}` } });
  }

  async kill(signal: NodeJS.Signals = "SIGKILL"): Promise<Ended> {
    if (this.alive) this.#child.kill(signal);
    return this.ended;
  }
}

/**
 * A port below those that the kernel gives to outgoing connections: while a killed server is away, no connection takes its port, not even
 * that of a client that dials it.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(12_000, 32_000);
    const free = await new Promise<boolean>((resolve) => {
      const probe = createServer();
      probe.once("error", () => {
        resolve(false);
      });
      probe.listen({ port, host: "127.0.0.1", exclusive: true }, () => probe.close(() => resolve(true)));
    });
    if (free) return port;
  }
}
