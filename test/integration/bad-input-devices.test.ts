import { afterAll, beforeAll, expect, test } from "vitest";
import { idBytes } from "../../lib/ids.js";
import { hermod } from "../../protos/gen/hermod.js";
import { domains } from "../../protos/signed/hash.js";
import { deviceIdOf } from "../../protos/signed/ids.js";
import { writeSigned, type SignedObject } from "../../protos/signed/signed.js";
import { firstFields, listed, nextFields, signedList, type ListFields } from "../unit/signed-chain-fixtures.js";
import { keyOf, signed, type TestKey } from "../unit/signed-fixtures.js";
import { Person, secretOf, uploadFields, uploadOf, type KeyFields } from "../support/account-maker.js";
import type { RawSocket } from "../support/raw-device.js";
import { answerOf, base64url, WireWorld } from "../support/wire-world.js";

let world: WireWorld;
let [alice, bob] = [] as Person[] as [Person, Person];
let second: TestKey;
let third: TestKey;
let socket: RawSocket;

beforeAll(async () => {
  world = await WireWorld.start({}, ["--set", "registration.mode=open"]);
  alice = await world.person("alice");
  bob = await world.person("bob");
  second = alice.device("second");
  third = alice.device("third");
  await world.link(alice, second);
  await world.link(alice, third);
  socket = await world.live(alice);
});
afterAll(async () => {
  await world.stop();
});

/** Not a point of the curve that anybody may use: see protos/signed/public-key.ts. */
const lowOrder = new Uint8Array([5, 1, ...new Uint8Array(31)]);
const nonCanonical = new Uint8Array([5, 0xee, ...new Uint8Array(30).fill(0xff), 0x7f]);
const highBit = (key: Uint8Array): Uint8Array => key.map((byte, at) => (at === 32 ? byte | 0x80 : byte));
const stranger = keyOf("stranger");
const fourth = () => alice.device("fourth");

const change = (list: SignedObject, from = socket) => from.request({ changeDevices: { signed: writeSigned(list) } });
const unlink = (fields: ListFields = {}): SignedObject => alice.next(alice.first, [alice.first, second], { cause: "unlink", ...fields });
const fieldsOf = (fields: ListFields, by: TestKey = alice.first): SignedObject => signedList(fields, by);
const withKey = (key: Uint8Array): SignedObject => {
  const device = listed(fourth(), { identityKey: key, id: idBytes(deviceIdOf(key)) });
  return signedList(nextFields(alice.head, alice.first, [alice.first, second, third, device]), alice.first, fourth());
};

