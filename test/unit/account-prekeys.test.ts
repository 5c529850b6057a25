import { expect, test } from "vitest";
import { idBytes, type DeviceId } from "../../lib/ids.js";
import { limits } from "../../lib/limits.js";
import { hermod } from "../../protos/gen/hermod.js";
import type { Answer, Asker } from "../../protos/messages.js";
import { domains } from "../../protos/signed/hash.js";
import { writeSigned } from "../../protos/signed/signed.js";
import { codeOf, Person, uploadFields, uploadOf, type KeyFields } from "../support/account-maker.js";
import { AccountWorld } from "../support/account-world.js";
import { filled, keyOf, signed, type TestKey } from "./signed-fixtures.js";

async function target(): Promise<{ here: AccountWorld; alice: Person; bob: Person }> {
  const here = new AccountWorld();
  const [alice, bob] = [new Person("alice"), new Person("bob")];
  await alice.register(here);
  await bob.register(here);
  return { here, alice, bob };
}

const fetch = (here: AccountWorld, of: Person, from: Asker, devices: readonly DeviceId[] = []): Promise<Answer | undefined> =>
  here.ask(of.id, { type: "fetch-prekeys", from, devices });
const bundlesOf = (answer: Answer | undefined): readonly hermod.v1.Bundle.$Properties[] =>
  answer?.type === "frame" ? (answer.frame.prekeys!.bundles ?? []) : [];
const asStranger = (here: AccountWorld, name: string): Asker => here.from(new Person(name).id, keyOf(name).id);
const put = (here: AccountWorld, person: Person, bytes: Uint8Array, by: TestKey = person.first): Promise<Answer | undefined> =>
  here.ask(person.id, { type: "put-keys", from: here.from(person.id, by.id), signed: bytes });

test("hands each one-time key out once, oldest first, then the last resort without one", async () => {
  const { here, alice } = await target();
  const ids: (number | undefined)[] = [];
  const kyber: number[] = [];
  for (let count = 0; count < 5; count++) {
    const [bundle] = bundlesOf(await fetch(here, alice, asStranger(here, `requester ${count}`)));
    ids.push(bundle!.oneTime?.id);
    kyber.push(bundle!.kyber!.id!);
    expect(bundle!.signedPrekey!.signature).toHaveLength(64);
    expect(bundle!.registrationId).toBe(7);
  }
  expect(ids).toEqual([1, 2, 3, undefined, undefined]);
  expect(kyber).toEqual([1, 2, 3, 1_000_001, 1_000_001]);
});

test("a crowd at once gets every key at most once", async () => {
  const { here, alice } = await target();
  await put(here, alice, uploadOf(alice.first, 2n, 40, 10));
  for (let count = 0; count < 60; count++) {
    here.route({
      kind: "account",
      id: alice.id,
      message: { type: "fetch-prekeys", from: asStranger(here, `requester ${count}`), devices: [] },
    });
  }
  await here.settle();
  const bundles = here.answers.flatMap(({ answer }) => (answer.type === "frame" && answer.frame.prekeys ? bundlesOf(answer) : []));
  expect(bundles).toHaveLength(60);
  const oneTime = bundles.flatMap(({ oneTime: key }) => (key ? [key.id] : []));
  const kyber = bundles.map((bundle) => bundle.kyber!.id!).filter((key) => key < 1_000_000);
  expect(new Set(oneTime).size).toBe(oneTime.length);
  expect(new Set(kyber).size).toBe(kyber.length);
  expect(oneTime.length).toBeGreaterThan(10);
});

test("a key whose claim has an unknown outcome is never handed out, applied or not", async () => {
  for (const fault of ["lost-before", "lost-after", "throws"] as const) {
    const { here, alice } = await target();
    let failures = 0;
    here.fault = (call) => (call === "prekeys.claim" && failures++ === 0 ? fault : undefined);
    const ids: (number | undefined)[] = [];
    for (let count = 0; count < 4; count++) {
      ids.push(bundlesOf(await fetch(here, alice, asStranger(here, `requester ${count}`)))[0]!.oneTime?.id);
    }
    expect(ids, fault).toEqual([2, 3, undefined, undefined]);
  }
});

