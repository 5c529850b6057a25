import { idBytesLength } from "../../lib/ids.js";
import { recordVersion } from "./version.js";

const values = new Uint8Array(128);
[..."abcdefghijklmnopqrstuvwxyz234567"].forEach((letter, value) => (values[letter.charCodeAt(0)] = value));

/**
 * Writes protobuf fields by hand, for the records of every message (libraries.md: general codecs cost several times as much). Same bytes
 * as protobufjs for fields in ascending order; defaults are left out. One buffer serves all records, so a record is begun, written and
 * finished in one go.
 */
class RecordWriter {
  private buffer = Buffer.allocUnsafe(4096);
  private at = 0;

  begin(): this {
    this.buffer[0] = recordVersion;
    this.at = 1;
    return this;
  }

  /** A copy that is the caller's. */
  finish(): Uint8Array {
    return Buffer.from(this.buffer.subarray(0, this.at));
  }

  /** A whole number up to 2⁵³. */
  number(field: number, value: number): this {
    if (value === 0) return this;
    if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`not a whole number: ${value}`);
    this.room(20);
    this.tag(field, 0);
    this.varint(value);
    return this;
  }

  big(field: number, value: bigint): this {
    if (value === 0n) return this;
    if (value < 0n || value > 0xffff_ffff_ffff_ffffn) throw new RangeError(`does not fit 64 bits: ${value}`);
    this.room(20);
    this.tag(field, 0);
    let rest = value;
    while (rest > 0xffff_ffff_ffffn) {
      this.buffer[this.at++] = Number(rest & 127n) | 128;
      rest >>= 7n;
    }
    this.varint(Number(rest));
    return this;
  }

  bytes(field: number, value: Uint8Array | undefined): this {
    if (value === undefined || value.length === 0) return this;
    this.item(field, value);
    return this;
  }

  /** As `bytes`, also when empty: items of a list count. */
  item(field: number, value: Uint8Array): this {
    this.room(20 + value.length);
    this.tag(field, 2);
    this.varint(value.length);
    this.buffer.set(value, this.at);
    this.at += value.length;
    return this;
  }

  /** The 16 bytes of an id; an empty one is left out. */
  id(field: number, id: string): this {
    if (id === "") return this;
    if (id.length !== 26) throw new RangeError(`not an id: ${id}`);
    this.room(20 + idBytesLength);
    this.tag(field, 2);
    this.buffer[this.at++] = idBytesLength;
    let pending = 0;
    let bits = 0;
    for (let index = 0; index < 26; index++) {
      pending = ((pending << 5) | values[id.charCodeAt(index) & 127]!) & 0x1fff;
      bits += 5;
      if (bits >= 8) {
        bits -= 8;
        this.buffer[this.at++] = (pending >> bits) & 255;
      }
    }
    return this;
  }

  private tag(field: number, wireType: number): void {
    this.varint(field * 8 + wireType);
  }

  private varint(value: number): void {
    let rest = value;
    while (rest > 0x7fff_ffff) {
      this.buffer[this.at++] = (rest % 128) | 128;
      rest = Math.floor(rest / 128);
    }
    while (rest > 127) {
      this.buffer[this.at++] = (rest & 127) | 128;
      rest >>>= 7;
    }
    this.buffer[this.at++] = rest;
  }

  private room(more: number): void {
    if (this.at + more <= this.buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.buffer.length * 2, this.at + more));
    larger.set(this.buffer.subarray(0, this.at));
    this.buffer = larger;
  }
}

const writer = new RecordWriter();

/** Begins a record; the one before must be finished. */
export function beginRecord(): RecordWriter {
  return writer.begin();
}
