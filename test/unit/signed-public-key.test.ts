import { PrivateKey, PublicKey } from "@signalapp/libsignal-client";
import fc from "fast-check";
import { expect, test } from "vitest";
import { isPublicKey } from "../../protos/signed/public-key.js";

const prime = 2n ** 255n - 19n;

/** 0x05 ‖ the value's 32 bytes, little-endian. */
function keyOfValue(value: bigint, type = 5): Uint8Array {
  const bytes = new Uint8Array(33);
  bytes[0] = type;
  for (let index = 0; index < 32; index++) bytes[index + 1] = Number((value >> BigInt(8 * index)) & 255n);
  return bytes;
}
function keyOfHex(text: string): Uint8Array {
  return new Uint8Array([5, ...Buffer.from(text, "hex")]);
}

const cases: { name: string; key: Uint8Array; enters: boolean }[] = [
  { name: "takes the base point", key: keyOfValue(9n), enters: true },
  { name: "takes the largest value below the prime that is not of low order", key: keyOfValue(prime - 2n), enters: true },
  { name: "takes a value with all bits but the lowest byte's set", key: keyOfValue(2n ** 255n - 256n), enters: true },
  { name: "refuses zero", key: keyOfValue(0n), enters: false },
  { name: "refuses one", key: keyOfValue(1n), enters: false },
  { name: "refuses minus one", key: keyOfValue(prime - 1n), enters: false },
  {
    name: "refuses the first point of order eight",
    key: keyOfHex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"),
    enters: false,
  },
  {
    name: "refuses the second point of order eight",
    key: keyOfHex("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157"),
    enters: false,
  },
  { name: "refuses the prime, another form of zero", key: keyOfValue(prime), enters: false },
  { name: "refuses the prime plus one, another form of one", key: keyOfValue(prime + 1n), enters: false },
  { name: "refuses the prime plus nine, another form of the base point", key: keyOfValue(prime + 9n), enters: false },
  { name: "refuses the largest 255-bit value", key: keyOfValue(2n ** 255n - 1n), enters: false },
  { name: "refuses a set high bit", key: keyOfValue(9n + 2n ** 255n), enters: false },
  { name: "refuses another type byte", key: keyOfValue(9n, 4), enters: false },
  { name: "refuses 32 bytes without a type", key: keyOfValue(9n).subarray(1), enters: false },
  { name: "refuses a byte too many", key: new Uint8Array([...keyOfValue(9n), 0]), enters: false },
  { name: "refuses nothing at all", key: new Uint8Array(0), enters: false },
];
test.each(cases)("$name", ({ key, enters }) => {
  expect(isPublicKey(key)).toBe(enters);
});

test("libsignal itself takes what is refused here, which is why the check exists", () => {
  for (const key of [keyOfValue(0n), keyOfValue(1n), keyOfValue(prime + 9n), keyOfValue(9n + 2n ** 255n)]) {
    expect(() => PublicKey.deserialize(new Uint8Array(key))).not.toThrow();
  }
});

test("takes every key that libsignal makes", () => {
  for (let index = 0; index < 200; index++) expect(isPublicKey(PrivateKey.generate().getPublicKey().serialize())).toBe(true);
});

test("takes exactly the values below the prime, but the five of low order", () => {
  const lowOrder = cases
    .filter((row) => !row.enters && row.key.length === 33 && row.key[0] === 5)
    .map((row) => Buffer.from(row.key).toString("hex"));
  const anywhere = fc.oneof(fc.bigInt(0n, 2n ** 256n - 1n), fc.bigInt(prime - 40n, prime + 40n), fc.bigInt(0n, 40n));
  fc.assert(
    fc.property(anywhere, (value) => {
      const key = keyOfValue(value);
      const low = lowOrder.includes(Buffer.from(key).toString("hex"));
      expect(isPublicKey(key)).toBe(value < prime && !low);
    }),
  );
});
