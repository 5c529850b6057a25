import { expect, test } from "vitest";
import { hermod, start } from "../support/command-line.js";

test("the demo links a device, moves the ticks, and finds no plaintext on the server's disk", { timeout: 120_000 }, async () => {
  const { code, out, err } = await hermod(["demo"]);
  expect(err).toBe("");
  expect(out).toContain("alice has 2 devices now.");
  const steps = ["…    queued", "✓    the server has it", "✓✓   a device of bob's has stored it", "✓✓r  bob has read it", "On my way."];
  for (let at = 0, from = 0; at < steps.length; at++) {
    from = out.indexOf(steps[at]!, from);
    expect(from, steps[at]).toBeGreaterThanOrEqual(0);
  }
  expect(out).toMatch(/what alice wrote\n {4}4d 65 65 74/);
  expect(out).toMatch(/what the server kept for device .*\n {4}([0-9a-f]{2} ){15}/);
  expect(out).toContain("files of the server that contain the text: 0");
  expect(code).toBe(0);
});

test("the demo under kills loses, doubles, disorders and jumps over nothing", { timeout: 240_000 }, async () => {
  const { code, out, err } = await hermod(["demo", "--chaos", "--messages", "300", "--seed", "11"]);
  expect(err).toBe("");
  const table = Object.fromEntries([...out.matchAll(/^ {2}([a-z ]+?) +(\d+)$/gm)].map(([, name, value]) => [name, Number(value)]));
  expect(table).toMatchObject({ "acknowledged": 300, "lost": 0, "shown twice": 0, "out of order": 0, "gaps": 0 });
  expect(table.kills).toBeGreaterThanOrEqual(5);
  expect(code).toBe(0);
});

test("an interrupted demo takes its server with it", { timeout: 60_000 }, async () => {
  const demo = start(["demo"]);
  const [, pid] = await demo.until(/\(process (\d+)\)/);
  demo.kill("SIGTERM");
  expect((await demo.ended).code).toBe(1);
  await expect.poll(() => isAlive(Number(pid)), { timeout: 5_000 }).toBe(false);
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
