import { expect, test } from "vitest";
import { idBytes, type DeviceId } from "../../lib/ids.js";
import { extend, follow, judgeVersion, type ListState } from "../../protos/signed/device-chain.js";
import { accountIdOf } from "../../protos/signed/ids.js";
import type { Verdict } from "../../protos/signed/verdict.js";
import {
  account,
  d1,
  d2,
  d3,
  d4,
  extended,
  firstFields,
  listBody,
  listed,
  nextFields,
  otherRecovery,
  recovery,
  signedList,
  stranger,
  v1,
  v2,
  v3,
  type ListFields,
} from "./signed-chain-fixtures.js";
import { brief, filled, keyOf, must, verify, type TestKey } from "./signed-fixtures.js";

/** What follows version 3 (devices 1, 2, 3): `by` is the signer in the body, `keys` is who really signs. */
function after3(
  by: TestKey,
  cause: string,
  devices: readonly TestKey[],
  keys: readonly TestKey[],
  fields: ListFields = {},
): Verdict<ListState> {
  return extended(v3, nextFields(v3, by, devices, { cause, ...fields }), ...keys);
}
const unlinked = must(after3(d1, "unlink", [d1, d2], [d1]));
const swapped = must(extended(undefined, firstFields(stranger), stranger));
const full = ["e", "f", "g", "h", "i"]
  .map((name) => keyOf(name))
  .reduce((head, key) => {
    const devices = head.devices.map((device) => ({ ...device, id: idBytes(device.id) }));
    return must(extended(head, nextFields(head, d1, [...devices, listed(key)]), d1, key));
  }, v3);

