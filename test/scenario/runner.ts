import { expect } from "vitest";
import type { ConversationId } from "../../lib/ids.js";
import { calmStore } from "../support/doubtful-partitions.js";
import { calm, World, type WorldAccount } from "../support/conversation-world.js";
import { messageIdOf } from "../support/message-id.js";
import { violations } from "../support/world-checks.js";
import type { WorldDevice } from "../support/world-device.js";

/*
 * Runs a scenario file: a comment that says what it shows, commands, `----`, and what holds then. Each command ends when nothing more
 * happens by itself; time passes only by `wait`. Names of devices are `ann` (her first one) or `ann's laptop`.
 */

/** A command: its words, and what it does. */
type Command = readonly [RegExp, (run: Run, ...words: string[]) => void | Promise<void>];

class Run {
  readonly world = new World(1);
  readonly accounts = new Map<string, WorldAccount>();
  readonly texts: string[] = [];
  conversation: ConversationId | undefined;

  get id(): ConversationId {
    if (this.conversation === undefined) throw new Error("the scenario has no conversation");
    return this.conversation;
  }

  account(name: string): WorldAccount {
    const account = this.accounts.get(name);
    if (account === undefined) throw new Error(`nobody is called ${name}`);
    return account;
  }

  device(name: string): WorldDevice {
    const [account, device] = name.split("'s ");
    const found = [...this.world.devices.values()].find((each) => each.name === `${account}'s ${device ?? "phone"}`);
    if (found === undefined) throw new Error(`no device is called ${name}`);
    return found;
  }

  /** Until nothing more happens by itself. */
  async calm(ms = 100): Promise<void> {
    await this.world.clock.runUntil(this.world.clock.mono() + ms);
  }
}

const commands: readonly Command[] = [
  [/^conversation \w+: (.+)$/, begin],
  [/^(.+) sends (\S+)$/, (run, device, text) => send(run, device, text)],
  [/^(.+) sends (\S+) again$/, again],
  [
    /^(.+) sends (\S+), answer lost$/,
    (run, device, text) => {
      run.world.loseAnswers = 1;
      send(run, device, text);
    },
  ],
  [
    /^(.+) sends (\S+) to the old owner$/,
    async (run, device, text) => {
      run.world.misled = run.world.hosts.at(-2);
      send(run, device, text);
      await run.calm();
      run.world.misled = undefined;
    },
  ],
  [
    /^(.+) sends (\d+) messages$/,
    async (run, device, count) => {
      for (let n = 1; n <= Number(count); n++) send(run, device, `filler-${n}`);
      await run.calm(5_000);
    },
  ],
  [
    /^(.+) sends (\S+) by the roster of (\d+)$/,
    (run, device, text, seq) => {
      run.texts.push(text);
      return run.device(device).sendBy(run.id, text, BigInt(seq));
    },
  ],
  [/^(\w+) links (\w+)$/, (run, account, device) => void (run.world.link(run.account(account), device).repeats = false)],
  [/^crash owner$/, (run) => run.world.crash()],
  [/^a new owner takes over$/, (run) => void run.world.takeOver()],
  [/^the old owner dies$/, (run) => void (run.world.hosts.at(-2)!.killed = true)],
  [/^the owner is woken$/, (run) => run.world.owner.tell(run.id, { type: "recover" })],
  [/^the conversation passivates$/, (run) => run.world.owner.say(run.id, { type: "passivate" })],
  [/^the owner drains$/, (run) => run.world.owner.say(run.id, { type: "drain" })],
  [/^(.+) hears nothing$/, (run, device) => void (run.device(device).deaf = true)],
  [/^(.+) hears again$/, (run, device) => void (run.device(device).deaf = false)],
  [/^(.+) goes offline$/, (run, device) => void (run.device(device).offline = true)],
  [
    /^(.+) comes back$/,
    async (run, device) => {
      run.device(device).offline = false;
      await run.device(device).drain(run.id);
    },
  ],
  [/^intents hang$/, (run) => void (run.world.intentsHeld = true)],
  [/^intents go on$/, (run) => void (run.world.intentsHeld = false)],
  [/^the gate says nothing$/, (run) => void (run.world.gateClosed = true)],
  [/^the store applies and says nothing$/, (run) => run.world.setFaults({ ...calm, store: { ...calmStore, lostAnswer: 1, readFails: 1 } })],
  [/^the store drops everything$/, (run) => run.world.setFaults({ ...calm, store: { ...calmStore, dropped: 1, readFails: 1 } })],
  [
    /^the store applies everything (\d+) s late$/,
    (run, s) => run.world.setFaults({ ...calm, store: { ...calmStore, late: 1, lateMs: Number(s) * 1_000 } }),
  ],
  [/^the store is well$/, (run) => run.world.setFaults(calm)],
  [/^wait (\d+) s$/, (run, seconds) => run.calm(Number(seconds) * 1_000)],
];

