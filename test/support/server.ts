import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The built program that the tests run as a real process. */
export const program = fileURLToPath(new URL("../../dist/bin/hermod.js", import.meta.url));

export interface ServerOptions {
  /** The data directory; without it a temporary one, removed by `stop`. */
  readonly dir?: string;
  /** More words after `hermod serve`, e.g. "--set", "limits.sendsPerMinute=1e6". */
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export interface ServerProcess {
  readonly url: string;
  readonly adminUrl: string;
  readonly invite: string;
  readonly pid: number;
  readonly dir: string;
  /** Everything the current process wrote, both streams; for a failing test's message. */
  readonly output: string;
  /** Sends the signal and resolves with how the process ended. */
  kill(signal: NodeJS.Signals): Promise<Ended>;
  /** SIGTERM if it still runs, then removes a temporary data directory. Twice is harmless. */
  stop(): Promise<void>;
  /** Starts again on the same data and the same ports; the old process must have ended, or is ended by SIGTERM first. */
  restart(args?: readonly string[], env?: Readonly<Record<string, string>>): Promise<void>;
  /** The crash points that the current process named on its pipe (HERMOD_POINT): at most one, its last words. */
  readonly points: readonly string[];
  /** Resolves when the current process has ended, however it came to it. */
  readonly ended: Promise<Ended>;
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

const startMs = 20_000;

/** Starts `hermod serve` from dist/ on free ports and resolves once it says where it listens. */
export async function startServer(options: ServerOptions = {}): Promise<ServerProcess> {
  const dir = options.dir ?? mkdtempSync(join(tmpdir(), "hermod-server-"));
  let running = await launch(dir, { port: 0, adminPort: 0 }, options.args ?? [], options.env);
  const { url, adminUrl, invite } = running;
  const ports = { port: Number(new URL(url).port), adminPort: Number(new URL(adminUrl).port) };
  const kill = async (signal: NodeJS.Signals): Promise<Ended> => {
    running.child.kill(signal);
    return running.ended;
  };
  const end = async (): Promise<void> => {
    if (running.child.exitCode === null && running.child.signalCode === null) await kill("SIGTERM");
  };
  return {
    url,
    adminUrl,
    invite,
    dir,
    get pid() {
      return running.child.pid!;
    },
    get output() {
      return running.output();
    },
    get ended() {
      return running.ended;
    },
    get points() {
      return running.points;
    },
    kill,
    stop: async () => {
      await end();
      if (options.dir === undefined) rmSync(dir, { recursive: true, force: true });
    },
    restart: async (args, env) => {
      await end();
      running = await launch(dir, ports, args ?? options.args ?? [], { ...options.env, ...env });
    },
  };
}

interface Launched {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  readonly url: string;
  readonly adminUrl: string;
  readonly invite: string;
  readonly points: readonly string[];
  output(): string;
}

function launch(
  dir: string,
  ports: { readonly port: number; readonly adminPort: number },
  args: readonly string[],
  env: ServerOptions["env"],
): Promise<Launched> {
  const words = ["serve", "--data", dir, "--port", String(ports.port), "--admin-port", String(ports.adminPort), ...args];
  const child = spawn(process.execPath, [program, ...words], {
    stdio: ["ignore", "pipe", "pipe", "pipe"],
    env: { ...process.env, ...env },
  });
  let output = "";
  const points: string[] = [];
  child.stdio[3]!.on("data", (chunk: Buffer) => points.push(...chunk.toString().trim().split("\n")));
  const ended = new Promise<Ended>((resolve) => {
    child.once("close", (code, signal) => {
      resolve({ code, signal });
    });
  });
  return new Promise<Launched>((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      reject(new Error(`the server did not start within ${String(startMs)} ms:\n${output}`));
    }, startMs);
    const read = (chunk: Buffer): void => {
      output += chunk.toString();
      const url = /^ {2}API +(\S+)$/m.exec(output)?.[1];
      const health = /^ {2}Health +(\S+)\/healthz$/m.exec(output)?.[1];
      const invite = /^ {2}Invite +(\S+)/m.exec(output)?.[1];
      if (url === undefined || health === undefined || invite === undefined) return;
      clearTimeout(timer);
      resolve({ child, ended, url, adminUrl: health, invite, points, output: () => output });
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    void ended.then(({ code, signal }) => {
      clearTimeout(timer);
      reject(new Error(`the server ended with ${String(code ?? signal)}:\n${output}`));
    });
  });
}
