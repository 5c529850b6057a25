import { afterAll, beforeAll, expect, test } from "vitest";
import { idBytes } from "../../lib/ids.js";
import { limits } from "../../lib/limits.js";
import { hermod } from "../../protos/gen/hermod.js";
import { keyOf } from "../unit/signed-fixtures.js";
import type { Person } from "../support/account-maker.js";
import { bytesOf } from "../support/entries.js";
import type { RawSocket, ServerFrame } from "../support/raw-device.js";
import { answerOf, bodyFor, messageIdOf, WireChat, WireWorld } from "../support/wire-world.js";

const { EntryKind, Scope, BodyType } = hermod.v1;

let world: WireWorld;
let [alice, bob, mallory] = [] as Person[] as [Person, Person, Person];
let socket: RawSocket;
let chat: WireChat;
/** Alice's counter in her chat with bob: only what was acked uses one. */
let counter = 0n;

beforeAll(async () => {
  world = await WireWorld.start();
  alice = await world.person("alice");
  bob = await world.person("bob");
  mallory = await world.person("mallory");
  socket = await world.live(alice);
  chat = await WireChat.create(socket, alice, bob);
});
afterAll(async () => {
  await world.stop();
});

type Fields = Partial<hermod.v1.Envelope.$Properties>;
const sendBytes = (envelope: Uint8Array, from = socket): Promise<ServerFrame> => from.request({ sendMessage: { envelope } });
const bobOnly = () => [bob.first.id];
const good = (fields: Fields = {}): Uint8Array => chat.send(counter + 1n, bobOnly(), fields);
async function accepted(): Promise<bigint> {
  const answer = await sendBytes(good());
  expect(answerOf(answer)).toBe("serverAck");
  counter += 1n;
  return answer.serverAck!.seq;
}

test("a conversation one is not in and one that does not exist are refused alike", async () => {
  const theirs = await world.live(mallory);
  const foreign = await sendBytes(chat.send(1n, bobOnly()), theirs);
  const unknown = await sendBytes(chat.send(1n, bobOnly(), { chatId: bytesOf("no such conversation") }), theirs);
  const brief = ({ problem }: ServerFrame) => ({ ...problem, chatId: undefined });
  expect(foreign.problem?.code).toBe("not-a-member");
  expect(brief(unknown)).toEqual(brief(foreign));
  for (const chatId of [idBytes(chat.id), bytesOf("no such conversation")]) {
    expect(answerOf(await theirs.request({ fetchRoster: { chatId, fromSeq: 1n } }))).toBe("not-a-member");
    theirs.heard.length = 0;
    await theirs.request({ fetch: { chatId, from: 1n, to: 10n } });
    expect(theirs.heard.filter(({ deliver }) => deliver)).toEqual([]);
  }
  await theirs.close();
});

