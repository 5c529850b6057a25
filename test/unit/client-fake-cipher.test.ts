import { expect, test } from "vitest";
import { fakeCipher } from "../../client/cipher/fake.js";
import { Overlay } from "../../client/cipher/overlay.js";
import type { PrekeyBundle } from "../../client/cipher/ports.js";
import { openMemoryStore } from "../../client/store/memory.js";
import { systemClock } from "../../lib/clock.js";
import { seededRand } from "../../lib/random.js";
import { hermod } from "../../protos/gen/hermod.js";

async function run(seed: number): Promise<Uint8Array[]> {
  const cipher = fakeCipher({ clock: { ...systemClock(), now: () => 5 }, rand: seededRand(seed) });
  const device = () => {
    const overlay = new Overlay(openMemoryStore().cipherRows);
    const self = cipher.createIdentity(overlay);
    return { overlay, self, upload: cipher.makeUpload(overlay, { upload: 1n, nowMs: 1, rotate: false, oneTimeEc: 1, oneTimeKyber: 1 }) };
  };
  const [ann, bob] = [device(), device()];
  const keys = hermod.v1.KeyUpload.decode(bob.upload.body);
  const bundle: PrekeyBundle = { ...bob.self, signedPrekey: keys.signedPrekey, kyber: keys.oneTimeKyber[0]!, oneTime: keys.oneTimeEc[0]! };
  const made = [ann.upload.body, ann.upload.signature];
  for (let turn = 0; turn < 3; turn++) {
    const there = await cipher.encryptFor(ann.overlay, bob.self.device, bundle, Uint8Array.of(turn));
    if (there.type !== "encrypted") throw new Error(there.reason);
    await cipher.decryptFrom(bob.overlay, ann.self.device, there.body);
    const back = await cipher.encryptFor(bob.overlay, ann.self.device, undefined, Uint8Array.of(turn));
    if (back.type !== "encrypted") throw new Error(back.reason);
    await cipher.decryptFrom(ann.overlay, bob.self.device, back.body);
    made.push(there.body.bytes, back.body.bytes);
  }
  return made;
}

test("a seed determines every byte of the fake", async () => {
  expect(await run(7)).toEqual(await run(7));
  expect(await run(7)).not.toEqual(await run(8));
});
