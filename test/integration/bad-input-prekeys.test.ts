import { afterAll, beforeAll, expect, test } from "vitest";
import { idBytes } from "../../lib/ids.js";
import { limits } from "../../lib/limits.js";
import { hermod } from "../../protos/gen/hermod.js";
import { domains } from "../../protos/signed/hash.js";
import { writeSigned } from "../../protos/signed/signed.js";
import { keyOf, signed, type TestKey } from "../unit/signed-fixtures.js";
import { uploadFields, uploadOf, type KeyFields, type Person } from "../support/account-maker.js";
import type { RawSocket } from "../support/raw-device.js";
import { answerOf, WireWorld } from "../support/wire-world.js";

let world: WireWorld;
let alice: Person;
let socket: RawSocket;

beforeAll(async () => {
  world = await WireWorld.start();
  alice = await world.person("alice");
  socket = await world.live(alice);
});
afterAll(async () => {
  await world.stop();
});

const lowOrder = new Uint8Array([5, 1, ...new Uint8Array(31)]);
const stranger = keyOf("stranger");
const put = (signedUpload: Uint8Array, from = socket) => from.request({ putKeys: { signed: signedUpload } });
const fetchOf = (person: Person, from: RawSocket) =>
  from.request({ fetchPrekeys: { accounts: [idBytes(person.id)], devices: [] } }, 15_000);

/** Upload 2 of alice's device, changed and signed as a whole again. */
function changed(fields: (usual: KeyFields) => KeyFields, by: TestKey = alice.first): Uint8Array {
  const body = hermod.v1.KeyUpload.encode(fields(uploadFields(alice.first, 2n, 3, 100))).finish();
  return writeSigned(signed(domains.keys, body, { ...by, signer: alice.first.id }));
}
const flipped = (bytes: Uint8Array): Uint8Array => bytes.map((byte, at) => (at === 20 ? byte ^ 1 : byte));
type SignedFields = NonNullable<KeyFields["signedPrekey"]>;
const ec = (keys: KeyFields): SignedFields => keys.signedPrekey!;
const kyber = (keys: KeyFields): SignedFields => keys.lastResortKyber!;

