import { createInterface, type Interface } from "node:readline";
import { rowsOf } from "../style.js";

/** Where a chat is read and written: a window with a line at its bottom, or a pipe. */
export interface Ends {
  readonly input: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly output: NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number; readonly rows?: number };
}

/** Something that was printed and may get new ticks. */
interface Block {
  readonly id: string | undefined;
  readonly rows: number;
  readonly tickColumn: number;
}

const promptText = "> ";
const blocksKept = 200;
const linesWaitingMax = 1_000;

/** Prints above the line that the person is writing, and changes the ticks of what stands there already. */
export class Prompt {
  readonly isTerminal: boolean;
  readonly #output: Ends["output"];
  readonly #reader: Interface;
  readonly #blocks: Block[] = [];
  readonly #lines: string[] = [];
  #wake: () => void = () => {};
  #closed = false;

  constructor({ input, output }: Ends) {
    this.isTerminal = input.isTTY === true && output.isTTY === true;
    this.#output = output;
    this.#reader = createInterface({ input, output: this.isTerminal ? output : undefined, terminal: this.isTerminal, prompt: promptText });
    this.#reader.on("line", (line) => {
      if (this.isTerminal) this.#eraseEcho(line);
      this.#lines.push(line);
      if (this.#lines.length >= linesWaitingMax) this.#reader.pause();
      this.#wake();
    });
    this.#reader.on("close", () => {
      this.#closed = true;
      this.#wake();
    });
    this.#reader.on("SIGINT", () => {
      this.#reader.close();
    });
    if (this.isTerminal) this.#reader.prompt();
  }

  get columns(): number {
    return this.isTerminal ? (this.#output.columns ?? 80) : Infinity;
  }

  /** The next line that was written; undefined at the end of input, or when the signal is aborted. */
  async line(signal: AbortSignal): Promise<string | undefined> {
    const onAbort = (): void => {
      this.#wake();
    };
    signal.addEventListener("abort", onAbort);
    try {
      while (this.#lines.length === 0 && !this.#closed && !signal.aborted) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
    const line = this.#lines.shift();
    if (!this.#closed && this.#lines.length < linesWaitingMax) this.#reader.resume();
    return line;
  }

  /** Prints lines; with an id, their ticks can be changed later. */
  print(text: string, ticks?: { readonly id: string; readonly column: number }): void {
    if (!this.isTerminal || this.#closed) {
      this.#output.write(`${text}\n`);
      return;
    }
    this.#blocks.push({ id: ticks?.id, rows: rowsOf(text, this.columns), tickColumn: ticks?.column ?? 0 });
    if (this.#blocks.length > blocksKept) this.#blocks.shift();
    const { rows } = this.#reader.getCursorPos();
    this.#output.write(`${up(rows)}\r\u001b[J${text}\n`);
    this.#reader.prompt(true);
  }

  /** Writes over the ticks where they stand. False when they are not on the screen any more. */
  changeTicks(id: string, ticks: string): boolean {
    const at = this.#blocks.findIndex((block) => block.id === id);
    if (!this.isTerminal || this.#closed || at < 0) return false;
    const { rows } = this.#reader.getCursorPos();
    const above = this.#blocks.slice(at).reduce((sum, block) => sum + block.rows, rows);
    if (above >= (this.#output.rows ?? 24)) return false;
    this.#output.write(`\u001b7${up(above)}\r\u001b[${String(this.#blocks[at]!.tickColumn)}C${ticks}\u001b8`);
    return true;
  }

  close(): void {
    if (this.#closed) return;
    if (this.isTerminal) this.#output.write("\r\u001b[J");
    this.#reader.close();
  }

  /** What was typed stands on the screen as typed; it comes back as a message, or as a command's answer. */
  #eraseEcho(line: string): void {
    this.#output.write(`${up(rowsOf(promptText + line, this.columns))}\r\u001b[J`);
    this.#reader.prompt();
  }
}

function up(rows: number): string {
  return rows > 0 ? `\u001b[${String(rows)}A` : "";
}
