import { spawn, type ChildProcess } from "node:child_process";
import { systemClock } from "../../lib/clock.js";

export interface ServerOptions {
  /** dist/bin/hermod.js. */
  readonly program: string;
  /** The data directory. */
  readonly dir: string;
  /** More words after `hermod serve`. */
  readonly args?: readonly string[];
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

interface Launched {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  readonly url: string;
  readonly adminUrl: string;
  readonly invite: string;
  output(): string;
}

const startMs = 20_000;
const outputKept = 256 * 1024;

/** A node as a child process: started on free ports, and again on the same ones and the same data. */
export class ServerProcess {
  readonly #options: ServerOptions;
  readonly #ports: { readonly port: string; readonly adminPort: string };
  #launched: Launched;

  /** Resolves once the server says where it listens; rejects with what it said instead. */
  static async start(options: ServerOptions): Promise<ServerProcess> {
    return new ServerProcess(options, await launch(options, { port: "0", adminPort: "0" }, options.args ?? []));
  }

  private constructor(options: ServerOptions, launched: Launched) {
    this.#options = options;
    this.#launched = launched;
    this.#ports = { port: new URL(launched.url).port, adminPort: new URL(launched.adminUrl).port };
  }

  get url(): string {
    return this.#launched.url;
  }

  get adminUrl(): string {
    return this.#launched.adminUrl;
  }

  get invite(): string {
    return this.#launched.invite;
  }

  get dir(): string {
    return this.#options.dir;
  }

  get pid(): number {
    return this.#launched.child.pid!;
  }

  /** What the present process wrote, both streams. */
  get output(): string {
    return this.#launched.output();
  }

  /** Resolves when the present process has ended, however it came to it. */
  get ended(): Promise<Ended> {
    return this.#launched.ended;
  }

  get isRunning(): boolean {
    const { exitCode, signalCode } = this.#launched.child;
    return exitCode === null && signalCode === null;
  }

  /** Sends a signal that ends it, and resolves with how it ended. */
  async kill(signal: NodeJS.Signals): Promise<Ended> {
    this.#launched.child.kill(signal);
    return this.ended;
  }

  /** Starts again on the same data and ports; a process that still runs is drained first. */
  async restart(args?: readonly string[]): Promise<void> {
    await this.stop();
    this.#launched = await launch(this.#options, this.#ports, args ?? this.#options.args ?? []);
  }

  /** Drains and ends it. Twice is harmless. */
  async stop(): Promise<void> {
    if (this.isRunning) await this.kill("SIGTERM");
  }
}

function launch(
  { program, dir, environment }: ServerOptions,
  { port, adminPort }: { readonly port: string; readonly adminPort: string },
  args: readonly string[],
): Promise<Launched> {
  const words = ["serve", "--data", dir, "--port", port, "--admin-port", adminPort, ...args];
  const child = spawn(process.execPath, [program, ...words], {
    stdio: ["ignore", "pipe", "pipe"],
    ...(environment === undefined ? {} : { env: { ...environment } }),
  });
  let output = "";
  const endToo = (): void => {
    child.kill("SIGKILL");
  };
  process.once("exit", endToo); // it does not outlive whoever started it
  const ended = new Promise<Ended>((resolve) => {
    child.once("close", (code, signal) => {
      process.off("exit", endToo);
      resolve({ code, signal });
    });
  });
  return new Promise<Launched>((resolve, reject) => {
    const timer = systemClock().timer(startMs, () => {
      child.kill("SIGKILL");
    });
    const read = (chunk: Buffer): void => {
      output = (output + chunk.toString()).slice(-outputKept);
      const said = addressesIn(output);
      if (said === undefined) return;
      timer.cancel();
      resolve({ child, ended, ...said, output: () => output });
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    child.once("error", reject);
    void ended.then(({ code, signal }) => {
      timer.cancel();
      reject(new Error(`the server ended with ${String(code ?? signal)} instead of starting: ${output.trim().replaceAll("\n", " ")}`));
    });
  });
}

/** The lines that a node prints once it listens. */
function addressesIn(output: string): { url: string; adminUrl: string; invite: string } | undefined {
  const url = /^ {2}API +(\S+)$/m.exec(output)?.[1];
  const adminUrl = /^ {2}Health +(\S+)\/healthz$/m.exec(output)?.[1];
  const invite = /^ {2}Invite +(\S+)/m.exec(output)?.[1];
  return url === undefined || adminUrl === undefined || invite === undefined ? undefined : { url, adminUrl, invite };
}
