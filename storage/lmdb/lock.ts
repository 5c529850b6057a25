import { createHash } from "node:crypto";
import { closeSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { StoreError } from "../errors.js";

/** The right to a data directory; it ends with the process, however that ends. */
export interface DirectoryLock {
  release(): Promise<void>;
}

/**
 * Takes the directory for this process, or throws `store-in-use` with the holder's pid. On Linux an abstract unix socket, which the kernel
 * removes with its process; it is seen within one network namespace only, so two containers must not share a directory. Elsewhere a file.
 */
export async function lockDirectory(realPath: string, platform: NodeJS.Platform = process.platform): Promise<DirectoryLock> {
  return platform === "linux" ? lockBySocket(realPath) : lockByFile(join(realPath, "pid"), realPath);
}

function lockBySocket(realPath: string): Promise<DirectoryLock> {
  const name = `\0hermod-${createHash("sha256").update(realPath).digest("hex").slice(0, 40)}`;
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => {
      socket.on("error", () => socket.destroy());
      socket.end(String(process.pid));
    });
    server.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EADDRINUSE") reject(error);
      else holderOf(name).then((pid) => reject(inUse(realPath, pid)), reject);
    });
    server.listen(name, () => {
      server.unref();
      resolve({ release: () => new Promise((released) => server.close(() => released())) });
    });
  });
}

/** Milliseconds for the holder to say its pid; it may be stopped. */
const answerMs = 500;

function holderOf(name: string): Promise<string> {
  return new Promise((resolve) => {
    let pid = "";
    const socket = connect(name);
    socket.setTimeout(answerMs, () => socket.destroy());
    socket.on("data", (bytes) => (pid = (pid + bytes.toString()).slice(0, 20)));
    socket.on("error", () => socket.destroy());
    socket.on("close", () => resolve(/^\d+$/.test(pid) ? pid : ""));
  });
}

function lockByFile(path: string, realPath: string): DirectoryLock {
  for (let tries = 0; tries < 2; tries++) {
    try {
      const file = openSync(path, "wx", 0o600);
      writeSync(file, String(process.pid));
      closeSync(file);
      return {
        release: async () => {
          rmSync(path, { force: true });
        },
      };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    const pid = readFileSync(path, "utf8");
    if (isAlive(Number(pid))) throw inUse(realPath, pid);
    rmSync(path, { force: true });
  }
  throw inUse(realPath, "");
}

function isAlive(pid: number): boolean {
  try {
    return Number.isInteger(pid) && pid > 0 && process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function inUse(realPath: string, pid: string): StoreError {
  return new StoreError("store-in-use", `${realPath} is in use by ${pid === "" ? "another process" : `process ${pid}`}`);
}
