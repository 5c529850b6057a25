import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** From package.json, which stands one folder above bin/, and two above dist/bin/. */
function readVersion(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  for (let up = 0; up < 3; up++) {
    try {
      const { name, version: found } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
        name?: string;
        version?: string;
      };
      if (name === "hermod" && found !== undefined) return found;
    } catch {
      // not in this folder
    }
    folder = dirname(folder);
  }
  return "unknown";
}

export const version = readVersion();
