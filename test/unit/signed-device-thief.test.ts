import fc from "fast-check";
import { expect, test } from "vitest";
import { extend, type ListState } from "../../protos/signed/device-chain.js";
import type { Verify } from "../../protos/signed/verdict.js";
import { d1, d2, d3, d4, listBody, nextFields, otherRecovery, recovery, stranger, v2 } from "./signed-chain-fixtures.js";
import { filled, keyOf, type TestKey } from "./signed-fixtures.js";

// A thief holds the second device, links what it likes and asks for anything at all, but has neither the first device nor the recovery
// key: signatures in their names do not hold.
const pool = [d2, d3, d4, stranger, keyOf("a fifth"), keyOf("a sixth")];
const everyone = [d1, ...pool];
const held = new Set(pool.map((key) => Buffer.from(key.public).toString("hex")));
const thief: Verify = (publicKey) => held.has(Buffer.from(publicKey).toString("hex"));

/** Mostly what an honest client would do, so that the thief gets somewhere. */
const rarely = fc.integer({ min: 0, max: 5 }).map((drawn) => drawn === 5);
const attempt = fc.record({
  signer: fc.constantFrom(d2, d2, d2, d1, recovery, ...pool),
  cause: fc.constantFrom("link", "link", "unlink", "unlink", "recover"),
  drop: fc.oneof(fc.constant<TestKey[]>([]), fc.subarray(everyone, { minLength: 1, maxLength: 3 })),
  add: fc.option(fc.constantFrom(...pool)),
  newRecovery: rarely,
  signedBy: fc
    .tuple(rarely, fc.subarray([d1, recovery, ...pool], { minLength: 1, maxLength: 3 }))
    .map(([odd, keys]) => (odd ? keys : undefined)),
  inFront: rarely,
});
type Attempt = typeof attempt extends fc.Arbitrary<infer Value> ? Value : never;

function attempted(head: ListState, { signer, cause, drop, add, newRecovery, signedBy, inFront }: Attempt): ReturnType<typeof extend> {
  const stay = head.devices.map(({ id }) => everyone.find((key) => key.id === id)!).filter((key) => !drop.includes(key));
  const added = add === null || stay.includes(add) ? [] : [add];
  const devices = inFront ? [...added, ...stay] : [...stay, ...added];
  const recoveryKey = newRecovery ? otherRecovery.public : recovery.public;
  const body = listBody(nextFields(head, signer, devices, { cause, recoveryKey }));
  const keys = signedBy ?? [...new Set([signer, ...added])];
  return extend(head, { body, by: keys.map((key) => ({ signer: key.signer, signature: filled(64, 1) })) }, thief);
}

test("whoever lacks the recovery key and the devices before never removes those, nor takes the recovery key", () => {
  let links = 0;
  let unlinks = 0;
  fc.assert(
    fc.property(fc.array(attempt, { minLength: 40, maxLength: 60 }), (attempts) => {
      let head = v2;
      const seen = new Set<string>();
      for (const next of attempts) {
        const verdict = attempted(head, next);
        if (verdict.error !== undefined) continue;
        for (const id of verdict.ok.change.removed) seen.add(id);
        expect(verdict.ok.change.added.some((id) => seen.has(id))).toBe(false);
        expect(verdict.ok.change.verifyAgain).toBe(false);
        if (verdict.ok.change.cause === "link") links++;
        else unlinks++;
        head = verdict.ok;
      }
      expect(head.devices[0]!.id).toBe(d1.id);
      expect(head.recoveryKey).toEqual(new Uint8Array(recovery.public));
      expect(head.account).toBe(v2.account);
    }),
    { numRuns: 200 },
  );
  // The thief did get versions through, or the test would say nothing.
  expect(links).toBeGreaterThan(50);
  expect(unlinks).toBeGreaterThan(10);
});