const cases: { name: string; verdict: Verdict<unknown>; answer: string }[] = [
  // who may begin
  { name: "a first version signed by its device", verdict: extended(undefined, firstFields(), d1), answer: "ok" },
  { name: "a first version that nobody signed", verdict: extended(undefined, firstFields()), answer: "bad-signature" },
  {
    name: "a first version signed by another key",
    verdict: extended(undefined, firstFields(), { ...stranger, signer: d1.id }),
    answer: "bad-signature",
  },
  {
    name: "a first version that another device signs for",
    verdict: extended(undefined, firstFields(d1, { signer: idBytes(d2.id) }), d2),
    answer: "bad-signature",
  },
  {
    name: "a first version that names another signer than its device",
    verdict: extended(undefined, firstFields(d1, { signer: idBytes(d2.id) }), d1),
    answer: "bad-signature",
  },
  {
    name: "a first version signed by the recovery key too",
    verdict: extended(undefined, firstFields(), d1, recovery),
    answer: "bad-signature",
  },
  {
    name: "a first version with two devices",
    verdict: extended(undefined, firstFields(d1, { devices: [listed(d1), listed(d2)] }), d1, d2),
    answer: "bad-device-list",
  },
  { name: "a later version as the first", verdict: extended(undefined, nextFields(v1, d1, [d1, d2]), d1, d2), answer: "list-conflict" },

  // who may add
  { name: "a link by the first device", verdict: after3(d1, "link", [d1, d2, d3, d4], [d1, d4]), answer: "ok" },
  {
    name: "a link by the last device, whose age is the server's question",
    verdict: after3(d3, "link", [d1, d2, d3, d4], [d3, d4]),
    answer: "ok",
  },
  { name: "a link that the new device did not countersign", verdict: after3(d1, "link", [d1, d2, d3, d4], [d1]), answer: "bad-signature" },
  {
    name: "a link with another key's countersignature",
    verdict: after3(d1, "link", [d1, d2, d3, d4], [d1, { ...stranger, signer: d4.id }]),
    answer: "bad-signature",
  },
  { name: "a link that only the new device signed", verdict: after3(d4, "link", [d1, d2, d3, d4], [d4]), answer: "bad-signature" },
  {
    name: "a link signed by a stranger in a device's name",
    verdict: after3(d1, "link", [d1, d2, d3, d4], [{ ...stranger, signer: d1.id }, d4]),
    answer: "bad-signature",
  },
  {
    name: "a link with a third signature by somebody else",
    verdict: after3(d1, "link", [d1, d2, d3, d4], [d1, d4, stranger]),
    answer: "bad-signature",
  },
  {
    name: "a link with a needless signature of another device",
    verdict: after3(d1, "link", [d1, d2, d3, d4], [d1, d2, d4]),
    answer: "bad-signature",
  },
  { name: "a link with one signature twice", verdict: after3(d1, "link", [d1, d2, d3, d4], [d1, d1, d4]), answer: "bad-signature" },
  { name: "two devices at once", verdict: after3(d1, "link", [d1, d2, d3, d4, stranger], [d1, d4, stranger]), answer: "bad-device-list" },
  { name: "a new device before the old ones", verdict: after3(d1, "link", [d4, d1, d2, d3], [d1, d4]), answer: "bad-device-list" },
  { name: "a new device among the old ones", verdict: after3(d1, "link", [d1, d4, d2, d3], [d1, d4]), answer: "bad-device-list" },
  { name: "a link that removes somebody", verdict: after3(d1, "link", [d1, d2, d4], [d1, d4]), answer: "bad-device-list" },
  { name: "a link that adds nobody", verdict: after3(d1, "link", [d1, d2, d3], [d1]), answer: "bad-device-list" },
  {
    name: "a device that was removed before",
    verdict: extended(unlinked, nextFields(unlinked, d1, [d1, d2, d3]), d1, d3),
    answer: "bad-device-list",
  },
  {
    name: "the ninth device",
    verdict: extended(
      full,
      nextFields(full, d1, [...full.devices.map((device) => ({ ...device, id: idBytes(device.id) })), listed(keyOf("ninth"))]),
      d1,
      keyOf("ninth"),
    ),
    answer: "too-many-devices",
  },
  {
    name: "a link by the recovery key in the name of a link",
    verdict: after3(recovery, "link", [d1, d2, d3, d4], [recovery, d4]),
    answer: "bad-device-list",
  },

  // who may remove
  { name: "an unlink of one behind", verdict: after3(d2, "unlink", [d1, d2], [d2]), answer: "ok" },
  { name: "an unlink of all behind", verdict: after3(d1, "unlink", [d1], [d1]), answer: "ok" },
  { name: "an unlink of itself", verdict: after3(d2, "unlink", [d1, d3], [d2]), answer: "ok" },
  { name: "an unlink of itself by the first", verdict: after3(d1, "unlink", [d2, d3], [d1]), answer: "ok" },
  { name: "an unlink of itself and all behind", verdict: after3(d2, "unlink", [d1], [d2]), answer: "ok" },
  { name: "an unlink of one before", verdict: after3(d2, "unlink", [d2, d3], [d2]), answer: "outranked" },
  { name: "an unlink of one before by the last", verdict: after3(d3, "unlink", [d1, d3], [d3]), answer: "outranked" },
  { name: "an unlink of itself and one before", verdict: after3(d2, "unlink", [d3], [d2]), answer: "outranked" },
  { name: "an unlink of one before with the recovery key", verdict: after3(d2, "unlink", [d2, d3], [d2, recovery]), answer: "ok" },
  {
    name: "an unlink of one before with a wrong recovery key",
    verdict: after3(d2, "unlink", [d2, d3], [d2, otherRecovery]),
    answer: "bad-signature",
  },
  {
    name: "an unlink of one behind with a needless recovery signature",
    verdict: after3(d1, "unlink", [d1, d2], [d1, recovery]),
    answer: "bad-signature",
  },
  { name: "an unlink of all", verdict: after3(d1, "unlink", [], [d1]), answer: "bad-device-list" },
  { name: "an unlink of nobody", verdict: after3(d1, "unlink", [d1, d2, d3], [d1]), answer: "bad-device-list" },
  { name: "an unlink that adds somebody", verdict: after3(d1, "unlink", [d1, d2, d4], [d1, d4]), answer: "bad-device-list" },
  { name: "an unlink that nobody signed", verdict: after3(d1, "unlink", [d1, d2], []), answer: "bad-signature" },
  { name: "an unlink by a stranger", verdict: after3(stranger, "unlink", [d1, d2], [stranger]), answer: "bad-signature" },
  {
    name: "an unlink by a device that was removed",
    verdict: extended(unlinked, nextFields(unlinked, d3, [d1], { cause: "unlink" }), d3),
    answer: "bad-signature",
  },
  {
    name: "a link by a device that was removed",
    verdict: extended(unlinked, nextFields(unlinked, d3, [d1, d2, d4]), d3, d4),
    answer: "bad-signature",
  },

  // idle
  {
    name: "an idle device before the signer, whose absence is the server's question",
    verdict: after3(d2, "idle", [d2, d3], [d2]),
    answer: "ok",
  },
  { name: "idle as a word for oneself", verdict: after3(d2, "idle", [d1, d3], [d2]), answer: "bad-device-list" },
  { name: "idle that adds somebody", verdict: after3(d2, "idle", [d2, d3, d4], [d2, d4]), answer: "bad-device-list" },
  { name: "idle by the recovery key", verdict: after3(recovery, "idle", [d2, d3], [recovery]), answer: "bad-device-list" },

  // recovery
  { name: "a recovery that replaces every device", verdict: after3(recovery, "recover", [d4], [recovery, d4]), answer: "ok" },
  { name: "a recovery that adds one", verdict: after3(recovery, "recover", [d1, d2, d3, d4], [recovery, d4]), answer: "ok" },
  { name: "a recovery that removes the first", verdict: after3(recovery, "recover", [d2, d3], [recovery]), answer: "ok" },
  {
    name: "a recovery that changes the recovery key",
    verdict: after3(recovery, "recover", [d1, d2, d3], [recovery], { recoveryKey: otherRecovery.public }),
    answer: "ok",
  },
  {
    name: "a new recovery key by a device with the old recovery key",
    verdict: after3(d1, "recover", [d1, d2, d3], [d1, recovery], { recoveryKey: otherRecovery.public }),
    answer: "ok",
  },
  {
    name: "a new recovery key by a device alone",
    verdict: after3(d1, "recover", [d1, d2, d3], [d1], { recoveryKey: otherRecovery.public }),
    answer: "bad-signature",
  },
  {
    name: "a new recovery key signed by the new one",
    verdict: after3(d1, "recover", [d1, d2, d3], [d1, otherRecovery], { recoveryKey: otherRecovery.public }),
    answer: "bad-signature",
  },
  {
    name: "a new recovery key in passing",
    verdict: after3(d1, "link", [d1, d2, d3, d4], [d1, d4], { recoveryKey: otherRecovery.public }),
    answer: "bad-device-list",
  },
  { name: "a recovery by another recovery key", verdict: after3(recovery, "recover", [d4], [otherRecovery, d4]), answer: "bad-signature" },
  { name: "a recovery by devices alone", verdict: after3(d3, "recover", [d3], [d3]), answer: "bad-signature" },
  {
    name: "a recovery that the new device did not countersign",
    verdict: after3(recovery, "recover", [d4], [recovery]),
    answer: "bad-signature",
  },
  {
    name: "a recovery with two new devices",
    verdict: after3(recovery, "recover", [d4, stranger], [recovery, d4, stranger]),
    answer: "bad-device-list",
  },
  { name: "a recovery that changes nothing", verdict: after3(recovery, "recover", [d1, d2, d3], [recovery]), answer: "bad-device-list" },

  // the chain itself
  { name: "the same version again", verdict: extended(v3, nextFields(v2, d2, [d1, d2, d3]), d2, d3), answer: "list-conflict" },
  { name: "a version too far", verdict: after3(d1, "link", [d1, d2, d3, d4], [d1, d4], { version: 5 }), answer: "list-conflict" },
  { name: "an older version", verdict: extended(v3, nextFields(v1, d1, [d1, d2]), d1, d2), answer: "list-conflict" },
  {
    name: "a signed version of another history",
    verdict: after3(d1, "link", [d1, d2, d3, d4], [d1, d4], { previous: filled(32, 1) }),
    answer: "list-forked",
  },
  {
    name: "a forged version of another history",
    verdict: after3(d1, "link", [d1, d2, d3, d4], [{ ...stranger, signer: d1.id }, d4], { previous: filled(32, 1) }),
    answer: "bad-signature",
  },
  {
    name: "an unsigned version of another history",
    verdict: after3(d1, "link", [d1, d2, d3, d4], [d4], { previous: filled(32, 1) }),
    answer: "bad-signature",
  },
  {
    name: "a version of another account",
    verdict: after3(d1, "link", [d1, d2, d3, d4], [d1, d4], { account: filled(16, 1) }),
    answer: "bad-device-list",
  },
  {
    name: "a version of another region",
    verdict: after3(d1, "link", [d1, d2, d3, d4], [d1, d4], { region: 1 }),
    answer: "bad-device-list",
  },
  { name: "a version on a swapped genesis", verdict: extended(swapped, nextFields(v1, d1, [d1, d2]), d1, d2), answer: "bad-device-list" },
  { name: "another order of old devices", verdict: after3(d1, "link", [d2, d1, d3, d4], [d1, d4]), answer: "bad-device-list" },
  {
    name: "a new registration id of an old device",
    verdict: extended(v3, nextFields(v3, d1, [d1, listed(d2, { registrationId: 8 }), d3, d4]), d1, d4),
    answer: "bad-device-list",
  },
  {
    name: "new capabilities of an old device",
    verdict: extended(v3, nextFields(v3, d1, [d1, listed(d2, { capabilities: ["more", "text"] }), d3, d4]), d1, d4),
    answer: "bad-device-list",
  },
  {
    name: "another date of an old device",
    verdict: extended(v3, nextFields(v3, d1, [d1, listed(d2, { addedMs: 6n }), d3, d4]), d1, d4),
    answer: "bad-device-list",
  },
  {
    name: "a body that was changed after it was signed",
    verdict: extend(
      v3,
      { ...signedList(nextFields(v3, d1, [d1, d2, d3, d4]), d1, d4), body: listBody(nextFields(v3, d1, [d1, d2, d3, d4], { timeMs: 3n })) },
      verify,
    ),
    answer: "bad-signature",
  },
  {
    name: "a signature of 63 bytes",
    verdict: extend(
      v3,
      { body: listBody(nextFields(v3, d1, [d1], { cause: "unlink" })), by: [{ signer: d1.id, signature: filled(63, 1) }] },
      verify,
    ),
    answer: "bad-signature",
  },
];
test.each(cases)("$name: $answer", ({ verdict, answer }) => {
  expect(brief(verdict)).toBe(answer);
});

