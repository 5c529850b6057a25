import { expect, test } from "vitest";
import type { Answer } from "../../protos/messages.js";
import { writeSigned } from "../../protos/signed/signed.js";
import { codeOf, Person, secretOf, uploadOf, type Registration } from "../support/account-maker.js";
import { AccountWorld } from "../support/account-world.js";
import { firstFields, listed, signedList } from "./signed-chain-fixtures.js";
import { keyOf } from "./signed-fixtures.js";

const world = (): AccountWorld => new AccountWorld();

test("registers, and authenticates the device with its secret alone", async () => {
  const here = world();
  const alice = new Person("alice");
  expect(await alice.register(here)).toEqual({ type: "registered", account: alice.id, device: alice.first.id, handle: "alice" });
  const authenticate = (device: typeof alice.first, secret: Uint8Array): Promise<Answer | undefined> =>
    here.ask(alice.id, { type: "authenticate", to: here.to(), device: device.id, secret });
  expect(await authenticate(alice.first, secretOf(alice.first))).toEqual({
    type: "authenticated",
    account: alice.id,
    device: alice.first.id,
  });
  expect(codeOf(await authenticate(alice.first, new Uint8Array(32)))).toBe("unauthenticated");
  expect(codeOf(await authenticate(alice.first, new Uint8Array(0)))).toBe("unauthenticated");
  expect(codeOf(await authenticate(alice.device("second"), secretOf(alice.device("second"))))).toBe("unauthenticated");
  const nobody = new Person("nobody");
  expect(await here.ask(nobody.id, { type: "authenticate", to: here.to(), device: nobody.first.id, secret: new Uint8Array(32) })).toEqual({
    type: "problem",
    code: "unauthenticated",
  });
});

test("writes nothing for an account that nobody registered", async () => {
  const here = world();
  const nobody = new Person("nobody");
  await here.ask(nobody.id, { type: "fetch-devices", from: here.from(nobody.id, nobody.first.id), fromVersion: 1 });
  await here.tell(nobody.id, { type: "resume-work" });
  expect(here.calls).toEqual([]);
  expect(here.stateOf(nobody.id)).toBeUndefined();
});

test("stores no secret, only its salted hash", async () => {
  const here = world();
  const alice = new Person("alice");
  await alice.register(here);
  const row = await here.stores.accounts.load(alice.id);
  const stored = Buffer.from(row!.devices[0]!.credential).toString("hex");
  expect(stored).toHaveLength(96);
  expect(stored).not.toContain(Buffer.from(secretOf(alice.first)).toString("hex"));
});

test("answers the identical registration again, after any restart", async () => {
  const here = world();
  const alice = new Person("alice");
  const first = await alice.register(here);
  expect(await alice.register(here)).toEqual(first);
  here.restart();
  expect(await alice.register(here)).toEqual(first);
});

const bad: { name: string; fields: (alice: Person) => Partial<Registration>; code: string }[] = [
  ...["al", "Alice", ".alice", "a".repeat(32), "al ice", "älice", "", "-ab"].map((handle) => ({
    name: `the handle "${handle}"`,
    fields: () => ({ handle }),
    code: "bad-handle",
  })),
  { name: "no invite where one is needed", fields: () => ({ inviteNeeded: true }), code: "invite-needed" },
  { name: "an invite that nobody made", fields: () => ({ inviteNeeded: true, invite: "guessed" }), code: "invite-needed" },
  { name: "a short secret", fields: () => ({ secret: new Uint8Array(31) }), code: "bad-request" },
  { name: "a list that is no list", fields: () => ({ list: new Uint8Array(3) }), code: "bad-request" },
  {
    name: "another account's list",
    fields: () => ({ list: writeSigned(new Person("eve").versions[0]!) }),
    code: "bad-device-list",
  },
  { name: "keys of another device", fields: () => ({ keys: uploadOf(keyOf("eve"), 1n) }), code: "bad-request" },
  {
    name: "keys that another device signed",
    fields: (alice) => ({ keys: uploadOf(alice.first, 1n, 3, 1, keyOf("eve")) }),
    code: "bad-signature",
  },
  {
    name: "a list that another device signed",
    fields: (alice) => {
      const forged = signedList(firstFields(alice.first, { recoveryKey: alice.recovery.public }), {
        ...keyOf("eve"),
        signer: alice.first.id,
      });
      return { list: writeSigned(forged) };
    },
    code: "bad-signature",
  },
  {
    name: "a list of two devices",
    fields: (alice) => {
      const devices = [listed(alice.first), listed(keyOf("eve"))];
      return { list: writeSigned(signedList(firstFields(alice.first, { devices, recoveryKey: alice.recovery.public }), alice.first)) };
    },
    code: "bad-device-list",
  },
];

