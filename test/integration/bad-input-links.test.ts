import { afterAll, beforeAll, expect, test } from "vitest";
import { idBytes } from "../../lib/ids.js";
import { writeSigned, type SignedObject } from "../../protos/signed/signed.js";
import { deviceIdOf } from "../../protos/signed/ids.js";
import { nextFields, listed, signedList } from "../unit/signed-chain-fixtures.js";
import { keyOf, type TestKey } from "../unit/signed-fixtures.js";
import { linkOf, secretOf, uploadOf, type Offer, type Person } from "../support/account-maker.js";
import { base64url, WireWorld, type RestAnswer } from "../support/wire-world.js";

let world: WireWorld;
let alice: Person;
let mallory: Person;

beforeAll(async () => {
  world = await WireWorld.start();
  alice = await world.person("alice");
  mallory = await world.person("mallory");
});
afterAll(async () => {
  await world.stop();
});

let offers = 0;
const brief = ({ status, body }: RestAnswer) => [status, body.code];

async function offered(key: TestKey, of = world): Promise<Offer> {
  const offer = linkOf(`offer ${String(++offers)}`);
  const opened = await of.post("/v1/devices/link", { linkId: offer.id, identityKey: base64url(key.public) });
  expect(opened.status).toBe(201);
  return offer;
}
const listFor = (person: Person, added: TestKey): SignedObject => {
  const devices = [...person.head.devices.map((device) => person.keyOfDevice(device.identityKey)), added];
  return person.next(person.first, devices, {}, added);
};
const approve = (offer: Offer, body: object, bearer?: string) => world.post(`/v1/devices/link/${offer.id}/approve`, body, bearer);
const complete = (offer: Offer, body: object) => world.post(`/v1/devices/link/${offer.id}/complete`, body);

const lowOrder = new Uint8Array([5, ...new Uint8Array(32)]);
test.each([
  ["of low order", lowOrder],
  ["above the prime", new Uint8Array([5, 0xff, ...new Uint8Array(30).fill(0xff), 0x7f])],
  ["of 32 bytes", keyOf("new").public.subarray(1)],
  ["of nothing", new Uint8Array(0)],
])("an offer for a key %s is refused", async (_name, key) => {
  expect(brief(await world.post("/v1/devices/link", { linkId: linkOf("bad").id, identityKey: base64url(key) }))).toEqual([400, "bad-key"]);
});

test.each(["", "short", "A".repeat(26), "1".repeat(26), "a".repeat(27), "../../etc"])(
  "an offer under the id %j is refused",
  async (linkId) => {
    expect(brief(await world.post("/v1/devices/link", { linkId, identityKey: base64url(keyOf("new").public) }))).toEqual([
      400,
      "bad-request",
    ]);
  },
);

test("an id that is offered already is not for another key; the same key again is the same offer", async () => {
  const offer = await offered(keyOf("new"));
  const again = (key: TestKey) => world.post("/v1/devices/link", { linkId: offer.id, identityKey: base64url(key.public) });
  expect((await again(keyOf("new"))).status).toBe(201);
  expect(brief(await again(keyOf("thief")))).toEqual([409, "link-used"]);
});

test("a poll of an id that nobody offered looks like an offer that ran out; one of no id is refused; a lying wait is bounded", async () => {
  expect(brief(await world.rest("GET", `/v1/devices/link/${linkOf("nobody").id}`))).toEqual([410, "link-expired"]);
  expect(brief(await world.rest("GET", "/v1/devices/link/nothing"))).toEqual([400, "bad-request"]);
  expect(brief(await world.rest("GET", "/v1/devices/link/%ff%fe"))).toEqual([400, "bad-request"]);
  const offer = await offered(keyOf("new"));
  for (const wait of ["-1", "NaN", "0", "abc", "-Infinity", "1e-9"]) {
    expect((await world.rest("GET", `/v1/devices/link/${offer.id}?waitMs=${wait}`)).body).toEqual({ state: "open" });
  }
});

