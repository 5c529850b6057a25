import { systemClock, type Clock } from "../lib/clock.js";
import type { AccountId, ConversationId } from "../lib/ids.js";
import { systemRand, type Rand } from "../lib/random.js";
import { DeviceChains } from "./account/chains.js";
import { Link, type LinkOptions } from "./account/link-new.js";
import { selfOf, type PlacingPorts } from "./account/placing.js";
import { recover, type RecoverOptions } from "./account/recover.js";
import { recoveryWords, writeRecoveryFile } from "./account/recovery-key.js";
import { recoverySecret, recoveryShown, register } from "./account/register.js";
import { safetyNumber, verifySafety, type Comparison, type SafetyNumber } from "./account/safety.js";
import { libsignalCipher } from "./cipher/libsignal.js";
import type { Cipher } from "./cipher/ports.js";
import { WebSocketConnection } from "./connection/connection.js";
import type { ConnectionState } from "./connection/ports.js";
import { briefly, untilLive } from "./connection/wait.js";
import { dialWs } from "./connection/ws.js";
import type { Self } from "./context.js";
import { HermodError } from "./errors.js";
import { EventQueue } from "./event-queue.js";
import type { ClientEvent } from "./events.js";
import type { Chat } from "./messages/chat.js";
import type { SendRequest } from "./messages/engine.js";
import { noHistory } from "./messages/history.js";
import type { InboxMessage, InboxOptions } from "./messages/inbox.js";
import { isSetBack } from "./messages/sent.js";
import type { SentMessage } from "./messages/sent-message.js";
import { checkOptions, keySourceOf, type ClientOptions, type Registered, type Registration } from "./options.js";
import { OwnDevices } from "./own-devices.js";
import { Rest } from "./rest.js";
import { helloCredential, nextConn, Running } from "./running.js";
import { openStore } from "./store/open.js";
import type { Store } from "./store/ports.js";

/**
 * One device of one account: a durable, encrypted store, and a connection that keeps itself alive.
 *
 * @example
 * const me = await Client.open({ servers: ["http://127.0.0.1:8080"], dir: "./alice" });
 * await me.register({ handle: "alice" });
 * await me.start();
 * for await (const message of me.inbox("bot")) if (message.text === "!ping") await message.reply("pong");
 */
export class Client implements AsyncDisposable {
  readonly #options: ClientOptions;
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #rand: Rand;
  readonly #cipher: Cipher;
  readonly #rest: Rest;
  readonly #chains: DeviceChains;
  readonly #connection: WebSocketConnection;
  readonly #events: EventQueue;
  readonly #stopping = new AbortController();
  #running: Running | undefined;
  #closed: Promise<void> | undefined;

  /**
   * Opens the store, or makes it. Works offline; nothing is sent before `register`, `linkDevice` or `start`.
   *
   * @throws HermodError `store-in-use`, naming the process that holds it; `store-wrong-key`; `bad-request`
   * @example
   * const me = await Client.open({ servers: ["http://127.0.0.1:8080"], dir: "./alice" });
   */
  static async open(options: ClientOptions): Promise<Client> {
    checkOptions(options);
    const rand = options.rand ?? systemRand();
    const store = options.store ?? (await openStore({ dir: options.dir!, rand, key: keySourceOf(options) }));
    return new Client(options, store, rand);
  }

