import { statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { exitCodes, type Terminal } from "../../app/cli/command.js";
import { Client } from "../../client/client.js";
import type { Chat } from "../../client/messages/chat.js";
import type { Clock } from "../../lib/clock.js";
import type { ConversationId, DeviceId } from "../../lib/ids.js";
import { seededRand, type Rand } from "../../lib/random.js";
import { openLmdb } from "../../storage/open.js";
import { Ledger, type Logged, type Verdict } from "./ledger.js";
import { ServerProcess } from "./server-process.js";
import { temporaryFolder } from "./stage.js";

export interface ChaosOptions {
  readonly program: string;
  readonly clock: Clock;
  readonly messages: number;
  readonly seed: number;
  readonly terminal: Terminal;
}

/** Sends far faster than people do, so these limits are raised, openly. */
const raised = [
  "limits.sendsPerPairBucket=1000000",
  "limits.sendsPerPairPerSecond=1000000",
  "limits.sendsPerDeviceBucket=1000000",
  "limits.sendsPerDevicePerSecond=1000000",
  "limits.prekeyFetchBucket=1000",
];
const killsMin = 6;
/** Messages of one device that wait for their acknowledgement at a time. */
const inFlight = 24;
/** Nothing new at any device for so long: what is missing then is lost. */
const silenceMs = 45_000;

interface Device {
  readonly name: string;
  readonly client: Client;
  readonly id: DeviceId;
  readonly chat: Chat;
}

/** Two accounts with two devices each write to each other while the server is killed and started again. */
export async function chaos({ program, clock, messages, seed, terminal }: ChaosOptions): Promise<number> {
  const disk = temporaryFolder(tmpdir(), "hermod-chaos-");
  const stores = storesFolder() ?? disk;
  const rand = seededRand(seed);
  const clients: Client[] = [];
  let server: ServerProcess | undefined;
  const stopAll = async (): Promise<void> => {
    await Promise.all(clients.map((client) => client.stop()));
    await server?.stop();
  };
  try {
    const args = ["--log-level", "error", ...raised.flatMap((limit) => ["--set", limit])];
    server = await ServerProcess.start({ program, dir: join(disk.path, "server"), args });
    terminal.say(`Server at ${server.url}, seed ${String(seed)}. For this run its limits are raised: ${raised.join(", ")}`);
    const open = async (name: string): Promise<Client> => {
      const client = await Client.open({ servers: [server!.url], dir: join(stores.path, name), clientName: "hermod-demo" });
      clients.push(client);
      return client;
    };
    if (stores !== disk)
      terminal.say(`The server's data is on disk; the devices' stores are in ${memory}, since nobody kills the devices.`);
    const devices = await gather(open);
    terminal.say(`alice and bob have two devices each. Sending ${String(messages)} messages, both ways, killing the server meanwhile.`);
    const run = new ChaosRun({ server, devices, clock, rand, terminal, messages });
    await run.through();
    await stopAll();
    const verdict = run.ledger.judge(await logOf(server.dir, devices[0]!.chat.id, clock));
    return report(run, verdict, terminal);
  } finally {
    await stopAll();
    disk.remove();
    stores.remove();
  }
}

const memory = "/dev/shm";
const memoryBytesMin = 512 * 1024 * 1024;

/** Four devices in one process would wait for the disk most of the time; in memory they load the server instead. */
function storesFolder(): ReturnType<typeof temporaryFolder> | undefined {
  try {
    const { bavail, bsize } = statfsSync(memory);
    return bavail * bsize < memoryBytesMin ? undefined : temporaryFolder(memory, "hermod-chaos-");
  } catch {
    return undefined; // there is no such place here
  }
}

async function gather(open: (name: string) => Promise<Client>): Promise<Device[]> {
  const devices: Device[] = [];
  const pairs: Client[][] = [];
  for (const handle of ["alice", "bob"]) {
    const first = await open(`${handle}-phone`);
    await first.register({ handle });
    await first.start();
    const second = await open(`${handle}-laptop`);
    const link = await second.linkDevice({ name: "laptop" });
    await Promise.all([first.devices.approveLink(link.uri), link.completed]);
    await second.start();
    pairs.push([first, second]);
  }
  for (const [index, pair] of pairs.entries()) {
    for (const [at, client] of pair.entries()) {
      const chat = await client.createChat({ participants: [index === 0 ? "bob" : "alice"] });
      const name = `${index === 0 ? "alice" : "bob"}-${at === 0 ? "phone" : "laptop"}`;
      devices.push({ name, client, id: client.self!.device, chat });
    }
  }
  return devices;
}

interface RunParts {
  readonly server: ServerProcess;
  readonly devices: readonly Device[];
  readonly clock: Clock;
  readonly rand: Rand;
  readonly terminal: Terminal;
  readonly messages: number;
}

class ChaosRun {
  readonly ledger = new Ledger();
  kills = 0;
  readonly #parts: RunParts;
  readonly #over = new AbortController();
  #changedMs: number;
  #startedMs: number;

  constructor(parts: RunParts) {
    this.#parts = parts;
    this.#changedMs = this.#startedMs = parts.clock.mono();
  }

  get seconds(): number {
    return (this.#parts.clock.mono() - this.#startedMs) / 1000;
  }

  async through(): Promise<void> {
    const { devices, messages } = this.#parts;
    for (const { id } of devices) this.ledger.addDevice(id);
    const reading = devices.map((device) => this.#read(device));
    const share = Math.ceil(messages / devices.length);
    const sending = devices.map((device, index) => this.#send(device, Math.min(share, messages - share * index)));
    const killing = this.#kill();
    const progress = this.#progress();
    try {
      await Promise.race([Promise.all([...sending, killing]), this.#silence()]);
      while (!this.ledger.isComplete() && !this.#isSilent()) await this.#parts.clock.sleep(50);
      await this.#parts.clock.sleep(500); // a second showing would come now
    } finally {
      this.#over.abort();
    }
    await Promise.all([...reading, progress, killing]);
  }

  async #send({ name, id, chat }: Device, count: number): Promise<void> {
    const waiting = new Set<Promise<void>>();
    for (let nth = 1; nth <= count && !this.#over.signal.aborted; nth++) {
      const text = `${name} ${String(nth)} ${wordOf(this.#parts.rand)}`;
      const message = chat.send({ text });
      this.ledger.onSent(id, message.id, text);
      const acknowledged: Promise<void> = message.sent.then(
        ({ seq }) => {
          this.ledger.onAcknowledged(message.id, seq);
          this.#changedMs = this.#parts.clock.mono();
          waiting.delete(acknowledged);
        },
        () => undefined, // stays unacknowledged, and is counted as that
      );
      waiting.add(acknowledged);
      if (waiting.size >= inFlight) await Promise.race(waiting);
    }
    await Promise.all(waiting);
  }

  async #read({ client, id }: Device): Promise<void> {
    for await (const { id: message, seq, text } of client.inbox("chaos", { own: true, signal: this.#over.signal })) {
      this.ledger.onShown(id, { id: message, seq, text });
      this.#changedMs = this.#parts.clock.mono();
    }
  }

  /** At drawn points of the way, and a drawn moment after each: SIGKILL, and a new process on the same data. */
  async #kill(): Promise<void> {
    const { server, clock, rand, messages, terminal } = this.#parts;
    const count = killsMin + Math.floor(messages / 1_000);
    const marks = Array.from({ length: count }, () => Math.floor(messages * (0.03 + 0.9 * rand.fraction()))).sort((a, b) => a - b);
    for (const mark of marks) {
      while (this.ledger.acknowledged < mark && !this.#over.signal.aborted && !this.#isSilent()) await clock.sleep(2, this.#over.signal);
      await clock.sleep(rand.below(150), this.#over.signal);
      if (this.#over.signal.aborted) return;
      const { signal } = await server.kill("SIGKILL");
      if (signal !== "SIGKILL") throw new Error(`the server had ended by itself: ${server.output.slice(-500)}`);
      this.kills++;
      terminal.say(
        `  kill ${String(this.kills)} by SIGKILL after ${String(this.ledger.acknowledged)} acknowledged messages; starting it again`,
      );
      await server.restart();
    }
  }

  async #progress(): Promise<void> {
    const { clock, terminal } = this.#parts;
    while (!this.#over.signal.aborted) {
      await clock.sleep(5_000, this.#over.signal);
      if (this.#over.signal.aborted) return;
      const { sent, acknowledged, shown } = this.ledger;
      terminal.say(
        `  ${this.seconds.toFixed(0).padStart(3)} s: ${String(sent)} written, ${String(acknowledged)} acknowledged, shown by the four devices: ${shown.join(", ")}`,
      );
    }
  }

  #isSilent(): boolean {
    return this.#parts.clock.mono() - this.#changedMs > silenceMs;
  }

  async #silence(): Promise<void> {
    while (!this.#isSilent() && !this.#over.signal.aborted) await this.#parts.clock.sleep(500, this.#over.signal);
  }
}

function wordOf(rand: Rand): string {
  return Array.from(rand.bytes(6), (byte) => String.fromCodePoint(0x61 + (byte % 26))).join("");
}

/** The messages on the server's disk, in their order. */
async function logOf(directory: string, conversation: ConversationId, clock: Clock): Promise<readonly Logged[]> {
  const stores = await openLmdb(directory, {
    clock,
    onFatal: (cause) => {
      throw cause instanceof Error ? cause : new Error(String(cause));
    },
  });
  try {
    const log: Logged[] = [];
    for (let bucket = 0n; ; bucket++) {
      const state = await stores.log.probe({ conversation, bucket });
      if (state === undefined) return log;
      const headers = await stores.log.headers({ conversation, bucket }, bucket * 512n + 1n, state.lastSeq);
      let expected = bucket * 512n + 1n;
      for (const { seq, id, device, kind } of headers) {
        if (seq !== expected++) throw new Error(`the server's log has ${String(seq)} where ${String(expected - 1n)} belongs`);
        if (kind === "message") log.push({ seq, id, device });
      }
    }
  } finally {
    await stores.close();
  }
}

function report({ ledger, kills, seconds }: ChaosRun, verdict: Verdict, terminal: Terminal): number {
  const { lost, shownTwice, outOfOrder, gaps, altered, examples } = verdict;
  const rows: [string, number][] = [
    ["kills", kills],
    ["acknowledged", ledger.acknowledged],
    ["lost", lost],
    ["shown twice", shownTwice],
    ["out of order", outOfOrder],
    ["gaps", gaps],
  ];
  terminal.say("");
  for (const [name, value] of rows) terminal.say(`  ${name.padEnd(14)}${String(value).padStart(6)}`);
  terminal.say("");
  for (const example of examples) terminal.say(`  ${example}`);
  const unanswered = ledger.sent - ledger.acknowledged;
  if (unanswered > 0) terminal.say(`  ${String(unanswered)} messages were written and not acknowledged in the end.`);
  if (altered > 0) terminal.say(`  ${String(altered)} messages were shown with a text that nobody sent.`);
  const bad = lost + shownTwice + outOfOrder + gaps + altered + unanswered;
  terminal.say(
    bad === 0
      ? `Every acknowledged message was shown once, in one order, by every other device. ${seconds.toFixed(0)} s.`
      : `This must not happen. ${seconds.toFixed(0)} s.`,
  );
  return bad === 0 && kills >= 5 ? exitCodes.ok : exitCodes.failure;
}