test("tries three keys and then goes without, so that a bundle always comes", async () => {
  const { here, alice } = await target();
  await put(here, alice, uploadOf(alice.first, 2n, 10, 10));
  here.fault = (call) => (call === "prekeys.claim" ? "lost-before" : undefined);
  const claims = here.calls.length;
  const [bundle] = bundlesOf(await fetch(here, alice, asStranger(here, "requester")));
  expect(bundle).toMatchObject({ kyber: { id: 1_000_002 } });
  expect(bundle!.oneTime).toBeUndefined();
  expect(here.calls.slice(claims).filter((call) => call === "prekeys.claim")).toHaveLength(2 * limits.prekeyClaimsMax);
});

test("the same request again gets the same answer for a minute and burns no key", async () => {
  const { here, alice, bob } = await target();
  const from = here.from(bob.id, bob.first.id);
  const first = await fetch(here, alice, from);
  here.answers.length = 0;
  expect(await fetch(here, alice, from)).toEqual(first);
  expect(await here.stores.prekeys.count(alice.id, alice.first.id, "ec")).toBe(2);
  here.answers.length = 0;
  expect(bundlesOf(await fetch(here, alice, { ...from, socket: 2 }))[0]!.oneTime!.id).toBe(2);
  await here.pass(limits.prekeyAnswerKeptMs + 1);
  here.answers.length = 0;
  expect(bundlesOf(await fetch(here, alice, from))[0]!.oneTime!.id).toBe(3);
});

test("one requester gets 6 bundles, then one in ten minutes; others are not hindered, and own devices are not", async () => {
  const { here, alice, bob } = await target();
  const codes: string[] = [];
  for (let count = 0; count < 1_000; count++) codes.push(codeOf(await fetch(here, alice, here.from(bob.id, bob.first.id))));
  expect(codes.filter((code) => code === "prekeys")).toHaveLength(limits.prekeyFetchBucket);
  expect(codes.filter((code) => code === "rate-limited").length).toBeGreaterThanOrEqual(990);
  expect(codeOf(await fetch(here, alice, asStranger(here, "other")))).toBe("prekeys");
  await here.tell(alice.id, { type: "resume-work" });
  for (let count = 0; count < 30; count++) {
    expect(codeOf(await fetch(here, alice, here.from(alice.id, alice.device("second").id)))).toBe("prekeys");
  }
  await here.pass(limits.prekeyFetchRefillMs);
  const again = [
    codeOf(await fetch(here, alice, here.from(bob.id, bob.first.id))),
    codeOf(await fetch(here, alice, here.from(bob.id, bob.first.id))),
  ];
  expect(again).toEqual(["prekeys", "rate-limited"]);
});

test("an idle minute resets no limit", async () => {
  const { here, alice, bob } = await target();
  for (let count = 0; count < limits.prekeyFetchBucket; count++) await fetch(here, alice, here.from(bob.id, bob.first.id));
  await here.pass(limits.actorIdleMs);
  await here.runtime(alice.id, { type: "passivate" });
  expect(codeOf(await fetch(here, alice, here.from(bob.id, bob.first.id)))).toBe("rate-limited");
  await here.pass(limits.prekeyFetchBucket * limits.prekeyFetchRefillMs);
  await here.runtime(alice.id, { type: "passivate" });
  expect(here.stateOf(alice.id)).toBeUndefined();
});

test("a crowd of requesters empties no pool, and still gets bundles", async () => {
  const { here, alice } = await target();
  const state = here.stateOf(alice.id)!;
  state.keysOut.tokens = 0.5;
  state.keysOut.monoMs = here.clock.mono();
  const [bundle] = bundlesOf(await fetch(here, alice, asStranger(here, "requester")));
  expect(bundle!.oneTime).toBeUndefined();
  expect(bundle!.kyber!.id).toBe(1_000_001);
  expect(await here.stores.prekeys.count(alice.id, alice.first.id, "ec")).toBe(3);
});

test("keeps no more buckets and answers than its bounds", async () => {
  const { here, alice } = await target();
  for (let count = 0; count < limits.prekeyRequestersMax + 50; count++) await fetch(here, alice, asStranger(here, `requester ${count}`));
  const state = here.stateOf(alice.id)!;
  expect(state.requesters.size).toBeLessThanOrEqual(limits.prekeyRequestersMax);
  expect(state.prekeyAnswers.size).toBeLessThanOrEqual(limits.prekeyAnswersMax);
});

