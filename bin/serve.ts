import { PortInUse } from "../gateway/server.js";
import { StoreError } from "../storage/errors.js";
import { ConfigError, environment, readConfig } from "./config.js";
import { openLog } from "./log.js";
import { startNode } from "./node.js";
import { version } from "./version.js";

/** What `hermod serve` takes on its command line, by setting path. */
export interface ServeOptions {
  readonly config?: string;
  readonly settings: Readonly<Record<string, unknown>>;
}

/** Exit codes of operations.md. */
export const exitCodes = { ok: 0, failure: 1, usage: 2, config: 3, unreachable: 4, auth: 5, unhealthy: 6, conflict: 7 } as const;

/** Runs a node until SIGTERM or SIGINT. Resolves with the exit code. */
export async function serve(options: ServeOptions, say: (line: string) => void, complain: (line: string) => void): Promise<number> {
  let config;
  try {
    ({ config } = readConfig({ environment: environment(), file: options.config, options: options.settings }));
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    complain(`The configuration has ${String(error.problems.length)} problem${error.problems.length === 1 ? "" : "s"}:`);
    for (const problem of error.problems) complain(`  ${problem}`);
    return exitCodes.config;
  }
  const log = openLog(config.log.level);
  const fatal = (cause: unknown): void => {
    log.fatal({ error: cause instanceof Error ? cause.message : String(cause) }, "the store failed; the node stops");
    process.exit(exitCodes.failure);
  };
  let node;
  try {
    node = await startNode(config, log, fatal);
  } catch (error) {
    const sentence = conflictOf(error, config);
    if (sentence === undefined) throw error;
    complain(sentence);
    return exitCodes.conflict;
  }
  // Before anything is said: who reads that it runs may end it at once.
  const stopped = new Promise<string>((resolve) => {
    process.once("SIGTERM", () => {
      resolve("SIGTERM");
    });
    process.once("SIGINT", () => {
      resolve("SIGINT");
    });
  });
  const shown = config.edge.host.includes(":") ? `[${config.edge.host}]` : config.edge.host;
  say(`Hermod ${version} is running. Data: ${config.data.dir}`);
  say(`  API      http://${shown}:${String(node.apiPort)}`);
  say(`  Health   http://${config.admin.host}:${String(node.adminPort)}/healthz`);
  say(`  Invite   ${node.invite}${node.inviteNeeded ? "" : " (not needed: registration is open on loopback)"}`);
  const signal = await stopped;
  log.info({ signal }, "draining");
  // A handler that hangs must not keep a drained node alive.
  const watchdog = setTimeout(() => process.exit(exitCodes.failure), 30_000);
  watchdog.unref();
  await node.stop();
  clearTimeout(watchdog);
  say("Drained. Good bye.");
  return exitCodes.ok;
}

/** One sentence for what another process holds. */
function conflictOf(
  error: unknown,
  config: { readonly data: { readonly dir: string }; readonly admin: { readonly host: string; readonly port: number } },
): string | undefined {
  if (error instanceof PortInUse) return `${error.message}: another program listens there. Choose another with --port, or stop it.`;
  if (error instanceof StoreError && error.code === "store-in-use")
    return `The data directory ${config.data.dir} is in use by another process. Stop it, or choose another with --data.`;
  if ((error as NodeJS.ErrnoException).code === "EADDRINUSE") {
    return `port ${String(config.admin.port)} on ${config.admin.host} is in use: another program listens there. Choose another with --admin-port, or stop it.`;
  }
  return undefined;
}
