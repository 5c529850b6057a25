import { describe, expect, test } from "vitest";
import type { Encryption, PairwiseBody } from "../../client/cipher/ports.js";
import { limits } from "../../lib/limits.js";
import { bytes, ciphers, day, pairOf, shifted, talkingPair } from "./cipher-device.js";

describe.each(ciphers)("cipher: $name", ({ make }) => {
  const pair = (oneTime = 3) => pairOf(make, oneTime);
  const talking = () => talkingPair(make);

  describe("sessions", () => {
    test("the first message starts a session, and the answer ends the long form", async () => {
      const [ann, bob] = pair();
      expect(ann.hasSession(bob)).toBe(false);
      const first = await ann.send(bob, "one", bob.bundle());
      const again = await ann.send(bob, "two");
      expect([first.type, again.type]).toEqual(["prekey", "prekey"]);
      expect([await bob.read(ann, first), await bob.read(ann, again)]).toEqual(["one", "two"]);
      const answer = await bob.send(ann, "three");
      expect([answer.type, await ann.read(bob, answer)]).toEqual(["whisper", "three"]);
      expect((await ann.send(bob, "four")).type).toBe("whisper");
      expect([ann.hasSession(bob), bob.hasSession(ann)]).toEqual([true, true]);
    });

    test("both may start at once", async () => {
      const [ann, bob] = pair();
      const [fromAnn, fromBob] = [await ann.send(bob, "a", bob.bundle()), await bob.send(ann, "b", ann.bundle())];
      expect([await ann.read(bob, fromBob), await bob.read(ann, fromAnn)]).toEqual(["b", "a"]);
      for (let turn = 0; turn < 4; turn++) {
        const [one, other] = [await ann.send(bob, `a${turn}`), await bob.send(ann, `b${turn}`)];
        expect([await bob.read(ann, one), await ann.read(bob, other)]).toEqual([`a${turn}`, `b${turn}`]);
      }
      expect([(await ann.send(bob, "x")).type, (await bob.send(ann, "y")).type]).toEqual(["whisper", "whisper"]);
    });

    test("messages may come in any order, over turns of the ratchet", async () => {
      const [ann, bob] = await talking();
      const early = [await ann.send(bob, "0"), await ann.send(bob, "1"), await ann.send(bob, "2")];
      expect(await ann.read(bob, await bob.send(ann, "turn"))).toBe("turn");
      const late = [await ann.send(bob, "3"), await ann.send(bob, "4")];
      for (const [index, body] of [late[1]!, early[2]!, late[0]!, early[0]!, early[1]!].entries()) {
        expect(await bob.read(ann, body)).toBe(["4", "2", "3", "0", "1"][index]);
      }
    });

    test("a message read once is a duplicate, whoever asks", async () => {
      const [ann, bob] = await talking();
      const body = await ann.send(bob, "once");
      expect(await bob.read(ann, body)).toBe("once");
      expect(await bob.read(ann, body)).toBe("undecryptable duplicate");
    });

    test("a reading that was not committed can be repeated, also of a first message", async () => {
      const [ann, bob] = pair();
      const first = await ann.send(bob, "first", bob.bundle());
      for (let attempt = 0; attempt < 3; attempt++) expect(await bob.read(ann, first, false)).toBe("first");
      expect(bob.hasSession(ann)).toBe(false);
      expect(await bob.read(ann, first)).toBe("first");
      const next = await ann.send(bob, "next");
      for (let attempt = 0; attempt < 3; attempt++) expect(await bob.read(ann, next, false)).toBe("next");
      expect(await bob.read(ann, next)).toBe("next");
    });

    test("ten at once under the mutex never share a key; without it they would", async () => {
      const [ann, bob] = await talking();
      const places = (bodies: PairwiseBody[]) => new Set(bodies.map((body) => bob.ahead(ann, body))).size;
      const at = Array.from({ length: 10 }, (_, index) => index);
      const guarded = await Promise.all(at.map((index) => ann.send(bob, `m${index}`)));
      expect(places(guarded)).toBe(10);
      const bare = async (index: number): Promise<PairwiseBody> => {
        const overlay = ann.overlay();
        const result = await ann.cipher.encryptFor(overlay, bob.self.device, undefined, bytes(`m${index}`));
        ann.flush(overlay);
        return (result as Extract<Encryption, { type: "encrypted" }>).body;
      };
      expect(places(await Promise.all(at.map(bare)))).toBeLessThan(10);
      expect(await Promise.all(guarded.map((body) => bob.read(ann, body)))).toEqual(at.map((index) => `m${index}`));
    });

    test("a bundle over a lost session starts a new one; what the old one sent is still read", async () => {
      const [ann, bob] = await talking();
      const old = await ann.send(bob, "old");
      ann.commit((overlay) => {
        overlay.delete(`session/${bob.self.device}`);
      });
      expect(await bob.read(ann, await ann.send(bob, "new", bob.bundle(1)))).toBe("new");
      expect(await bob.read(ann, old)).toBe("old");
    });

    test("counts what was never answered, and forgets it with the first answer", async () => {
      const [ann, bob] = pair();
      const unanswered = () => bob.cipher.session(bob.overlay(), ann.self.device)?.unansweredPrekeys;
      expect(unanswered()).toBeUndefined();
      for (let count = 1; count <= 2; count++) {
        await bob.read(ann, await ann.send(bob, "hello?", bob.bundle()));
        expect(unanswered()).toBe(count);
      }
      await bob.send(ann, "");
      expect(unanswered()).toBe(0);
    });

    test("a session that nobody answered for 30 days needs a bundle again", async () => {
      const [ann, bob] = pair();
      await ann.send(bob, "hello?", bob.bundle());
      shifted.ms = 31 * day;
      try {
        expect(ann.hasSession(bob)).toBe(false);
        expect(await ann.encrypt(bob, "?")).toEqual({ type: "no-bundle", reason: "missing" });
        expect(await bob.read(ann, await ann.send(bob, "again", bob.bundle(1)))).toBe("again");
      } finally {
        shifted.ms = 0;
      }
    });

    test("content is padded, its length comes back, and too much of it is refused", async () => {
      const [ann, bob] = await talking();
      for (const words of ["", "x", "y".repeat(159), "z".repeat(5_000)])
        expect(await bob.read(ann, await ann.send(bob, words))).toBe(words);
      await expect(ann.send(bob, "z".repeat(limits.paddedBytesMax))).rejects.toMatchObject({ code: "too-large" });
      expect(await bob.read(ann, await ann.send(bob, "goes on"))).toBe("goes on");
    });
  });

  describe("staging", () => {
    test("says how many keys would lie unused, whatever the order of reading", async () => {
      const [ann, bob] = await talking();
      const bodies: PairwiseBody[] = [];
      for (let number = 0; number < 8; number++) bodies.push(await ann.send(bob, `${number}`));
      const ahead = () => bodies.map((body) => bob.ahead(ann, body));
      expect(ahead()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
      await bob.read(ann, bodies[5]!);
      expect(ahead()).toEqual([0, 0, 0, 0, 0, 0, 5, 6]);
      await bob.read(ann, bodies[0]!);
      expect(ahead()).toEqual([0, 0, 0, 0, 0, 0, 4, 5]);
      expect(bob.ahead(ann, { type: "whisper", bytes: new Uint8Array(9) })).toBeUndefined();
    });

    test("also of first messages", async () => {
      const [ann, bob] = pair();
      const bodies = [await ann.send(bob, "0", bob.bundle()), await ann.send(bob, "1"), await ann.send(bob, "2")];
      expect(bodies.map((body) => bob.ahead(ann, body))).toEqual([0, 1, 2]);
    });

    test("a chain keeps 2,000 unread keys: the ones before are lost, and that is said as duplicate", async () => {
      const [ann, bob] = await talking();
      const bodies: PairwiseBody[] = [];
      for (let number = 0; number < 2_002; number++) bodies.push(await ann.send(bob, `${number}`));
      expect(await bob.read(ann, bodies[2_001]!)).toBe("2001");
      expect(await bob.read(ann, bodies[1]!)).toBe("1");
      expect(await bob.read(ann, bodies[0]!)).toBe("undecryptable duplicate");
    });

    test("up to the limit and beyond it everything stays readable", async () => {
      const [ann, bob] = await talking();
      const bodies: PairwiseBody[] = [];
      for (let number = 0; number <= limits.ratchetAheadMax; number++) bodies.push(await ann.send(bob, `${number}`));
      expect(await bob.read(ann, bodies.at(-1)!)).toBe(`${limits.ratchetAheadMax}`);
      for (const index of [0, 250, 499]) expect(await bob.read(ann, bodies[index]!)).toBe(`${index}`);
    });
  });
});

test("the fake's messages are as long as the real ones", async () => {
  const lengths: number[][] = [];
  for (const { make } of ciphers) {
    const [ann, bob] = pairOf(make);
    const found: number[] = [];
    for (const words of ["", "x".repeat(200), "y".repeat(5_000)]) {
      const first = await ann.send(bob, words, bob.bundle());
      await bob.read(ann, first);
      found.push(first.bytes.length);
    }
    for (const words of ["", "x".repeat(200), "y".repeat(5_000)]) found.push((await bob.send(ann, words)).bytes.length);
    lengths.push(found);
  }
  // The post-quantum ratchet moves real lengths by some bytes between its turns.
  for (const [index, real] of lengths[0]!.entries()) expect(Math.abs(real - lengths[1]![index]!)).toBeLessThanOrEqual(40);
});
