import { readFileSync } from "node:fs";
import { idBytes, toBase32, type ConversationId, type DeviceId } from "../../lib/ids.js";
import { hermod } from "../../protos/gen/hermod.js";
import { readGenesis } from "../../protos/signed/genesis.js";
import { rosterHashOf } from "../../protos/signed/roster.js";
import { readSigned, writeSigned, type SignedObject } from "../../protos/signed/signed.js";
import { must, type TestKey } from "../unit/signed-fixtures.js";
import { directGenesis, linkOf, Person, secretOf, uploadOf, type Offer } from "./account-maker.js";
import { linkMacOf } from "../../protos/signed/ids.js";
import { freePort } from "./crash-server.js";
import { RawSocket } from "./raw-device.js";
import { startServer, type TestServer } from "./server.js";

/** Limits that are not what a test is about, raised openly. */
const usualLimits: Readonly<Record<string, number>> = {
  registrationsPerIpBucket: 1e6,
  lookupsPerHour: 1e6,
  linkBucket: 1e6,
  newContactsPerHour: 1e6,
  sendsPerPairBucket: 1e6,
  sendsPerDeviceBucket: 1e6,
  pagesPerDeviceBucket: 1e6,
  socketsPerIpMax: 1_000,
  problemsBeforeClose: 1e6,
  addAfterMs: 0,
  listChangesPerDayMax: 1_000,
};

export interface RestAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown> & { readonly code?: string };
}

export const base64url = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64url");

/** A real server, people whose keys the test holds, and a pair that only wants to talk meanwhile. */
export class WireWorld {
  readonly server: TestServer;
  readonly #residentBefore: number;
  pair: Pair | undefined;

  private constructor(server: TestServer) {
    this.server = server;
    this.#residentBefore = this.residentBytes();
  }

  /** `quiet`: without the pair of bystanders. */
  static async start(changed: Readonly<Record<string, number>> = {}, args: readonly string[] = [], quiet = false): Promise<WireWorld> {
    const words = Object.entries({ ...usualLimits, ...changed }).flatMap(([name, value]) => ["--set", `limits.${name}=${String(value)}`]);
    const ports = ["--port", String(await freePort()), "--admin-port", String(await freePort())];
    const world = new WireWorld(await startServer({ args: [...ports, ...words, ...args] }));
    if (quiet) return world;
    const [one, other] = [await world.person("bystander-one"), await world.person("bystander-two")];
    world.pair = await Pair.open(world, one, other);
    return world;
  }

  get url(): string {
    return this.server.url;
  }