test("bundles are for the head's devices that were asked for, never for a removed one or for who asks", async () => {
  const { here, alice, bob } = await target();
  const [second, third] = [alice.device("second"), alice.device("third")];
  await alice.link(here, second);
  await alice.link(here, third);
  await alice.unlink(here, second);
  const devices = (answer: Answer | undefined): string[] => bundlesOf(answer).map(({ device }) => Buffer.from(device!).toString("hex"));
  const hex = (key: TestKey): string => Buffer.from(idBytes(key.id)).toString("hex");
  expect(devices(await fetch(here, alice, here.from(bob.id, bob.first.id)))).toEqual([hex(alice.first), hex(third)]);
  expect(devices(await fetch(here, alice, here.from(bob.id, bob.first.id), [third.id, second.id]))).toEqual([hex(third)]);
  expect(devices(await fetch(here, alice, here.from(alice.id, third.id)))).toEqual([hex(alice.first)]);
});

test("a device is told when a pool runs low, once a minute", async () => {
  const { here, alice } = await target();
  for (let count = 0; count < 3; count++) await fetch(here, alice, asStranger(here, `requester ${count}`));
  const low = here.mails.filter((mail) => mail.kind === "device" && mail.message.type === "notice" && mail.message.frame.prekeysLow);
  expect(low).toHaveLength(1);
  expect(low[0]).toMatchObject({ id: alice.first.id, message: { frame: { prekeysLow: { oneTimeEc: 2, oneTimeKyber: 2 } } } });
});

test("an upload adds to the pools and takes the place of the signed keys; the same again is answered the same", async () => {
  const { here, alice, bob } = await target();
  const upload = uploadOf(alice.first, 2n, 5, 10);
  const stored = { type: "frame", frame: { keysStored: { upload: 2n, oneTimeEc: 8, oneTimeKyber: 8 } } };
  expect(await put(here, alice, upload)).toEqual(stored);
  expect(await put(here, alice, upload)).toEqual(stored);
  const [bundle] = bundlesOf(await fetch(here, alice, here.from(bob.id, bob.first.id)));
  expect(bundle!.signedPrekey!.id).toBe(2);
  expect(bundle!.oneTime!.id).toBe(1);
  expect(codeOf(await put(here, alice, uploadOf(alice.first, 1n)))).toBe("bad-request");
});

test("a pool holds at most 100 keys, and one that was handed out never comes back by an upload", async () => {
  const { here, alice, bob } = await target();
  await put(here, alice, uploadOf(alice.first, 2n, 100, 10));
  expect(await here.stores.prekeys.count(alice.id, alice.first.id, "ec")).toBe(100);
  await fetch(here, alice, here.from(bob.id, bob.first.id));
  await put(here, alice, uploadOf(alice.first, 3n, 3, 1));
  expect(await here.stores.prekeys.count(alice.id, alice.first.id, "ec")).toBe(99);
});

const flipped = (bytes: Uint8Array): Uint8Array => bytes.map((byte, index) => (index === 20 ? byte ^ 1 : byte));
const malformed: { name: string; fields: (key: TestKey) => KeyFields; code: string }[] = [
  { name: "no keys at all", fields: (key) => ({ format: 1, device: idBytes(key.id), upload: 2n }), code: "bad-request" },
  { name: "keys of another device", fields: () => uploadFields(keyOf("eve"), 2n), code: "bad-request" },
  { name: "upload 0", fields: (key) => uploadFields(key, 0n), code: "bad-request" },
  { name: "a newer format", fields: (key) => ({ ...uploadFields(key, 2n), format: 2 }), code: "update-needed" },
  {
    name: "a signed prekey with another device's signature",
    fields: (key) => {
      const all = uploadFields(key, 2n);
      return { ...all, signedPrekey: { ...all.signedPrekey, signature: uploadFields(keyOf("eve"), 2n).signedPrekey!.signature! } };
    },
    code: "bad-signature",
  },
  {
    name: "a swapped signed prekey",
    fields: (key) => {
      const all = uploadFields(key, 2n);
      return { ...all, signedPrekey: { ...all.signedPrekey, key: keyOf("eve").public } };
    },
    code: "bad-signature",
  },
  {
    name: "a Kyber key whose signature is of other bytes",
    fields: (key) => {
      const all = uploadFields(key, 2n);
      const [first, ...rest] = all.oneTimeKyber!;
      return { ...all, oneTimeKyber: [{ ...first, key: flipped(first!.key!) }, ...rest] };
    },
    code: "bad-signature",
  },
  {
    name: "a low-order one-time key",
    fields: (key) => ({ ...uploadFields(key, 2n), oneTimeEc: [{ id: 9, key: new Uint8Array([5, ...new Uint8Array(32)]) }] }),
    code: "bad-key",
  },
  {
    name: "a key that is not canonical",
    fields: (key) => ({ ...uploadFields(key, 2n), oneTimeEc: [{ id: 9, key: new Uint8Array([5, ...filled(31, 255), 0x7f]) }] }),
    code: "bad-key",
  },
  {
    name: "a key with its high bit set",
    fields: (key) => ({
      ...uploadFields(key, 2n),
      oneTimeEc: [{ id: 9, key: keyOf("eve").public.with(32, 0x80 | keyOf("eve").public[32]!) }],
    }),
    code: "bad-key",
  },
  {
    name: "one id twice",
    fields: (key) => ({
      ...uploadFields(key, 2n),
      oneTimeEc: [
        { id: 9, key: keyOf("a").public },
        { id: 9, key: keyOf("b").public },
      ],
    }),
    code: "bad-request",
  },
  {
    name: "the identity key as a prekey",
    fields: (key) => ({ ...uploadFields(key, 2n), oneTimeEc: [{ id: 9, key: key.public }] }),
    code: "bad-key",
  },
  { name: "101 one-time keys", fields: (key) => uploadFields(key, 2n, 101), code: "too-large" },
];

