import fc from "fast-check";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import protobuf from "protobufjs";
import { afterAll, beforeAll, expect, test } from "vitest";

const fixtures = fileURLToPath(new URL("fixtures/", import.meta.url));
const root = fileURLToPath(new URL("../../", import.meta.url));

interface Ping {
  seq?: bigint;
  maybe?: bigint | null;
  many?: bigint[];
  fixed?: bigint;
  signed?: bigint;
  zig?: bigint;
  sf?: bigint;
  manyFixed?: bigint[];
  byName?: Record<string, bigint>;
  choice?: string;
  number?: bigint | null;
  inner?: { seq?: bigint } | null;
  inners?: { seq?: bigint }[];
  zigs?: bigint[];
  loose?: bigint[];
  name?: string;
}
interface Codec {
  encode(message: object): { finish(): Uint8Array };
  decode(bytes: Uint8Array): Ping;
}
interface Generator {
  generate(folder: string, files: string[]): Promise<Record<string, string>>;
}

let folder: string;
let made: Record<string, string>;
let ours: Codec;
let theirs: protobuf.Type;

beforeAll(async () => {
  // Inside node_modules, so that the generated code finds protobufjs.
  const cache = join(root, "node_modules", ".cache", "hermod");
  mkdirSync(cache, { recursive: true });
  folder = mkdtempSync(join(cache, "ping-"));
  const { generate } = (await import(pathToFileURL(join(root, "scripts/lib/protos.mjs")).href)) as Generator;
  made = await generate(fixtures, ["ping.proto"]);
  writeFileSync(join(folder, "ping.mjs"), made["hermod.js"] ?? "");
  const module = (await import(pathToFileURL(join(folder, "ping.mjs")).href)) as { hermod: { ping: { v1: { Ping: Codec } } } };
  ours = module.hermod.ping.v1.Ping;
  theirs = protobuf.parse(readFileSync(join(fixtures, "ping.proto"), "utf8")).root.lookupType("hermod.ping.v1.Ping");
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const unsigned = fc.oneof(fc.bigInt(0n, 2n ** 64n - 1n), fc.bigInt(0n, 300n), powers(0n, 2n ** 64n - 1n));
const signed = fc.oneof(fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n), fc.bigInt(-300n, 300n), powers(-(2n ** 63n), 2n ** 63n - 1n));

/** The borders of the varint's bytes and of the two halves, one to either side. */
function powers(min: bigint, max: bigint): fc.Arbitrary<bigint> {
  const near = Array.from({ length: 65 }, (_, bits) => 2n ** BigInt(bits)).flatMap((power) => [power - 1n, power, power + 1n]);
  return fc.constantFrom(...near, ...near.map((value) => -value)).filter((value) => value >= min && value <= max);
}

const pings = fc.record({
  seq: unsigned,
  maybe: fc.option(unsigned),
  many: fc.array(unsigned),
  fixed: unsigned,
  signed,
  zig: signed,
  sf: signed,
  manyFixed: fc.array(unsigned),
  byName: fc.dictionary(fc.constantFrom("a", "b", "toString"), unsigned),
  number: unsigned,
  inners: fc.array(fc.record({ seq: unsigned })),
  zigs: fc.array(signed),
  loose: fc.array(signed),
});

test("every 64-bit field comes back as the bigint that went in", () => {
  fc.assert(
    fc.property(pings, (ping) => {
      const back = ours.decode(ours.encode(ping).finish());
      expect({ ...ping, inners: undefined }).toEqual({ ...pick(back, ping), inners: undefined });
      expect(back.inners?.map((inner) => inner.seq)).toEqual(ping.inners.map((inner) => inner.seq));
      expect(back.choice).toBe("number");
    }),
    { numRuns: 500 },
  );
});

test("the bytes are those of protobufjs itself, and its bytes are read alike", () => {
  fc.assert(
    fc.property(pings, (ping) => {
      const expected = theirs.encode(theirs.fromObject(ping)).finish();
      expect(Buffer.from(ours.encode(ping).finish())).toEqual(Buffer.from(expected));
      expect(pick(ours.decode(expected), ping).signed).toBe(ping.signed);
    }),
    { numRuns: 500 },
  );
});

test("what was never set is 0n, or null where the schema says optional", () => {
  const empty = ours.decode(new Uint8Array());
  expect(pick(empty, { seq: 1, signed: 1, maybe: 1, number: 1, many: 1 })).toEqual({
    seq: 0n,
    signed: 0n,
    maybe: null,
    number: null,
    many: [],
  });
  expect(empty.choice).toBeUndefined();
});

test("refuses what does not fit 64 bits, and a number where a bigint belongs", () => {
  for (const ping of [{ seq: 2n ** 64n }, { seq: -1n }, { signed: 2n ** 63n }, { zig: -(2n ** 63n) - 1n }, { many: [2n ** 64n] }]) {
    expect(() => ours.encode(ping)).toThrow(RangeError);
  }
  expect(() => ours.encode({ seq: 5 })).toThrow(TypeError);
});

test("refuses bytes that end early, run on or lie about a length, and never reads past them", () => {
  const whole = ours.encode({ seq: 2n ** 64n - 1n, many: [1n, 2n ** 40n], fixed: 7n }).finish();
  for (let length = 1; length < whole.length; length += 1) {
    try {
      ours.decode(whole.subarray(0, length));
    } catch (error) {
      expect(error).toBeInstanceOf(Error);
    }
  }
  expect(() => ours.decode(Uint8Array.of(8, ...Array.from({ length: 11 }, () => 0xff)))).toThrow("invalid varint");
  expect(() => ours.decode(Uint8Array.of(26, 5, 1))).toThrow(RangeError);
  expect(() => ours.decode(Uint8Array.of(26, 1, 0x80, 1))).toThrow(RangeError);
  expect(() => ours.decode(Uint8Array.of(33, 1, 2, 3))).toThrow(RangeError);
});

test("any bytes are decoded or refused with an Error, in bounded steps", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
      try {
        ours.decode(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(Error);
      }
    }),
    { numRuns: 2_000 },
  );
});

test("the declarations say bigint and nothing of Long", () => {
  expect(made["hermod.d.ts"]).toContain("seq: bigint;");
  expect(made["hermod.d.ts"]).not.toMatch(/Long|\$protobuf/);
});

/** Reads through the prototype, where protobufjs keeps the defaults. */
function pick(message: Ping, fields: object): Ping {
  return Object.fromEntries(Object.keys(fields).map((key) => [key, message[key as keyof Ping]]));
}
