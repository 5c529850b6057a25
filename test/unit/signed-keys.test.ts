import { KEMKeyPair, type PrivateKey } from "@signalapp/libsignal-client";
import { expect, test } from "vitest";
import { idBytes } from "../../lib/ids.js";
import { hermod } from "../../protos/gen/hermod.js";
import { domains } from "../../protos/signed/hash.js";
import { isComplete, judgeKeyUpload } from "../../protos/signed/keys.js";
import { judgeRetry } from "../../protos/signed/retry.js";
import { openBody, readSigned, signerOf, writeSigned } from "../../protos/signed/signed.js";
import { settle } from "../../protos/signed/verdict.js";
import { brief, filled, keyOf, must, signed, verify, type TestKey } from "./signed-fixtures.js";

type Fields = hermod.v1.KeyUpload.$Properties;
type SignedKeyFields = hermod.v1.SignedPublicKey.$Properties;

const device = keyOf("uploader");
const stranger = keyOf("stranger");
const sign = (key: PrivateKey, bytes: Uint8Array): Uint8Array => key.sign(new Uint8Array(bytes));

/** As libsignal wants it: the identity key signs the serialized key and nothing else. */
function ec(id: number, name = `ec ${id}`, by = device): SignedKeyFields {
  const key = keyOf(name).public;
  return { id, key, signature: sign(by.private, key) };
}
const kyberKeys = Array.from({ length: 4 }, () => KEMKeyPair.generate().getPublicKey().serialize());
function kyber(id: number, number = id, by = device): SignedKeyFields {
  const key = kyberKeys[number]!;
  return { id, key, signature: sign(by.private, key) };
}
const oneTime = (count: number): { id: number; key: Uint8Array }[] =>
  Array.from({ length: count }, (_, index) => ({ id: index + 1, key: keyOf(`one ${index}`).public }));

const whole: Fields = {
  format: 1,
  device: idBytes(device.id),
  upload: 1n,
  signedPrekey: ec(1),
  lastResortKyber: kyber(3),
  oneTimeEc: oneTime(2),
  oneTimeKyber: [kyber(1), kyber(2)],
};
const bodyOf = (fields: Fields): Uint8Array => hermod.v1.KeyUpload.encode({ ...whole, ...fields }).finish();
function uploaded(fields: Fields, ...by: readonly TestKey[]): ReturnType<typeof judgeKeyUpload> {
  return judgeKeyUpload(signed(domains.keys, bodyOf(fields), ...(by.length === 0 ? [device] : by)), device.public);
}
const hundred = oneTime(100);
const lowOrder = new Uint8Array(33).fill(5, 0, 1);
const cut = (fields: SignedKeyFields, length: number): SignedKeyFields => ({ ...fields, key: fields.key!.slice(0, length) });

