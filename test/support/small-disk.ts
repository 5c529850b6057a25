import { execFileSync } from "node:child_process";
import { closeSync, mkdirSync, openSync, rmSync, statfsSync, writeSync } from "node:fs";
import { join } from "node:path";

const fillerName = "filler";

/** A real file system of a few MiB (tmpfs), with a file that takes as much of it as a test likes. */
export class SmallDisk {
  readonly dir: string;

  /** @returns the disk, or why there is none here */
  static mount(dir: string, mebibytes: number): SmallDisk | string {
    mkdirSync(dir, { recursive: true });
    try {
      execFileSync("mount", ["-t", "tmpfs", "-o", `size=${String(mebibytes)}m`, "tmpfs", dir], { stdio: ["ignore", "ignore", "pipe"] });
    } catch (error) {
      const said = (error as { stderr?: Buffer }).stderr?.toString().trim();
      return `a tmpfs cannot be mounted here: ${said === undefined || said === "" ? String(error) : said}`;
    }
    return new SmallDisk(dir);
  }

  private constructor(dir: string) {
    this.dir = dir;
  }

  get freeBytes(): number {
    const { bavail, bsize } = statfsSync(this.dir);
    return bavail * bsize;
  }

  /** Leaves so many bytes free. */
  fillTo(freeBytes: number): void {
    this.empty();
    const file = openSync(join(this.dir, fillerName), "w");
    const page = Buffer.alloc(4_096, 1);
    while (this.freeBytes >= freeBytes + page.length) writeSync(file, page);
    closeSync(file);
  }

  empty(): void {
    rmSync(join(this.dir, fillerName), { force: true });
  }

  unmount(): void {
    execFileSync("umount", ["-l", this.dir]);
  }
}