  residentBytes(): number {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${String(this.server.pid)}/status`, "utf8"))?.[1] ?? 0) * 1_024;
  }

  get grownBytes(): number {
    return this.residentBytes() - this.#residentBefore;
  }

  async metric(name: string): Promise<number> {
    const page = await (await fetch(`${this.server.adminUrl}/metrics`)).text();
    return Number(new RegExp(`^${name.replace(/[{}"]/g, "\\$&")} (\\S+)$`, "m").exec(page)?.[1] ?? 0);
  }

  async post(path: string, body: unknown, bearer?: string): Promise<RestAnswer> {
    const headers = { "content-type": "application/json", ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }) };
    return this.rest("POST", path, headers, typeof body === "string" ? body : JSON.stringify(body));
  }

  async rest(method: string, path: string, headers: Record<string, string> = {}, body?: string): Promise<RestAnswer> {
    const answer = await fetch(`${this.url}${path}`, { method, headers, ...(body === undefined ? {} : { body }) });
    const text = await answer.text();
    return { status: answer.status, headers: answer.headers, body: (text === "" ? {} : JSON.parse(text)) as RestAnswer["body"] };
  }

  /** The body of an honest registration. */
  registration(person: Person, count = 3): Record<string, string> {
    return {
      handle: person.name,
      list: base64url(writeSigned(person.versions[0]!)),
      keys: base64url(uploadOf(person.first, 1n, count)),
      credential: base64url(secretOf(person.first)),
    };
  }

  async person(name: string, count = 3): Promise<Person> {
    const person = new Person(name);
    const answer = await this.post("/v1/accounts", this.registration(person, count));
    if (answer.status !== 201) throw new Error(`not registered: ${JSON.stringify(answer.body)}`);
    return person;
  }

  credential(person: Person, key: TestKey = person.first): Uint8Array {
    return new Uint8Array([...idBytes(person.id), ...idBytes(key.id), ...secretOf(key)]);
  }

  bearer(person: Person, key: TestKey = person.first): string {
    return toBase32(this.credential(person, key));
  }

  /** A device that said hello and did not sync. */
  async open(person: Person, key: TestKey = person.first): Promise<RawSocket> {
    const socket = new RawSocket(this.url);
    const welcome = await socket.hello(this.credential(person, key));
    if (!welcome.welcome) throw new Error(`no welcome: ${JSON.stringify(welcome.problem)}`);
    return socket;
  }

  async live(person: Person, key: TestKey = person.first, sync: Partial<hermod.v1.SyncState.$Properties> = {}): Promise<RawSocket> {
    const socket = await this.open(person, key);
    socket.send({ syncState: { chats: [], readPending: [], more: false, ...sync } });
    await socket.hear((frame) => frame.live !== null);
    return socket;
  }

  /** The same as a device that stores whatever comes and says so at once. */
  async acking(person: Person, key: TestKey = person.first): Promise<RawSocket> {
    const socket = await this.open(person, key);
    keepAcking(socket);
    socket.send({ syncState: { chats: [], readPending: [], more: false } });
    await socket.hear((frame) => frame.live !== null);
    return socket;
  }

  /** The approval of a link as the old device sends it. */
  approval(offer: Offer, list: SignedObject, by: TestKey): Record<string, string> {
    const signature = list.by.find(({ signer }) => signer === by.id)!.signature;
    const [body, signer] = [base64url(list.body), base64url(idBytes(by.id))];
    return { body, signer, signature: base64url(signature), mac: base64url(linkMacOf(offer.secret, list.body)) };
  }

  completion(list: SignedObject, added: TestKey): Record<string, string> {
    return { list: base64url(writeSigned(list)), keys: base64url(uploadOf(added, 1n)), credential: base64url(secretOf(added)) };
  }

  /** Offer, approval and completion, all honest. */
  async link(person: Person, added: TestKey, by: TestKey = person.first): Promise<void> {
    const offer = linkOf(`${added.id} ${String(person.head.version)}`);
    const devices = [...person.head.devices.map((device) => person.keyOfDevice(device.identityKey)), added];
    const list = person.next(by, devices, {}, added);
    await this.post("/v1/devices/link", { linkId: offer.id, identityKey: base64url(added.public) });
    await this.post(`/v1/devices/link/${offer.id}/approve`, this.approval(offer, list, by), this.bearer(person, by));
    const linked = await this.post(`/v1/devices/link/${offer.id}/complete`, this.completion(list, added));
    if (linked.status !== 201) throw new Error(`not linked: ${JSON.stringify(linked.body)}`);
    person.take(list);
  }

  async stop(): Promise<void> {
    await this.pair?.stop();
    await this.server.stop();
  }
}

/** A direct conversation as its devices see it, and envelopes that fit it. */
export class WireChat {
  readonly id: ConversationId;
  rosterSeq = 1n;
  rosterHash: Uint8Array;

  constructor(one: Person, other: Person) {
    const genesis = must(readGenesis(must(readSigned(directGenesis(one, other), 16_384)).body));
    this.id = genesis.conversation;
    this.rosterHash = rosterHashOf(this.id, 1n, undefined, genesis.hash);
  }

  static async create(socket: RawSocket, creator: Person, other: Person): Promise<WireChat> {
    const answer = await socket.request({ createChat: { genesis: directGenesis(creator, other) } });
    if (!answer.serverAck) throw new Error(`no chat: ${JSON.stringify(answer.problem)}`);
    return new WireChat(creator, other);
  }

  /** Goes on after a control entry that was delivered. */
  take(entry: hermod.v1.Deliver): void {
    this.rosterHash = rosterHashOf(this.id, entry.seq, this.rosterHash, entry.hash);
    this.rosterSeq = entry.seq;
  }

  fields(counter: bigint, to: readonly DeviceId[], over: Partial<hermod.v1.Envelope.$Properties> = {}): hermod.v1.Envelope.$Properties {
    return {
      format: 1,
      chatId: idBytes(this.id),
      counter,
      clientMsgId: messageIdOf(`${this.id} ${String(counter)}`),
      kind: hermod.v1.EntryKind.ENTRY_KIND_MESSAGE,
      scope: hermod.v1.Scope.SCOPE_ALL,
      rosterSeq: this.rosterSeq,
      rosterHash: this.rosterHash,
      bodies: to.map((device) => bodyFor(device)),
      ...over,
    };
  }