  private constructor(options: ClientOptions, store: Store, rand: Rand) {
    const clock = options.clock ?? systemClock();
    const { servers } = options;
    this.#options = options;
    this.#store = store;
    this.#clock = clock;
    this.#rand = rand;
    this.#cipher = options.cipher ?? libsignalCipher({ clock, rand });
    this.#rest = new Rest({ servers, clock, fetch: options.fetch ?? fetch, stopped: this.#stopping.signal });
    this.#events = new EventQueue((error) => {
      clock.timer(0, () => {
        throw error; // a listener's own mistake: as loud as anywhere else, and out of our way
      });
    });
    const emit = (event: ClientEvent): void => {
      this.#events.emit(event);
    };
    this.#connection = new WebSocketConnection({
      servers,
      dial: options.dial ?? dialWs,
      clock,
      rand,
      credential: () => helloCredential(store),
      nextConn: () => nextConn(store),
      clientName: options.clientName ?? "hermod-sdk",
      clientVersion: options.clientVersion ?? "0",
      onProblem: (code, message) => {
        emit({ type: "problem", code, message });
      },
    });
    this.#chains = new DeviceChains({ store, cipher: this.#cipher, clock, connection: this.#connection, emit });
    this.#connection.onState((state) => {
      emit({ type: "state", state });
    });
    if (selfOf(store) !== undefined) this.#run();
  }

  /** Who this is; undefined before `register`, `linkDevice` or `recover` is through. */
  get self(): Self | undefined {
    return selfOf(this.#store);
  }

  /** `offline → connecting → syncing → live`, `waiting`; `stopped`, `revoked`, `replaced` and `outdated` are final. */
  get state(): ConnectionState {
    return this.#connection.state;
  }

  /**
   * Makes an account with this store as its first device. Again it does nothing; interrupted anywhere it goes on.
   *
   * @throws HermodError `handle-taken`, `bad-handle`, `invite-needed`, `already-registered`, `rate-limited`, `unreachable`
   * @example
   * const { recoveryWords } = await me.register({ handle: "alice" });
   */
  async register(options: Registration): Promise<Registered> {
    const self = await register(this.#placing, options);
    const words = await this.#showRecovery(options);
    const { messages } = this.#run();
    // The self conversation, if a server is there to take it; `start` makes it otherwise.
    if (this.#store.chats.self() === undefined) await briefly(this.#connection, this.#clock, () => messages.createSelf(), options.signal);
    return { ...self, ...(words === undefined ? {} : { recoveryWords: words }) };
  }

  /**
   * Makes this store a device of an account that exists: shows a code that one of its devices approves.
   *
   * @example
   * const link = await me.linkDevice({ name: "laptop" });
   * console.log(await link.qr(), link.digits);
   * await link.completed;
   */
  async linkDevice(options: LinkOptions = {}): Promise<Link> {
    if (this.self !== undefined) throw new HermodError("already-registered");
    const stopping = this.#stopping.signal;
    const signal = options.signal === undefined ? stopping : AbortSignal.any([options.signal, stopping]);
    const link = await Link.begin(this.#placing, { ...options, signal });
    link.completed.then(
      (self) => {
        if (this.#closed !== undefined) return;
        this.#run();
        this.#events.emit({ type: "linked", account: self.account });
      },
      () => {},
    );
    return link;
  }

  /**
   * Makes this store the only device of an account, by its recovery key. The other devices lose their access.
   *
   * @example
   * await me.recover({ handle: "alice", words: "abandon ability …" });
   */
  async recover(options: RecoverOptions): Promise<Self> {
    const self = await recover(this.#placing, options);
    this.#run();
    return self;
  }

  /**
   * Connects, and resolves when everything that was owed is stored (`live`). The connection keeps itself alive until `stop`; without a
   * server it goes on trying, and so does this promise until the signal is aborted.
   *
   * @throws HermodError `not-registered`, `revoked`, `replaced`, `version-not-supported`, `stopped`, `store-rolled-back`
   * @example
   * await me.start();
   */
  async start(options: { readonly signal?: AbortSignal } = {}): Promise<void> {
    if (this.self === undefined) throw new HermodError("not-registered");
    if (this.#store.identity.get()?.stage === "revoked") throw new HermodError("revoked");
    if (isSetBack(this.#store)) throw new HermodError("store-rolled-back");
    this.#run();
    this.#connection.start();
    await untilLive(this.#connection, options.signal);
  }

  /**
   * Disconnects, ends all loops and frees the store. Twice is harmless.
   *
   * @example
   * await me.stop();
   */
  stop(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  /** `await using me = await Client.open(…)` stops it at the end of the block. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  /**
   * Calls back at every event, in order. Events are hints: what happened can be read from the store.
   *
   * @example
   * const stopListening = me.on((event) => { if (event.type === "alarm") console.error(event.detail); });
   */
  on(listener: (event: ClientEvent) => void): () => void {
    return this.#events.on(listener);
  }

  /**
   * The same as a loop; one that is slow loses the oldest.
   *
   * @example
   * for await (const event of me.events()) console.log(event.type);
   */
  events(signal?: AbortSignal): AsyncGenerator<ClientEvent, void, undefined> {
    return this.#events.all(signal);
  }

  /**
   * The conversation with one account, by its handle; made if it is not there. With the own handle: the self conversation.
   *
   * @throws HermodError `not-found`: nobody has that handle
   * @example
   * const chat = await me.createChat({ participants: ["bob"] });
   */
  async createChat(options: { readonly participants: readonly string[]; readonly signal?: AbortSignal }): Promise<Chat> {
    const { participants } = options;
    if (participants.length !== 1) throw new HermodError("bad-request", { message: "a direct conversation has one other participant" });
    const running = this.#required();
    const peer = await running.contacts.resolve(participants[0]!, options.signal);
    return running.messages.openDirect(peer);
  }

  /**
   * A conversation that this device knows.
   *
   * @example
   * const text = me.chat(id)?.snapshot().messages.at(-1)?.text;
   */
  chat(id: ConversationId): Chat | undefined {
    return this.#required().messages.chat(id);
  }

  /**
   * All conversations that this device knows.
   *
   * @example
   * for (const chat of me.chats()) console.log(chat.id, chat.snapshot().members.length);
   */
  chats(): Chat[] {
    return this.#required().messages.chats();
  }

  /**
   * Puts a message into the outbox, durably. Never throws on network.
   *
   * @example
   * const sent = me.sendMessage({ chatId: chat.id, body: { text: "hi" } });
   * await sent.deliveredTo("bob");
   */
  sendMessage(request: SendRequest): SentMessage {
    return this.#required().messages.sendMessage(request);
  }

  /**
   * What came in, in order, by a durable reader: a message is confirmed when the loop asks for the next one.
   *
   * @example
   * for await (const message of me.inbox("bot")) await message.reply("pong");
   */
  inbox(name: string, options: InboxOptions = {}): AsyncGenerator<InboxMessage, void, undefined> {
    return this.#required().messages.inbox(name, options);
  }

  /** The own account's devices: list, remove, and the old device's side of linking. */
  get devices(): OwnDevices {
    const running = this.#required();
    return new OwnDevices({ ...this.#parts(running), bearer: running.bearer, rest: this.#rest, connection: this.#connection });
  }

  /**
   * The number that two people compare to know that nobody stands between them.
   *
   * @example
   * console.log((await me.safetyNumber("bob")).text);
   */
  async safetyNumber(who: string): Promise<SafetyNumber> {
    const running = this.#required();
    return safetyNumber(this.#parts(running), await running.contacts.resolve(who));
  }

  /**
   * Compares what the other side shows; true is remembered, and told to the own devices.
   *
   * @example
   * const same = await me.verify("bob", { digits: "12345 …" });
   */
  async verify(who: string, shown: Comparison): Promise<boolean> {
    const running = this.#required();
    const account = await running.contacts.resolve(who);
    const same = await verifySafety(this.#parts(running), account, shown);
    if (same) this.#share(running, account);
    return same;
  }

  /**
   * The user's decision after an alarm `list-forked`: sending to the account goes on with the list that was known first.
   *
   * @example
   * me.trustAgain(alarm.account);
   */
  trustAgain(account: AccountId): void {
    this.#store.transact((tx) => {
      const row = tx.chains.get(account);
      if (row !== undefined) tx.chains.put({ ...row, forked: false, verifyAgain: row.verified !== undefined });
    });
  }

  get #placing(): PlacingPorts {
    const { servers } = this.#options;
    const [store, cipher, clock, rand, rest, chains] = [this.#store, this.#cipher, this.#clock, this.#rand, this.#rest, this.#chains];
    return { store, cipher, clock, rand, rest, chains, servers };
  }

  #parts(running: Running) {
    return { store: this.#store, cipher: this.#cipher, clock: this.#clock, chains: this.#chains, self: running.self };
  }

  /** Begins what runs in a registered store; once. */
  #run(): Running {
    const store = this.#store;
    const self = selfOf(store);
    if (self === undefined) throw new HermodError("not-registered");
    const { account, device } = self;
    const now: Self = {
      account,
      device,
      get handle() {
        return selfOf(store)?.handle ?? "";
      },
    };
    this.#running ??= new Running(
      {
        ...this.#placing,
        connection: this.#connection,
        history: this.#options.history ?? noHistory,
        emit: (event) => {
          this.#events.emit(event);
        },
      },
      now,
      (error) => {
        this.#connection.end("stopped", error.code);
      },
    );
    return this.#running;
  }

  #required(): Running {
    if (this.#closed !== undefined) throw new HermodError("stopped");
    if (this.#running === undefined) throw new HermodError("not-registered");
    return this.#running;
  }

  async #showRecovery(options: Registration): Promise<string | undefined> {
    const secret = recoverySecret(this.#store);
    if (secret === undefined) return undefined;
    const words = recoveryWords(secret);
    if (options.recoveryFile !== undefined) await writeRecoveryFile(options.recoveryFile, secret);
    await options.showRecovery?.(words);
    recoveryShown(this.#store);
    return options.recoveryFile === undefined && options.showRecovery === undefined ? words : undefined;
  }

  /** Tells the own devices of one contact, if there are others. */
  #share(running: Running, account: AccountId): void {
    const others = this.#chains.head(running.self.account)?.devices.filter(({ id }) => id !== running.self.device) ?? [];
    if (others.length === 0 || this.#store.chats.self() === undefined) return;
    const row = this.#store.contacts.get(account) ?? { account, addedMs: this.#clock.now() };
    const page = { contacts: [running.contacts.contactOf(row)] };
    running.messages.queueSync(
      [page],
      others.map(({ id }) => id),
    );
  }

  async #close(): Promise<void> {
    this.#stopping.abort();
    this.#connection.stop();
    await this.#running?.stop();
    this.#events.end();
    this.#store.close();
  }
}