const lists: { name: string; list: () => SignedObject; codes: string[]; from?: () => TestKey }[] = [
  { name: "nobody signed", list: () => ({ body: unlink().body, by: [] }), codes: ["bad-signature"] },
  {
    name: "somebody else signed in its signer's name",
    list: () => ({ body: unlink().body, by: [{ signer: alice.first.id, signature: unlink().by[0]!.signature.map((byte) => byte ^ 1) }] }),
    codes: ["bad-signature"],
  },
  {
    name: "was signed for another purpose",
    list: () => signed(domains.membership, unlink().body, alice.first),
    codes: ["bad-signature"],
  },
  {
    name: "a device that is not listed signed",
    list: () => signedList(nextFields(alice.head, stranger, [alice.first, second], { cause: "unlink" }), stranger),
    codes: ["bad-signature"],
  },
  {
    name: "carries a signature too many",
    list: () =>
      signedList(
        nextFields(alice.head, alice.first, [alice.first, second], { cause: "unlink", recoveryKey: alice.recovery.public }),
        alice.first,
        stranger,
      ),
    codes: ["bad-signature"],
  },
  {
    name: "a device behind another removes it",
    list: () => alice.next(third, [alice.first, third], { cause: "unlink" }),
    codes: ["outranked"],
    from: () => third,
  },
  {
    name: "a device behind all removes the first",
    list: () => alice.next(third, [second, third], { cause: "unlink" }),
    codes: ["outranked"],
    from: () => third,
  },
  { name: "leaves a version out", list: () => unlink({ version: alice.head.version + 2 }), codes: ["list-conflict"] },
  { name: "rolls back to an earlier version", list: () => unlink({ version: 2 }), codes: ["list-conflict"] },
  { name: "claims version 0", list: () => unlink({ version: 0 }), codes: ["bad-device-list"] },
  { name: "claims version 2^32-1", list: () => unlink({ version: 0xffff_ffff }), codes: ["bad-device-list"] },
  {
    name: "follows another history",
    list: () => unlink({ previous: new Uint8Array(32).fill(1) }),
    codes: ["list-forked", "bad-signature"],
  },
  { name: "names another account", list: () => unlink({ account: idBytes(bob.id) }), codes: ["bad-device-list"] },
  {
    name: "is the next version of another account",
    list: () => signedList(nextFields(bob.head, bob.first, [bob.first], { recoveryKey: bob.recovery.public, cause: "unlink" }), bob.first),
    codes: ["bad-device-list", "list-conflict"],
  },
  {
    name: "has a device id that is not its key's hash",
    list: () =>
      fieldsOf(
        nextFields(alice.head, alice.first, [alice.first, second, third, listed(fourth(), { id: idBytes(stranger.id) })], {
          recoveryKey: alice.recovery.public,
        }),
      ),
    codes: ["bad-device-list"],
  },
  { name: "has a key of low order", list: () => withKey(lowOrder), codes: ["bad-key"] },
  { name: "has a key above the prime", list: () => withKey(nonCanonical), codes: ["bad-key"] },
  { name: "has a key with its high bit set", list: () => withKey(highBit(fourth().public)), codes: ["bad-key"] },
  { name: "has a key of 32 bytes", list: () => withKey(fourth().public.subarray(1)), codes: ["bad-key"] },
  { name: "has a recovery key of low order", list: () => unlink({ recoveryKey: lowOrder }), codes: ["bad-key"] },
  {
    name: "lists a device twice",
    list: () => alice.next(alice.first, [alice.first, second, second], { cause: "unlink" }),
    codes: ["bad-device-list"],
  },
  {
    name: "adds a device without a link",
    list: () => alice.next(alice.first, [alice.first, second, third, fourth()], {}, fourth()),
    codes: ["bad-device-list"],
  },
  {
    name: "lists nine devices",
    list: () =>
      alice.next(
        alice.first,
        Array.from({ length: 9 }, (_, n) => keyOf(`ninth ${String(n)}`)),
      ),
    codes: ["too-many-devices"],
  },
  { name: "lists nobody", list: () => alice.next(alice.first, [], { cause: "unlink" }), codes: ["bad-device-list"] },
  {
    name: "changes the order",
    list: () => alice.next(alice.first, [second, alice.first, third], { cause: "unlink" }),
    codes: ["bad-device-list"],
  },
  { name: "has no cause that is known", list: () => unlink({ cause: "because" }), codes: ["bad-device-list"] },
  {
    name: "changes nothing",
    list: () => alice.next(alice.first, [alice.first, second, third], { cause: "unlink" }),
    codes: ["bad-device-list"],
  },
  { name: "is of a newer format", list: () => unlink({ format: 2 }), codes: ["update-needed"] },
];
test.each(lists)("a list that $name is refused: $codes", async ({ list, codes, from }) => {
  const by = from === undefined ? undefined : await world.live(alice, from());
  expect(codes).toContain(answerOf(await change(list(), by)));
  await by?.close();
  const { devices } = await socket.request({ fetchDevices: { accounts: [{ account: idBytes(alice.id), fromVersion: 1 }] } });
  expect(devices!.chains[0]).toMatchObject({ head: 3 });
});

test.each([
  ["nothing", () => new Uint8Array(0)],
  ["garbage", () => new Uint8Array(500).fill(255)],
  ["100 KiB", () => new Uint8Array(100_000).fill(10)],
  ["a Signed in a Signed", () => writeSigned({ body: writeSigned(unlink()), by: unlink().by })],
] as const)("%s instead of a list is refused", async (_name, bytes) => {
  expect(["bad-request", "bad-device-list", "too-large", "bad-signature"]).toContain(
    answerOf(await socket.request({ changeDevices: { signed: bytes() } })),
  );
});

