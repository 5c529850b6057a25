import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { LineCounter, parseDocument, isMap, isScalar, type Pair, type YAMLMap } from "yaml";
import { configurableLimits, type ConfigurableLimit } from "../lib/configurable-limits.js";
import { limits } from "../lib/limits.js";
import { nearest } from "./nearest.js";

/** One setting: what it may be, and what it is when nobody says anything. */
type Setting =
  | { readonly kind: "text"; readonly usual: string; readonly doc: string; readonly secret?: true }
  | {
      readonly kind: "number";
      readonly usual: number;
      readonly min: number;
      readonly max: number;
      readonly whole: boolean;
      readonly doc: string;
    }
  | { readonly kind: "choice"; readonly usual: string; readonly choices: readonly string[]; readonly doc: string }
  | { readonly kind: "list"; readonly usual: readonly string[]; readonly doc: string };

const number = (usual: number, min: number, max: number, doc: string, whole = true): Setting => ({
  kind: "number",
  usual,
  min,
  max,
  whole,
  doc,
});
const text = (usual: string, doc: string): Setting => ({ kind: "text", usual, doc });

/** Every setting by its path in hermod.yaml; `docs/configuration.md` is checked against this table. */
export const settings: Readonly<Record<string, Setting>> = {
  "node.name": text(hostname(), "Name of this node in logs and leases."),
  "data.dir": text("./hermod-data", "Where the embedded store keeps its files. One process per directory."),
  "data.reserveBytes": number(
    limits.diskReserveBytesMin,
    0,
    1e12,
    "Below this much free disk sends are refused with storage-full; acks and marks go on.",
  ),
  "data.reserveShare": number(
    limits.diskReserveShare,
    0,
    0.9,
    "The same as a share of the file system; the larger of the two counts.",
    false,
  ),
  "edge.host": text("127.0.0.1", "Address of the API."),
  "edge.port": number(8080, 0, 65_535, "Port of the API; 0: any free one."),
  "edge.origins": { kind: "list", usual: [], doc: "Origins that browsers may connect from." },
  "admin.host": text("127.0.0.1", "Address of health and metrics."),
  "admin.port": number(9090, 0, 65_535, "Port of health and metrics; 0: any free one."),
  "registration.mode": {
    kind: "choice",
    usual: "auto",
    choices: ["auto", "open", "invite"],
    doc: "auto: open while the API is bound to loopback, else by invite.",
  },
  "log.level": {
    kind: "choice",
    usual: "info",
    choices: ["trace", "debug", "info", "warn", "error", "fatal", "silent"],
    doc: "How much is logged.",
  },
  ...Object.fromEntries(
    (Object.entries(configurableLimits) as [ConfigurableLimit, readonly [number, number]][]).map(
      ([name, [min, max]]): [string, Setting] => [`limits.${name}`, number(limits[name], min, max, "See docs/limits.md.", false)],
    ),
  ),
};

export interface Config {
  readonly node: { readonly name: string };
  readonly data: { readonly dir: string; readonly reserveBytes: number; readonly reserveShare: number };
  readonly edge: { readonly host: string; readonly port: number; readonly origins: readonly string[] };
  readonly admin: { readonly host: string; readonly port: number };
  readonly registration: { readonly mode: "auto" | "open" | "invite" };
  readonly log: { readonly level: string };
  readonly limits: Partial<Record<ConfigurableLimit, number>>;
}

/** Where a value came from, for `hermod config show --sources`. */
export type Source = "default" | `file ${string}` | `environment ${string}` | `option ${string}`;

export interface Loaded {
  readonly config: Config;
  readonly sources: ReadonlyMap<string, { readonly value: unknown; readonly source: Source }>;
}

/** All that is wrong with a configuration, one sentence each. */
export class ConfigError extends Error {
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(problems.join("\n"));
    this.problems = problems;
  }
}

