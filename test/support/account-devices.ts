import { expect } from "vitest";
import type { ConversationId } from "../../lib/ids.js";
import { limits } from "../../lib/limits.js";
import type { Answer } from "../../protos/messages.js";
import { writeSigned, type SignedObject } from "../../protos/signed/signed.js";
import { id, type TestKey } from "../unit/signed-fixtures.js";
import { codeOf, Person } from "./account-maker.js";
import { AccountWorld } from "./account-world.js";

/** Alice with so many devices, of which the clock says that they are old enough to add others. */
export async function withDevices(...names: string[]): Promise<{ here: AccountWorld; alice: Person; keys: TestKey[] }> {
  const here = new AccountWorld();
  const alice = new Person("alice");
  await alice.register(here);
  const keys = [alice.first];
  for (const name of names) {
    await here.pass(limits.linkRefillMs);
    const key = alice.device(name);
    expect(codeOf(await alice.link(here, key))).toBe("linked");
    keys.push(key);
  }
  here.mails.length = 0;
  return { here, alice, keys };
}

export const change = (here: AccountWorld, alice: Person, list: SignedObject, by: TestKey = alice.first): Promise<Answer | undefined> =>
  here.ask(alice.id, { type: "change-devices", from: here.from(alice.id, by.id), signed: writeSigned(list) });

export async function joinAll(here: AccountWorld, alice: Person, count: number): Promise<ConversationId[]> {
  const conversations = Array.from({ length: count }, (_, index) => id<never>(index + 1) as ConversationId);
  for (const conversation of conversations) {
    here.clock.ms += 1;
    await here.tell(alice.id, { type: "joined", conversation, version: alice.head.version });
  }
  return conversations;
}

export const tolds = (here: AccountWorld): { id: string; version: number; devices: number }[] =>
  here.mails.flatMap((mail) =>
    mail.kind === "conversation" && mail.message.type === "told"
      ? [{ id: mail.id, version: mail.message.version, devices: mail.message.devices.length }]
      : [],
  );
