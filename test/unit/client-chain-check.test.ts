import { describe, expect, test } from "vitest";
import { checkChain, type ChainCheck, type Vouched } from "../../client/account/chain-check.js";
import { firstListBody } from "../../client/account/list-body.js";
import { writeSigned } from "../../protos/signed/signed.js";
import { makeDevice, MadeChain, sign, verify } from "../support/chain-maker.js";

/** What a client that knows `known` versions of `chain` makes of `versions`. */
function check(chain: MadeChain, known: number, versions: readonly Uint8Array[], vouched?: Vouched): ChainCheck {
  return checkChain({
    account: chain.account,
    known: chain.states.slice(0, known),
    signedAt: (version) => chain.versions[version - 1],
    versions,
    vouched,
    verify,
  });
}
const brief = ({ grown, problem }: ChainCheck): string => {
  const reason = problem === undefined ? "" : problem.type === "forked" ? ` forked at ${problem.version}` : ` ${problem.code}`;
  return `${grown.map(({ state }) => state.version).join(",")}${reason}`;
};

const laptop = makeDevice();
const phone = makeDevice();
const chain = new MadeChain();
chain.grow({ cause: "link", by: chain.first, add: laptop });
chain.grow({ cause: "link", by: chain.first, add: phone });
chain.grow({ cause: "unlink", by: chain.first, remove: [laptop] });
const { versions } = chain;
const at = (version: number) => chain.fork(version);

describe("an honest server", () => {
  test("a whole chain is followed from its genesis", () => {
    expect(brief(check(chain, 0, versions))).toBe("1,2,3,4");
  });
  test("and goes on from what is known, with or without the known head shown again", () => {
    expect(brief(check(chain, 2, versions.slice(2)))).toBe("3,4");
    expect(brief(check(chain, 2, versions.slice(1)))).toBe("3,4");
    expect(brief(check(chain, 4, versions))).toBe("");
  });
  test("a page that ends early is a beginning", () => {
    expect(brief(check(chain, 0, versions.slice(0, 2)))).toBe("1,2");
  });
  test("the recovery key may replace every device", () => {
    const fresh = makeDevice();
    const recovered = at(4).grow({ cause: "recover", by: "recovery", add: fresh, remove: [chain.first, phone] });
    const result = check(chain, 4, recovered.versions.slice(3));
    expect(brief(result)).toBe("5");
    expect(result.grown[0]!.state.change.verifyAgain).toBe(true);
  });
});

