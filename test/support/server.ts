import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ServerProcess } from "../../bin/demo/server-process.js";

/** The built program that the tests run as a real process. */
export const program = fileURLToPath(new URL("../../dist/bin/hermod.js", import.meta.url));

/** Starts `hermod serve` from dist/ on free ports. Without `dir` its data lies in a temporary directory, which `stop` removes. */
export async function startServer(
  options: { readonly dir?: string; readonly args?: readonly string[]; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<TestServer> {
  const dir = options.dir ?? mkdtempSync(join(tmpdir(), "hermod-server-"));
  const { args = [], env } = options;
  const server = await ServerProcess.start({ program, dir, args, environment: { ...process.env, ...env } });
  return {
    get url() {
      return server.url;
    },
    get adminUrl() {
      return server.adminUrl;
    },
    get invite() {
      return server.invite;
    },
    get pid() {
      return server.pid;
    },
    get output() {
      return server.output;
    },
    get ended() {
      return server.ended;
    },
    dir,
    kill: (signal) => server.kill(signal),
    restart: (more) => server.restart(more),
    stop: async () => {
      await server.stop();
      if (options.dir === undefined) rmSync(dir, { recursive: true, force: true });
    },
  };
}

export type TestServer = Pick<
  ServerProcess,
  "url" | "adminUrl" | "invite" | "pid" | "dir" | "output" | "ended" | "kill" | "stop" | "restart"
>;