const cases: { name: string; fields: Fields; by?: TestKey[]; answer: string }[] = [
  { name: "takes a whole upload", fields: {}, answer: "ok" },
  { name: "takes one-time keys alone", fields: { signedPrekey: undefined, lastResortKyber: undefined }, answer: "ok" },
  { name: "takes a rotation alone", fields: { oneTimeEc: [], oneTimeKyber: [] }, answer: "ok" },
  { name: "takes 100 one-time keys", fields: { oneTimeEc: hundred }, answer: "ok" },
  { name: "refuses 101", fields: { oneTimeEc: oneTime(101) }, answer: "too-large" },
  {
    name: "refuses no keys",
    fields: { signedPrekey: undefined, lastResortKyber: undefined, oneTimeEc: [], oneTimeKyber: [] },
    answer: "bad-request",
  },
  { name: "asks for an update at a newer format", fields: { format: 2 }, answer: "update-needed" },
  { name: "refuses upload 0", fields: { upload: 0n }, answer: "bad-request" },
  { name: "refuses keys of another device", fields: { device: idBytes(stranger.id) }, answer: "bad-request" },
  { name: "refuses another device's signature", fields: {}, by: [stranger], answer: "bad-signature" },
  { name: "refuses a stranger in the device's name", fields: {}, by: [{ ...stranger, signer: device.id }], answer: "bad-signature" },
  { name: "refuses a signed prekey of low order", fields: { signedPrekey: { ...ec(1), key: lowOrder } }, answer: "bad-key" },
  { name: "refuses a one-time key of low order", fields: { oneTimeEc: [{ id: 1, key: lowOrder }] }, answer: "bad-key" },
  { name: "refuses a one-time key of 32 bytes", fields: { oneTimeEc: [{ id: 1, key: filled(32, 9) }] }, answer: "bad-key" },
  { name: "refuses a signed prekey signed by another", fields: { signedPrekey: ec(1, "ec 1", stranger) }, answer: "bad-signature" },
  {
    name: "refuses a signed prekey with another key's signature",
    fields: { signedPrekey: { ...ec(1), signature: ec(2).signature! } },
    answer: "bad-signature",
  },
  { name: "refuses a signature of 63 bytes", fields: { signedPrekey: { ...ec(1), signature: filled(63, 1) } }, answer: "bad-signature" },
  { name: "refuses a last-resort key signed by another", fields: { lastResortKyber: kyber(3, 3, stranger) }, answer: "bad-signature" },
  {
    name: "refuses a one-time Kyber key signed by another",
    fields: { oneTimeKyber: [kyber(1), kyber(2, 2, stranger)] },
    answer: "bad-signature",
  },
  { name: "refuses a Kyber key that is cut off", fields: { lastResortKyber: cut(kyber(3), 1_568) }, answer: "bad-key" },
  {
    name: "refuses a Kyber key of another type",
    fields: { lastResortKyber: { ...kyber(3), key: new Uint8Array([7, ...kyberKeys[3]!.subarray(1)]) } },
    answer: "bad-key",
  },
  { name: "refuses an EC key where a Kyber key belongs", fields: { lastResortKyber: ec(3) }, answer: "bad-key" },
  {
    name: "refuses one id twice",
    fields: {
      oneTimeEc: [
        { id: 1, key: keyOf("x").public },
        { id: 1, key: keyOf("y").public },
      ],
    },
    answer: "bad-request",
  },
  { name: "refuses ids out of order", fields: { oneTimeKyber: [kyber(2), kyber(1)] }, answer: "bad-request" },
  { name: "refuses id 0", fields: { oneTimeEc: [{ id: 0, key: keyOf("x").public }] }, answer: "bad-request" },
  { name: "refuses the last-resort key's id for a one-time Kyber key", fields: { lastResortKyber: kyber(2, 3) }, answer: "bad-request" },
  {
    name: "takes one id for a signed and a one-time EC key, which are told apart",
    fields: { signedPrekey: ec(1), oneTimeEc: oneTime(1) },
    answer: "ok",
  },
  {
    name: "refuses one key under two ids",
    fields: {
      oneTimeEc: [
        { id: 1, key: keyOf("x").public },
        { id: 2, key: keyOf("x").public },
      ],
    },
    answer: "bad-key",
  },
  { name: "refuses the signed prekey as a one-time key", fields: { oneTimeEc: [{ id: 5, key: keyOf("ec 1").public }] }, answer: "bad-key" },
  { name: "refuses the last-resort key as a one-time key", fields: { oneTimeKyber: [kyber(1, 3)] }, answer: "bad-key" },
  {
    name: "refuses the identity key as a prekey",
    fields: { signedPrekey: { id: 1, key: device.public, signature: sign(device.private, device.public) } },
    answer: "bad-key",
  },
];
test.each(cases)("an upload: $name", ({ fields, by, answer }) => {
  expect(brief(settle(uploaded(fields, ...(by ?? [])), verify))).toBe(answer);
});

test("an upload says what it holds, and whether that is all a device needs", () => {
  const upload = must(settle(uploaded({}), verify));
  expect([upload.device, upload.upload, upload.signedPrekey?.id, upload.lastResortKyber?.id]).toEqual([device.id, 1n, 1, 3]);
  expect([upload.oneTimeEc.map(({ id }) => id), upload.oneTimeKyber.map(({ id }) => id)]).toEqual([
    [1, 2],
    [1, 2],
  ]);
  expect(isComplete(upload)).toBe(true);
  expect(isComplete(must(uploaded({ lastResortKyber: undefined })).value)).toBe(false);
  expect(isComplete(must(uploaded({ signedPrekey: undefined })).value)).toBe(false);
});

test("the largest upload fits its bound, and every signature in it is asked for", () => {
  const large = { ...kyber(1), key: new Uint8Array(1_569).fill(8, 0, 1) };
  const oneTimeKyber = Array.from({ length: 100 }, (_, index) => {
    const key = large.key.slice();
    new DataView(key.buffer).setUint32(9, index);
    return { ...large, id: 0xffff_ff00 + index, key };
  });
  const fields = { upload: 2n ** 63n, oneTimeEc: hundred.map(({ id, key }) => ({ id: id + 0xffff_ff00, key })), oneTimeKyber };
  expect(must(uploaded(fields)).checks.length).toBe(103);
});

