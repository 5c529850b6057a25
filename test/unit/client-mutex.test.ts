import { expect, test } from "vitest";
import { KeyedMutex } from "../../client/cipher/mutex.js";
import { limits } from "../../lib/limits.js";

/** A promise and the way to end it. */
function gate(): { readonly passed: Promise<void>; readonly open: () => void } {
  let open = (): void => undefined;
  const passed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { passed, open };
}

test("one at a time per name, in the order of asking; other names go on", async () => {
  const locks = new KeyedMutex();
  const first = gate();
  const seen: string[] = [];
  const note = (what: string) => async (): Promise<void> => {
    seen.push(what);
  };
  const waiting = [
    locks.hold(["a"], async () => {
      await first.passed;
      seen.push("a1");
    }),
    locks.hold(["a"], note("a2")),
    locks.hold(["a", "b"], note("ab")),
    locks.hold(["a"], note("a3")),
    locks.hold(["b"], note("b")),
  ];
  await waiting[4];
  expect(seen).toEqual(["b"]);
  first.open();
  await Promise.all(waiting);
  expect(seen).toEqual(["b", "a1", "a2", "ab", "a3"]);
});

test("two that want the same names in another order both get them, and a name twice is one", async () => {
  const locks = new KeyedMutex();
  let holders = 0;
  const alone = async (): Promise<void> => {
    holders += 1;
    await Promise.resolve();
    expect(holders).toBe(1);
    holders -= 1;
  };
  const turns = Array.from({ length: 50 }, (_, index) => locks.hold(index % 2 === 0 ? ["x", "y", "x"] : ["y", "x"], alone));
  await Promise.all(turns);
});

test("work that throws frees its names, and the error goes on", async () => {
  const locks = new KeyedMutex();
  const failing = locks.hold(["a", "b"], async () => {
    throw new Error("no");
  });
  await expect(failing).rejects.toThrow("no");
  expect(await locks.hold(["b", "a"], async () => "free")).toBe("free");
});

test("more than may wait are refused, and hold nothing", async () => {
  const locks = new KeyedMutex();
  const first = gate();
  const held = locks.hold(["b"], () => first.passed);
  const waiting = Array.from({ length: limits.cipherWaitingMax }, () => locks.hold(["b"], async () => undefined));
  await expect(locks.hold(["a", "b"], async () => undefined)).rejects.toMatchObject({ code: "overloaded" });
  expect(await locks.hold(["a"], async () => "free")).toBe("free");
  first.open();
  await Promise.all([held, ...waiting]);
});