test.each(bad)("refuses $name", async ({ fields, code }) => {
  const here = world();
  const alice = new Person("alice");
  expect(codeOf(await here.ask(alice.id, alice.registration(here, fields(alice))))).toBe(code);
  expect(await here.stores.handles.read("alice")).toBeUndefined();
  const row = await here.stores.accounts.load(alice.id);
  expect(row?.account?.state).not.toBe("active");
});

test("an invite is used once, and by the same account again", async () => {
  const here = world();
  const [alice, bob] = [new Person("alice"), new Person("bob")];
  await here.stores.invites.create("welcome", here.clock.now());
  const invited = { inviteNeeded: true, invite: "welcome" };
  expect(codeOf(await here.ask(alice.id, alice.registration(here, invited)))).toBe("registered");
  expect(codeOf(await here.ask(alice.id, alice.registration(here, invited)))).toBe("registered");
  expect(codeOf(await here.ask(bob.id, bob.registration(here, invited)))).toBe("invite-needed");
  expect(await here.stores.handles.read("bob")).toBeUndefined();
});

test("a wrong invite may be followed by a right one", async () => {
  const here = world();
  const alice = new Person("alice");
  await here.stores.invites.create("welcome", here.clock.now());
  expect(codeOf(await here.ask(alice.id, alice.registration(here, { inviteNeeded: true, invite: "wrong" })))).toBe("invite-needed");
  expect(codeOf(await here.ask(alice.id, alice.registration(here, { inviteNeeded: true, invite: "welcome" })))).toBe("registered");
});

test("a handle belongs to one account; another registration may go on under another handle", async () => {
  const here = world();
  const [alice, eve] = [new Person("alice"), new Person("eve")];
  await alice.register(here);
  const asked = here.ask(eve.id, eve.registration(here, { handle: "alice" }));
  await asked;
  await here.pass(1_000);
  expect(codeOf(here.answers.at(-1)!.answer)).toBe("handle-taken");
  expect(codeOf(await here.ask(eve.id, eve.registration(here, { handle: "evelyn" })))).toBe("registered");
  expect(await here.stores.handles.read("alice")).toBe(alice.id);
  expect(await here.stores.handles.read("evelyn")).toBe(eve.id);
});

test("a registration that was never finished gives its handle up after an hour", async () => {
  const here = world();
  const [alice, bob] = [new Person("alice"), new Person("bob")];
  here.fault = (call) => (call === "prekeys.put" ? "crash-before" : undefined);
  await alice.register(here);
  here.fault = () => undefined;
  here.restart();
  const wanted = { handle: "alice" };
  await here.ask(bob.id, bob.registration(here, wanted));
  await here.pass(1_000);
  expect(codeOf(here.answers.at(-1)!.answer)).toBe("handle-taken");
  await here.pass(3_600_000);
  await here.ask(bob.id, bob.registration(here, wanted));
  await here.pass(1_000);
  expect(here.answers.at(-1)!.answer).toMatchObject({ type: "registered", account: bob.id, handle: "alice" });
  // Alice comes back late: the handle is bob's now, but her keys are good for another one.
  await here.ask(alice.id, alice.registration(here));
  await here.pass(1_000);
  expect(codeOf(here.answers.at(-1)!.answer)).toBe("handle-taken");
  expect(codeOf(await here.ask(alice.id, alice.registration(here, { handle: "alice2" })))).toBe("registered");
});

