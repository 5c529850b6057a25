import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { PrekeyBundles } from "../../client/account/bundles.js";
import { drawIdentity } from "../../client/account/placing.js";
import { dueKeys, PrekeyUpkeep } from "../../client/account/upkeep.js";
import { libsignalCipher } from "../../client/cipher/libsignal.js";
import { WebSocketConnection } from "../../client/connection/connection.js";
import { dialWs } from "../../client/connection/ws.js";
import type { ClientEvent } from "../../client/events.js";
import { MemoryDisk, openMemoryStore } from "../../client/store/memory.js";
import type { Store } from "../../client/store/ports.js";
import { systemClock, type Clock } from "../../lib/clock.js";
import { idBytes, type AccountId, type DeviceId } from "../../lib/ids.js";
import { limits } from "../../lib/limits.js";
import { systemRand } from "../../lib/random.js";
import { hermod } from "../../protos/gen/hermod.js";
import { makeDevice, MadeChain } from "../support/chain-maker.js";
import { FramePeer, until, welcoming } from "../support/frame-peer.js";

const day = 86_400_000;

describe("due", () => {
  const cases: { name: string; madeMs: number | undefined; low?: { ec: number; kyber: number }; due: object | undefined }[] = [
    { name: "nothing while keys are fresh", madeMs: 100 * day - 6.9 * day, due: undefined },
    { name: "a rotation after 7 days, without one-time keys", madeMs: 93 * day, due: { rotate: true, oneTimeEc: 0, oneTimeKyber: 0 } },
    { name: "everything when there are none", madeMs: undefined, due: { rotate: true, oneTimeEc: 0, oneTimeKyber: 0 } },
    {
      name: "a refill of what is missing",
      madeMs: 99 * day,
      low: { ec: 5, kyber: 100 },
      due: { rotate: false, oneTimeEc: 95, oneTimeKyber: 0 },
    },
    { name: "both at once", madeMs: 1, low: { ec: 0, kyber: 20 }, due: { rotate: true, oneTimeEc: 100, oneTimeKyber: 80 } },
    { name: "nothing for a clock that went back an hour", madeMs: 100 * day + 3_600_000, due: undefined },
    { name: "a rotation for a clock that went back a year", madeMs: 465 * day, due: { rotate: true, oneTimeEc: 0, oneTimeKyber: 0 } },
  ];
  test.each(cases)("$name", ({ madeMs, low, due }) => {
    expect(dueKeys(madeMs, 100 * day, low)).toEqual(due);
  });
});

describe("upkeep", () => {
  let peer: FramePeer;
  let store: Store;
  let connection: WebSocketConnection;
  let upkeep: PrekeyUpkeep;
  let uploads: Uint8Array[];
  let skewMs: number;
  let answer: (requestId: number) => hermod.v1.ServerFrame.$Properties[];
  const events: ClientEvent[] = [];
  const clock: Clock = { ...systemClock(), now: () => Date.now() + skewMs };
  const cipher = libsignalCipher({ clock, rand: systemRand() });

  beforeEach(async () => {
    peer = await FramePeer.listen();
    uploads = [];
    skewMs = 0;
    answer = (requestId) => [{ requestId, keysStored: { oneTimeEc: 100, oneTimeKyber: 100 } }];
    peer.script = (frame) => {
      if (!frame.putKeys) return welcoming(frame);
      uploads.push(frame.putKeys.signed);
      return answer(frame.requestId);
    };
    store = openMemoryStore(new MemoryDisk());
    drawIdentity({ store, cipher, rand: systemRand(), servers: [] } as never, "register");
    connection = new WebSocketConnection({
      servers: [peer.url],
      dial: dialWs,
      clock,
      rand: { ...systemRand(), fraction: () => 0 },
      credential: () => new Uint8Array(64),
      nextConn: () => 1n,
      clientName: "",
      clientVersion: "",
      onProblem: () => {},
    });
    upkeep = new PrekeyUpkeep({ store, cipher, clock, connection, emit: (event) => events.push(event) });
    connection.start();
  });
  afterEach(async () => {
    upkeep.stop();
    connection.stop();
    await peer.close();
  });
  const read = (signed: Uint8Array): hermod.v1.KeyUpload => hermod.v1.KeyUpload.decode(hermod.v1.Signed.decode(signed).body);

  test("uploads what is due, then leaves it at that", async () => {
    await until(() => uploads.length === 1, "the first upload");
    await upkeep.idle();
    peer.last.socket.terminate();
    await until(() => peer.sockets.length === 2 && connection.session !== undefined, "another session");
    await upkeep.idle();
    expect(uploads).toHaveLength(1);
    expect(read(uploads[0]!).upload).toBe(1n);
  });

  test("refills when the server says low, with a number that grows and ids that never return", async () => {
    await until(() => uploads.length === 1, "the first upload");
    await upkeep.idle();
    peer.last.send({ prekeysLow: { oneTimeEc: 20, oneTimeKyber: 3 } });
    await until(() => uploads.length === 2, "the refill");
    const refill = read(uploads[1]!);
    expect(refill.upload).toBe(2n);
    expect([refill.oneTimeEc.length, refill.oneTimeKyber.length]).toEqual([80, 97]);
    expect(refill.signedPrekey.id).toBe(read(uploads[0]!).signedPrekey.id);
    await upkeep.idle();
    skewMs = 8 * day;
    peer.last.socket.terminate();
    await until(() => uploads.length === 3, "the rotation");
    expect(read(uploads[2]!).signedPrekey.id).toBeGreaterThan(refill.signedPrekey.id);
    expect(read(uploads[2]!).oneTimeEc).toHaveLength(0);
  });

  test("a lost answer is followed by the same bytes", async () => {
    let lost = true;
    answer = (requestId) => {
      if (!lost) return [{ requestId, keysStored: { oneTimeEc: 100, oneTimeKyber: 100 } }];
      lost = false;
      peer.last.socket.terminate();
      return [];
    };
    await until(() => uploads.length >= 2, "the repetition");
    expect(Buffer.from(uploads[0]!).equals(uploads[1]!)).toBe(true);
    await upkeep.idle();
  });

  test("an upload that is refused for good is told of and made anew", async () => {
    let refused = false;
    answer = (requestId) => {
      if (refused) return [{ requestId, keysStored: { oneTimeEc: 100, oneTimeKyber: 100 } }];
      refused = true;
      return [{ requestId, problem: { code: "bad-key" } }];
    };
    await until(() => events.some((event) => event.type === "problem" && event.code === "bad-key"), "the problem");
    await upkeep.idle();
    peer.last.send({ prekeysLow: { oneTimeEc: 1, oneTimeKyber: 1 } });
    await until(() => uploads.length === 2, "another one");
    expect(read(uploads[1]!).upload).toBe(2n);
  });

  test("private halves are kept 130 days after their replacement", async () => {
    await until(() => uploads.length === 1, "the first upload");
    await upkeep.idle();
    const before = store.cipherRows.keys("").length;
    skewMs = 8 * day;
    peer.last.socket.terminate();
    await until(() => uploads.length === 2, "the rotation");
    await upkeep.idle();
    expect(store.cipherRows.keys("").length).toBe(before + 2);
    skewMs = 8 * day + limits.prekeyPrivateKeptMs + day;
    peer.last.socket.terminate();
    await until(() => uploads.length === 3, "the second rotation");
    await upkeep.idle();
    expect(store.cipherRows.keys("").length).toBeLessThanOrEqual(before + 2);
  });
});

