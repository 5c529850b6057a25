import { afterEach, describe, expect, test } from "vitest";
import type { Chat } from "../../client/messages/chat.js";
import { idOf, type MessageId } from "../../lib/ids.js";
import { setPointSink } from "../../lib/point.js";
import { bytesOf } from "../support/entries.js";
import { until } from "../support/frame-peer.js";
import { World, type Peer } from "../support/message-world.js";

/*
 * Every place where the client's program may end: at the n-th passage both devices die as by SIGKILL (what is committed survives, the old
 * program never acts again), come back, and go on. Nothing is lost, nothing is there twice, no cipher session breaks. The same places are
 * passed by real processes and real signals in test/crash.
 */
const points = [
  "client.outbox-row",
  "client.encrypted",
  "client.committed",
  "client.sent",
  "client.answer",
  "client.received",
  "client.decrypted",
  "client.stored",
  "client.reply-queued",
] as const;

const texts = (peer: Peer, chat: Chat): (string | undefined)[] =>
  peer.engine
    .chat(chat.id)
    ?.history({ limit: 1_000 })
    .map((message) => message.text) ?? [];

afterEach(() => {
  setPointSink(undefined);
});

/** Ends the program at the n-th passage of a point: the caller's code goes no further. */
function dieAt(name: string, nth: number, die: () => void): { readonly died: () => boolean } {
  let left = nth;
  let died = false;
  setPointSink((passed) => {
    if (died) throw new Error("the program has ended");
    if (passed !== name || --left > 0) return;
    died = true;
    die();
    throw new Error("the program ends here");
  });
  return { died: () => died };
}

const bots = new Map<Peer, Promise<void>>();

/** The five-line bot. */
function runBot(bob: Peer): void {
  const engine = bob.engine;
  const loop = (async () => {
    for await (const message of engine.inbox("bot", { own: false })) await message.reply(`re ${message.text}`);
  })();
  bots.set(
    bob,
    loop.catch(() => undefined),
  );
}

describe.each(points)("a crash at %s", (name) => {
  test.each([1, 2, 3, 5])("passage %i", async (nth) => {
    const world = new World("libsignal");
    const alice = world.device("alice");
    const bob = world.device("bob");
    const chat = await alice.engine.openDirect(bob.account);
    runBot(bob);
    const crash = dieAt(name, nth, () => {
      alice.crash();
      bob.crash();
    });
    const wanted = ["one", "two", "three", "four", "five", "six"];
    // Who writes does not know whether the last call survived: the same id again is the same message.
    const sendAll = (): void => {
      for (const [index, text] of wanted.entries()) {
        if (alice.store.outbox.get(chat.id, idOfText(index)) === undefined) {
          alice.engine.sendMessage({ chatId: chat.id, body: { text }, id: idOfText(index) });
        }
      }
    };
    try {
      sendAll();
    } catch (error) {
      expect(String(error)).toMatch(/ends here|has ended/);
    }
    await until(() => crash.died() || texts(alice, chat).length === 12, "the crash");
    expect(crash.died()).toBe(true);
    setPointSink(undefined);
    await new Promise((resolve) => setTimeout(resolve, 5));
    alice.connect();
    bob.connect();
    runBot(bob);
    sendAll();
    await until(() => texts(alice, chat).length === 12, "all messages and all answers");
    expect(new Set(world.server.log(chat.id)).size).toBe(12);
    expect(world.server.log(chat.id)).toHaveLength(12);
    await until(() => texts(bob, chat).length === 12, "at bob too");
    expect(texts(bob, chat)).toEqual(texts(alice, chat));
    const own = (texts(alice, chat) as string[]).filter((text) => !text.startsWith("re "));
    expect(own).toEqual(wanted);
    expect([...(texts(alice, chat) as string[])].sort()).toEqual([...wanted, ...wanted.map((text) => `re ${text}`)].sort());
    expect([...alice.fatal, ...bob.fatal].map((error) => error.code)).toEqual([]);
    expect(
      alice.history.some((event) => event.state === "undecryptable") || bob.history.some((event) => event.state === "undecryptable"),
    ).toBe(false);
  });
});

function idOfText(index: number): MessageId {
  return idOf<MessageId>(bytesOf(`text ${index}`));
}
