import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** The directory that holds one device of one account: its store, the store's key, and which server it speaks to. */
export interface UserDirectory {
  readonly path: string;
  /** Whether a store was ever made here. */
  readonly hasStore: boolean;
  /** The server that was named last, or undefined in a new directory. */
  readonly server: string | undefined;
}

export const usualServer = "http://127.0.0.1:8080";
const usualDirectory = "./.hermod";
const serverFile = "server";

/** `--dir`, or HERMOD_DIR, or `./.hermod`. Makes nothing. */
export function userDirectory(option: unknown, environment: Readonly<Record<string, string | undefined>>): UserDirectory {
  const named = typeof option === "string" && option !== "" ? option : environment.HERMOD_DIR;
  const path = named === undefined || named === "" ? usualDirectory : named;
  let server: string | undefined;
  try {
    server = readFileSync(join(path, serverFile), "utf8").trim() || undefined;
  } catch {
    // None was named here yet.
  }
  return { path, hasStore: existsSync(join(path, "store.db")), server };
}

/** Keeps the server, so that later commands need no `--server`. Whole or not at all. */
export function rememberServer(path: string, server: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const draft = join(path, `${serverFile}.new`);
  writeFileSync(draft, `${server}\n`, { mode: 0o600 });
  renameSync(draft, join(path, serverFile));
}