const stranger = makeDevice();
const other = new MadeChain();
const lies: { name: string; known: number; shown: () => Uint8Array[]; result: string }[] = [
  {
    name: "a device that the server put in, signed by itself only",
    known: 1,
    shown: () => [at(1).make({ cause: "link", by: chain.first, add: stranger, without: [chain.first.device] })],
    result: " bad-signature",
  },
  {
    name: "a version whose signer it names itself",
    known: 1,
    shown: () => [at(1).make({ cause: "link", by: stranger, add: stranger })],
    result: " bad-signature",
  },
  {
    name: "a version with a forged signature of a listed device",
    known: 1,
    shown: () => [at(1).make({ cause: "link", by: chain.first, forge: stranger, add: stranger })],
    result: " bad-signature",
  },
  {
    name: "a device linked unasked, without its countersignature",
    known: 1,
    shown: () => [at(1).make({ cause: "link", by: chain.first, add: stranger, without: [stranger.device] })],
    result: " bad-signature",
  },
  {
    name: "a version signed by a device that was removed",
    known: 4,
    shown: () => [chain.make({ cause: "link", by: laptop, add: stranger })],
    result: " bad-signature",
  },
  {
    name: "a device that was removed and returns",
    known: 4,
    shown: () => [chain.make({ cause: "link", by: chain.first, add: laptop })],
    result: " bad-device-list",
  },
  {
    name: "a device that removes one before it",
    known: 3,
    shown: () => [at(3).make({ cause: "unlink", by: phone, remove: [laptop] })],
    result: " outranked",
  },
  {
    name: "a stolen device that takes the account over",
    known: 3,
    shown: () => [at(3).make({ cause: "recover", by: phone, remove: [chain.first, laptop], without: ["recovery"] })],
    result: " bad-signature",
  },
  {
    name: "a recovery by a key that the account does not have",
    known: 2,
    shown: () => {
      const thief = at(2);
      Object.assign(thief, { recovery: stranger.key });
      return [thief.make({ cause: "recover", by: "recovery", add: stranger })];
    },
    result: " bad-signature",
  },
  { name: "a gap", known: 1, shown: () => [versions[2]!], result: " list-conflict" },
  { name: "a gap behind a good version", known: 1, shown: () => [versions[1]!, versions[3]!], result: "2 list-conflict" },
  { name: "a chain without its genesis", known: 0, shown: () => [versions[1]!], result: " list-conflict" },
  { name: "another account's chain", known: 0, shown: () => other.versions, result: " list-invalid" },
  { name: "another genesis for a known chain", known: 1, shown: () => other.versions, result: " list-invalid" },
  {
    name: "another account's next version",
    known: 1,
    shown: () => [other.make({ cause: "link", by: other.first, add: stranger })],
    result: " bad-device-list",
  },
  { name: "bytes that are no signed object", known: 1, shown: () => [Uint8Array.of(1, 2, 3)], result: " bad-request" },
  {
    name: "a forged second body for a known version, which proves nothing",
    known: 2,
    shown: () => [at(1).make({ cause: "link", by: chain.first, forge: stranger, add: stranger })],
    result: " bad-signature",
  },
  {
    name: "a genesis whose device id is not its key's hash",
    known: 0,
    shown: () => {
      const recoveryKey = stranger.identityKey;
      const body = firstListBody({
        device: { ...stranger, device: phone.device },
        recoveryKey,
        nonce: new Uint8Array(16),
        region: 0,
        nowMs: 1,
      });
      return [writeSigned({ body, by: [{ signer: phone.device, signature: sign(stranger.key, body) }] })];
    },
    result: " bad-device-list",
  },
  {
    name: "a recovery key of low order",
    known: 0,
    shown: () => {
      const recoveryKey = Uint8Array.from([5, ...new Array<number>(32).fill(0)]);
      const body = firstListBody({ device: stranger, recoveryKey, nonce: new Uint8Array(16), region: 0, nowMs: 1 });
      return [writeSigned({ body, by: [{ signer: stranger.device, signature: sign(stranger.key, body) }] })];
    },
    result: " bad-key",
  },
];
describe("a lying server is not followed when it shows", () => {
  test.each(lies)("$name", ({ known, shown, result }) => {
    expect(brief(check(chain, known, shown()))).toBe(result);
  });
});

describe("a fork is proven and kept", () => {
  test("two truly signed bodies for the known head", () => {
    const twin = at(1).grow({ cause: "link", by: chain.first, add: stranger });
    const result = check(chain, 2, [twin.versions[1]!]);
    expect(brief(result)).toBe(" forked at 2");
    expect(result.problem!.proofs).toEqual([versions[1], twin.versions[1]]);
  });
  test("two truly signed bodies for a version below the head", () => {
    const twin = at(1).grow({ cause: "link", by: chain.first, add: stranger });
    expect(brief(check(chain, 4, [twin.versions[1]!]))).toBe(" forked at 2");
  });
  test("a version that follows another history", () => {
    const twin = at(1).grow({ cause: "link", by: chain.first, add: stranger });
    twin.grow({ cause: "link", by: chain.first, add: phone });
    const result = check(chain, 2, [twin.versions[2]!]);
    expect(brief(result)).toBe(" forked at 3");
    expect(result.problem!.proofs).toEqual([versions[1], twin.versions[2]]);
  });
  test("the same change signed twice at other times is a fork as well", () => {
    const again = at(1).grow({ cause: "link", by: chain.first, add: laptop, nowMs: 99 });
    expect(brief(check(chain, 2, [again.versions[1]!]))).toBe(" forked at 2");
  });
  test("a chain that contradicts what an own device vouched for", () => {
    const vouched = { version: 3, listHash: new Uint8Array(32).fill(1) };
    expect(brief(check(chain, 0, versions, vouched))).toBe("1,2 forked at 3");
    expect(brief(check(chain, 0, versions, { version: 3, listHash: chain.states[2]!.listHash }))).toBe("1,2,3,4");
  });
});

describe("verified carries on", () => {
  test("when a device is removed by one before it, or by itself", () => {
    const self = at(3).grow({ cause: "unlink", by: phone, remove: [phone] });
    expect(chain.head.change.verifyAgain).toBe(false);
    expect(self.head.change.verifyAgain).toBe(false);
  });
});
