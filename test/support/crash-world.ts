import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { ClientProcess, type ClientState, type Dump } from "./client-process.js";
import { CrashServer } from "./crash-server.js";
import { judge, type HistoryEvent, type Verdict } from "./history.js";

/** Limits that these worlds change, openly: what a person may do in an hour happens here in a minute, and waits are short. */
export const serverLimits = {
  sendsPerPairBucket: 1e6,
  sendsPerDeviceBucket: 1e6,
  sendsPerPairPerSecond: 1e6,
  sendsPerDevicePerSecond: 1e6,
  pagesPerDeviceBucket: 1e6,
  listChangesPerDayMax: 1_000,
  addAfterMs: 0,
  linkBucket: 1e6,
  lookupsPerHour: 1e6,
  newContactsPerHour: 1e6,
  prekeyFetchBucket: 1e6,
  registrationsPerIpBucket: 1e6,
  socketsPerIpMax: 10_000,
  ackWaitMs: 200,
  actorIdleMs: 1_000,
};
export const clientLimits = { reconnectMinMs: 50, reconnectMaxMs: 250, outboxDelayMaxMs: 500, linkLookMs: 200, linkRetryMs: 200 };

/** Words after `hermod serve` for the limits above and more. */
export function raised(more: Readonly<Record<string, number>> = {}): string[] {
  return Object.entries({ ...serverLimits, ...more }).flatMap(([name, value]) => ["--set", `limits.${name}=${String(value)}`]);
}

/** Asks again until the answer is yes. The time begins anew whenever `since` changes: a kill costs a start of its own. */
export async function eventually(
  look: () => boolean | Promise<boolean>,
  what: string | (() => string),
  limitMs = 20_000,
  since: () => unknown = () => 0,
): Promise<void> {
  let begun = performance.now();
  for (let epoch = since(); !(await look());) {
    const present = since();
    if (present !== epoch) begun = performance.now();
    epoch = present;
    if (performance.now() - begun > limitMs)
      throw new Error(`after ${String(limitMs)} ms still not: ${typeof what === "string" ? what : what()}`);
    await pause(20);
  }
}

/** Nothing is on its way from this client, and it has what any of the others has sent. */
function isSettled(state: ClientState, all: readonly ClientState[]): boolean {
  if (state.connection !== "live" || state.pending > 0 || state.staged > 0) return false;
  return Object.entries(state.chats).every(([chat, { newest, last }]) =>
    all.every((other) => {
      const there = other.chats[chat];
      return there === undefined || (BigInt(newest) >= BigInt(there.newest) && (other === state || BigInt(last) >= BigInt(there.own)));
    }),
  );
}

/** A server and its clients, each a process with files of its own, all of which may be killed. */
export class CrashWorld {
  readonly dir: string;
  readonly clients = new Map<string, ClientProcess>();
  /** Devices that were removed or left asleep: nothing is asked of them at the end. */
  readonly gone = new Set<string>();
  readonly #limits: Readonly<Record<string, number>>;
  readonly #retired: Dump[] = [];
  server!: CrashServer;

  private constructor(limits: Readonly<Record<string, number>>) {
    this.dir = mkdtempSync(join(tmpdir(), "hermod-crash-"));
    this.#limits = limits;
  }

  /** @param place where the server's data lies instead of in the world's own directory, and more words for it */
  static async start(
    limits: Readonly<Record<string, number>> = {},
    env: Readonly<Record<string, string>> = {},
    place: { readonly dir?: string; readonly args?: readonly string[] } = {},
  ): Promise<CrashWorld> {
    const world = new CrashWorld(limits);
    const args = ["--log-level", "error", ...raised(limits), ...(place.args ?? [])];
    world.server = await CrashServer.start({ dir: place.dir ?? join(world.dir, "server"), args, env });
    return world;
  }

  make(name: string, answers = false): ClientProcess {
    const client = new ClientProcess({ servers: [this.server.url], dir: this.dir, name, limits: { ...clientLimits, ...this.#limits } });
    client.answers = answers;
    this.clients.set(name, client);
    return client;
  }

  /** An account with one device, connected. */
  async person(handle: string, answers = false): Promise<ClientProcess> {
    const client = this.make(handle, answers);
    await client.launch();
    await client.ask("register", { handle });
    await client.ask("start", { answers });
    return client;
  }

  /** A further device of the account of `old`, connected. */
  async link(old: ClientProcess, name: string): Promise<ClientProcess> {
    const client = this.make(name);
    await client.launch();
    const { uri } = await client.ask<{ uri: string }>("link", { name });
    await old.ask("approve", { uri });
    await client.ask("linked");
    await client.ask("start");
    await this.knowsAll(client, old);
    return client;
  }

  /** The linked device was told of the conversations that the old one has. */
  async knowsAll(client: ClientProcess, old: ClientProcess): Promise<void> {
    await eventually(
      async () => {
        const [known, wanted] = await Promise.all([client.state(), old.state()]);
        return Object.keys(wanted.chats).every((chat) => chat in known.chats);
      },
      `${client.name} knows the conversations of ${old.name}`,
      30_000,
      this.restarts,
    );
  }

  /** Its store is looked at once more, then its process ends for good; what it did is still judged. */
  async retire(client: ClientProcess): Promise<Dump> {
    const dump = await client.ask<Dump>("dump");
    this.#retired.push({ ...dump, retired: true });
    this.gone.add(client.name);
    await client.stop();
    return dump;
  }

  /** Changes with every start of the server. */
  readonly restarts = (): number => this.server.pid;

  get awake(): ClientProcess[] {
    return [...this.clients.values()].filter((client) => client.alive && !this.gone.has(client.name));
  }

  /** Every outbox is empty, and whoever has a conversation has its newest message. */
  async settled(limitMs = 30_000): Promise<void> {
    let seen = "";
    await eventually(
      async () => {
        const states = await Promise.all(this.awake.map((client) => client.state()));
        seen = this.awake.map((client, at) => `${client.name} ${JSON.stringify(states[at])}`).join("\n");
        return states.every((state) => isSettled(state, states));
      },
      () => `all devices have everything:\n${seen}`,
      limitMs,
      this.restarts,
    );
  }

  /** What the clients' histories and stores say of everything so far. */
  async judged(): Promise<Verdict> {
    const events: HistoryEvent[] = [];
    for (const { history } of this.clients.values()) {
      for (const line of readFileSync(history, "utf8").split("\n")) if (line !== "") events.push(JSON.parse(line) as HistoryEvent);
    }
    const dumps: Dump[] = [...this.#retired];
    for (const client of this.awake) dumps.push(await client.ask<Dump>("dump"));
    return judge({ events, dumps });
  }

  /** Every own message of a direct conversation has reached somebody's device, and its sender knows. */
  async ticked(limitMs = 30_000): Promise<void> {
    let seen = "";
    await eventually(
      async () => {
        const open = await Promise.all(this.awake.map((client) => client.ask<{ open: unknown[] }>("unticked")));
        seen = JSON.stringify(open.map(({ open: rows }, at) => [this.awake[at]!.name, rows.slice(0, 5)]));
        return open.every(({ open: rows }) => rows.length === 0);
      },
      () => `every message is delivered at its sender: ${seen}`,
      limitMs,
    );
  }

  async end(): Promise<void> {
    await Promise.all([...this.clients.values()].map((client) => client.kill("SIGKILL").catch(() => undefined)));
    await this.server.kill();
    rmSync(this.dir, { recursive: true, force: true });
  }
}