test.each(malformed)("refuses an upload with $name", async ({ fields, code }) => {
  const { here, alice } = await target();
  const body = hermod.v1.KeyUpload.encode(fields(alice.first)).finish();
  expect(codeOf(await put(here, alice, writeSigned(signed(domains.keys, body, alice.first))))).toBe(code);
  expect((await here.stores.accounts.load(alice.id))!.devices[0]!.upload).toBe(1n);
  expect(await here.stores.prekeys.count(alice.id, alice.first.id, "ec")).toBe(3);
});

test("refuses an upload signed by another device, and one of another account's device", async () => {
  const { here, alice, bob } = await target();
  expect(codeOf(await put(here, alice, uploadOf(alice.first, 2n, 3, 10, keyOf("eve"))))).toBe("bad-signature");
  const foreign = { type: "put-keys", from: here.from(bob.id, alice.first.id), signed: uploadOf(alice.first, 2n) } as const;
  expect(codeOf(await here.ask(alice.id, foreign))).toBe("unauthenticated");
});

test("uploads are limited before any signature is looked at", async () => {
  const { here, alice } = await target();
  const forged = uploadOf(alice.first, 2n, 3, 10, keyOf("eve"));
  for (let count = 0; count < limits.keyUploadBucket; count++) expect(codeOf(await put(here, alice, forged))).toBe("bad-signature");
  const before = here.checks;
  expect(codeOf(await put(here, alice, forged))).toBe("rate-limited");
  expect(here.checks).toBe(before);
});

test("a crash or an unknown outcome at any write leaves an upload that the same bytes finish", async () => {
  const dry = await target();
  const start = dry.here.calls.length;
  await put(dry.here, dry.alice, uploadOf(dry.alice.first, 2n, 5, 10));
  const calls = dry.here.calls.slice(start);
  expect(calls).toEqual(["prekeys.put", "prekeys.put", "accounts.change"]);
  for (let at = 1; at <= calls.length; at++) {
    for (const fault of ["crash-before", "crash-after", "lost-before", "lost-after", "throws"] as const) {
      const { here, alice } = await target();
      here.fault = (_, count) => (count === start + at ? fault : undefined);
      await put(here, alice, uploadOf(alice.first, 2n, 5, 10));
      here.fault = () => undefined;
      if (here.crashed) here.restart();
      expect(await put(here, alice, uploadOf(alice.first, 2n, 5, 10)), `${fault} ${calls[at - 1]}`).toEqual({
        type: "frame",
        frame: { keysStored: { upload: 2n, oneTimeEc: 8, oneTimeKyber: 8 } },
      });
    }
  }
});

test("a device that is removed while its keys are claimed is left out", async () => {
  const { here, alice, bob } = await target();
  const second = alice.device("second");
  await alice.link(here, second);
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  let claims = 0;
  here.fault = (call) => (call === "prekeys.claim" && ++claims === 3 ? held : undefined); // the second device's first
  const from = here.from(bob.id, bob.first.id);
  await fetch(here, alice, from);
  expect(codeOf(await alice.unlink(here, second))).toBe("devicesChanged");
  release();
  await here.settle();
  const answer = here.answers.find(({ to }) => to.requestId === from.requestId)!.answer;
  expect(bundlesOf(answer).map(({ device }) => Buffer.compare(device!, idBytes(alice.first.id)))).toEqual([0]);
});
