import { exitCodes, type Command, type Input } from "../app/cli/command.js";
import { ConfigError, environment, readConfig, settings, type Loaded } from "./config.js";

/** Options that are settings under a shorter name. */
const serveOptions = [
  { flags: "--config <file>", doc: "configuration file (hermod.yaml is read when it is there)" },
  { flags: "--host <address>", doc: "address of the API", path: "edge.host" },
  { flags: "--port <number>", doc: "port of the API, 0: any free one", path: "edge.port" },
  { flags: "--admin-port <number>", doc: "port of health and metrics, 0: any free one", path: "admin.port" },
  { flags: "--data <directory>", doc: "where the embedded store keeps its files", path: "data.dir" },
  { flags: "--registration <mode>", doc: "auto, open or invite", path: "registration.mode" },
  { flags: "--log-level <level>", doc: "trace, debug, info, warn, error, fatal or silent", path: "log.level" },
  { flags: "--set <path=value>", doc: "any other setting, as often as you like", many: true },
] as const;

/** Commands that need the server's parts; handed to the command line, which does not import them. */
export const serverCommands: readonly Command[] = [
  {
    name: "serve",
    summary: "run a node: API, actors and an embedded store in one process",
    audience: "operators",
    options: serveOptions,
    examples: ["hermod serve", "hermod serve --port 9000 --data /var/lib/hermod", "hermod serve --set limits.socketsMax=50000"],
    run: async (input, terminal) => {
      const { serve } = await import("./serve.js");
      const say = (line: string): void => {
        terminal.say(line);
      };
      const complain = (line: string): void => {
        terminal.note(line);
      };
      return serve(given(input), say, complain);
    },
  },
  {
    name: "config check",
    summary: "read the configuration and name every problem at once",
    audience: "operators",
    options: serveOptions,
    examples: ["hermod config check --config hermod.yaml"],
    run: async (input, terminal) => {
      const loaded = load(input, (line) => {
        terminal.note(line);
      });
      if (loaded === undefined) return Promise.resolve(exitCodes.config);
      terminal.say("The configuration is valid.");
      return Promise.resolve(exitCodes.ok);
    },
  },
  {
    name: "config show",
    summary: "print every setting in force and where it comes from",
    audience: "operators",
    options: [...serveOptions, { flags: "--json", doc: "one JSON object per line" }],
    examples: ["hermod config show", "HERMOD_EDGE__PORT=9000 hermod config show --json"],
    run: async (input, terminal) => {
      const loaded = load(input, (line) => {
        terminal.note(line);
      });
      if (loaded === undefined) return Promise.resolve(exitCodes.config);
      for (const [path, { value, source }] of loaded.sources) {
        if (input.options.json === true) terminal.json({ path, value, source });
        else
          terminal.say(
            `${path} = ${Array.isArray(value) ? `[${value.join(", ")}]` : String(value)}    # ${source}${source === "default" ? `: ${settings[path]?.doc ?? ""}` : ""}`,
          );
      }
      return Promise.resolve(exitCodes.ok);
    },
  },
];

function given(input: Input): { readonly config?: string; readonly settings: Readonly<Record<string, unknown>> } {
  const chosen: Record<string, unknown> = {};
  for (const option of serveOptions) {
    if (!("path" in option)) continue;
    const name = option.flags
      .split(" ")[0]!
      .slice(2)
      .replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
    if (input.options[name] !== undefined) chosen[option.path] = input.options[name];
  }
  for (const pair of (input.options.set as string[] | undefined) ?? []) {
    const at = pair.indexOf("=");
    chosen[at < 0 ? pair : pair.slice(0, at)] = at < 0 ? "" : pair.slice(at + 1);
  }
  return { ...(typeof input.options.config === "string" ? { config: input.options.config } : {}), settings: chosen };
}

function load(input: Input, complain: (line: string) => void): Loaded | undefined {
  const { config, settings: options } = given(input);
  try {
    return readConfig({ environment: environment(), file: config, options });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    for (const problem of error.problems) complain(problem);
    return undefined;
  }
}
