import { expect, test } from "vitest";
import { linkOffers } from "../../actors/account/link-offers.js";
import { limits } from "../../lib/limits.js";
import { openMemory } from "../../storage/open.js";
import { linkOf } from "../support/account-maker.js";
import { StillClock } from "../support/account-world.js";
import { id, keyOf } from "./signed-fixtures.js";

const laptop = keyOf("laptop");
const offer = linkOf("laptop").id;

function offers(): { clock: StillClock; links: ReturnType<typeof openMemory>["links"]; open: ReturnType<typeof linkOffers> } {
  const clock = new StillClock();
  const { links } = openMemory(clock);
  return { clock, links, open: linkOffers(links, clock) };
}

test("an offer is open for two minutes, and the same one again is the same", async () => {
  const { clock, open } = offers();
  expect(await open.openLink(offer, laptop.public)).toEqual({ type: "open", expiresMs: clock.now() + limits.linkOfferMs });
  expect(await open.openLink(offer, laptop.public)).toMatchObject({ type: "open" });
  expect(await open.readLink(offer)).toEqual({ type: "open" });
  clock.ms += limits.linkOfferMs;
  expect(await open.readLink(offer)).toEqual({ type: "gone", code: "link-expired" });
});

test("refuses what is no key, and another key under the same id", async () => {
  const { open } = offers();
  expect(await open.openLink(offer, new Uint8Array(33))).toEqual({ type: "refused", code: "bad-key" });
  await open.openLink(offer, laptop.public);
  expect(await open.openLink(offer, keyOf("eve").public)).toEqual({ type: "refused", code: "link-used" });
});

test("an offer that nobody made looks like one that ran out", async () => {
  expect(await offers().open.readLink(offer)).toEqual({ type: "gone", code: "link-expired" });
});

test("shows an approval to who knows the id", async () => {
  const { links, open } = offers();
  await open.openLink(offer, laptop.public);
  const approval = {
    account: id<never>(1),
    body: new Uint8Array([1]),
    signer: new Uint8Array(16),
    signature: new Uint8Array(64),
    mac: new Uint8Array(32),
  };
  await links.approve(offer, approval);
  const view = await open.readLink(offer);
  expect(view).toMatchObject({ type: "approved", account: approval.account });
  expect(view.type === "approved" && Buffer.compare(view.mac, approval.mac) === 0).toBe(true);
  expect(view.type === "approved" && Buffer.compare(view.body, approval.body) === 0).toBe(true);
});
