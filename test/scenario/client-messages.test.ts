import { describe, expect, test } from "vitest";
import type { Chat } from "../../client/messages/chat.js";
import { until } from "../support/frame-peer.js";
import { World, type Peer } from "../support/message-world.js";

const texts = (peer: Peer, chat: Chat): (string | undefined)[] => peer.engine.chat(chat.id)!.history({ limit: 1_000 }).map((message) => message.text);

async function pair(world: World): Promise<{ alice: Peer; bob: Peer; chat: Chat }> {
  const alice = world.device("alice");
  const bob = world.device("bob");
  const chat = await alice.engine.openDirect(bob.account);
  return { alice, bob, chat };
}

describe.each(["fake", "libsignal"] as const)("messages with the %s cipher", (cipher) => {
  test("a message reaches the other side and its ticks come back", async () => {
    const { alice, bob, chat } = await pair(new World(cipher));
    const sent = chat.send({ text: "hi" });
    expect((await sent.sent).seq).toBe(2n);
    await sent.deliveredTo(bob.account);
    expect(texts(bob, chat)).toEqual(["hi"]);
    bob.engine.markRead(chat.id);
    await sent.readBy(bob.account);
    expect(sent.state).toBe("read");
    expect(alice.fatal).toEqual([]);
  });

  test("both sides write, and an inbox answers", async () => {
    const { alice, bob, chat } = await pair(new World(cipher));
    const bot = (async () => {
      for await (const message of bob.engine.inbox("bot", { own: false })) {
        await message.reply(`${message.text} back`);
        if (message.text === "three") return;
      }
    })();
    for (const text of ["one", "two", "three"]) chat.send({ text });
    await bot;
    await until(() => texts(alice, chat).length === 6, "all six at alice");
    expect(texts(alice, chat)).toEqual(texts(bob, chat));
  });
});