describe("bundles", () => {
  const chain = new MadeChain();
  const laptop = makeDevice();
  chain.grow({ cause: "link", by: chain.first, add: laptop });
  const good = (device: DeviceId): hermod.v1.Bundle.$Properties => ({
    account: idBytes(chain.account),
    device: idBytes(device),
    registrationId: 99,
    signedPrekey: { id: 1, key: makeDevice().identityKey, signature: new Uint8Array(64) },
    kyber: { id: 2, key: new Uint8Array(1_569), signature: new Uint8Array(64) },
    oneTime: { id: 3, key: makeDevice().identityKey },
  });
  const fetching = (answers: hermod.v1.Prekeys.$Properties[]): PrekeyBundles =>
    new PrekeyBundles(
      {
        request: async () => hermod.v1.ServerFrame.decode(hermod.v1.ServerFrame.encode({ prekeys: answers.shift() ?? {} }).finish()),
      },
      { head: (account: AccountId) => (account === chain.account ? chain.head : undefined) },
    );
  const targets = chain.head.devices.map(({ id }) => ({ account: chain.account, device: id }));

  test("take the identity key and registration id from the list, not from the answer", async () => {
    const { bundles } = await fetching([{ bundles: [good(laptop.device)] }]).fetch(targets);
    expect([...bundles.keys()]).toEqual([laptop.device]);
    expect(bundles.get(laptop.device)).toMatchObject({ identityKey: laptop.identityKey, registrationId: 7, oneTime: { id: 3 } });
  });
  test("come in pages, and the limited ones are named", async () => {
    const pages = [{ bundles: [good(laptop.device)], more: true }, { limited: [idBytes(chain.account)] }];
    const { bundles, limited } = await fetching(pages).fetch(targets);
    expect(bundles.size).toBe(1);
    expect([...limited]).toEqual([chain.account]);
  });
  test("pages without progress end", async () => {
    const { bundles } = await fetching(Array.from({ length: 50 }, () => ({ more: true }))).fetch(targets);
    expect(bundles.size).toBe(0);
  });
  const without = (field: "signedPrekey" | "kyber"): hermod.v1.Bundle.$Properties => {
    const { [field]: _left, ...rest } = good(laptop.device);
    return rest;
  };
  const lowOrder = Uint8Array.from([5, ...new Array<number>(32).fill(0)]);
  const bad: { name: string; bundle: hermod.v1.Bundle.$Properties }[] = [
    { name: "of a device that is not listed", bundle: good(makeDevice().device) },
    { name: "without a signed prekey", bundle: without("signedPrekey") },
    { name: "without a Kyber key", bundle: without("kyber") },
    {
      name: "with a signed prekey of low order",
      bundle: { ...good(laptop.device), signedPrekey: { id: 1, key: lowOrder, signature: new Uint8Array(64) } },
    },
    { name: "with a one-time key of low order", bundle: { ...good(laptop.device), oneTime: { id: 1, key: lowOrder } } },
    {
      name: "with a short Kyber key",
      bundle: { ...good(laptop.device), kyber: { id: 1, key: new Uint8Array(9), signature: new Uint8Array(64) } },
    },
    {
      name: "with a short signature",
      bundle: { ...good(laptop.device), kyber: { id: 1, key: new Uint8Array(1_569), signature: new Uint8Array(63) } },
    },
    { name: "with a device that is no id", bundle: { ...good(laptop.device), device: new Uint8Array(3) } },
  ];
  test.each(bad)("$name are as good as missing", async ({ bundle }) => {
    const { bundles } = await fetching([{ bundles: [bundle] }]).fetch(targets);
    expect(bundles.size).toBe(0);
  });
});
