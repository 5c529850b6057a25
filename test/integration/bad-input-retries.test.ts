import { afterAll, beforeAll, expect, test } from "vitest";
import { Client } from "../../client/client.js";
import { openMemoryStore } from "../../client/store/memory.js";
import { idBytes, idOf, type ConversationId, type DeviceId } from "../../lib/ids.js";
import { hermod } from "../../protos/gen/hermod.js";
import { domains } from "../../protos/signed/hash.js";
import { writeSigned } from "../../protos/signed/signed.js";
import { signed, type TestKey } from "../unit/signed-fixtures.js";
import type { Person } from "../support/account-maker.js";
import type { RawSocket } from "../support/raw-device.js";
import { answerOf, messageIdOf, WireChat, WireWorld } from "../support/wire-world.js";

/* The reader is the one who must notice: a real client, asked by devices whose every byte the test writes. */

const { EntryKind, Scope, BodyType } = hermod.v1;

let world: WireWorld;
let alice: Client;
let bob: Person;
let late: TestKey;
let chat: WireChat;
/** Alice's message from before bob's second device. */
let entry: hermod.v1.Deliver;
let first: RawSocket;
let second: RawSocket;
const counters = new Map<TestKey, bigint>();

beforeAll(async () => {
  world = await WireWorld.start();
  bob = await world.person("bob");
  alice = await Client.open({ servers: [world.url], store: openMemoryStore() });
  await alice.register({ handle: "alice" });
  await alice.start();
  const opened = await alice.createChat({ participants: ["bob"] });
  await opened.send({ text: "for the first device alone" }).sent;
  first = await world.acking(bob);
  entry = (await first.hear(({ deliver }) => deliver !== null && Number(deliver.kind) === 1)).deliver!;
  chat = Object.assign(Object.create(WireChat.prototype) as WireChat, {
    id: idOf<ConversationId>(entry.chatId),
    rosterSeq: entry.rosterSeq,
    rosterHash: entry.rosterHash,
  });
  late = bob.device("second");
  await world.link(bob, late);
  second = await world.acking(bob, late);
});
afterAll(async () => {
  await alice.stop();
  await world.stop();
});

const senderDevice = (): DeviceId => idOf(entry.senderDevice);

interface Asked {
  readonly by: TestKey;
  readonly signer?: TestKey;
  readonly request?: hermod.v1.RetryRequest.$Properties;
}

/** A signed retry request as `by` sends it, with what the case gets wrong: its sequence. */
async function ask({ by, signer = by, request = {} }: Asked): Promise<bigint> {
  const body = hermod.v1.RetryRequest.encode({
    format: 1,
    chat: entry.chatId,
    requester: idBytes(by.id),
    senderDevice: entry.senderDevice,
    seq: entry.seq,
    counter: entry.counter,
    clientMsgId: entry.clientMsgId,
    reason: "no-session",
    ...request,
  }).finish();
  const bytes = writeSigned(signed(domains.retry, body, { ...signer, signer: by.id }));
  const socket = by === late ? second : first;
  for (;;) {
    const counter = (counters.get(by) ?? 0n) + 1n;
    const envelope = chat.send(counter, [], {
      clientMsgId: messageIdOf(`retry ${by.id} ${String(counter)}`),
      kind: EntryKind.ENTRY_KIND_RETRY_REQUEST,
      scope: Scope.SCOPE_SUBSET,
      bodies: [{ device: idBytes(senderDevice()), type: BodyType.BODY_TYPE_SIGNED, bytes }],
    });
    const answer = await socket.request({ sendMessage: { envelope } });
    if (answer.rosterMismatch) {
      for (const change of answer.rosterMismatch.changes) chat.take(change);
      continue;
    }
    expect(answerOf(answer)).toBe("serverAck");
    counters.set(by, counter);
    return answer.serverAck!.seq;
  }
}

const requests: { name: string; asked: () => Asked }[] = [
  { name: "a device that was linked later, so never was a recipient", asked: () => ({ by: late }) },
  { name: "a device in another's name", asked: () => ({ by: late, request: { requester: idBytes(bob.first.id) } }) },
  { name: "a recipient with a signature of another key", asked: () => ({ by: bob.first, signer: late }) },
  { name: "a recipient about another id", asked: () => ({ by: bob.first, request: { clientMsgId: messageIdOf("another") } }) },
  { name: "a recipient about another counter", asked: () => ({ by: bob.first, request: { counter: 7n } }) },
  { name: "a recipient about a sequence that does not exist", asked: () => ({ by: bob.first, request: { seq: 1n << 62n } }) },
  { name: "a recipient about another device's entry", asked: () => ({ by: bob.first, request: { senderDevice: idBytes(late.id) } }) },
  { name: "a recipient about another conversation", asked: () => ({ by: bob.first, request: { chat: new Uint8Array(16) } }) },
  { name: "a recipient with no reason", asked: () => ({ by: bob.first, request: { reason: "because" } }) },
];

test("a retry request is answered only where device, signature and entry are right", async () => {
  const seqs: bigint[] = [];
  for (const { asked } of requests) seqs.push(await ask(asked()));
  // The one honest request comes last. Alice answers in order, so an answer to any other would have a sequence before hers.
  seqs.push(await ask({ by: bob.first }));
  const { deliver } = await first.hear((frame) => Number(frame.deliver?.kind) === Number(EntryKind.ENTRY_KIND_RESEND), 10_000);
  expect(deliver!.refersTo?.seq).toBe(entry.seq);
  expect([...seqs, deliver!.seq]).toEqual(Array.from({ length: seqs.length + 1 }, (_, n) => seqs[0]! + BigInt(n)));
  expect(second.heard.some((frame) => Number(frame.deliver?.kind) === Number(EntryKind.ENTRY_KIND_RESEND))).toBe(false);
});

test("all the while two bystanders noticed nothing", () => {
  const { failures, slowestMs } = world.pair!.verdict();
  expect(failures).toEqual([]);
  expect(slowestMs).toBeLessThan(3_000);
});
