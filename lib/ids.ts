/**
 * Ids are 16 bytes on the wire and on disk; in memory and as text they are 26 characters of lower-case base32 without padding
 * (RFC 4648 alphabet), so that one value has one form as a key of a Map, in a log line and in a URL.
 */
declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

export type AccountId = Branded<"account">;
export type DeviceId = Branded<"device">;
export type ConversationId = Branded<"conversation">;
export type MessageId = Branded<"message">;
export type LinkId = Branded<"link">;
type AnyId = AccountId | DeviceId | ConversationId | MessageId | LinkId;

export const idBytesLength = 16;

const alphabet = "abcdefghijklmnopqrstuvwxyz234567";
const pairs: string[] = [];
for (const high of alphabet) for (const low of alphabet) pairs.push(high + low);
const values = new Uint8Array(128).fill(255);
for (let index = 0; index < alphabet.length; index++) values[alphabet.charCodeAt(index)] = index;

/** Text of any bytes: lower-case base32, no padding. */
export function toBase32(bytes: Uint8Array): string {
  let text = "";
  let pending = 0;
  let bits = 0;
  for (const byte of bytes) {
    pending = ((pending << 8) | byte) & 0x3ffff;
    bits += 8;
    while (bits >= 10) {
      bits -= 10;
      text += pairs[(pending >> bits) & 0x3ff]!;
    }
  }
  if (bits >= 5) {
    bits -= 5;
    text += alphabet[(pending >> bits) & 31]!;
  }
  if (bits > 0) text += alphabet[(pending << (5 - bits)) & 31]!;
  return text;
}

/** Bytes of a base32 text, or undefined when it has a foreign character, an impossible length, or bits set behind its end. */
export function fromBase32(text: string): Uint8Array | undefined {
  const length = Math.floor((text.length * 5) / 8);
  if (Math.ceil((length * 8) / 5) !== text.length) return undefined;
  const bytes = new Uint8Array(length);
  let pending = 0;
  let bits = 0;
  let at = 0;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    const value = code < 128 ? values[code]! : 255;
    if (value === 255) return undefined;
    pending = ((pending << 5) | value) & 0x1fff;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes[at++] = (pending >> bits) & 255;
    }
  }
  return (pending & ((1 << bits) - 1)) === 0 ? bytes : undefined;
}

/** The id of 16 bytes. Throws on any other length: whoever reads the wire checks first (`isIdBytes`). */
export function idOf<Id extends AnyId>(bytes: Uint8Array): Id {
  if (bytes.length !== idBytesLength) throw new RangeError(`an id has ${idBytesLength} bytes, not ${bytes.length}`);
  return toBase32(bytes) as Id;
}

export function isIdBytes(bytes: Uint8Array): boolean {
  return bytes.length === idBytesLength;
}

/** The 16 bytes of an id. */
export function idBytes(id: AnyId): Uint8Array {
  const bytes = fromBase32(id);
  if (bytes?.length !== idBytesLength) throw new RangeError(`not an id: ${id}`);
  return bytes;
}

/** The id that a text spells, or undefined. */
export function parseId<Id extends AnyId>(text: string): Id | undefined {
  return fromBase32(text)?.length === idBytesLength ? (text as Id) : undefined;
}

/** Region of a conversation or account id: its first byte. */
export function regionOf(id: AccountId | ConversationId): number {
  return idBytes(id)[0]!;
}