type RetryFields = hermod.v1.RetryRequest.$Properties;
const request: RetryFields = {
  format: 1,
  chat: filled(16, 1),
  requester: idBytes(device.id),
  senderDevice: filled(16, 2),
  seq: 9n,
  counter: 4n,
  clientMsgId: filled(16, 3),
  reason: "bad-mac",
  error: filled(60, 1),
};
const retries: { name: string; fields: RetryFields; by?: TestKey; answer: string }[] = [
  { name: "takes a pairwise one", fields: {}, answer: "ok" },
  { name: "takes one for a lost chain", fields: { reason: "chain-lost", error: new Uint8Array(0) }, answer: "ok" },
  { name: "takes one for a body that was never there", fields: { reason: "none", error: new Uint8Array(0) }, answer: "ok" },
  { name: "takes one without a session to speak of", fields: { reason: "no-session", error: new Uint8Array(0) }, answer: "ok" },
  { name: "refuses an error of a lost chain", fields: { reason: "chain-lost" }, answer: "bad-request" },
  { name: "refuses an error where there was no body", fields: { reason: "none" }, answer: "bad-request" },
  { name: "refuses another reason", fields: { reason: "bored" }, answer: "bad-request" },
  { name: "refuses an error of 257 bytes", fields: { error: filled(257, 1) }, answer: "too-large" },
  { name: "refuses sequence 0", fields: { seq: 0n }, answer: "bad-request" },
  { name: "refuses counter 0", fields: { counter: 0n }, answer: "bad-request" },
  { name: "refuses a message id of 15 bytes", fields: { clientMsgId: filled(15, 1) }, answer: "bad-request" },
  { name: "refuses a device that asks itself", fields: { senderDevice: idBytes(device.id) }, answer: "bad-request" },
  { name: "refuses another device's request", fields: { requester: filled(16, 8) }, answer: "bad-request" },
  { name: "refuses a stranger's signature", fields: {}, by: { ...stranger, signer: device.id }, answer: "bad-signature" },
  { name: "refuses a stranger's name", fields: {}, by: stranger, answer: "bad-signature" },
  { name: "asks for an update at a newer format", fields: { format: 3 }, answer: "update-needed" },
];
test.each(retries)("a retry request: $name", ({ fields, by, answer }) => {
  const body = hermod.v1.RetryRequest.encode({ ...request, ...fields }).finish();
  const judged = judgeRetry(signed(domains.retry, body, by ?? device), device.id, device.public);
  expect(brief(settle(judged, verify))).toBe(answer);
});

const wire = (by: hermod.v1.Signature.$Properties[], body = filled(4, 1)): Uint8Array => hermod.v1.Signed.encode({ body, by }).finish();
const by = (signer: Uint8Array, length = 64): hermod.v1.Signature.$Properties => ({ signer, signature: filled(length, 7) });
const ids = [1, 2, 3, 4].map((byte) => filled(16, byte));
const signeds: { name: string; bytes: Uint8Array; answer: string }[] = [
  { name: "takes three signatures", bytes: wire(ids.slice(0, 3).map((each) => by(each))), answer: "ok" },
  { name: "refuses four", bytes: wire(ids.map((each) => by(each))), answer: "bad-signature" },
  { name: "refuses none", bytes: wire([]), answer: "bad-signature" },
  { name: "refuses one signer twice", bytes: wire([by(ids[0]!), by(ids[0]!)]), answer: "bad-signature" },
  { name: "refuses a signer of 15 bytes", bytes: wire([by(filled(15, 1))]), answer: "bad-signature" },
  { name: "refuses a signature of 65 bytes", bytes: wire([by(ids[0]!, 65)]), answer: "bad-signature" },
  { name: "refuses what is no protobuf", bytes: filled(9, 255), answer: "bad-request" },
  { name: "refuses more than its bound", bytes: wire([by(ids[0]!)], filled(2_000, 1)), answer: "too-large" },
];
test.each(signeds)("a Signed: $name", ({ bytes, answer }) => {
  expect(brief(readSigned(bytes, 1_024))).toBe(answer);
});

test("a signed object goes out as it came in, recovery key and all", () => {
  const object = signed(domains.devices, filled(40, 1), device, { ...stranger, signer: "recovery" });
  const again = must(readSigned(writeSigned(object), 1_024));
  expect(again).toEqual({
    body: object.body,
    by: object.by.map(({ signer, signature }) => ({ signer, signature: new Uint8Array(signature) })),
  });
  expect([signerOf(filled(16, 0)), signerOf(idBytes(device.id)), signerOf(filled(15, 0))]).toEqual(["recovery", device.id, undefined]);
});

test("a format that is not 1 is never decoded", () => {
  const decode = (): { format: number } => {
    throw new Error("was decoded");
  };
  expect(brief(openBody(new Uint8Array([8, 2]), 10, "bad-request", decode))).toBe("update-needed");
  expect(brief(openBody(new Uint8Array([8, 0x81, 1]), 10, "bad-request", decode))).toBe("update-needed");
  expect(brief(openBody(new Uint8Array([8, 0]), 10, "bad-request", decode))).toBe("bad-request");
  expect(brief(openBody(new Uint8Array([16, 1]), 10, "bad-request", decode))).toBe("bad-request");
  expect(brief(openBody(new Uint8Array([8]), 10, "bad-request", decode))).toBe("bad-request");
});
