import fc from "fast-check";
import { expect, test } from "vitest";
import { idBytes } from "../../lib/ids.js";
import { hermod } from "../../protos/gen/hermod.js";
import { bodyTypeNumber, kindNumber, scopeNumber } from "../../protos/kinds.js";
import { parseEnvelope } from "../../protos/envelope.js";
import { checkFields, WireReader } from "../../protos/wire.js";

const bytes = (length: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: length, maxLength: length });
const long = fc.bigInt({ min: 1n, max: (1n << 64n) - 1n });
const body = fc.record({ device: bytes(16), type: fc.integer({ min: 1, max: 6 }), bytes: fc.uint8Array({ maxLength: 300 }) });
const envelope = fc.record({
  format: fc.constant(1),
  chatId: bytes(16),
  counter: long,
  clientMsgId: bytes(16),
  kind: fc.integer({ min: 1, max: 11 }),
  scope: fc.integer({ min: 1, max: 2 }),
  rosterSeq: long,
  rosterHash: bytes(32),
  refersTo: fc.option(fc.record({ account: bytes(16), clientMsgId: bytes(16), seq: long }), { nil: undefined }),
  timerMs: fc.bigInt({ min: 0n, max: 1_000_000n }),
  urgent: fc.boolean(),
  commitment: fc.oneof(bytes(0), bytes(32)),
  shared: fc.option(fc.record({ type: fc.constant(4), bytes: fc.uint8Array({ maxLength: 300 }) }), { nil: undefined }),
  bodies: fc.array(body, { maxLength: 5 }),
});

test("the lazy view reads what the generated decoder reads", () => {
  fc.assert(
    fc.property(envelope, (sent) => {
      const raw = hermod.v1.Envelope.encode(sent).finish();
      const known = hermod.v1.Envelope.decode(raw);
      const view = parseEnvelope(raw)!;
      expect(idBytes(view.conversation)).toEqual(new Uint8Array(known.chatId));
      expect(idBytes(view.id)).toEqual(new Uint8Array(known.clientMsgId));
      expect([view.counter, view.rosterSeq, view.urgent, BigInt(view.timerMs)]).toEqual([
        known.counter,
        known.rosterSeq,
        known.urgent,
        known.timerMs,
      ]);
      expect([kindNumber(view.kind), scopeNumber(view.scope)]).toEqual([known.kind, known.scope]);
      expect(view.refersTo?.seq).toBe(known.refersTo?.seq);
      expect(view.commitment ?? new Uint8Array(0)).toEqual(new Uint8Array(known.commitment));
      const slots = view.bodies.map(({ type, bytes: content }) => [bodyTypeNumber(type), [...content]]);
      const expected = [...(known.shared ? [known.shared] : []), ...known.bodies].map(({ type, bytes: content }) => [type, [...content]]);
      expect(slots).toEqual(expected);
      expect(view.bytes).toBe(raw.length);
    }),
    { numRuns: 1_000 },
  );
});

test("bytes that are not an envelope are undefined, never an exception", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (raw) => {
      expect(() => parseEnvelope(raw)).not.toThrow();
    }),
    { numRuns: 5_000 },
  );
});

test("a valid envelope with one byte changed is read or refused, never an exception", () => {
  fc.assert(
    fc.property(envelope, fc.nat(), fc.nat(255), (sent, at, value) => {
      const raw = hermod.v1.Envelope.encode(sent).finish().slice();
      raw[at % raw.length] = value;
      expect(() => parseEnvelope(raw)).not.toThrow();
    }),
    { numRuns: 5_000 },
  );
});

test("reads every 64-bit varint as the writer wrote it", () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }), (value) => {
      const raw = hermod.v1.SyncChatState.encode({ last: value }).finish();
      const reader = new WireReader(raw);
      const read = reader.next() ? reader.uint64() : 0n;
      expect(read).toBe(value);
    }),
    { numRuns: 2_000 },
  );
});

const wireCases: { name: string; raw: number[]; ok: boolean }[] = [
  { name: "nothing", raw: [], ok: true },
  { name: "a varint field", raw: [8, 1], ok: true },
  { name: "field number 0", raw: [0, 1], ok: false },
  { name: "a length beyond the end", raw: [10, 5, 1], ok: false },
  { name: "a length of 4 GiB", raw: [10, 255, 255, 255, 255, 15], ok: false },
  { name: "an 11-byte varint", raw: [8, ...Array<number>(11).fill(128)], ok: false },
  { name: "a group", raw: [11, 12], ok: false },
  { name: "a fixed64 cut short", raw: [9, 1, 2], ok: false },
];
test.each(wireCases)("the pre-check judges $name", ({ raw, ok }) => {
  expect(checkFields(new Uint8Array(raw), 100)).toBe(ok);
});

test("the pre-check refuses more fields than allowed", () => {
  expect(checkFields(new Uint8Array(Array.from({ length: 202 }, (_, index) => (index % 2 === 0 ? 8 : 1))), 100)).toBe(false);
});