test("the same list again is answered the same, and the device that it removes is cut off on every way in", async () => {
  const gone = await world.live(alice, third);
  const list = unlink({ recoveryKey: alice.recovery.public });
  const began = performance.now();
  expect((await change(list)).devicesChanged).toMatchObject({ version: 4 });
  const closed = await gone.closed;
  expect([closed.code, performance.now() - began < 5_000]).toEqual([4201, true]);
  expect((await change(list)).devicesChanged).toMatchObject({ version: 4 });
  alice.take(list);
  // A new socket, and REST, with the credential that was good a moment ago.
  await expect(world.live(alice, third)).rejects.toThrow("revoked");
  const path = `/v1/devices/link/${third.id}/approve`;
  const approval = { body: "AA", signer: "AA", signature: "AA", mac: "AA" };
  expect(await world.post(path, approval, world.bearer(alice, third))).toMatchObject({ status: 401 });
  const returning = alice.next(alice.first, [alice.first, second, third], {}, third);
  expect(answerOf(await change(returning))).toBe("bad-device-list");
});

const fresh = (): Person => new Person("newcomer");
const keysWith = (person: Person, fields: (usual: KeyFields) => KeyFields, by: TestKey = person.first): string => {
  const body = hermod.v1.KeyUpload.encode(fields(uploadFields(person.first, 1n))).finish();
  return base64url(writeSigned(signed(domains.keys, body, { ...by, signer: person.first.id })));
};
const listWith = (person: Person, fields: ListFields, by: TestKey = person.first): string =>
  base64url(writeSigned(signedList(firstFields(person.first, { recoveryKey: person.recovery.public, ...fields }), by)));
const listedWith = (person: Person, identityKey: Uint8Array): string =>
  listWith(person, { devices: [listed(person.first, { identityKey, id: idBytes(deviceIdOf(identityKey)) })] });

const registrations: { name: string; change: (person: Person) => Record<string, unknown>; status: number; codes: string[] }[] = [
  {
    name: "a list that another key signed",
    change: (who) => ({ list: listWith(who, {}, { ...stranger, signer: who.first.id }) }),
    status: 403,
    codes: ["bad-signature"],
  },
  {
    name: "a list that a stranger signed",
    change: (who) => ({ list: listWith(who, {}, stranger) }),
    status: 403,
    codes: ["bad-signature"],
  },
  { name: "a list of version 2", change: (who) => ({ list: listWith(who, { version: 2 }) }), status: 400, codes: ["bad-device-list"] },
  {
    name: "a list of two devices",
    change: (who) => ({ list: listWith(who, { devices: [listed(who.first), listed(stranger)] }) }),
    status: 400,
    codes: ["bad-device-list"],
  },
  {
    name: "a list without a nonce",
    change: (who) => ({ list: listWith(who, { nonce: new Uint8Array(0) }) }),
    status: 400,
    codes: ["bad-device-list"],
  },
  {
    name: "a device id that is not its key's hash",
    change: (who) => ({ list: listWith(who, { devices: [listed(who.first, { id: idBytes(stranger.id) })] }) }),
    status: 400,
    codes: ["bad-device-list"],
  },
  {
    name: "an identity key of low order",
    change: (who) => ({ list: listedWith(who, lowOrder) }),
    status: 400,
    codes: ["bad-device-list", "bad-key"],
  },
  {
    name: "an identity key above the prime",
    change: (who) => ({ list: listedWith(who, nonCanonical) }),
    status: 400,
    codes: ["bad-device-list", "bad-key"],
  },
  {
    name: "an identity key with its high bit set",
    change: (who) => ({ list: listedWith(who, highBit(who.first.public)) }),
    status: 400,
    codes: ["bad-device-list", "bad-key"],
  },
  {
    name: "a recovery key of low order",
    change: (who) => ({ list: listWith(who, { recoveryKey: lowOrder }) }),
    status: 400,
    codes: ["bad-device-list", "bad-key"],
  },
  {
    name: "registration id 0",
    change: (who) => ({ list: listWith(who, { devices: [listed(who.first, { registrationId: 0 })] }) }),
    status: 400,
    codes: ["bad-device-list"],
  },
  { name: "no list", change: () => ({ list: "" }), status: 400, codes: ["bad-device-list"] },
  {
    name: "keys that another device signed",
    change: (who) => ({ keys: keysWith(who, (keys) => keys, stranger) }),
    status: 403,
    codes: ["bad-signature"],
  },
  { name: "keys of another device", change: () => ({ keys: base64url(uploadOf(stranger, 1n)) }), status: 400, codes: ["bad-request"] },
  { name: "no keys", change: () => ({ keys: "" }), status: 403, codes: ["bad-request", "bad-signature"] },
  {
    name: "no signed prekey",
    change: (who) => ({ keys: keysWith(who, (keys) => ({ ...keys, signedPrekey: undefined })) }),
    status: 400,
    codes: ["bad-request"],
  },
  {
    name: "no last-resort key",
    change: (who) => ({ keys: keysWith(who, (keys) => ({ ...keys, lastResortKyber: undefined })) }),
    status: 400,
    codes: ["bad-request"],
  },
  {
    name: "a signed prekey of low order",
    change: (who) => ({ keys: keysWith(who, (keys) => ({ ...keys, signedPrekey: { ...keys.signedPrekey, key: lowOrder } })) }),
    status: 400,
    codes: ["bad-key"],
  },
  { name: "a credential of 31 bytes", change: () => ({ credential: base64url(new Uint8Array(31)) }), status: 400, codes: ["bad-request"] },
  ...["", "ab", "-abc", "Alice", "a b c", "a".repeat(32), "été", "alice\n", "../etc", "a\u0000bc"].map((handle) => ({
    name: `the handle ${JSON.stringify(handle)}`,
    change: () => ({ handle }),
    status: 400,
    codes: ["bad-handle"],
  })),
  { name: "a handle of 65 characters", change: () => ({ handle: "a".repeat(65) }), status: 400, codes: ["bad-request"] },
  { name: "a handle that is taken", change: () => ({ handle: "alice" }), status: 409, codes: ["handle-taken"] },
];
test.each(registrations)("a registration with $name is refused: $status $codes", async ({ change: changed, status, codes }) => {
  const person = fresh();
  const { status: heard, body } = await world.post("/v1/accounts", { ...world.registration(person), ...changed(person) });
  expect([heard, codes.includes(body.code!)]).toEqual([status, true]);
  expect((await world.rest("GET", "/v1/users/newcomer")).status).toBe(404);
});