const stranger = keyOf("a device of nobody").id;
const refused: { name: string; fields: () => Fields; code: string }[] = [
  { name: "a body for a device of nobody", fields: () => ({ bodies: [bodyFor(stranger)] }), code: "wrong-recipients" },
  { name: "a body for another account's device", fields: () => ({ bodies: [bodyFor(mallory.first.id)] }), code: "wrong-recipients" },
  { name: "a body too many", fields: () => ({ bodies: [bodyFor(bob.first.id), bodyFor(stranger)] }), code: "wrong-recipients" },
  { name: "no body", fields: () => ({ bodies: [] }), code: "wrong-recipients" },
  { name: "a body for the own device", fields: () => ({ bodies: [bodyFor(alice.first.id)] }), code: "wrong-recipients" },
  {
    name: "two bodies for one device",
    fields: () => ({ bodies: [bodyFor(bob.first.id), bodyFor(bob.first.id)] }),
    code: "wrong-recipients",
  },
  {
    name: "a subset that names a stranger",
    fields: () => ({ kind: EntryKind.ENTRY_KIND_SYNC, scope: Scope.SCOPE_SUBSET, bodies: [bodyFor(stranger)] }),
    code: "wrong-recipients",
  },
  {
    name: "a subset of nobody",
    fields: () => ({ kind: EntryKind.ENTRY_KIND_RESEND, scope: Scope.SCOPE_SUBSET, bodies: [] }),
    code: "wrong-recipients",
  },
  {
    name: "a shared body beside one for a device",
    fields: () => ({ shared: { type: BodyType.BODY_TYPE_WHISPER, bytes: new Uint8Array(9) } }),
    code: "wrong-recipients",
  },
  { name: "more than 128 KiB", fields: () => ({ bodies: [bodyFor(bob.first.id, limits.entryBytesMax)] }), code: "too-large" },
  { name: "a genesis", fields: () => ({ kind: EntryKind.ENTRY_KIND_GENESIS }), code: "forbidden-kind" },
  { name: "a membership", fields: () => ({ kind: EntryKind.ENTRY_KIND_MEMBERSHIP }), code: "forbidden-kind" },
  { name: "a devices entry", fields: () => ({ kind: EntryKind.ENTRY_KIND_DEVICES }), code: "forbidden-kind" },
  { name: "a timer", fields: () => ({ kind: EntryKind.ENTRY_KIND_TIMER }), code: "forbidden-kind" },
  { name: "an edit", fields: () => ({ kind: EntryKind.ENTRY_KIND_EDIT }), code: "forbidden-kind" },
  { name: "a delete", fields: () => ({ kind: EntryKind.ENTRY_KIND_DELETE }), code: "forbidden-kind" },
  { name: "no kind", fields: () => ({ kind: EntryKind.ENTRY_KIND_UNSPECIFIED }), code: "bad-request" },
  { name: "a kind that nobody knows", fields: () => ({ kind: 99 as hermod.v1.EntryKind }), code: "bad-request" },
  { name: "no scope", fields: () => ({ scope: Scope.SCOPE_UNSPECIFIED }), code: "bad-request" },
  { name: "a message to a subset", fields: () => ({ scope: Scope.SCOPE_SUBSET }), code: "bad-request" },
  { name: "a sync to all", fields: () => ({ kind: EntryKind.ENTRY_KIND_SYNC }), code: "bad-request" },
  { name: "a newer format", fields: () => ({ format: 2 }), code: "bad-request" },
  { name: "a conversation id of 15 bytes", fields: () => ({ chatId: new Uint8Array(15) }), code: "bad-request" },
  { name: "a message id of 17 bytes", fields: () => ({ clientMsgId: new Uint8Array(17) }), code: "bad-request" },
  { name: "a roster hash of 31 bytes", fields: () => ({ rosterHash: new Uint8Array(31) }), code: "bad-request" },
  { name: "a commitment of 5 bytes", fields: () => ({ commitment: new Uint8Array(5) }), code: "bad-request" },
  { name: "a timer above the retention", fields: () => ({ timerMs: 1n << 63n }), code: "bad-request" },
  {
    name: "a reference to an id of 3 bytes",
    fields: () => ({ refersTo: { account: idBytes(bob.id), clientMsgId: new Uint8Array(3), seq: 1n } }),
    code: "bad-request",
  },
  {
    name: "a body for a device id of 3 bytes",
    fields: () => ({ bodies: [{ ...bodyFor(bob.first.id), device: new Uint8Array(3) }] }),
    code: "bad-request",
  },
  {
    name: "a body of a type that nobody knows",
    fields: () => ({ bodies: [{ ...bodyFor(bob.first.id), type: 77 as hermod.v1.BodyType }] }),
    code: "bad-request",
  },
  { name: "counter 0", fields: () => ({ counter: 0n }), code: "bad-request" },
  { name: "the roster's hash forked", fields: () => ({ rosterHash: new Uint8Array(32).fill(3) }), code: "roster-forked" },
];
test.each(refused)("$name: $code, and the counter stays free", async ({ fields, code }) => {
  const { problem } = await sendBytes(good(fields()));
  expect(problem?.code).toBe(code);
  expect(answerOf(await sendBytes(good()))).toBe("serverAck");
  counter += 1n;
});