test("a chain keeps its account, root key and region, whoever is listed later", () => {
  const replaced = must(after3(recovery, "recover", [d4], [recovery, d4]));
  for (const state of [v1, v2, v3, unlinked, replaced]) {
    expect([state.account, state.region, state.rootKey]).toEqual([accountIdOf(v1.listHash, 0), 0, new Uint8Array(d1.public)]);
  }
  expect(replaced.devices.map(({ id }) => id)).toEqual([d4.id]);
  expect(account).toBe(accountIdOf(v1.listHash, 0));
});

test("removed devices are remembered for ever, and old states stay as they were", () => {
  const again = must(extended(unlinked, nextFields(unlinked, d1, [d1], { cause: "unlink" }), d1));
  expect([...again.former]).toEqual([d3.id, d2.id]);
  expect([...unlinked.former]).toEqual([d3.id]);
  expect([...v3.former]).toEqual([]);
});

test("a new recovery key is the one that counts from then on", () => {
  const renewed = must(after3(d1, "recover", [d1, d2, d3], [d1, recovery], { recoveryKey: otherRecovery.public }));
  const fields = { cause: "recover", recoveryKey: otherRecovery.public };
  expect(brief(extended(renewed, nextFields(renewed, recovery, [d4], fields), recovery, d4))).toBe("bad-signature");
  expect(brief(extended(renewed, nextFields(renewed, recovery, [d4], fields), otherRecovery, d4))).toBe("ok");
});