test("an approval without a credential, or with a wrong one, is refused", async () => {
  const offer = await offered(alice.device("second"));
  const body = world.approval(offer, listFor(alice, alice.device("second")), alice.first);
  const wrong = world.bearer(alice).slice(0, -4) + "aaaa";
  for (const bearer of [undefined, "", "nonsense", wrong, world.bearer(alice).slice(2)]) {
    expect(brief(await approve(offer, body, bearer))).toEqual([401, "unauthenticated"]);
  }
  expect((await world.rest("GET", `/v1/devices/link/${offer.id}`)).body).toEqual({ state: "open" });
});

const badApprovals: { name: string; body: (offer: Offer, added: TestKey) => object; codes: string[] }[] = [
  {
    name: "of another account's list",
    body: (offer, added) => world.approval(offer, listFor(alice, added), alice.first),
    codes: ["bad-request", "bad-device-list"],
  },
  {
    name: "that is not signed by the caller",
    body: (offer, added) => ({
      ...world.approval(offer, listFor(mallory, added), mallory.first),
      signature: base64url(new Uint8Array(64).fill(1)),
    }),
    codes: ["bad-signature"],
  },
  {
    name: "in another device's name",
    body: (offer, added) => ({
      ...world.approval(offer, listFor(mallory, added), mallory.first),
      signer: base64url(idBytes(alice.first.id)),
    }),
    codes: ["bad-request"],
  },
  {
    name: "with a MAC of 31 bytes",
    body: (offer, added) => ({ ...world.approval(offer, listFor(mallory, added), mallory.first), mac: base64url(new Uint8Array(31)) }),
    codes: ["bad-request"],
  },
  {
    name: "that adds another key than the offer's",
    body: (offer) => world.approval(offer, listFor(mallory, keyOf("other key")), mallory.first),
    codes: ["link-refused"],
  },
  {
    name: "that adds nobody",
    body: (offer) => world.approval(offer, mallory.next(mallory.first, [mallory.first], { cause: "unlink" }), mallory.first),
    codes: ["link-refused", "bad-device-list", "bad-signature"],
  },
  {
    name: "of garbage",
    body: (offer, added) => ({
      ...world.approval(offer, listFor(mallory, added), mallory.first),
      body: base64url(new Uint8Array(300).fill(255)),
    }),
    codes: ["bad-device-list"],
  },
];
test.each(badApprovals)("an approval $name is refused: $codes", async ({ body, codes }) => {
  const added = mallory.device("second");
  const offer = await offered(added);
  const answer = await approve(offer, body(offer, added), world.bearer(mallory));
  expect([answer.status >= 400 && answer.status < 500, codes.includes(answer.body.code!)]).toEqual([true, true]);
  expect((await world.rest("GET", `/v1/devices/link/${offer.id}`)).body).toEqual({ state: "open" });
});

test("an offer that alice approved is neither mallory's to approve nor completed with her list", async () => {
  const added = alice.device("third");
  const offer = await offered(added);
  expect((await approve(offer, world.approval(offer, listFor(alice, added), alice.first), world.bearer(alice))).status).toBe(200);
  const hers = listFor(mallory, added);
  expect(brief(await approve(offer, world.approval(offer, hers, mallory.first), world.bearer(mallory)))).toEqual([403, "link-refused"]);
  expect(brief(await complete(offer, world.completion(hers, added)))).toEqual([403, "link-refused"]);
  expect((await world.rest("GET", `/v1/devices/link/${offer.id}`)).body).toMatchObject({ state: "approved", account: alice.id });
});