test.each([2n, 1n << 32n, (1n << 63n) - 1n, 1n << 63n, (1n << 64n) - 1n])(
  "a counter that skips to %i further hears which one is expected",
  async (by) => {
    const skipped = by >= 1n << 63n ? by : counter + by;
    const { outOfOrder } = await sendBytes(good({ counter: skipped }));
    expect(outOfOrder).toMatchObject({ counter: skipped, expected: counter + 1n });
    await accepted();
  },
);

test("a roster that nobody has yet, up to 2^64-1, is a mismatch without changes", async () => {
  for (const rosterSeq of [0n, 7n, (1n << 64n) - 1n]) {
    const { rosterMismatch } = await sendBytes(good({ rosterSeq }));
    expect(rosterMismatch?.rosterSeq).toBe(1n);
    expect(rosterMismatch!.changes.map(({ seq }) => seq)).toEqual(rosterSeq === 0n ? [1n] : []);
  }
  await accepted();
});

test("the sender is the device that authenticated, whatever else the envelope claims", async () => {
  const reader = await world.live(bob);
  // Fields 15 and 16 are nobody's: a client that believes in a sender field may write what it likes.
  const claim = new Uint8Array([0x7a, 16, ...idBytes(bob.id), 0x82, 0x01, 16, ...idBytes(bob.first.id)]);
  const answer = await sendBytes(new Uint8Array([...good(), ...claim]));
  counter += 1n;
  const { deliver } = await reader.hear(({ deliver }) => deliver?.seq === answer.serverAck!.seq);
  expect([deliver!.senderAccount, deliver!.senderDevice]).toEqual([idBytes(alice.id), idBytes(alice.first.id)]);
  await reader.close();
});

test("one of 64 KiB of garbage after another is refused without hurting the session", async () => {
  for (let n = 0; n < 40; n++) {
    const garbage = new Uint8Array(65_536).map((_, at) => (at * 31 + n * 7) & 255);
    expect((await sendBytes(garbage)).problem?.code).toBe("bad-request");
  }
  await accepted();
});

test("200 sends at once are each answered, stored in order or told to come later", async () => {
  const first = counter + 1n;
  const burst = await Promise.all(Array.from({ length: 200 }, (_, n) => sendBytes(chat.send(first + BigInt(n), bobOnly()))));
  const acked = burst.filter(({ serverAck }) => serverAck);
  expect(new Set(burst.map(answerOf)).size).toBeGreaterThan(1);
  for (const answer of burst) expect(["serverAck", "overloaded", "outOfOrder"]).toContain(answerOf(answer));
  expect(acked.map(({ serverAck }) => serverAck!.counter)).toEqual(acked.map((_, n) => first + BigInt(n)));
  counter += BigInt(acked.length);
  await accepted();
});

test("a send for the roster before a device was linked hears what changed; with it, it is stored", async () => {
  const added = bob.device("second");
  await world.link(bob, added);
  const stale = await until(async () => {
    const answer = await sendBytes(good());
    if (answer.serverAck) counter += 1n;
    return answer.rosterMismatch;
  });
  expect(stale.changes).toHaveLength(1);
  const [change] = stale.changes;
  expect(change!.kind).toBe(EntryKind.ENTRY_KIND_DEVICES);
  expect(hermod.v1.Told.decode(change!.body.bytes)).toMatchObject({ account: idBytes(bob.id), version: 2 });
  chat.take(change!);
  expect(stale.rosterSeq).toBe(chat.rosterSeq);
  // The new roster with the old recipients is no better.
  expect(answerOf(await sendBytes(good()))).toBe("wrong-recipients");
  const both = chat.send(counter + 1n, [bob.first.id, added.id]);
  expect(answerOf(await sendBytes(both))).toBe("serverAck");
  counter += 1n;
  const linked = await world.live(bob, added);
  await linked.close();
});

