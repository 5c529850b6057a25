import { expect, test } from "vitest";
import { checkApproval } from "../../client/account/link-check.js";
import { HermodError } from "../../client/errors.js";
import type { Approved } from "../../client/rest.js";
import { hermod } from "../../protos/gen/hermod.js";
import { linkMacOf } from "../../protos/signed/ids.js";
import { makeDevice, MadeChain, sign, verify, type MadeDevice, type Step } from "../support/chain-maker.js";
import { idBytes } from "../../lib/ids.js";

const secret = new Uint8Array(32).fill(9);
const alice = new MadeChain();
const tablet = makeDevice();
alice.grow({ cause: "link", by: alice.first, add: tablet });
const own = makeDevice();

/** What the server would hand over after `by` approved `add`. */
function approve(
  chain: MadeChain,
  over: { readonly by?: MadeDevice; readonly step?: Partial<Step>; readonly mac?: Uint8Array; readonly head?: number } = {},
): Approved {
  const by = over.by ?? chain.first;
  const base = over.head === undefined ? chain : chain.fork(over.head);
  const signed = hermod.v1.Signed.decode(base.make({ cause: "link", by, add: own, ...over.step }));
  const { body } = signed;
  const signature = signed.by[0]!.signature;
  const mac = over.mac ?? linkMacOf(secret, body);
  return { account: chain.account, handle: "alice", body, signer: idBytes(by.device), signature, mac, chain: chain.versions };
}

function outcome(approved: Approved, identity = own): string {
  try {
    const countersign = (body: Uint8Array): Uint8Array => sign(own.key, body);
    const { state } = checkApproval({ approved, secret, identity, countersign, verify });
    return `taken at ${state.version}`;
  } catch (error) {
    return error instanceof HermodError ? `${error.code}: ${error.message}` : String(error);
  }
}

test("an approval of a listed device that saw the code is taken", () => {
  expect(outcome(approve(alice))).toBe("taken at 3");
  expect(outcome(approve(alice, { by: tablet }))).toBe("taken at 3");
});

const mallory = new MadeChain();
const refused: { name: string; approved: () => Approved; why: RegExp; identity?: MadeDevice }[] = [
  { name: "no MAC", approved: () => approve(alice, { mac: new Uint8Array(0) }), why: /link-refused: .*MAC/ },
  { name: "a wrong MAC", approved: () => approve(alice, { mac: new Uint8Array(32) }), why: /link-refused: .*MAC/ },
  {
    name: "a MAC under another code's secret",
    approved: () => {
      const made = approve(alice);
      return { ...made, mac: linkMacOf(new Uint8Array(32).fill(8), made.body) };
    },
    why: /link-refused: .*MAC/,
  },
  {
    name: "the server's own account, properly signed, without the code's secret",
    approved: () => approve(mallory, { mac: new Uint8Array(32).fill(1) }),
    why: /link-refused: .*MAC/,
  },
  {
    name: "another account's chain around a body of this one",
    approved: () => ({ ...approve(alice), account: mallory.account, chain: mallory.versions }),
    why: /link-refused: .*does not follow/,
  },
  { name: "the name of another account", approved: () => ({ ...approve(alice), account: mallory.account }), why: /list-invalid/ },
  { name: "a chain without its genesis", approved: () => ({ ...approve(alice), chain: alice.versions.slice(1) }), why: /list-invalid/ },
  { name: "an empty chain", approved: () => ({ ...approve(alice), chain: [] }), why: /list-invalid/ },
  {
    name: "a shortened chain",
    approved: () => ({ ...approve(alice), chain: alice.versions.slice(0, 1) }),
    why: /link-refused: .*does not follow/,
  },
  { name: "a body for an older head", approved: () => approve(alice, { head: 1 }), why: /link-refused: .*does not follow/ },
  {
    name: "a signature of a device that is not listed",
    approved: () => approve(alice, { by: makeDevice() }),
    why: /link-refused: .*signer/,
  },
  { name: "a forged signature", approved: () => approve(alice, { step: { forge: makeDevice() } }), why: /link-refused/ },
  { name: "another device's key in the list", approved: () => approve(alice, { step: { add: makeDevice() } }), why: /link-refused/ },
  {
    name: "this device listed with another registration id",
    approved: () => approve(alice, { step: { add: { ...own, registrationId: 8 } } }),
    why: /link-refused: .*other keys/,
  },
  {
    name: "a version that removes a device in passing",
    approved: () => approve(alice, { step: { remove: [tablet] } }),
    why: /link-refused: .*does not follow/,
  },
  {
    name: "a signer that is the recovery key",
    approved: () => ({ ...approve(alice), signer: new Uint8Array(16) }),
    why: /link-refused: .*no device/,
  },
];
test.each(refused)("refuses $name", ({ approved, why }) => {
  expect(outcome(approved())).toMatch(why);
});

test("the MAC is looked at first", () => {
  const garbage: Approved = { ...approve(alice, { mac: new Uint8Array(32) }), chain: [new Uint8Array(3)], signer: new Uint8Array(2) };
  expect(outcome(garbage)).toMatch(/MAC/);
});
