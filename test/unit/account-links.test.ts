import { expect, test } from "vitest";
import { idBytes } from "../../lib/ids.js";
import { limits } from "../../lib/limits.js";
import type { Answer, ToAccount } from "../../protos/messages.js";
import { writeSigned, type SignedObject } from "../../protos/signed/signed.js";
import { codeOf, linkOf, Person, secretOf, uploadOf, type Offer } from "../support/account-maker.js";
import { AccountWorld } from "../support/account-world.js";
import type { TestKey } from "./signed-fixtures.js";

interface Linking {
  readonly here: AccountWorld;
  readonly alice: Person;
  readonly laptop: TestKey;
  readonly offer: Offer;
  readonly list: SignedObject;
}

/** Alice is registered, her laptop has opened an offer, her phone has signed version 2. */
async function linking(): Promise<Linking> {
  const here = new AccountWorld();
  const alice = new Person("alice");
  await alice.register(here);
  const laptop = alice.device("second");
  const offer = linkOf("laptop");
  await here.stores.links.open(offer.id, laptop.public, here.clock.now() + limits.linkOfferMs);
  return { here, alice, laptop, offer, list: alice.next(alice.first, [alice.first, laptop], {}, laptop) };
}

const approve = (on: Linking, fields: Partial<Extract<ToAccount, { type: "approve-link" }>> = {}): Promise<Answer | undefined> =>
  on.here.ask(on.alice.id, { ...on.alice.approval(on.here, on.offer, on.list, on.alice.first), ...fields });
const complete = (on: Linking, fields: Partial<Extract<ToAccount, { type: "complete-link" }>> = {}): Promise<Answer | undefined> =>
  on.here.ask(on.alice.id, { ...on.alice.completion(on.here, on.offer, on.list, on.laptop), ...fields });

test("links a device by two halves, tells the others, and the new one is who it says", async () => {
  const on = await linking();
  expect(await approve(on)).toEqual({ type: "approved", version: 2 });
  expect(await complete(on)).toEqual({ type: "linked", account: on.alice.id, device: on.laptop.id, version: 2 });
  const notices = on.here.mails.filter((mail) => mail.kind === "device" && mail.message.type === "notice");
  expect(notices.map(({ id }) => id)).toEqual([on.alice.first.id]);
  const authenticate = { type: "authenticate", to: on.here.to(), device: on.laptop.id, secret: secretOf(on.laptop) } as const;
  expect(codeOf(await on.here.ask(on.alice.id, authenticate))).toBe("authenticated");
  expect(await on.here.stores.prekeys.count(on.alice.id, on.laptop.id, "kyber")).toBe(3);
});

test("the identical completion again gets the same answer, also after a restart; other bytes do not", async () => {
  const on = await linking();
  await approve(on);
  const first = await complete(on);
  expect(await complete(on)).toEqual(first);
  on.here.restart();
  expect(await complete(on)).toEqual(first);
  expect(codeOf(await complete(on, { secret: secretOf(on.alice.first) }))).toBe("link-used");
  const third = on.alice.device("third");
  on.alice.take(on.list);
  const other = on.alice.next(on.alice.first, [on.alice.first, on.laptop, third], {}, third);
  expect(codeOf(await complete(on, { list: writeSigned(other), keys: uploadOf(third, 1n), secret: secretOf(third) }))).toBe("link-used");
});