interface Given {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** `--config FILE`; without it hermod.yaml is read where it exists. */
  readonly file: string | undefined;
  /** Flags, by setting path. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** flags > environment > file > defaults. Names every problem at once, so that one restart mends them all. Throws ConfigError. */
export function readConfig(given: Given): Loaded {
  const problems: string[] = [];
  const sources = new Map<string, { value: unknown; source: Source }>();
  for (const [path, { usual }] of Object.entries(settings)) sources.set(path, { value: usual, source: "default" });
  readFile(given.file, sources, problems);
  readEnvironment(given.environment, sources, problems);
  for (const [path, value] of Object.entries(given.options)) if (value !== undefined) set(path, value, `option ${path}`, sources, problems);
  if (problems.length > 0) throw new ConfigError(problems);
  return { config: assemble(sources), sources };
}

/** The environment of this process; nobody else reads it. */
export function environment(): Readonly<Record<string, string | undefined>> {
  return process.env;
}

type Sources = Map<string, { value: unknown; source: Source }>;

function readFile(named: string | undefined, sources: Sources, problems: string[]): void {
  const path = named ?? "hermod.yaml";
  let content: string;
  try {
    content = readFileSync(path, "utf8");
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
    if (named !== undefined || !missing) problems.push(`${path}: ${missing ? "no such file" : (error as Error).message}`);
    return;
  }
  const lines = new LineCounter();
  const document = parseDocument(content, { lineCounter: lines });
  for (const error of document.errors)
    problems.push(`${path}:${String(error.linePos?.[0].line ?? 1)}: ${error.message.split("\n")[0] ?? "not YAML"}`);
  if (document.errors.length > 0 || document.contents === null) return;
  const at = (pair: Pair): string => {
    const position = lines.linePos((pair.key as { range?: readonly number[] }).range?.[0] ?? 0);
    return `${path}:${String(position.line)}:${String(position.col)}`;
  };
  if (!isMap(document.contents)) {
    problems.push(`${path}: a map of sections is expected`);
    return;
  }
  walk(document.contents, "", at, sources, problems);
}

function walk(map: YAMLMap, prefix: string, at: (pair: Pair) => string, sources: Sources, problems: string[]): void {
  for (const pair of map.items) {
    const key = isScalar(pair.key) ? String(pair.key.value) : "?";
    const path = prefix === "" ? key : `${prefix}.${key}`;
    const isSection = Object.keys(settings).some((known) => known.startsWith(`${path}.`));
    if (isSection && isMap(pair.value)) walk(pair.value, path, at, sources, problems);
    else if (isSection) problems.push(`${at(pair)}: ${path} is a section and needs settings below it`);
    else set(path, (pair.value as { toJSON?: () => unknown } | null)?.toJSON?.(), `file ${at(pair)}`, sources, problems);
  }
}

function readEnvironment(env: Given["environment"], sources: Sources, problems: string[]): void {
  const paths = new Map(Object.keys(settings).map((path) => [variableOf(path), path]));
  for (const [name, raw] of Object.entries(env)) {
    if (raw === undefined || !name.startsWith("HERMOD_") || !name.includes("__")) continue;
    const fromFile = name.endsWith("_FILE") && paths.has(name.slice(0, -5));
    const path = paths.get(fromFile ? name.slice(0, -5) : name);
    if (path === undefined) {
      problems.push(`environment ${name}: no such setting; did you mean ${nearest(name, [...paths.keys()])}?`);
      continue;
    }
    try {
      set(path, fromFile ? readFileSync(raw, "utf8").trim() : raw, `environment ${name}`, sources, problems);
    } catch (error) {
      problems.push(`environment ${name}: ${raw} cannot be read (${(error as Error).message})`);
    }
  }
}

/** edge.port → HERMOD_EDGE__PORT, limits.ackWaitMs → HERMOD_LIMITS__ACK_WAIT_MS. */
export function variableOf(path: string): string {
  const snake = path.replaceAll(".", "__").replace(/([a-z0-9])([A-Z])/g, "$1_$2");
  return `HERMOD_${snake.toUpperCase()}`;
}

function set(path: string, value: unknown, source: Source, sources: Sources, problems: string[]): void {
  const setting = settings[path];
  if (setting === undefined) {
    problems.push(`${source}: there is no setting ${path}; did you mean ${nearest(path, Object.keys(settings))}?`);
    return;
  }
  const read = valueOf(setting, value);
  if ("problem" in read) problems.push(`${source}: ${path} ${read.problem}`);
  else sources.set(path, { value: read.value, source });
}

function valueOf(setting: Setting, value: unknown): { readonly value: unknown } | { readonly problem: string } {
  switch (setting.kind) {
    case "text":
      return typeof value === "string" && value !== "" ? { value } : { problem: "must be text" };
    case "choice":
      return setting.choices.includes(String(value)) ? { value } : { problem: `must be one of ${setting.choices.join(", ")}` };
    case "list": {
      const list = typeof value === "string" ? value.split(",").map((item) => item.trim()) : value;
      return Array.isArray(list) && list.every((item) => typeof item === "string")
        ? { value: list }
        : { problem: "must be a list of texts" };
    }
    case "number": {
      const read = typeof value === "number" ? value : typeof value === "string" && value.trim() !== "" ? Number(value) : NaN;
      const ok = Number.isFinite(read) && read >= setting.min && read <= setting.max && (!setting.whole || Number.isInteger(read));
      return ok
        ? { value: read }
        : { problem: `must be ${setting.whole ? "a whole number" : "a number"} from ${String(setting.min)} to ${String(setting.max)}` };
    }
  }
}

function assemble(sources: Sources): Config {
  const tree: Record<string, Record<string, unknown>> = {};
  for (const [path, { value }] of sources) {
    const [section, name] = path.split(".") as [string, string];
    (tree[section] ??= {})[name] = value;
  }
  return tree as unknown as Config;
}