async function begin(run: Run, names?: string): Promise<void> {
  for (const name of names!.split(" ")) run.accounts.set(name, run.world.addAccount(name, ["phone"]));
  for (const device of run.world.devices.values()) device.repeats = false;
  const members = [...run.accounts.values()];
  const genesis = run.world.genesisOf("scenario", members);
  run.conversation = genesis.conversation;
  run.world.conversations.push(genesis.conversation);
  const { id: account, devices } = members[0]!;
  run.world.ask(
    genesis.conversation,
    (requestId) => ({ type: "create", from: { gateway: "g", socket: 1, requestId, account, device: devices[0]! }, genesis }),
    () => undefined,
  );
  await run.calm();
}

function send(run: Run, device: string, text: string): void {
  run.texts.push(text);
  const sender = run.device(device);
  sender.repeats = false;
  sender.send(run.id, text);
}

function again(run: Run, name?: string, text?: string): void {
  const sender = run.device(name!);
  const sending = sender.chat(run.id).sends.find((each) => each.text === text);
  if (sending === undefined) throw new Error(`${name} never sent ${text}`);
  sender.transmit(run.id, sending);
}

/** What the log holds, in words. */
async function logInWords(run: Run): Promise<string> {
  const words: string[] = [];
  for (const header of await run.world.log(run.id)) {
    const text = run.texts.find((each) => messageIdOf(each) === header.id);
    const of = header.kind === "devices" ? `(${run.world.accounts.get(header.account)!.name})` : "";
    words.push(`${header.seq}:${text ?? header.kind}${of}`);
  }
  return words.join(" ");
}

type Fact = readonly [RegExp, (run: Run, ...words: string[]) => string | Promise<string>];

/** Each says what is the case, in the words of the file. */
const facts: readonly Fact[] = [
  [
    /^(.+) sent (\S+) at \d+$/,
    (run, device, text) => {
      const sending = run
        .device(device)
        .chat(run.id)
        .sends.find((each) => each.text === text);
      return `${device} sent ${text} at ${sending?.seq}`;
    },
  ],
  [
    /^(.+) has no answer for (\S+)$/,
    (run, device, text) => {
      const sending = run
        .device(device)
        .chat(run.id)
        .sends.find((each) => each.text === text);
      return sending !== undefined && sending.seq === undefined ? `${device} has no answer for ${text}` : `${text} is at ${sending?.seq}`;
    },
  ],
  [/^(.+) was refused [a-z-]+$/, (run, device) => `${device} was refused ${run.device(device).codes.join(" ")}`],
  [
    /^(.+) (?:received|lacks) (\S+)/,
    (run, device, text) => {
      for (const [seq, body] of run.device(device).chat(run.id).have)
        if (body.startsWith(`${text} `)) return `${device} received ${text} at ${seq}`;
      return `${device} lacks ${text}`;
    },
  ],
  [/^log /, async (run) => `log ${await logInWords(run)}`],
  [/^log ends with /, async (run) => `log ends with ${(await logInWords(run)).split(" ").slice(-2).join(" ")}`],
  [
    /^the conversation is (?:clean|open)$/,
    (run) => `the conversation is ${run.world.owner.stateOf(run.id)?.clean === false ? "open" : "clean"}`,
  ],
  [/^nothing is broken$/, async (run) => (await violations(run.world)).join("; ") || "nothing is broken"],
];

/** Runs the commands of a scenario file and compares what holds with what it says. */
export async function runScenario(file: string): Promise<void> {
  const [script, expected] = file.split(/^----$/m).map(linesOf);
  if (script === undefined || expected === undefined) throw new Error("a scenario has commands, ----, and facts");
  const run = new Run();
  for (const line of script) {
    await perform(run, line);
    await run.calm();
  }
  const found: string[] = [];
  for (const line of expected) found.push(await factOf(run, line));
  expect(found).toEqual(expected);
}

function linesOf(text: string): string[] {
  const lines = text.split("\n").map((line) => line.replace(/#.*$/, "").trim().replace(/\s+/g, " "));
  return lines.filter((line) => line !== "");
}

async function perform(run: Run, line: string): Promise<void> {
  // The longest form that fits: `sends m1 again` before `sends m1`.
  const fitting = commands.filter(([form]) => form.test(line));
  const command = fitting.at(-1);
  if (command === undefined) throw new Error(`no such command: ${line}`);
  await command[1](run, ...command[0].exec(line)!.slice(1));
}

async function factOf(run: Run, line: string): Promise<string> {
  const fact = facts.filter(([form]) => form.test(line)).at(-1);
  if (fact === undefined) throw new Error(`no such fact: ${line}`);
  return fact[1](run, ...fact[0].exec(line)!.slice(1));
}
