import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { runDeviceScenario } from "./device-runner.js";

const directory = `${import.meta.dirname}/device`;
const files = readdirSync(directory).filter((name) => name.endsWith(".txt"));

test("there are scenarios of devices", () => {
  expect(files.length).toBeGreaterThan(8);
});

test.each(files)("%s", async (name) => {
  await runDeviceScenario(readFileSync(`${directory}/${name}`, "utf8"));
});
