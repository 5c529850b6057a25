import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";

/** Why strace cannot be used here; undefined: it can. */
export function straceMissing(): string | undefined {
  const tried = spawnSync("strace", ["-o", "/dev/null", "true"], { encoding: "utf8" });
  if (tried.error !== undefined) return "strace is not installed (scripts/tools installs it where it can)";
  return tried.status === 0 ? undefined : `strace cannot trace here: ${tried.stderr.trim()}`;
}

/** One system call of one thread; times in seconds. */
export interface Call {
  readonly name: string;
  readonly words: string;
  readonly result: string;
  readonly begun: number;
  readonly ended: number;
}

/** A tracer attached to a running process and all its threads; its file is complete when the process ended or `detach` resolved. */
export class Tracer {
  readonly #child: ChildProcess;
  readonly #file: string;
  readonly #ended: Promise<void>;

  /** Resolves when the calls of all threads are seen: the file says so first. */
  static async attach(pid: number, file: string, words: readonly string[]): Promise<Tracer> {
    const tracer = new Tracer(pid, file, words);
    await tracer.#attached();
    return tracer;
  }

  private constructor(pid: number, file: string, words: readonly string[]) {
    this.#file = file;
    this.#child = spawn("strace", ["-f", "-ttt", "-T", "-y", "-o", file, ...words, "-p", String(pid)], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    this.#ended = new Promise((resolve) => {
      this.#child.once("close", () => {
        resolve();
      });
    });
  }

  async #attached(): Promise<void> {
    let said = "";
    this.#child.stderr!.on("data", (chunk: Buffer) => (said += chunk.toString()));
    // It says "attached with N threads" once all of them are stopped for it.
    for (const deadline = performance.now() + 10_000; !said.includes("attached");) {
      if (performance.now() > deadline || this.#child.exitCode !== null) throw new Error(`strace did not attach: ${said}`);
      await pause(10);
    }
  }

  async detach(): Promise<void> {
    if (this.#child.exitCode === null) this.#child.kill("SIGINT");
    await this.#ended;
  }

  /** Resolves when the traced process has ended. */
  get ended(): Promise<void> {
    return this.#ended;
  }

  calls(): Call[] {
    return parseTrace(readFileSync(this.#file, "latin1"));
  }
}

/** Reads `strace -f -ttt -T`: calls that were interrupted by others' are put together again. */
export function parseTrace(text: string): Call[] {
  const calls: Call[] = [];
  const open = new Map<string, { name: string; words: string; begun: number }>();
  for (const line of text.split("\n")) {
    const head = /^(\d+)\s+(\d+\.\d+) (.*)$/.exec(line);
    if (head === null) continue;
    const [, thread, at, rest] = head as unknown as [string, string, string, string];
    const unfinished = /^(\w+)\((.*) <unfinished \.\.\.>$/.exec(rest);
    const resumed = /^<\.\.\. (\w+) resumed>(.*)\) += (.*?)(?: <([\d.]+)>)?$/.exec(rest);
    const whole = /^(\w+)\((.*)\) += (.*?)(?: <([\d.]+)>)?$/.exec(rest);
    if (unfinished !== null) open.set(thread, { name: unfinished[1]!, words: unfinished[2]!, begun: Number(at) });
    else if (resumed !== null) {
      const before = open.get(thread);
      open.delete(thread);
      if (before !== undefined) calls.push({ ...before, words: before.words + resumed[2]!, result: resumed[3]!, ended: Number(at) });
    } else if (whole !== null) {
      const begun = Number(at);
      calls.push({ name: whole[1]!, words: whole[2]!, result: whole[3]!, begun, ended: begun + Number(whole[4] ?? 0) });
    } else if (rest.startsWith("+++ ")) calls.push({ name: "end", words: rest, result: "", begun: Number(at), ended: Number(at) });
  }
  return calls;
}

/** What a call's first word, a descriptor, stands for: `-y` writes it in angle brackets, under `-xx` in hex. */
export function fileOf(call: Call): string {
  const shown = /^\d+<([^>]*)>/.exec(call.words)?.[1] ?? "";
  return shown.replace(/\\x([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
}

/** Bytes as `strace -xx` prints them. */
export function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join("");
}