const uploads: { name: string; upload: () => Uint8Array; code: string }[] = [
  { name: "is empty", upload: () => new Uint8Array(0), code: "bad-signature" },
  { name: "is garbage", upload: () => new Uint8Array(900).fill(255), code: "bad-request" },
  {
    name: "nobody signed",
    upload: () => writeSigned({ body: hermod.v1.KeyUpload.encode(uploadFields(alice.first, 2n)).finish(), by: [] }),
    code: "bad-signature",
  },
  { name: "another key signed", upload: () => changed((keys) => keys, stranger), code: "bad-signature" },
  {
    name: "was signed for another purpose",
    upload: () => writeSigned(signed(domains.devices, hermod.v1.KeyUpload.encode(uploadFields(alice.first, 2n)).finish(), alice.first)),
    code: "bad-signature",
  },
  { name: "is another device's", upload: () => uploadOf(stranger, 2n), code: "bad-request" },
  { name: "names another device", upload: () => changed((keys) => ({ ...keys, device: idBytes(stranger.id) })), code: "bad-request" },
  { name: "has number 0", upload: () => changed((keys) => ({ ...keys, upload: 0n })), code: "bad-request" },
  { name: "has no keys", upload: () => changed(({ format, device, upload }) => ({ format, device, upload })), code: "bad-request" },
  {
    name: "has a signed prekey whose signature is wrong",
    upload: () => changed((keys) => ({ ...keys, signedPrekey: { ...ec(keys), signature: flipped(ec(keys).signature!) } })),
    code: "bad-signature",
  },
  {
    name: "has a signed prekey without signature",
    upload: () => changed((keys) => ({ ...keys, signedPrekey: { ...ec(keys), signature: new Uint8Array(0) } })),
    code: "bad-signature",
  },
  {
    name: "has a signed prekey of low order",
    upload: () => changed((keys) => ({ ...keys, signedPrekey: { ...ec(keys), key: lowOrder } })),
    code: "bad-key",
  },
  {
    name: "has a signed prekey of 32 bytes",
    upload: () => changed((keys) => ({ ...keys, signedPrekey: { ...ec(keys), key: ec(keys).key!.subarray(1) } })),
    code: "bad-key",
  },
  {
    name: "gives the identity key as a prekey",
    upload: () => changed((keys) => ({ ...keys, oneTimeEc: [{ id: 200, key: alice.first.public }] })),
    code: "bad-key",
  },
  {
    name: "has one key in two places",
    upload: () => changed((keys) => ({ ...keys, oneTimeEc: [{ id: 200, key: ec(keys).key! }] })),
    code: "bad-key",
  },
  {
    name: "has a last-resort key whose signature is wrong",
    upload: () => changed((keys) => ({ ...keys, lastResortKyber: { ...kyber(keys), signature: flipped(kyber(keys).signature!) } })),
    code: "bad-signature",
  },
  {
    name: "has a Kyber key of another size",
    upload: () => changed((keys) => ({ ...keys, lastResortKyber: { ...kyber(keys), key: kyber(keys).key!.subarray(0, 1_568) } })),
    code: "bad-key",
  },
  {
    name: "has a Kyber key of another type",
    upload: () =>
      changed((keys) => ({ ...keys, lastResortKyber: { ...kyber(keys), key: kyber(keys).key!.map((byte, at) => (at === 0 ? 7 : byte)) } })),
    code: "bad-key",
  },
  {
    name: "has a one-time Kyber key whose signature is wrong",
    upload: () =>
      changed((keys) => ({
        ...keys,
        oneTimeKyber: keys.oneTimeKyber!.map((key, at) => (at === 1 ? { ...key, signature: flipped(key.signature!) } : key)),
      })),
    code: "bad-signature",
  },
  {
    name: "has a one-time key of low order",
    upload: () => changed((keys) => ({ ...keys, oneTimeEc: [{ id: 200, key: lowOrder }] })),
    code: "bad-key",
  },
  {
    name: "has unsorted one-time keys",
    upload: () => changed((keys) => ({ ...keys, oneTimeEc: [...keys.oneTimeEc!].reverse() })),
    code: "bad-request",
  },
  {
    name: "has key id 0",
    upload: () => changed((keys) => ({ ...keys, oneTimeEc: [{ id: 0, key: keyOf("zero").public }] })),
    code: "bad-request",
  },
  {
    name: "has 101 one-time keys",
    upload: () =>
      changed((keys) => ({
        ...keys,
        oneTimeEc: Array.from({ length: 101 }, (_, n) => ({ id: n + 1, key: keyOf(`many ${String(n)}`).public })),
      })),
    code: "too-large",
  },
  { name: "is of a newer format", upload: () => changed((keys) => ({ ...keys, format: 2 })), code: "update-needed" },
  {
    name: "is of 250 KiB",
    upload: () => writeSigned({ body: new Uint8Array(250_000).fill(8), by: uploadSignatures() }),
    code: "too-large",
  },
];
const uploadSignatures = () => [{ signer: alice.first.id, signature: new Uint8Array(64) }];
let uploaders = 0;
test.each(uploads)("an upload that $name is refused: $code", async ({ upload, code }) => {
  // An account each: the 21st upload in a row is refused before anybody looks at it.
  alice = await world.person(`uploader-${String(++uploaders)}`);
  const mine = await world.live(alice);
  expect(answerOf(await put(upload(), mine))).toBe(code);
  expect((await put(uploadOf(alice.first, 2n, 0), mine)).keysStored).toMatchObject({ upload: 2n, oneTimeEc: 3, oneTimeKyber: 3 });
  await mine.close();
});

test("uploads in a row are refused after 20, whatever is in them", async () => {
  const own = await world.live(await world.person("eager"));
  const answers = await Promise.all(Array.from({ length: 40 }, () => put(uploadOf(stranger, 2n, 0), own)));
  expect(answers.map(answerOf).filter((code) => code === "rate-limited").length).toBeGreaterThanOrEqual(19);
  await own.close();
});