  send(counter: bigint, to: readonly DeviceId[], over: Partial<hermod.v1.Envelope.$Properties> = {}): Uint8Array {
    return hermod.v1.Envelope.encode(this.fields(counter, to, over)).finish();
  }
}

/** The server opens no body, so any bytes are a ciphertext to it. */
export function bodyFor(device: DeviceId, bytes = 200): hermod.v1.DeviceBody.$Properties {
  return { device: idBytes(device), type: hermod.v1.BodyType.BODY_TYPE_WHISPER, bytes: new Uint8Array(bytes).fill(7) };
}

export function messageIdOf(name: string): Uint8Array {
  return idBytes(linkOf(`message ${name}`).id);
}

/** What an answer comes to: the code of a problem, or the name of the frame. */
export function answerOf(frame: hermod.v1.ServerFrame): string {
  if (frame.problem) return frame.problem.code;
  return ["serverAck", "rosterMismatch", "outOfOrder", "devicesChanged", "keysStored", "prekeys", "devices", "readStored"].find(
    (name) => frame[name as "serverAck"] !== null,
  )!;
}

/** Acks everything that comes from now on, and what came before. */
export function keepAcking(socket: RawSocket): void {
  const ack = ({ deliver, skip, missed }: hermod.v1.ServerFrame): void => {
    const chatId = deliver?.chatId ?? skip?.chatId ?? missed?.chatId;
    const through = deliver?.seq ?? skip?.to ?? missed?.to;
    if (chatId !== undefined && through !== undefined) socket.send({ messageAck: { chatId, through, status: 1, except: [] } });
  };
  for (const frame of socket.heard) ack(frame);
  socket.socket.on("message", (data: Buffer) => {
    ack(hermod.v1.ServerFrame.decode(new Uint8Array(data)));
  });
}

const beatEveryMs = 100;

/** Two devices that have nothing to do with the test: one says something ten times a second, the other hears it. */
export class Pair {
  readonly #one: RawSocket;
  readonly #other: RawSocket;
  readonly #chat: WireChat;
  readonly #to: readonly DeviceId[];
  #timer: NodeJS.Timeout | undefined;
  #beating: Promise<void> = Promise.resolve();
  #counter = 0n;
  readonly tookMs: number[] = [];
  readonly failures: string[] = [];

  private constructor(one: RawSocket, other: RawSocket, chat: WireChat, to: readonly DeviceId[]) {
    this.#one = one;
    this.#other = other;
    this.#chat = chat;
    this.#to = to;
  }

  static async open(world: WireWorld, one: Person, other: Person): Promise<Pair> {
    const [mine, theirs] = [await world.acking(one), await world.acking(other)];
    const pair = new Pair(mine, theirs, await WireChat.create(mine, one, other), [other.first.id]);
    pair.#later();
    return pair;
  }

  #later(): void {
    this.#timer = setTimeout(() => {
      this.#beating = this.#beat().catch((error: unknown) => {
        this.failures.push(String(error));
      });
      void this.#beating.then(() => {
        if (this.#timer !== undefined) this.#later();
      });
    }, beatEveryMs);
  }

  async #beat(): Promise<void> {
    const counter = ++this.#counter;
    const began = performance.now();
    this.#one.heard.length = 0;
    this.#other.heard.length = 0;
    const id = messageIdOf(`beat ${String(counter)}`);
    const heard = this.#other.hear(({ deliver }) => deliver !== null && Buffer.compare(deliver.clientMsgId, id) === 0, 10_000);
    heard.catch(() => undefined);
    const answer = await this.#one.request({ sendMessage: { envelope: this.#chat.send(counter, this.#to, { clientMsgId: id }) } }, 10_000);
    if (!answer.serverAck) this.failures.push(answerOf(answer));
    await heard;
    this.tookMs.push(performance.now() - began);
  }

  /** How the pair fared: nothing lost, and the slowest message of all that were said. */
  verdict(): { readonly beats: number; readonly failures: readonly string[]; readonly slowestMs: number; readonly medianMs: number } {
    const sorted = [...this.tookMs].sort((one, other) => one - other);
    const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Infinity;
    return { beats: sorted.length, failures: this.failures, slowestMs: at(1), medianMs: at(0.5) };
  }

  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.#beating;
    await this.#one.close();
    await this.#other.close();
  }
}
