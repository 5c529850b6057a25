/** A serialized public key: type byte 5 ‖ 32 bytes, little-endian. */
export const publicKeyBytesLength = 33;

const typeByte = 5;

/*
 * libsignal takes any 32 bytes behind the type byte. Two encodings of one key would give one device two ids, and a key of low order makes
 * every shared secret with it known to all. So each key that enters, by list, bundle or QR code, passes here first.
 */

/** Points of low order in their one canonical form; the other forms are above the prime and refused as such. */
const lowOrder = new Set([
  "0000000000000000000000000000000000000000000000000000000000000000",
  "0100000000000000000000000000000000000000000000000000000000000000",
  "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
  "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
]);

/** Whether bytes are a public key that may enter: 33 bytes, type 5, high bit clear, below 2²⁵⁵ − 19, not of low order. */
export function isPublicKey(bytes: Uint8Array): boolean {
  if (bytes.length !== publicKeyBytesLength || bytes[0] !== typeByte) return false;
  return bytes[32]! < 0x80 && isBelowPrime(bytes) && !lowOrder.has(Buffer.from(bytes.subarray(1)).toString("hex"));
}

/** 2²⁵⁵ − 19 is ed ff … ff 7f, so only values with all upper bytes full need a look at the lowest. */
function isBelowPrime(bytes: Uint8Array): boolean {
  if (bytes[32] !== 0x7f) return true;
  for (let index = 2; index < 32; index++) if (bytes[index] !== 0xff) return true;
  return bytes[1]! < 0xed;
}
