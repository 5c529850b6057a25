import { expect } from "vitest";
import { calmStore } from "../support/doubtful-partitions.js";
import { DeviceWorld } from "../support/device-world.js";
import type { Kind, ToyConversation } from "../support/toy-conversation.js";

/*
 * Runs a scenario of one device and its conversations: a comment that says what it shows, commands, `----`, and what holds then. Each
 * command ends when nothing more happens by itself at once; time passes only by `wait`.
 */

class Run {
  readonly world = new DeviceWorld(1);
  readonly chats = new Map<string, ToyConversation>();
  /** Frames that an earlier line has looked at. */
  seen = 0;

  chat(name: string): ToyConversation {
    const chat = this.chats.get(name);
    if (chat === undefined) throw new Error(`no conversation is called ${name}`);
    return chat;
  }
}

type Command = readonly [RegExp, (run: Run, ...words: string[]) => unknown];

const commands: readonly Command[] = [
  [/^conversation (\w+)$/, async (run, name) => run.chats.set(name, await run.world.conversation(name))],
  [
    /^conversation (\w+), joined after (\d+)$/,
    async (run, name, before) => run.chats.set(name, await run.world.conversation(name, Number(before))),
  ],
  [/^(\w+): ([\w-]+)$/, (run, name, kind) => run.chat(name).append(kind as Kind)],
  [/^(\w+): (\d+) × ([\w-]+)$/, (run, name, count, kind) => repeat(Number(count), () => run.chat(name).append(kind as Kind))],
  [/^the conversation (\w+) restarts$/, (run, name) => run.chat(name).restart()],
  [/^connects$/, ({ world }) => world.client.connect()],
  [/^connects and says it has (\w+) up to (\d+), (doubted|set back)$/, connectNaming],
  [/^the store is set back to (\w+):(\d+)$/, (run, name, last) => run.world.client.setBack(run.chat(name).id, BigInt(last))],
  [/^disconnects$/, ({ world }) => world.client.disconnect()],
  [/^the line is cut$/, ({ world }) => world.client.disconnect(false)],
  [/^reads nothing$/, ({ world }) => (world.client.silent = true)],
  [/^reads again$/, ({ world }) => (world.client.silent = false)],
  [/^acks after (\d+) ms$/, ({ world }, ms) => (world.client.ackMs = Number(ms))],
  [/^acks (\w+):(\d+)$/, (run, name, through) => run.world.client.ack(run.chat(name).id, BigInt(through))],
  [/^reads (\w+) up to (\d+)$/, (run, name, through) => run.world.client.ack(run.chat(name).id, BigInt(through), "read")],
  [/^fetches (\w+) (\d+) to (\d+)$/, (run, name, from, to) => run.world.client.fetch(run.chat(name).id, BigInt(from), BigInt(to))],
  [/^crash$/, ({ world }) => world.crash()],
  [/^is attached again$/, ({ world }) => world.client.reattach(true)],
  [/^(passivate|drain)$/, ({ world }, type) => world.say({ type: type as "passivate" | "drain" })],
  [/^unlinked$/, ({ world }) => world.deliver({ type: "revoke", account: world.account })],
  [/^the store gives no answers$/, ({ world }) => (world.doubtful.faults = { ...calmStore, lostAnswer: 1 })],
  [/^the store takes (\d+) ms$/, ({ world }, ms) => (world.doubtful.faults = { ...calmStore, delayMs: Number(ms) })],
  [/^the store answers$/, ({ world }) => (world.doubtful.faults = calmStore)],
  [/^the gate is shut$/, ({ world }) => (world.gateShut = true)],
  [/^the gate opens$/, ({ world }) => world.openGate()],
  [/^wait (\d+) (ms|s)$/, ({ world }, count, unit) => world.run(Number(count) * (unit === "s" ? 1_000 : 1))],
];

const facts: readonly Command[] = [
  [/^frames: (.*)$/, (run, words) => expect(framesSince(run)).toBe(words)],
  [/^no frames$/, (run) => expect(framesSince(run)).toBe("")],
  [/^the client has (\w+) up to (\d+)$/, (run, name, last) => expect(run.world.client.last(run.chat(name).id)).toBe(BigInt(last))],
  [/^(\w+):(\d+) is accepted as (\w+)$/, (run, name, seq, how) => expect(run.chat(name).how.get(BigInt(seq))).toBe(how)],
  [/^(\w+):(\d+) is not accepted$/, (run, name, seq) => expect(run.chat(name).how.get(BigInt(seq))).toBeUndefined()],
  [/^(\w+) knows that (\d+) is delivered$/, (run, name, seq) => expect(run.chat(name).told.delivered).toBe(BigInt(seq))],
  [/^(\w+) knows that (\d+) is read$/, (run, name, seq) => expect(run.chat(name).told.read).toBe(BigInt(seq))],
  [/^marks: (.*)$/, async (run, words) => expect(await marksOf(run)).toBe(words)],
  [/^no marks$/, async (run) => expect(await marksOf(run)).toBe("")],
  [/^closed (\d+)$/, ({ world }, code) => expect(world.client.closes.at(-1)).toBe(Number(code))],
  [/^never closed$/, ({ world }) => expect(world.client.closes).toEqual([])],
  [/^the account hears (.+)$/, ({ world }, word) => expect(world.accountHeard).toContain(word)],
  [/^nothing is lost$/, nothingIsLost],
];

export async function runDeviceScenario(text: string): Promise<void> {
  const run = new Run();
  for (const [at, raw] of text.split("\n").entries()) {
    const line = raw.trim();
    if (line === "" || line.startsWith("#") || line === "----") continue;
    const [found] = [...commands, ...facts].flatMap(([pattern, act]) => {
      const match = pattern.exec(line);
      return match === null ? [] : [{ act, words: match.slice(1) }];
    });
    if (found === undefined) throw new Error(`line ${at + 1}: nobody knows what "${line}" means`);
    try {
      await found.act(run, ...found.words);
    } catch (error) {
      throw new Error(`line ${at + 1}: ${line}\n${String(error)}`, { cause: error });
    }
    if (commands.some(([pattern]) => pattern.test(line))) await run.world.run(20);
  }
  expect(run.world.problems).toEqual([]);
}

async function repeat(count: number, act: () => Promise<unknown>): Promise<void> {
  for (let done = 0; done < count; done++) await act();
}

function connectNaming(run: Run, name?: string, last?: string, how?: string): void {
  run.world.client.connect([{ conversation: run.chat(name!).id, last: BigInt(last!), full: how === "set back" }]);
}

function framesSince(run: Run): string {
  const { frames } = run.world.client;
  const words = frames.slice(run.seen).join(", ");
  run.seen = frames.length;
  return words;
}

async function marksOf(run: Run): Promise<string> {
  const marks = await run.world.marks();
  return [...run.chats].flatMap(([name, { id }]) => (marks.has(id) ? [`${name} from ${marks.get(id)}`] : [])).join(", ");
}

/** The client has, or a durable mark holds, everything that was ever accepted. */
async function nothingIsLost({ world }: Run): Promise<void> {
  await world.checkAccepted("at the end");
  expect(world.problems).toEqual([]);
}
