import { expect, test } from "vitest";
import { idBytes } from "../../lib/ids.js";
import { readDeviceList } from "../../protos/signed/device-list.js";
import { domains, hash } from "../../protos/signed/hash.js";
import { d1, d2, d3, d4, firstFields, listBody, listed, nextFields, recovery, v1, type ListFields } from "./signed-chain-fixtures.js";
import { brief, filled, keyOf, must } from "./signed-fixtures.js";

const lowOrder = new Uint8Array(33).fill(0).fill(5, 0, 1);
const nine = [d1, d2, d3, d4, ...["5", "6", "7", "8", "9"].map((name) => keyOf(name))].map((key) => listed(key));
const first = (fields: ListFields): Uint8Array => listBody(firstFields(d1, fields));
const second = (fields: ListFields): Uint8Array => listBody(nextFields(v1, d1, [d1, d2], fields));

const cases: { name: string; body: Uint8Array; answer: string }[] = [
  { name: "takes a first version", body: first({}), answer: "ok" },
  { name: "takes a later version", body: second({}), answer: "ok" },
  { name: "takes eight devices", body: second({ devices: nine.slice(0, 8) }), answer: "ok" },
  { name: "takes the last version there may be", body: second({ version: 1_000 }), answer: "ok" },
  { name: "refuses the version after it", body: second({ version: 1_001 }), answer: "bad-device-list" },
  { name: "refuses version 0", body: second({ version: 0 }), answer: "bad-device-list" },
  { name: "asks for an update at a newer format", body: first({ format: 2 }), answer: "update-needed" },
  { name: "asks for it at any newer format", body: first({ format: 4_000_000 }), answer: "update-needed" },
  { name: "asks for it before anything else of the body is read", body: new Uint8Array([8, 2, 255, 255, 255]), answer: "update-needed" },
  { name: "refuses format 0", body: first({ format: 0 }), answer: "bad-device-list" },
  { name: "refuses a format that says 1 and later 2", body: new Uint8Array([...first({}), 8, 2]), answer: "bad-device-list" },
  { name: "refuses nothing", body: new Uint8Array(0), answer: "bad-device-list" },
  { name: "refuses what is cut off", body: first({}).subarray(0, 60), answer: "bad-device-list" },
  { name: "refuses what is no protobuf", body: new Uint8Array([8, 1, 0x12, 255, 255]), answer: "bad-device-list" },
  { name: "refuses 8 KiB and a byte", body: new Uint8Array(8 * 1024 + 1), answer: "too-large" },
  { name: "refuses a first version that names an account", body: first({ account: filled(16, 1) }), answer: "bad-device-list" },
  { name: "refuses a first version that follows something", body: first({ previous: filled(32, 1) }), answer: "bad-device-list" },
  { name: "refuses a first version without a nonce", body: first({ nonce: new Uint8Array(0) }), answer: "bad-device-list" },
  { name: "refuses a nonce of 15 bytes", body: first({ nonce: filled(15, 1) }), answer: "bad-device-list" },
  { name: "refuses a first version of another cause", body: first({ cause: "link" }), answer: "bad-device-list" },
  { name: "refuses a second genesis", body: second({ cause: "genesis" }), answer: "bad-device-list" },
  { name: "refuses a later version without an account", body: second({ account: new Uint8Array(0) }), answer: "bad-device-list" },
  { name: "refuses a later version that follows nothing", body: second({ previous: new Uint8Array(0) }), answer: "bad-device-list" },
  { name: "refuses a previous hash of 31 bytes", body: second({ previous: filled(31, 1) }), answer: "bad-device-list" },
  { name: "refuses a later version with a nonce", body: second({ nonce: filled(16, 1) }), answer: "bad-device-list" },
  { name: "refuses a cause that nobody knows", body: second({ cause: "because" }), answer: "bad-device-list" },
  { name: "refuses a signer of 15 bytes", body: second({ signer: filled(15, 1) }), answer: "bad-device-list" },
  { name: "refuses a region beyond a byte", body: second({ region: 256 }), answer: "bad-device-list" },
  { name: "refuses a list without devices", body: second({ devices: [] }), answer: "bad-device-list" },
  { name: "refuses nine devices", body: second({ devices: nine }), answer: "too-many-devices" },
  { name: "refuses one device twice", body: second({ devices: [listed(d1), listed(d1)] }), answer: "bad-device-list" },
  {
    name: "refuses an id that is not its key's hash",
    body: second({ devices: [listed(d1), listed(d2, { id: idBytes(d3.id) })] }),
    answer: "bad-device-list",
  },
  {
    name: "refuses an id of 32 bytes",
    body: second({ devices: [listed(d1), listed(d2, { id: hash(domains.device, d2.public) })] }),
    answer: "bad-device-list",
  },
  {
    name: "refuses an identity key of low order",
    body: second({ devices: [listed(d1), listed(d2, { identityKey: lowOrder })] }),
    answer: "bad-key",
  },
  {
    name: "refuses an identity key of 32 bytes",
    body: second({ devices: [listed(d1), listed(d2, { identityKey: d2.public.subarray(1) })] }),
    answer: "bad-key",
  },
  { name: "refuses a recovery key of low order", body: first({ recoveryKey: lowOrder }), answer: "bad-key" },
  { name: "refuses a missing recovery key", body: first({ recoveryKey: new Uint8Array(0) }), answer: "bad-key" },
  { name: "refuses registration id 0", body: first({ devices: [listed(d1, { registrationId: 0 })] }), answer: "bad-device-list" },
  { name: "takes registration id 16,380", body: first({ devices: [listed(d1, { registrationId: 16_380 })] }), answer: "ok" },
  { name: "refuses registration id 16,381", body: first({ devices: [listed(d1, { registrationId: 16_381 })] }), answer: "bad-device-list" },
  { name: "takes no capabilities", body: first({ devices: [listed(d1, { capabilities: [] })] }), answer: "ok" },
  {
    name: "refuses capabilities out of order",
    body: first({ devices: [listed(d1, { capabilities: ["b", "a"] })] }),
    answer: "bad-device-list",
  },
  { name: "refuses a capability twice", body: first({ devices: [listed(d1, { capabilities: ["a", "a"] })] }), answer: "bad-device-list" },
  {
    name: "refuses a capability with other characters",
    body: first({ devices: [listed(d1, { capabilities: ["a,b"] })] }),
    answer: "bad-device-list",
  },
  {
    name: "refuses a capability of 33 characters",
    body: first({ devices: [listed(d1, { capabilities: ["a".repeat(33)] })] }),
    answer: "bad-device-list",
  },
  {
    name: "refuses 17 capabilities",
    body: first({ devices: [listed(d1, { capabilities: Array.from({ length: 17 }, (_, index) => `c${10 + index}`) })] }),
    answer: "bad-device-list",
  },
];
test.each(cases)("$name", ({ body, answer }) => {
  expect(brief(readDeviceList(body))).toBe(answer);
});

test("a list says what its body says, and its hash covers the raw bytes", () => {
  const body = first({});
  const list = must(readDeviceList(body));
  expect(list).toMatchObject({ account: undefined, version: 1, region: 0, signer: d1.id, cause: "genesis", timeMs: 1n });
  expect(list.devices).toEqual([
    { id: d1.id, identityKey: new Uint8Array(d1.public), registrationId: 7, capabilities: ["text"], addedMs: 5n },
  ]);
  expect(list.recoveryKey).toEqual(new Uint8Array(recovery.public));
  expect(list.hash).toEqual(hash(domains.devices, body));
});

test("a list shares no memory with the body it came from", () => {
  const body = Buffer.from(second({}));
  const list = must(readDeviceList(body));
  const before = structuredClone(list);
  body.fill(0);
  expect(list).toEqual(before);
});
