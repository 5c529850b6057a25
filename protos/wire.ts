/** Reads protobuf's wire format in place, with bounds instead of trust. For hot frames and pre-checks; everything else uses generated code. */
export class WireReader {
  readonly #bytes: Uint8Array;
  #at: number;
  readonly #end: number;
  /** Of the field that `next` stopped at. */
  field = 0;
  wireType = 0;

  constructor(bytes: Uint8Array, from = 0, to = bytes.length) {
    this.#bytes = bytes;
    this.#at = from;
    this.#end = to;
  }

  /** Moves to the next field; false at the end. Throws WireError on anything that is not protobuf. */
  next(): boolean {
    if (this.#at >= this.#end) return false;
    const tag = this.uint32();
    this.field = tag >>> 3;
    this.wireType = tag & 7;
    if (this.field === 0) throw new WireError("field number 0");
    return true;
  }

  /** A varint of up to 32 bits; higher bits are cut as protobuf prescribes. */
  uint32(): number {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (this.#at >= this.#end) throw new WireError("varint runs over the end");
      const byte = this.#bytes[this.#at++]!;
      if (shift < 32) value |= (byte & 127) << shift;
      if (byte < 128) return value >>> 0;
    }
    throw new WireError("varint longer than 10 bytes");
  }

  uint64(): bigint {
    let low = 0;
    let middle = 0;
    let high = 0;
    for (let index = 0; index < 10; index++) {
      if (this.#at >= this.#end) throw new WireError("varint runs over the end");
      const byte = this.#bytes[this.#at++]!;
      const bits = byte & 127;
      if (index < 4) low |= bits << (7 * index);
      else if (index < 8) middle |= bits << (7 * (index - 4));
      else high |= bits << (7 * (index - 8));
      if (byte < 128) {
        if (index < 7) return BigInt((low >>> 0) + (middle >>> 0) * 0x1000_0000);
        return BigInt.asUintN(64, BigInt(low >>> 0) | (BigInt(middle >>> 0) << 28n) | (BigInt(high >>> 0) << 56n));
      }
    }
    throw new WireError("varint longer than 10 bytes");
  }

  /** A view, not a copy, of a length-delimited field. */
  bytes(): Uint8Array {
    if (this.wireType !== 2) throw new WireError("not length-delimited");
    const length = this.uint32();
    if (length > this.#end - this.#at) throw new WireError("length runs over the end");
    const start = this.#at;
    this.#at += length;
    return this.#bytes.subarray(start, this.#at);
  }

  /** Passes over a field of any known type. Groups are refused: no Hermod message has ever had one. */
  skip(): void {
    if (this.wireType === 0) this.uint32();
    else if (this.wireType === 2) this.bytes();
    else if (this.wireType === 5) this.#move(4);
    else if (this.wireType === 1) this.#move(8);
    else throw new WireError("groups are not read");
  }

  #move(count: number): void {
    if (count > this.#end - this.#at) throw new WireError("field runs over the end");
    this.#at += count;
  }
}

export class WireError extends Error {}

/** Counts the fields of one level and refuses groups, broken lengths and more than `max` fields: what is decoded afterwards is bounded. */
export function checkFields(bytes: Uint8Array, max: number): boolean {
  try {
    const reader = new WireReader(bytes);
    for (let count = 0; reader.next(); count++) {
      if (count >= max) return false;
      reader.skip();
    }
    return true;
  } catch {
    return false;
  }
}