const refusals: { name: string; run: (on: Linking) => Promise<Answer | undefined>; code: string }[] = [
  { name: "a completion that nobody approved", run: (on) => complete(on), code: "link-refused" },
  {
    name: "a completion without the countersignature",
    run: async (on) => {
      await approve(on);
      const half = { body: on.list.body, by: on.list.by.filter(({ signer }) => signer === on.alice.first.id) };
      return complete(on, { list: writeSigned(half) });
    },
    code: "bad-signature",
  },
  {
    name: "a completion without the old device's signature",
    run: async (on) => {
      await approve(on);
      const half = { body: on.list.body, by: on.list.by.filter(({ signer }) => signer === on.laptop.id) };
      return complete(on, { list: writeSigned(half) });
    },
    code: "bad-signature",
  },
  {
    name: "a countersignature by somebody else",
    run: async (on) => {
      await approve(on);
      const eve = on.alice.device("third");
      const forged = on.alice.next(on.alice.first, [on.alice.first, on.laptop], {}, { ...eve, signer: on.laptop.id });
      return complete(on, { list: writeSigned({ body: on.list.body, by: [on.list.by[0]!, forged.by[1]!] }) });
    },
    code: "bad-signature",
  },
  {
    name: "a swapped key: another device than the one that made the offer",
    run: async (on) => {
      const eve = on.alice.device("third");
      const swapped = on.alice.next(on.alice.first, [on.alice.first, eve], {}, eve);
      return on.here.ask(on.alice.id, on.alice.approval(on.here, on.offer, swapped, on.alice.first));
    },
    code: "link-refused",
  },
  {
    name: "another version than the approved one",
    run: async (on) => {
      await approve(on);
      const other = on.alice.next(on.alice.first, [on.alice.first, on.laptop], { timeMs: 9n }, on.laptop);
      return complete(on, { list: writeSigned(other) });
    },
    code: "link-refused",
  },
  {
    name: "an expired offer",
    run: async (on) => {
      await approve(on);
      await on.here.pass(limits.linkOfferMs);
      return complete(on);
    },
    code: "link-expired",
  },
  {
    name: "an approval after the offer ran out",
    run: async (on) => {
      await on.here.pass(limits.linkOfferMs);
      return approve(on);
    },
    code: "link-expired",
  },
  {
    name: "an approval of an offer that nobody made",
    run: (on) => approve(on, { link: idBytes(linkOf("other").id) }),
    code: "link-expired",
  },
  {
    name: "an approval with a forged signature",
    run: (on) => approve(on, { signature: new Uint8Array(64).fill(7) }),
    code: "bad-signature",
  },
  {
    name: "an approval that names another signer than who asks",
    run: (on) => approve(on, { signer: idBytes(on.laptop.id) }),
    code: "bad-request",
  },
  {
    name: "an approval by a device of another account",
    run: async (on) => {
      const eve = new Person("eve");
      await eve.register(on.here);
      return approve(on, { from: on.here.from(eve.id, eve.first.id) });
    },
    code: "unauthenticated",
  },
  {
    name: "a completion sent to another account",
    run: async (on) => {
      await approve(on);
      const eve = new Person("eve");
      await eve.register(on.here);
      return on.here.ask(eve.id, on.alice.completion(on.here, on.offer, on.list, on.laptop));
    },
    code: "link-refused",
  },
  {
    name: "keys of another device",
    run: async (on) => {
      await approve(on);
      return complete(on, { keys: uploadOf(on.alice.device("third"), 1n) });
    },
    code: "bad-request",
  },
  {
    name: "a new device's first upload without a signed prekey",
    run: async (on) => {
      await approve(on);
      const secretTooShort = new Uint8Array(8);
      return complete(on, { secret: secretTooShort });
    },
    code: "bad-request",
  },
];

test.each(refusals)("refuses $name", async ({ run, code }) => {
  const on = await linking();
  expect(codeOf(await run(on))).toBe(code);
  expect((await on.here.stores.accounts.load(on.alice.id))!.account!.head).toBe(1);
});

test("an offer that one account approved is not for another to approve", async () => {
  const on = await linking();
  await approve(on);
  const eve = new Person("eve");
  await eve.register(on.here);
  const list = eve.next(eve.first, [eve.first, on.laptop], {}, on.laptop);
  expect(codeOf(await on.here.ask(eve.id, eve.approval(on.here, on.offer, list, eve.first)))).toBe("link-refused");
});

test("who lost the race for the next version rebases: approves again and completes", async () => {
  const on = await linking();
  await approve(on);
  const tablet = on.alice.device("third");
  await on.alice.link(on.here, tablet);
  const conflict = await complete(on);
  expect(conflict).toEqual({ type: "list-conflict", chain: [writeSigned(on.alice.versions[1]!)] });
  expect(codeOf(await approve(on))).toBe("list-conflict");
  const rebased: Linking = { ...on, list: on.alice.next(on.alice.first, [on.alice.first, tablet, on.laptop], {}, on.laptop) };
  expect(await approve(rebased)).toEqual({ type: "approved", version: 3 });
  expect(codeOf(await complete(rebased))).toBe("linked");
});

test("a linked device adds none for a day, then it does; the first in rank does at once", async () => {
  const on = await linking();
  await approve(on);
  await complete(on);
  on.alice.take(on.list);
  const third = on.alice.device("third");
  const young = await on.alice.link(on.here, third, on.laptop);
  expect(codeOf(young)).toBe("too-young");
  await on.here.pass(limits.addAfterMs + 1);
  expect(codeOf(await on.alice.link(on.here, third, on.laptop))).toBe("linked");
});

