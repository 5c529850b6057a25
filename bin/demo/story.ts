import type { Client } from "../../client/client.js";
import type { Chat } from "../../client/messages/chat.js";
import type { InboxMessage } from "../../client/messages/inbox.js";
import type { SentMessage } from "../../client/messages/sent-message.js";
import type { AccountId, ConversationId } from "../../lib/ids.js";

/** One message of the story, to be looked up on the server's disk afterwards. */
export interface Told {
  readonly conversation: ConversationId;
  readonly seq: bigint;
  readonly text: string;
  /** Account of every device that got it, for the caption. */
  readonly from: AccountId;
}

interface Cast {
  readonly phone: Client;
  readonly laptop: Client;
  readonly bob: Client;
}

type Say = (line: string) => void;

/** Registers alice and bob, and links alice's laptop by the real exchange of codes. */
export async function meet({ phone, laptop, bob }: Cast, say: Say): Promise<void> {
  say("alice registers on her phone.");
  const { recoveryWords = "" } = await phone.register({ handle: "alice" });
  say(`   her recovery key begins with: ${recoveryWords.split(" ").slice(0, 4).join(" ")} …`);
  await phone.start();
  say("bob registers.");
  await bob.register({ handle: "bob" });
  await bob.start();
  say("alice's laptop shows a code, and her phone approves it.");
  const link = await laptop.linkDevice({ name: "laptop", platform: process.platform });
  const asked = phone.devices.inspectLink(link.uri);
  say(`   the laptop shows the digits ${link.digits}, the phone asks: "${asked.name}" with the digits ${asked.digits}?`);
  if (asked.digits !== link.digits) throw new Error("the digits differ");
  const approval = phone.devices.approveLink(link.uri);
  await link.completed;
  await approval;
  await laptop.start();
  say(`   alice has ${String((await phone.devices.list()).length)} devices now.`);
}

/** Messages in both directions, and from the second device. */
export async function talk(cast: Cast, say: Say): Promise<Told> {
  const { phone, laptop, bob } = cast;
  const atBob = bob.inbox("demo");
  const atPhone = phone.inbox("demo", { own: true });
  const atLaptop = laptop.inbox("demo", { own: true });
  const chat = await phone.createChat({ participants: ["bob"] });

  const text = "Meet me at the bridge at noon. 🌉";
  say(`alice's phone writes to bob: "${text}"`);
  const sent = chat.send({ text });
  const { seq } = await ticks(sent, "bob", say, async () => {
    const message = await next(atBob);
    say(`   bob's device shows it: "${message.text}"`);
    message.markRead();
  });
  say(`   alice's laptop shows it too, as her own: "${(await next(atLaptop)).text}"`);

  say('bob answers: "On my way."');
  const home = await bob.createChat({ participants: ["alice"] });
  await ticks(home.send({ text: "On my way." }), "alice", say, async () => {
    say(`   alice's phone shows it: "${(await next(atPhone)).text}"`);
    const message = await next(atLaptop);
    say(`   alice's laptop shows it: "${message.text}"`);
    message.markRead();
  });

  say('alice writes from her laptop: "I have the map."');
  const onLaptop: Chat = await laptop.createChat({ participants: ["bob"] });
  await ticks(onLaptop.send({ text: "I have the map." }), "bob", say, async () => {
    const message = await next(atBob);
    say(`   bob's device shows it: "${message.text}"`);
    message.markRead();
  });
  say(`   and her phone has it: "${(await next(atPhone)).text}"`);
  return { conversation: chat.id, seq, text, from: phone.self!.account };
}

/** Waits for each tick and says so. */
async function ticks(sent: SentMessage, reader: string, say: Say, read: () => Promise<void>): Promise<{ seq: bigint }> {
  say(`   …    queued on the device (${sent.state})`);
  const { seq } = await sent.sent;
  say(`   ✓    the server has it on disk, as number ${String(seq)} of the conversation`);
  await sent.deliveredTo(reader);
  say(`   ✓✓   a device of ${reader}'s has stored it`);
  await read();
  await sent.readBy(reader);
  say(`   ✓✓r  ${reader} has read it`);
  return { seq };
}

async function next(inbox: AsyncGenerator<InboxMessage, void, undefined>): Promise<InboxMessage> {
  const { value } = await inbox.next();
  if (value === undefined) throw new Error("the inbox ended");
  return value;
}
