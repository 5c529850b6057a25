import { spawn } from "node:child_process";
import { program } from "./server.js";

export interface Outcome {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
}

export interface Running {
  /** Both streams so far. */
  readonly text: string;
  readonly ended: Promise<Outcome>;
  write(text: string): void;
  end(): void;
  kill(signal: NodeJS.Signals): void;
  /** Resolves once the output matches; rejects when the program ends before, or after `deadlineMs`. */
  until(pattern: RegExp, deadlineMs?: number): Promise<RegExpExecArray>;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
}

/** Starts `hermod …` as a real process without a terminal. */
export function start(words: readonly string[], options: RunOptions = {}): Running {
  const child = spawn(process.execPath, [program, ...words], {
    stdio: ["pipe", "pipe", "pipe"],
    env: { ...process.env, HERMOD_DIR: "", ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  let out = "";
  let err = "";
  const looks = new Set<() => void>();
  const heard = (): void => {
    for (const look of [...looks]) look();
  };
  child.stdout.on("data", (chunk: Buffer) => {
    out += chunk.toString();
    heard();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    err += chunk.toString();
    heard();
  });
  child.stdin.on("error", () => {}); // it may have ended before it read
  const ended = new Promise<Outcome>((resolve) => {
    child.once("close", (code, signal) => {
      resolve({ code, signal, out, err });
    });
  });
  return {
    get text() {
      return out + err;
    },
    ended,
    write: (text) => child.stdin.write(text),
    end: () => child.stdin.end(),
    kill: (signal) => child.kill(signal),
    until: (pattern, deadlineMs = 15_000) =>
      new Promise((resolve, reject) => {
        const fail = (why: string): void => {
          done();
          reject(new Error(`${why} before ${String(pattern)}:\n${out}${err}`));
        };
        const timer = setTimeout(() => {
          fail("the time was over");
        }, deadlineMs);
        const look = (): void => {
          const found = pattern.exec(out) ?? pattern.exec(err);
          if (found === null) return;
          done();
          resolve(found);
        };
        const done = (): void => {
          clearTimeout(timer);
          looks.delete(look);
        };
        looks.add(look);
        look();
        void ended.then(() => {
          if (looks.has(look)) fail("the program ended");
        });
      }),
  };
}

/** Runs `hermod …` to its end. */
export async function hermod(words: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const running = start(words, options);
  if (options.stdin !== undefined) running.write(options.stdin);
  running.end();
  return running.ended;
}