test("has at most 8 devices and 10 changes a day", async () => {
  const here = new AccountWorld();
  const alice = new Person("alice");
  await alice.register(here);
  for (const name of ["second", "third", "fourth", "fifth", "sixth", "seventh", "eighth"]) {
    await here.pass(limits.linkRefillMs);
    expect(codeOf(await alice.link(here, alice.device(name)))).toBe("linked");
  }
  await here.pass(limits.linkRefillMs);
  expect(codeOf(await alice.link(here, alice.device("ninth")))).toBe("too-many-devices");
  for (const name of ["eighth", "seventh", "sixth"]) expect(codeOf(await alice.unlink(here, alice.device(name)))).toBe("devicesChanged");
  const eleventh = await alice.unlink(here, alice.device("fifth"));
  expect(eleventh).toMatchObject({ type: "problem", code: "rate-limited" });
  await here.pass(86_400_000);
  expect(codeOf(await alice.unlink(here, alice.device("fifth")))).toBe("devicesChanged");
});

test("approvals are limited before any signature is looked at", async () => {
  const on = await linking();
  const codes: string[] = [];
  for (let count = 0; count < limits.linkBucket + 2; count++) codes.push(codeOf(await approve(on)));
  expect(codes.filter((code) => code === "rate-limited")).toHaveLength(2);
  const before = on.here.checks;
  await approve(on);
  expect(on.here.checks).toBe(before);
});

test("only the recovery key brings a device back when all are lost, and the lost ones are cut off", async () => {
  const here = new AccountWorld();
  const alice = new Person("alice");
  await alice.register(here);
  const fresh = alice.device("second");
  const list = alice.next(alice.recovery, [fresh], { cause: "recover" }, fresh);
  const recover = (signed: SignedObject): Promise<Answer | undefined> =>
    here.ask(alice.id, {
      type: "recover-device",
      to: here.to(),
      list: writeSigned(signed),
      keys: uploadOf(fresh, 1n),
      secret: secretOf(fresh),
    });
  const forged = alice.next(alice.recovery, [fresh], { cause: "recover" }, fresh);
  const withWrongKey = { body: forged.body, by: [{ ...forged.by[0]!, signature: forged.by[1]!.signature }, forged.by[1]!] };
  expect(codeOf(await recover(withWrongKey))).toBe("bad-signature");
  expect(codeOf(await recover(alice.next(alice.first, [fresh], { cause: "recover" }, fresh)))).toBe("bad-signature");
  const answer = { type: "linked", account: alice.id, device: fresh.id, version: 2 };
  expect(await recover(list)).toEqual(answer);
  expect(await recover(list)).toEqual(answer);
  expect([...here.revoked]).toEqual([alice.first.id]);
  const later = alice.next(alice.recovery, [alice.device("third")], { cause: "recover" }, alice.device("third"));
  expect(await recover(later)).toMatchObject({ type: "list-conflict", chain: [writeSigned(list)] });
});

test("a crash or an unknown outcome at any write leaves a link that the same requests finish, once", async () => {
  const dry = await linking();
  const start = dry.here.calls.length;
  await approve(dry);
  await complete(dry);
  const calls = dry.here.calls.slice(start);
  for (let at = 1; at <= calls.length; at++) {
    for (const fault of ["crash-before", "crash-after", "lost-before", "lost-after", "throws"] as const) {
      const on = await linking();
      on.here.fault = (_, count) => (count === start + at ? fault : undefined);
      await approve(on);
      if (!on.here.crashed) await complete(on);
      on.here.fault = () => undefined;
      if (on.here.crashed) on.here.restart();
      await on.here.recover();
      const name = `${fault} ${calls[at - 1]}`;
      const again = codeOf(await approve(on));
      expect(["approved", "list-conflict"], name).toContain(again);
      expect(codeOf(await complete(on)), name).toBe("linked");
      const row = (await on.here.stores.accounts.load(on.alice.id))!;
      expect(row.versions, name).toHaveLength(2);
      expect(row.account!.usedLinks, name).toEqual([on.offer.id]);
      expect(await on.here.stores.prekeys.count(on.alice.id, on.laptop.id, "ec"), name).toBe(3);
    }
  }
});