const changes: { name: string; verdict: Verdict<ListState>; added: DeviceId[]; removed: DeviceId[]; verifyAgain: boolean }[] = [
  { name: "a link", verdict: after3(d3, "link", [d1, d2, d3, d4], [d3, d4]), added: [d4.id], removed: [], verifyAgain: false },
  { name: "an unlink by one before", verdict: after3(d1, "unlink", [d1, d2], [d1]), added: [], removed: [d3.id], verifyAgain: false },
  { name: "an unlink of itself", verdict: after3(d3, "unlink", [d1, d2], [d3]), added: [], removed: [d3.id], verifyAgain: false },
  {
    name: "an unlink of one before, with the recovery key",
    verdict: after3(d3, "unlink", [d1, d3], [d3, recovery]),
    added: [],
    removed: [d2.id],
    verifyAgain: true,
  },
  { name: "an idle one before the signer", verdict: after3(d3, "idle", [d1, d3], [d3]), added: [], removed: [d2.id], verifyAgain: true },
  {
    name: "a recovery that removes",
    verdict: after3(recovery, "recover", [d4], [recovery, d4]),
    added: [d4.id],
    removed: [d1.id, d2.id, d3.id],
    verifyAgain: true,
  },
  {
    name: "a recovery that only adds",
    verdict: after3(recovery, "recover", [d1, d2, d3, d4], [recovery, d4]),
    added: [d4.id],
    removed: [],
    verifyAgain: false,
  },
];
test.each(changes)("$name asks to verify again: $verifyAgain", ({ verdict, added, removed, verifyAgain }) => {
  expect(must(verdict).change).toMatchObject({ added, removed, verifyAgain, recoveryKeyChanged: false });
});

