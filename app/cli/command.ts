/** One command of `hermod`: from this table come help, usage errors and docs/cli.md. */
export interface Command {
  /** Words after `hermod`: "serve", "devices approve". */
  readonly name: string;
  readonly summary: string;
  readonly audience: "people" | "operators";
  readonly takes?: readonly { readonly name: string; readonly doc: string; readonly optional?: true; readonly rest?: true }[];
  readonly options?: readonly Option[];
  /** Whole command lines, shown in the help. */
  readonly examples: readonly string[];
  run(input: Input, terminal: Terminal): Promise<number>;
}

export interface Option {
  /** As commander writes it: "--port <number>", "--json". */
  readonly flags: string;
  readonly doc: string;
  readonly usual?: string;
  /** May be given several times. */
  readonly many?: true;
}

export interface Input {
  /** By the names in `takes`; a `rest` one is the words joined by a space. */
  readonly args: Readonly<Record<string, string | undefined>>;
  /** camelCase names of the options. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** Where a command speaks. Results go to `say`, everything else to `note`. */
export interface Terminal {
  say(line: string): void;
  note(line: string): void;
  /** One JSON value per line, for `--json`. */
  json(value: unknown): void;
  /** Asks a person; undefined when nobody is there to answer. */
  ask(question: string): Promise<string | undefined>;
  /** Standard input to its end, without its last line break; at most what a message can hold. */
  readAll(): Promise<string>;
  /** Aborted when nobody reads the output any more: `hermod inbox | head`. */
  readonly closed: AbortSignal;
  readonly isInteractive: boolean;
  /** Width of the window; of a pipe: no limit. */
  readonly columns: number;
}

/** operations.md: 0 ok, 1 failure, 2 usage, 3 config, 4 unreachable, 5 auth, 6 unhealthy or timeout, 7 conflict. */
export const exitCodes = { ok: 0, failure: 1, usage: 2, config: 3, unreachable: 4, auth: 5, unhealthy: 6, conflict: 7 } as const;

/** A command was used wrongly: exit 2. */
export class UsageError extends Error {}