test("a handle whose release has an unknown outcome is not claimed again by the same account", async () => {
  const here = world();
  const alice = new Person("alice");
  here.fault = (call) => (call === "prekeys.put" ? "crash-before" : undefined);
  await alice.register(here);
  here.restart();
  await here.pass(3_700_000);
  here.fault = (call) => (call === "handles.release" ? "lost-before" : undefined);
  await here.tell(alice.id, { type: "resume-work" });
  here.fault = () => undefined;
  expect(codeOf(await here.ask(alice.id, alice.registration(here)))).toBe("handle-taken");
  expect(codeOf(await here.ask(alice.id, alice.registration(here, { handle: "alice2" })))).toBe("registered");
});

test("nobody registers a public list with a secret of his own", async () => {
  const here = world();
  const alice = new Person("alice");
  await alice.register(here);
  const stolen = alice.registration(here, { secret: secretOf(keyOf("eve")) });
  expect(codeOf(await here.ask(alice.id, stolen))).toBe("unauthenticated");
});

test("two registrations of one account at once become one", async () => {
  const here = world();
  const alice = new Person("alice");
  const [one, two] = [alice.registration(here), alice.registration(here)];
  here.route({ kind: "account", id: alice.id, message: one });
  await here.tell(alice.id, two);
  expect(here.answers.map(({ answer }) => codeOf(answer))).toEqual(["registered", "registered"]);
  expect(here.calls.filter((call) => call === "handles.claim")).toHaveLength(1);
});

test.each(["wrong", "overloaded", "failed"] as const)("says so when signatures are %s, and stores nothing", async (outcome) => {
  const here = world();
  here.signatures = outcome;
  const alice = new Person("alice");
  const code = { wrong: "bad-signature", overloaded: "overloaded", failed: "internal" }[outcome];
  expect(codeOf(await alice.register(here))).toBe(code);
  expect((await here.stores.accounts.load(alice.id))?.account).toBeUndefined();
});

test("a crash at any write leaves a registration that the same request finishes", async () => {
  const calls = await callsOf((here) => new Person("alice").register(here));
  expect(calls.length).toBeGreaterThan(5);
  for (let at = 1; at <= calls.length; at++) {
    for (const fault of ["crash-before", "crash-after"] as const) {
      const here = world();
      const alice = new Person("alice");
      here.fault = (_, count) => (count === at ? fault : undefined);
      await alice.register(here);
      here.fault = () => undefined;
      here.restart();
      await here.recover();
      expect(codeOf(await alice.register(here)), `${fault} ${calls[at - 1]}`).toBe("registered");
      expect(await here.stores.handles.read("alice")).toBe(alice.id);
      expect(await here.stores.prekeys.count(alice.id, alice.first.id, "ec")).toBe(3);
    }
  }
});

test("an unknown outcome of any write is answered, and the same request finishes", async () => {
  const calls = await callsOf((here) => new Person("alice").register(here));
  for (let at = 1; at <= calls.length; at++) {
    for (const fault of ["lost-before", "lost-after", "throws"] as const) {
      const here = world();
      const alice = new Person("alice");
      here.fault = (_, count) => (count === at ? fault : undefined);
      const first = codeOf(await alice.register(here));
      expect(["unsure", "registered"], `${fault} ${calls[at - 1]}`).toContain(first);
      here.fault = () => undefined;
      expect(codeOf(await alice.register(here)), `${fault} ${calls[at - 1]}`).toBe("registered");
      expect(await here.stores.handles.read("alice"), `${fault} ${calls[at - 1]}`).toBe(alice.id);
      expect(await here.stores.prekeys.count(alice.id, alice.first.id, "kyber"), `${fault} ${calls[at - 1]}`).toBe(3);
    }
  }
});

async function callsOf(run: (here: AccountWorld) => Promise<unknown>): Promise<string[]> {
  const here = world();
  await run(here);
  return here.calls;
}
