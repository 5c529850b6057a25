import { idBytesLength, idOf, type AccountId, type DeviceId, type MessageId } from "../../lib/ids.js";
import { StoreError } from "../errors.js";
import { recordStart } from "./version.js";

/** Reads protobuf fields by hand; the counterpart of RecordWriter. Bytes that no writer wrote end in a `corrupt` error, never beyond the value. */
export class RecordReader {
  private at: number;
  private wireType = 0;

  private readonly value: Uint8Array;

  constructor(value: Uint8Array) {
    this.value = value;
    this.at = recordStart(value);
  }

  /** Number of the next field, or 0 at the end. */
  next(): number {
    if (this.at >= this.value.length) return 0;
    const tag = this.number();
    this.wireType = tag & 7;
    const field = Math.floor(tag / 8);
    if (field === 0) throw corrupt("field 0");
    return field;
  }

  number(): number {
    let value = 0;
    let scale = 1;
    for (let count = 0; count < 10; count++) {
      const byte = this.byte();
      value += (byte & 127) * scale;
      if (byte < 128) {
        if (value > Number.MAX_SAFE_INTEGER) throw corrupt("a number above 2⁵³");
        return value;
      }
      scale *= 128;
    }
    throw corrupt("a number without an end");
  }

  big(): bigint {
    let low = 0;
    for (let count = 0, scale = 1; count < 7; count++, scale *= 128) {
      const byte = this.byte();
      low += (byte & 127) * scale;
      if (byte < 128) return BigInt(low);
    }
    let value = BigInt(low);
    for (let shift = 49n; shift < 70n; shift += 7n) {
      const byte = this.byte();
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value & 0xffff_ffff_ffff_ffffn;
    }
    throw corrupt("a number without an end");
  }

  /** A view on the stored value. */
  bytes(): Uint8Array {
    const length = this.number();
    if (this.at + length > this.value.length) throw corrupt("bytes beyond the end");
    const bytes = this.value.subarray(this.at, this.at + length);
    this.at += length;
    return bytes;
  }

  id<Id extends AccountId | DeviceId | MessageId>(): Id {
    const bytes = this.bytes();
    if (bytes.length !== idBytesLength) throw corrupt(`an id of ${bytes.length} bytes`);
    return idOf<Id>(bytes);
  }

  /** Steps over a field that this version does not know. */
  skip(): void {
    switch (this.wireType) {
      case 0:
        this.big();
        return;
      case 1:
        this.step(8);
        return;
      case 2:
        this.bytes();
        return;
      case 5:
        this.step(4);
        return;
      default:
        throw corrupt(`wire type ${this.wireType}`);
    }
  }

  private step(length: number): void {
    if (this.at + length > this.value.length) throw corrupt("a field beyond the end");
    this.at += length;
  }

  private byte(): number {
    const byte = this.value[this.at++];
    if (byte === undefined) throw corrupt("a number beyond the end");
    return byte;
  }
}

function corrupt(what: string): StoreError {
  return new StoreError("corrupt", `a record with ${what}`);
}
