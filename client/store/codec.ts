import { assert } from "../../lib/assert.js";

// How a row becomes bytes: plain data, tagged, self-describing. Version 1. A change of these bytes needs a new first byte.
const version = 1;
const tag = {
  null: 1,
  false: 2,
  true: 3,
  number: 4,
  bigint: 5,
  negative: 6,
  text: 7,
  bytes: 8,
  list: 9,
  record: 10,
  map: 11,
  set: 12,
  nothing: 13,
} as const;
const depthMax = 64;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

/** Bytes of plain data: null, undefined, booleans, numbers, bigints, text, bytes, arrays, Map, Set and records of these. Absent fields and undefined ones are the same. */
export function encodeRow(value: unknown): Uint8Array {
  const writer = new Writer();
  writer.byte(version);
  write(writer, value, 0);
  return writer.finish();
}

/** The value of such bytes; everything in it is a copy. Throws on anything else: the table's bytes are ours alone. */
export function decodeRow(bytes: Uint8Array): unknown {
  const reader = new Reader(bytes);
  assert(reader.byte() === version, "a row of an unknown version");
  const value = read(reader, 0);
  assert(reader.at === bytes.length, "a row with bytes behind its end");
  return value;
}

function write(writer: Writer, value: unknown, depth: number): void {
  assert(depth < depthMax, "a row nested too deeply");
  switch (typeof value) {
    case "undefined":
      writer.byte(tag.nothing);
      return;
    case "boolean":
      writer.byte(value ? tag.true : tag.false);
      return;
    case "number":
      writer.byte(tag.number);
      writer.double(value);
      return;
    case "bigint":
      writer.byte(value < 0n ? tag.negative : tag.bigint);
      writer.varint(value < 0n ? -value : value);
      return;
    case "string":
      writer.byte(tag.text);
      writer.bytes(encoder.encode(value));
      return;
    case "object":
      writeObject(writer, value, depth);
      return;
    default:
      assert(false, `a ${typeof value} cannot be stored`);
  }
}

function writeObject(writer: Writer, value: object | null, depth: number): void {
  if (value === null) {
    writer.byte(tag.null);
  } else if (value instanceof Uint8Array) {
    writer.byte(tag.bytes);
    writer.bytes(value);
  } else if (Array.isArray(value)) {
    writer.byte(tag.list);
    writer.varint(BigInt(value.length));
    for (const item of value) write(writer, item, depth + 1);
  } else if (value instanceof Map) {
    writer.byte(tag.map);
    writer.varint(BigInt(value.size));
    for (const [key, item] of value) {
      write(writer, key, depth + 1);
      write(writer, item, depth + 1);
    }
  } else if (value instanceof Set) {
    writer.byte(tag.set);
    writer.varint(BigInt(value.size));
    for (const item of value) write(writer, item, depth + 1);
  } else {
    const prototype: unknown = Object.getPrototypeOf(value);
    assert(prototype === Object.prototype || prototype === null, "only plain data can be stored");
    const fields = Object.entries(value).filter(([, item]) => item !== undefined);
    writer.byte(tag.record);
    writer.varint(BigInt(fields.length));
    for (const [name, item] of fields) {
      writer.bytes(encoder.encode(name));
      write(writer, item, depth + 1);
    }
  }
}

function read(reader: Reader, depth: number): unknown {
  assert(depth < depthMax, "a row nested too deeply");
  const kind = reader.byte();
  switch (kind) {
    case tag.nothing:
      return undefined;
    case tag.null:
      return null;
    case tag.false:
      return false;
    case tag.true:
      return true;
    case tag.number:
      return reader.double();
    case tag.bigint:
      return reader.varint();
    case tag.negative:
      return -reader.varint();
    case tag.text:
      return decoder.decode(reader.bytes());
    case tag.bytes:
      return reader.bytes().slice();
    default:
      return readMany(reader, kind, Number(reader.varint()), depth);
  }
}

function readMany(reader: Reader, kind: number, count: number, depth: number): unknown {
  switch (kind) {
    case tag.list: {
      const list: unknown[] = [];
      for (let index = 0; index < count; index++) list.push(read(reader, depth + 1));
      return list;
    }
    case tag.map: {
      const map = new Map<unknown, unknown>();
      for (let index = 0; index < count; index++) {
        const key = read(reader, depth + 1);
        map.set(key, read(reader, depth + 1));
      }
      return map;
    }
    case tag.set: {
      const set = new Set<unknown>();
      for (let index = 0; index < count; index++) set.add(read(reader, depth + 1));
      return set;
    }
    case tag.record: {
      const fields: [string, unknown][] = [];
      for (let index = 0; index < count; index++) fields.push([decoder.decode(reader.bytes()), read(reader, depth + 1)]);
      return Object.fromEntries(fields);
    }
    default:
      return assert(false, "a row with an unknown tag");
  }
}

class Writer {
  #bytes = new Uint8Array(256);
  #at = 0;

  byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#at++] = value;
  }

  double(value: number): void {
    this.#reserve(8);
    new DataView(this.#bytes.buffer).setFloat64(this.#at, value);
    this.#at += 8;
  }

  varint(value: bigint): void {
    let rest = value;
    while (rest > 127n) {
      this.byte(Number(rest & 127n) | 128);
      rest >>= 7n;
    }
    this.byte(Number(rest));
  }

  bytes(value: Uint8Array): void {
    this.varint(BigInt(value.length));
    this.#reserve(value.length);
    this.#bytes.set(value, this.#at);
    this.#at += value.length;
  }

  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#at);
  }

  #reserve(length: number): void {
    if (this.#at + length <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#at + length));
    grown.set(this.#bytes.subarray(0, this.#at));
    this.#bytes = grown;
  }
}

class Reader {
  at = 0;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  byte(): number {
    const value = this.#bytes[this.at];
    assert(value !== undefined, "a row that ends too early");
    this.at += 1;
    return value;
  }

  double(): number {
    const at = this.#take(8);
    return new DataView(this.#bytes.buffer, this.#bytes.byteOffset).getFloat64(at);
  }

  varint(): bigint {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.byte();
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value;
    }
  }

  bytes(): Uint8Array {
    const length = Number(this.varint());
    const at = this.#take(length);
    return this.#bytes.subarray(at, at + length);
  }

  #take(length: number): number {
    const at = this.at;
    assert(at + length <= this.#bytes.length, "a row that ends too early");
    this.at += length;
    return at;
  }
}
