import fc from "fast-check";
import { expect, test } from "vitest";
import { idBytes, idOf, type AccountId, type DeviceId, type MessageId } from "../../lib/ids.js";
import type { BodySlot, Header } from "../../protos/entry.js";
import { hermod } from "../../protos/gen/hermod.js";
import { bodyTypeNumber, kindNumber, scopeNumber } from "../../protos/kinds.js";
import { StoreError } from "../../storage/errors.js";
import { decodeHeader, encodeHeader } from "../../storage/records/header.js";
import { decodeBody, decodeBucket, encodeBody, encodeBucket } from "../../storage/records/log.js";

const { HeaderRecord, BodyRecord, BucketRecord } = hermod.v1;
const uint64 = fc.oneof(
  fc.bigInt(0n, 300n),
  fc.bigInt(0n, 2n ** 64n - 1n),
  fc.constantFrom(2n ** 53n, 2n ** 63n, 2n ** 64n - 1n, 2n ** 48n),
);
const bytes = (minLength: number, maxLength: number) =>
  fc.uint8Array({ minLength, maxLength }).map((array) => new Uint8Array(Buffer.from(array)));
const id = bytes(16, 16).map((array) => idOf<DeviceId>(array));
const ms = fc.oneof(fc.constant(0), fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }));

const control = fc.record({
  rosterHash: bytes(32, 32),
  type: fc.constantFrom("direct" as const, "group" as const),
  changes: fc.array(
    fc.record({
      op: fc.constant("add" as const),
      account: id.map((one) => one as unknown as AccountId),
      role: fc.constantFrom("owner" as const, "admin" as const, "member" as const),
      listVersion: fc.integer({ min: 1, max: 1000 }),
      listHash: bytes(32, 32),
      devices: fc.array(id, { maxLength: 8 }),
    }),
    { maxLength: 5 },
  ),
  membershipVersion: fc.integer({ min: 0, max: 1000 }),
});

const header: fc.Arbitrary<Header> = fc
  .record({
    seq: uint64.filter((seq) => seq > 0n),
    epoch: uint64,
    account: id.map((one) => one as unknown as AccountId),
    device: id,
    counter: uint64,
    id: id.map((one) => one as unknown as MessageId),
    kind: fc.constantFrom("message" as const, "membership" as const, "sync" as const),
    scope: fc.constantFrom("all" as const, "subset" as const),
    targets: fc.array(id, { maxLength: 20 }),
    rosterSeq: uint64,
    rosterHash: bytes(0, 32),
    timeMs: ms,
    hash: bytes(32, 32),
    refersTo: fc.option(
      fc.record({ account: id.map((one) => one as unknown as AccountId), id: id.map((one) => one as unknown as MessageId), seq: uint64 }),
      { nil: undefined },
    ),
    previousControl: uint64,
    commitment: fc.option(bytes(32, 32), { nil: undefined }),
    frankTag: fc.option(bytes(32, 32), { nil: undefined }),
    bodyExpiresMs: ms,
    control: fc.option(control, { nil: undefined }),
  })
  .map((value) => Object.fromEntries(Object.entries(value).filter(([, part]) => part !== undefined)) as unknown as Header);

test("a header reads back as it was written", () => {
  fc.assert(
    fc.property(header, (value) => {
      expect(plain(decodeHeader(encodeHeader(value)))).toEqual(plain(value));
    }),
    { numRuns: 500 },
  );
});

test("a header's bytes are those of protobufjs", () => {
  fc.assert(
    fc.property(header, (value) => {
      const stored = encodeHeader(value);
      const record = HeaderRecord.decode(stored.subarray(1));
      expect(record.seq).toBe(value.seq);
      expect(record.epoch).toBe(value.epoch);
      expect(record.counter).toBe(value.counter);
      expect(record.timeMs).toBe(BigInt(value.timeMs));
      expect([record.kind, record.scope]).toEqual([kindNumber(value.kind), scopeNumber(value.scope)]);
      expect(record.targets.map((target) => idOf(target))).toEqual(value.targets);
      expect(idOf(record.account)).toBe(value.account);
      expect(hex(HeaderRecord.encode(record).finish())).toBe(hex(stored.subarray(1)));
    }),
    { numRuns: 500 },
  );
});

test("bodies and buckets agree with protobufjs in both directions", () => {
  const body = fc.record({
    slot: fc.constant("shared" as const),
    type: fc.constantFrom("whisper" as const, "told" as const),
    bytes: bytes(0, 300),
  });
  fc.assert(
    fc.property(body, ms, (slot: BodySlot, expiresMs) => {
      const stored = encodeBody(slot, expiresMs);
      const record = { type: bodyTypeNumber(slot.type), bytes: slot.bytes, expiresMs: BigInt(expiresMs) };
      expect(plain(decodeBody(stored))).toEqual(plain({ type: slot.type, bytes: slot.bytes, expiresMs }));
      expect(plain({ ...BodyRecord.decode(stored.subarray(1)) })).toEqual(
        plain({ ...BodyRecord.decode(BodyRecord.encode(record).finish()) }),
      );
    }),
  );
  const bucket = fc.record({
    epoch: uint64,
    lastSeq: uint64,
    batch: bytes(0, 16),
    fanned: uint64,
    trimmed: uint64,
    masked: uint64,
    bodiesExpireMs: ms,
  });
  fc.assert(
    fc.property(bucket, (value) => {
      const theirs = BucketRecord.encode({ ...value, bodiesExpireMs: BigInt(value.bodiesExpireMs) }).finish();
      expect(plain(decodeBucket(encodeBucket(value)))).toEqual(plain(value));
      expect(plain(decodeBucket(Buffer.concat([Buffer.of(1), theirs])))).toEqual(plain(value));
    }),
  );
});

test("what no writer wrote ends in a store error, whatever the bytes", () => {
  fc.assert(
    fc.property(bytes(0, 80), (value) => {
      for (const decode of [decodeHeader, decodeBody, decodeBucket]) {
        try {
          decode(Buffer.concat([Buffer.of(1), value]));
        } catch (error) {
          expect(error).toBeInstanceOf(StoreError);
        }
      }
    }),
    { numRuns: 3_000 },
  );
});

test("a record of a newer version is refused by name", () => {
  expect(() => decodeBucket(Buffer.of(2, 8, 1))).toThrow(/record of version 2/);
  expect(() => decodeHeader(Buffer.of(2))).toThrow(expect.objectContaining({ code: "update-needed" }));
});

test("fields of a later program are stepped over", () => {
  const stored = encodeBucket({
    epoch: 1n,
    lastSeq: 2n,
    batch: idBytes(idOf<DeviceId>(new Uint8Array(16))),
    fanned: 0n,
    trimmed: 0n,
    masked: 0n,
    bodiesExpireMs: 0,
  });
  const more = Buffer.concat([stored, Buffer.from([0xf8, 0x01, 5, 0xfa, 0x01, 2, 9, 9])]);
  expect(plain(decodeBucket(more))).toEqual(plain(decodeBucket(stored)));
});

function hex(value: Uint8Array): string {
  return Buffer.from(value).toString("hex");
}

function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return hex(value);
  if (Array.isArray(value)) return value.map(plain);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, plain(part)]));
}