test("bob finds exactly what was acked, in order, and nothing of what was refused", async () => {
  const reader = await world.open(bob);
  reader.send({ syncState: { chats: [{ chatId: idBytes(chat.id), last: 0n, full: true }], readPending: [], more: false } });
  const counters: bigint[] = [];
  let at = 0;
  await until(async () => {
    for (; at < reader.heard.length; at++) {
      const { deliver } = reader.heard[at]!;
      if (!deliver || Buffer.compare(deliver.chatId, idBytes(chat.id)) !== 0) continue;
      if (deliver.counter > 0n && !counters.includes(deliver.counter)) counters.push(deliver.counter);
      reader.send({ messageAck: { chatId: deliver.chatId, through: deliver.seq, status: 1, except: [] } });
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
    return BigInt(counters.length) >= counter ? true : undefined;
  });
  expect(counters).toEqual(Array.from({ length: Number(counter) }, (_, n) => BigInt(n + 1)));
  await reader.close();
});

test("repeats: equal bytes get the first answer, other bytes id-reused with the stored id, and what is long gone stored-earlier", async () => {
  const own = await world.person("repeater");
  const mine = await world.acking(own);
  const other = await WireChat.create(mine, own, bob);
  const to = bob.head.devices.map(({ id }) => id);
  const firsts: hermod.v1.ServerAck[] = [];
  for (let n = 1n; n <= 130n; n++) firsts.push((await sendBytes(other.send(n, to), mine)).serverAck!);
  const again = async (n: bigint, fields: Fields = {}) => sendBytes(other.send(n, to, fields), mine);
  expect((await again(130n)).serverAck).toEqual(firsts[129]);
  expect((await again(67n)).serverAck).toEqual(firsts[66]);
  for (const fields of [{ clientMsgId: messageIdOf("another") }, { bodies: to.map((device) => bodyFor(device, 201)) }]) {
    expect((await again(130n, fields)).problem).toMatchObject({ code: "id-reused", storedId: messageIdOf(`${other.id} 130`) });
  }
  expect(answerOf(await again(64n))).toBe("stored-earlier");
  expect(answerOf(await again(1n, { clientMsgId: messageIdOf("another") }))).toBe("stored-earlier");
  await mine.close();
  expect(world.pair!.verdict()).toMatchObject({ failures: [] });
  await world.pair!.stop();

  await world.server.kill("SIGKILL");
  await world.server.restart();
  const back = await world.acking(own);
  expect((await sendBytes(other.send(130n, to), back)).serverAck).toEqual(firsts[129]);
  expect((await sendBytes(other.send(67n, to), back)).serverAck).toEqual(firsts[66]);
  expect((await sendBytes(other.send(130n, to, { clientMsgId: messageIdOf("another") }), back)).problem?.code).toBe("id-reused");
  expect(answerOf(await sendBytes(other.send(64n, to), back))).toBe("stored-earlier");
  expect((await sendBytes(other.send(132n, to), back)).outOfOrder?.expected).toBe(131n);
  expect((await sendBytes(other.send(131n, to), back)).serverAck?.seq).toBe(firsts[129]!.seq + 1n);
  await back.close();
});

test("all the while two bystanders noticed nothing, and memory stayed bounded", () => {
  const { beats, failures, slowestMs, medianMs } = world.pair!.verdict();
  expect(failures).toEqual([]);
  expect(beats).toBeGreaterThan(3);
  expect(medianMs).toBeLessThan(500);
  expect(slowestMs).toBeLessThan(3_000);
});

async function until<T>(look: () => Promise<T | undefined | null>, withinMs = 10_000): Promise<T> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== null) return found;
    if (performance.now() > deadline) throw new Error("did not come in time");
  }
}
