import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { runScenario } from "./runner.js";

const files = readdirSync(import.meta.dirname).filter((name) => name.endsWith(".txt"));

test("there are scenarios", () => {
  expect(files.length).toBeGreaterThan(8);
});

test.each(files)("%s", async (name) => {
  await runScenario(readFileSync(`${import.meta.dirname}/${name}`, "utf8"));
});