test("what the account approved is completed by the new device alone, with that list alone, once", async () => {
  const added = alice.device("second");
  const offer = await offered(added);
  const list = listFor(alice, added);
  const early = await complete(offer, world.completion(list, added));
  expect(brief(early)).toEqual([403, "link-refused"]);
  expect((await approve(offer, world.approval(offer, list, alice.first), world.bearer(alice))).status).toBe(200);
  const half = { body: list.body, by: list.by.slice(0, 1) };
  const forged = { body: list.body, by: list.by.map((by, at) => (at === 1 ? { ...by, signature: new Uint8Array(64).fill(9) } : by)) };
  const other = listFor(alice, keyOf("alice fourth"));
  const bad: [string, object, unknown[]][] = [
    ["without its countersignature", world.completion(half, added), [403, "bad-signature"]],
    ["with a forged countersignature", world.completion(forged, added), [403, "bad-signature"]],
    ["with another list", world.completion(other, keyOf("alice fourth")), [403, "link-refused"]],
    [
      "with the keys of another device",
      { ...world.completion(list, added), keys: base64url(uploadOf(alice.first, 1n)) },
      [400, "bad-request"],
    ],
    ["without keys", { ...world.completion(list, added), keys: "" }, [403, "bad-signature"]],
    ["with a credential of 5 bytes", { ...world.completion(list, added), credential: base64url(new Uint8Array(5)) }, [400, "bad-request"]],
    ["with garbage for a list", { ...world.completion(list, added), list: "AAAA" }, [400, "bad-device-list"]],
  ];
  for (const [name, body, answer] of bad) expect([name, ...brief(await complete(offer, body))]).toEqual([name, ...answer]);

  const first = await complete(offer, world.completion(list, added));
  expect(first).toMatchObject({ status: 201, body: { account: alice.id, device: added.id, version: 2 } });
  alice.take(list);
  // The answer was lost: the same again is the same. Anything else is a second use.
  expect((await complete(offer, world.completion(list, added))).body).toEqual(first.body);
  const stolen = { ...world.completion(list, added), credential: base64url(secretOf(keyOf("thief"))) };
  expect(brief(await complete(offer, stolen))).toEqual([409, "link-used"]);
  const fourth = alice.device("fourth");
  expect(brief(await complete(offer, world.completion(listFor(alice, fourth), fourth)))).toEqual([409, "link-used"]);
  const linked = await world.live(alice, added);
  await linked.close();
});

test("an offer runs out: it is gone for poll, approval and completion", async () => {
  const short = await WireWorld.start({ linkOfferMs: 1_500 }, [], true);
  const owner = await short.person("owner");
  const added = owner.device("second");
  const offer = await offered(added, short);
  const list = listFor(owner, added);
  const path = `/v1/devices/link/${offer.id}`;
  expect((await short.post(`${path}/approve`, short.approval(offer, list, owner.first), short.bearer(owner))).status).toBe(200);
  // A long poll answers at once what is approved, and says gone as soon as it is.
  const deadline = performance.now() + 10_000;
  let polled = await short.rest("GET", path);
  while (polled.status === 200 && performance.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    polled = await short.rest("GET", path);
  }
  expect(brief(polled)).toEqual([410, "link-expired"]);
  expect(brief(await short.post(`${path}/complete`, short.completion(list, added)))).toEqual([410, "link-expired"]);
  expect(brief(await short.post(`${path}/approve`, short.approval(offer, list, owner.first), short.bearer(owner)))).toEqual([
    410,
    "link-expired",
  ]);
  await short.stop();
});

test("a recovery without the recovery key, of nobody, or by the first device alone is refused", async () => {
  const added = alice.device("fifth");
  const fields = nextFields(alice.head, alice.first, [listed(added)], { recoveryKey: alice.recovery.public, cause: "recover" });
  const recover = (list: SignedObject) => world.post("/v1/devices/recover", world.completion(list, added));
  const withStranger = { ...keyOf("not the recovery key"), signer: "recovery" } as TestKey;
  const byStranger = signedList({ ...fields, signer: new Uint8Array(16) }, withStranger, added);
  expect(brief(await recover(byStranger))).toEqual([403, "bad-signature"]);
  expect((await recover(signedList(fields, alice.first, added))).status).toBe(403);
  const nobody = { ...fields, account: idBytes(deviceIdOf(added.public)) };
  expect((await recover(signedList(nobody, alice.recovery, added))).status).toBe(404);
  expect(brief(await world.post("/v1/devices/recover/chain", { account: added.id }))).toEqual([404, "not-found"]);
  expect(brief(await world.post("/v1/devices/recover/chain", { account: "x" }))).toEqual([400, "bad-request"]);
  expect(writeSigned(byStranger).length).toBeGreaterThan(100);
});

test("all the while two bystanders noticed nothing, and memory stayed bounded", () => {
  const { beats, failures, slowestMs, medianMs } = world.pair!.verdict();
  expect(failures).toEqual([]);
  expect(beats).toBeGreaterThan(3);
  expect(medianMs).toBeLessThan(500);
  expect(slowestMs).toBeLessThan(3_000);
  expect(world.grownBytes).toBeLessThan(96 * 1024 * 1024);
});