test("an upload's number that was used brings nothing, whatever the keys; a lower one is refused", async () => {
  const own = await world.person("uploader");
  const mine = await world.live(own);
  expect((await put(uploadOf(own.first, 5n, 2, 10), mine)).keysStored).toMatchObject({ upload: 5n, oneTimeEc: 5, oneTimeKyber: 5 });
  expect((await put(uploadOf(own.first, 5n, 9, 50), mine)).keysStored).toMatchObject({ upload: 5n, oneTimeEc: 5, oneTimeKyber: 5 });
  expect(answerOf(await put(uploadOf(own.first, 4n, 1, 80), mine))).toBe("bad-request");
  // Ids that were there once are never taken again.
  expect((await put(uploadOf(own.first, 6n, 3, 1), mine)).keysStored).toMatchObject({ upload: 6n, oneTimeEc: 5, oneTimeKyber: 5 });
  await mine.close();
});

const fetches: { name: string; accounts: () => Uint8Array[]; devices?: Uint8Array[]; code: string }[] = [
  { name: "nobody", accounts: () => [], code: "bad-request" },
  { name: "an account of 15 bytes", accounts: () => [new Uint8Array(15)], code: "bad-request" },
  { name: "129 accounts", accounts: () => Array.from({ length: 129 }, (_, n) => new Uint8Array(16).fill(n)), code: "bad-request" },
  { name: "a device of 15 bytes", accounts: () => [idBytes(alice.id)], devices: [new Uint8Array(15)], code: "bad-request" },
  { name: "an account of nobody", accounts: () => [new Uint8Array(16).fill(9)], code: "prekeys" },
];
test.each(fetches)("a fetch of $name: $code", async ({ accounts, devices, code }) => {
  const answer = await socket.request({ fetchPrekeys: { accounts: accounts(), devices: devices ?? [] } });
  expect(answerOf(answer)).toBe(code);
  expect(answer.prekeys?.bundles ?? []).toEqual([]);
});

test("1,000 fetches by one account: 99 of 100 are refused, the pools are not emptied, and others still get a session's keys", async () => {
  const victim = await world.person("victim", 20);
  const attacker = await world.live(await world.person("attacker", 0));
  const answers = await Promise.all(Array.from({ length: 1_000 }, () => fetchOf(victim, attacker)));
  const given = answers.filter(({ prekeys }) => (prekeys?.bundles.length ?? 0) > 0);
  expect(given.length).toBeLessThanOrEqual(limits.prekeyFetchBucket);
  expect(
    answers.filter(({ prekeys, problem }) => (prekeys?.limited.length ?? 0) > 0 || problem?.code === "rate-limited").length,
  ).toBeGreaterThanOrEqual(990);
  const friend = await world.live(await world.person("friend", 0));
  const [bundle] = (await fetchOf(victim, friend)).prekeys!.bundles;
  expect([bundle!.oneTime?.id, bundle!.signedPrekey.id]).toEqual([given.length + 1, 1]);
  await attacker.close();
  await friend.close();
});

test("200 fetches at once from 40 accounts: no one-time key goes out twice, and the last resort serves those who come late", async () => {
  const victim = await world.person("crowded", 100);
  const crowd = await Promise.all(Array.from({ length: 40 }, async (_, n) => world.live(await world.person(`crowd-${String(n)}`, 0))));
  const answers = await Promise.all(crowd.flatMap((one) => Array.from({ length: 5 }, () => fetchOf(victim, one))));
  const bundles = answers.flatMap(({ prekeys }) => prekeys!.bundles);
  expect(bundles).toHaveLength(200);
  const oneTime = bundles.flatMap((bundle) => (bundle.oneTime ? [bundle.oneTime.id] : []));
  const kybers = bundles.map((bundle) => bundle.kyber.id).filter((id) => id < 1_000_000);
  expect([oneTime.length, new Set(oneTime).size]).toEqual([100, 100]);
  expect([kybers.length, new Set(kybers).size]).toEqual([100, 100]);
  expect(bundles.filter(({ oneTime, kyber }) => !oneTime && kyber.id === 1_000_001).length).toBeGreaterThan(0);
  await Promise.all(crowd.map((one) => one.close()));
}, 30_000);

test("all the while two bystanders noticed nothing, and memory stayed bounded", () => {
  const { beats, failures, slowestMs, medianMs } = world.pair!.verdict();
  expect(failures).toEqual([]);
  expect(beats).toBeGreaterThan(3);
  expect(medianMs).toBeLessThan(500);
  expect(slowestMs).toBeLessThan(3_000);
  expect(world.grownBytes).toBeLessThan(128 * 1024 * 1024);
});