test("judging asks for signatures and computes none", () => {
  const judged = judgeVersion(v3, signedList(nextFields(v3, d2, [d2, d3], { cause: "unlink" }), d2, recovery));
  expect(must(judged).checks.map(({ publicKey }) => Buffer.from(publicKey).toString("hex"))).toEqual(
    [d2, recovery].map((key) => Buffer.from(key.public).toString("hex")),
  );
});

const [s1, s2, s3] = [
  signedList(firstFields(), d1),
  signedList(nextFields(v1, d1, [d1, d2]), d1, d2),
  signedList(nextFields(v2, d2, [d1, d2, d3]), d2, d3),
];
const forkOf2 = signedList(nextFields(v1, d1, [d1, d4]), d1, d4);
const follows: { name: string; verdict: Verdict<readonly ListState[]>; versions: number[] | string }[] = [
  { name: "a whole chain", verdict: follow(undefined, [s1, s2, s3], verify), versions: [1, 2, 3] },
  { name: "what is new", verdict: follow(v1, [s2, s3], verify), versions: [2, 3] },
  { name: "what is new, begun with what is known", verdict: follow(v1, [s1, s2, s3], verify), versions: [2, 3] },
  { name: "nothing new", verdict: follow(v3, [s3], verify), versions: [] },
  { name: "nothing at all", verdict: follow(v3, [], verify), versions: [] },
  { name: "other bytes for the version that is known", verdict: follow(v2, [forkOf2], verify), versions: "list-forked" },
  {
    name: "a version on top of another history",
    verdict: follow(must(follow(v1, [forkOf2], verify))[0], [s3], verify),
    versions: "bad-signature",
  },
  { name: "a gap", verdict: follow(v1, [s3], verify), versions: "list-conflict" },
  { name: "a chain without its beginning", verdict: follow(undefined, [s2, s3], verify), versions: "list-conflict" },
  { name: "a chain that goes back", verdict: follow(v3, [s2, s3], verify), versions: "list-conflict" },
  { name: "one version twice", verdict: follow(v1, [s2, s2], verify), versions: "list-conflict" },
  { name: "a chain whose middle is forged", verdict: follow(undefined, [s1, { ...s2, by: [] }, s3], verify), versions: "bad-signature" },
];
test.each(follows)("follows $name", ({ verdict, versions }) => {
  expect(verdict.error ?? verdict.ok.map(({ version }) => version)).toEqual(versions);
});