test("the same registration again gets the same answer; with another secret it is nobody's", async () => {
  const person = fresh();
  const first = await world.post("/v1/accounts", world.registration(person));
  expect(first.status).toBe(201);
  expect((await world.post("/v1/accounts", world.registration(person))).body).toEqual(first.body);
  const thief = await world.post("/v1/accounts", { ...world.registration(person), credential: base64url(secretOf(stranger)) });
  expect([thief.status, thief.body.code]).toEqual([401, "unauthenticated"]);
});

test("without an unused invite nobody registers where it is needed, and a wrong one holds no handle", async () => {
  const closed = await WireWorld.start({}, ["--set", "registration.mode=invite"], true);
  const register = (person: Person, invite?: string) =>
    closed.post("/v1/accounts", { ...closed.registration(person), ...(invite === undefined ? {} : { invite }) });
  const [one, other] = [new Person("invited"), new Person("uninvited")];
  expect(await register(one)).toMatchObject({ status: 403, body: { code: "invite-needed" } });
  expect(await register(one, "wrong")).toMatchObject({ status: 403, body: { code: "invite-needed" } });
  expect(await register(one, "w".repeat(65))).toMatchObject({ status: 400 });
  expect((await closed.rest("GET", "/v1/users/invited")).status).toBe(404);
  expect((await register(one, closed.server.invite)).status).toBe(201);
  expect((await register(one, closed.server.invite)).status).toBe(201);
  expect(await register(other, closed.server.invite)).toMatchObject({ status: 403, body: { code: "invite-needed" } });
  await closed.stop();
});

test("all the while two bystanders noticed nothing, and memory stayed bounded", () => {
  const { beats, failures, slowestMs, medianMs } = world.pair!.verdict();
  expect([failures, world.server.output.includes("crash")]).toEqual([[], false]);
  expect(beats).toBeGreaterThan(3);
  expect(medianMs).toBeLessThan(500);
  expect(slowestMs).toBeLessThan(3_000);
  expect(world.grownBytes).toBeLessThan(96 * 1024 * 1024);
});
