import { fakeCipher } from "../../client/cipher/fake.js";
import { libsignalCipher } from "../../client/cipher/libsignal.js";
import { Overlay } from "../../client/cipher/overlay.js";
import type { Cipher, PrekeyBundle } from "../../client/cipher/ports.js";
import type { ClientFrame, Connection, ConnectionState, ServerFrame, Session } from "../../client/connection/ports.js";
import type { Bundles, Chains, ClientContext, HistoryEvent, VerifiedList } from "../../client/context.js";
import { errorOfProblem, HermodError } from "../../client/errors.js";
import type { ClientEvent } from "../../client/events.js";
import { MessagesEngine } from "../../client/messages/engine.js";
import { MemoryDisk, openMemoryStore } from "../../client/store/memory.js";
import type { Store } from "../../client/store/ports.js";
import { systemClock, type Clock } from "../../lib/clock.js";
import { idOf, type AccountId, type ConversationId, type DeviceId } from "../../lib/ids.js";
import { systemRand } from "../../lib/random.js";
import { hermod } from "../../protos/gen/hermod.js";
import { deviceIdOf } from "../../protos/signed/ids.js";
import { MessageServer } from "./message-server.js";
import { bytesOf } from "./entries.js";

/** A client whose connection is a MessageServer: sessions begin, break and lose answers when the test says so. */
export class Peer implements Connection {
  readonly world: World;
  readonly account: AccountId;
  readonly device: DeviceId;
  disk = new MemoryDisk();
  readonly cipher: Cipher;
  readonly clock: Clock;
  store: Store;
  engine!: MessagesEngine;
  readonly events: ClientEvent[] = [];
  readonly history: HistoryEvent[] = [];
  readonly fatal: HermodError[] = [];
  readonly forked = new Set<AccountId>();
  readonly sentFrames: ClientFrame[] = [];
  /** Says what happens to a request: reaches the server and is answered, or one of both is lost. */
  fate: (frame: ClientFrame) => "answer" | "lose-answer" | "lose-request" = () => "answer";
  /** Changes or drops what the server pushes. */
  tamper: (frame: hermod.v1.ServerFrame.$Properties) => hermod.v1.ServerFrame.$Properties[] = (frame) => [frame];
  readonly #known = new Map<AccountId, number>();
  #upload: hermod.v1.KeyUpload;
  #conn = 0n;
  #push = new Set<(frame: ServerFrame) => void>();
  #sessions = new Set<(session: Session) => void>();
  #open = new Set<(error: HermodError) => void>();
  session: Session | undefined;
  state: ConnectionState = { type: "offline" };
  readonly bufferedAmount = 0;
  #handed = 0;

  constructor(world: World, account: AccountId, clock: Clock) {
    this.world = world;
    this.account = account;
    this.clock = clock;
    this.store = openMemoryStore(this.disk);
    this.cipher = world.makeCipher(clock);
    const overlay = new Overlay(this.store.cipherRows);
    const identity = this.cipher.createIdentity(overlay);
    this.device = deviceIdOf(identity.identityKey);
    const signed = this.cipher.makeUpload(overlay, { upload: 1n, nowMs: clock.now(), rotate: true, oneTimeEc: 20, oneTimeKyber: 20 });
    this.store.transact((tx) => {
      overlay.flush(tx.cipherRows);
    });
    this.#upload = hermod.v1.KeyUpload.decode(signed.body);
  }

  get listed(): VerifiedList["devices"][number] {
    const identity = this.cipher.identity(new Overlay(this.store.cipherRows))!;
    return { id: this.device, identityKey: identity.identityKey, registrationId: identity.registrationId, capabilities: [], addedMs: 0n };
  }

  start(): void {
    this.engine = new MessagesEngine(this.context, (error) => this.fatal.push(error));
    this.engine.start();
  }

  /** The process dies; what is on disk is all that is left. */
  restart(): void {
    this.disconnect();
    this.engine.stop();
    this.store.close();
    this.store = openMemoryStore(this.disk);
    this.start();
  }

  /** As by SIGKILL: nothing that is not committed survives, and the old program never acts again. */
  crash(): void {
    this.disk.crash();
    this.session = undefined;
    this.state = { type: "offline" };
    this.world.server.online.delete(this.device);
    this.#push.clear();
    this.#sessions.clear();
    this.#open.clear();
    this.engine.stop();
    this.store = openMemoryStore(this.disk);
    this.start();
  }

  connect(): void {
    this.#conn += 1n;
    const session: Session = { conn: this.#conn, limits: {}, serverTsMs: 0n };
    this.session = session;
    this.state = { type: "syncing" };
    this.world.server.online.set(this.device, { account: this.account, live: false, push: (frame) => this.#deliver(session, frame) });
    for (const listener of this.#sessions) listener(session);
  }

  disconnect(): void {
    this.session = undefined;
    this.state = { type: "offline" };
    this.world.server.online.delete(this.device);
    for (const reject of [...this.#open]) reject(new HermodError("unreachable"));
  }

  #deliver(session: Session, frame: hermod.v1.ServerFrame.$Properties): void {
    for (const each of this.tamper(frame)) {
      const wire = hermod.v1.ServerFrame.encode(each).finish();
      queueMicrotask(() => {
        if (this.session === session) for (const listener of this.#push) listener(hermod.v1.ServerFrame.decode(wire));
      });
    }
  }

  request(frame: ClientFrame): Promise<ServerFrame> {
    const session = this.session;
    if (session === undefined) return Promise.reject(new HermodError("unreachable"));
    this.sentFrames.push(frame);
    const fate = this.fate(frame);
    const wire = hermod.v1.ClientFrame.encode(frame).finish();
    return new Promise((resolve, reject) => {
      this.#open.add(reject);
      if (fate === "lose-request") return;
      setImmediate(() => {
        if (this.session !== session) return;
        const answer = this.world.answer(this, hermod.v1.ClientFrame.decode(wire));
        if (fate === "lose-answer" || answer === undefined) return;
        queueMicrotask(() => {
          this.#open.delete(reject);
          const decoded = hermod.v1.ServerFrame.decode(hermod.v1.ServerFrame.encode(answer).finish());
          if (decoded.live ?? decoded.fetched ?? decoded.readStored) for (const listener of this.#push) listener(decoded);
          if (decoded.problem === null) resolve(decoded);
          else reject(errorOfProblem(decoded.problem));
        });
      });
    });
  }

  send(frame: ClientFrame): boolean {
    if (this.session === undefined) return false;
    this.sentFrames.push(frame);
    this.world.answer(this, hermod.v1.ClientFrame.decode(hermod.v1.ClientFrame.encode(frame).finish()));
    return true;
  }

  pushAll(frames: readonly hermod.v1.ServerFrame.$Properties[]): void {
    if (this.session !== undefined) for (const frame of frames) this.#deliver(this.session, frame);
  }

  onPush(listener: (frame: ServerFrame) => void): () => void {
    this.#push.add(listener);
    return () => this.#push.delete(listener);
  }
  onSession(listener: (session: Session) => void): () => void {
    this.#sessions.add(listener);
    return () => this.#sessions.delete(listener);
  }
  onState(): () => void {
    return () => {};
  }
  caughtUp(session: Session): void {
    if (this.session === session) this.state = { type: "live" };
  }

  /** A one-time key is handed out once. */
  takeBundle(): PrekeyBundle {
    const nth = this.#handed++;
    const { signedPrekey, oneTimeEc, oneTimeKyber, lastResortKyber } = this.#upload;
    const kyber = oneTimeKyber[nth] ?? lastResortKyber;
    const ec = oneTimeEc[nth];
    const { id, identityKey, registrationId } = this.listed;
    return {
      device: id,
      identityKey,
      registrationId,
      signedPrekey: { id: signedPrekey.id, key: signedPrekey.key, signature: signedPrekey.signature },
      kyber: { id: kyber.id, key: kyber.key, signature: kyber.signature },
      ...(ec === undefined ? {} : { oneTime: { id: ec.id, key: ec.key } }),
    };
  }

  get chains(): Chains {
    const lists = this.world.server.accounts;
    const learn = (account: AccountId, version: number): VerifiedList => {
      const list = lists.get(account)?.[version - 1];
      if (list === undefined) throw new HermodError("not-found");
      this.#known.set(account, Math.max(this.#known.get(account) ?? 0, version));
      return list;
    };
    const at = (account: AccountId, version: number): VerifiedList | undefined =>
      version <= (this.#known.get(account) ?? 0) ? lists.get(account)?.[version - 1] : undefined;
    return {
      ensureHead: async (accounts) =>
        new Map(accounts.map((account) => [account, learn(account, this.world.server.head(account).version)])),
      head: (account) => at(account, this.#known.get(account) ?? 0),
      at,
      ensureVersion: async (account, version) => learn(account, version),
      accept: () => new Map(),
      assertUsable: (account) => {
        if (this.forked.has(account)) throw new HermodError("list-forked");
      },
      onChange: () => () => {},
    };
  }

  get bundles(): Bundles {
    return {
      fetch: async (devices) => {
        if (this.session === undefined) throw new HermodError("unreachable");
        const found = devices.filter(({ device }) => !this.world.withoutBundle.has(device));
        return { bundles: new Map(found.map(({ device }) => [device, this.world.peers.get(device)!.takeBundle()])), limited: new Set() };
      },
    };
  }

  get context(): ClientContext {
    return {
      store: this.store,
      cipher: this.cipher,
      clock: this.clock,
      rand: systemRand(),
      self: { account: this.account, device: this.device, handle: "someone" },
      connection: this,
      chains: this.chains,
      bundles: this.bundles,
      history: { write: (event) => this.history.push(event) },
      contacts: { apply: (_tx, sync) => this.world.applied.push({ device: this.device, sync }), pages: () => [{ done: true }] },
      emit: (event) => this.events.push(event),
    };
  }
}

/** Accounts, their devices, and the server between them. */
export class World {
  readonly server = new MessageServer();
  readonly peers = new Map<DeviceId, Peer>();
  readonly withoutBundle = new Set<DeviceId>();
  readonly applied: { readonly device: DeviceId; readonly sync: hermod.v1.Sync.$Properties }[] = [];
  readonly #cipher: "fake" | "libsignal";

  constructor(cipher: "fake" | "libsignal" = "fake") {
    this.#cipher = cipher;
  }

  makeCipher(clock: Clock): Cipher {
    const ports = { clock, rand: systemRand() };
    return this.#cipher === "fake" ? fakeCipher(ports) : libsignalCipher(ports);
  }

  /** The next device of an account, new or linked: listed, told to its conversations, started and connected. */
  device(name: string, options: { readonly clock?: Clock; readonly offline?: boolean } = {}): Peer {
    const account = idOf<AccountId>(bytesOf(`account ${name}`));
    const peer = new Peer(this, account, options.clock ?? systemClock());
    this.peers.set(peer.device, peer);
    const lists = this.server.accounts.get(account) ?? [];
    const version = lists.length + 1;
    const devices = [...(lists.at(-1)?.devices ?? []), peer.listed];
    const listHash = new Uint8Array([...bytesOf(`list ${name} ${version}`), ...bytesOf(name)]);
    const recoveryKey = devices[0]!.identityKey;
    const change = { cause: version === 1 ? "genesis" : "link", added: [peer.device], removed: [] } as unknown as VerifiedList["change"];
    const list: VerifiedList = {
      account,
      region: 0,
      version,
      listHash,
      devices,
      recoveryKey,
      rootKey: recoveryKey,
      former: new Set(),
      change,
    };
    this.server.accounts.set(account, [...lists, list]);
    for (const other of this.peers.values()) if (other.account === account) void other.chains.ensureHead([account]);
    for (const chat of this.server.chats.values()) if (chat.rosters.at(-1)!.members.has(account)) this.server.tell(chat, list);
    peer.start();
    if (options.offline !== true) peer.connect();
    return peer;
  }

  /** Takes a device out of its account's list and tells the conversations. */
  unlink(gone: Peer): void {
    gone.disconnect();
    const lists = this.server.accounts.get(gone.account)!;
    const head = lists.at(-1)!;
    const version = head.version + 1;
    const devices = head.devices.filter((listed) => listed.id !== gone.device);
    const change = { cause: "unlink", added: [], removed: [gone.device] } as unknown as VerifiedList["change"];
    const list: VerifiedList = { ...head, version, listHash: new Uint8Array([...head.listHash, version]).slice(-32), devices, change };
    this.server.accounts.set(gone.account, [...lists, list]);
    for (const other of this.peers.values()) if (other.account === gone.account) void other.chains.ensureHead([gone.account]);
    for (const chat of this.server.chats.values()) if (chat.rosters.at(-1)!.members.has(gone.account)) this.server.tell(chat, list);
  }

  answer(peer: Peer, frame: hermod.v1.ClientFrame): hermod.v1.ServerFrame.$Properties | undefined {
    const { server } = this;
    if (frame.createChat !== null) return server.create(peer.account, frame.createChat.genesis);
    if (frame.sendMessage !== null) return server.send(peer.account, peer.device, frame.sendMessage.envelope);
    if (frame.fetchRoster !== null) return server.rosterPage(idOf(frame.fetchRoster.chatId), frame.fetchRoster.fromSeq);
    if (frame.messageAck !== null) {
      server.ack(peer.account, peer.device, frame.messageAck);
      const { chatId, through } = frame.messageAck;
      return Number(frame.messageAck.status) === 2 ? { readStored: { chatId, through } } : undefined;
    }
    if (frame.fetch !== null) return this.#fetch(peer, frame.fetch);
    if (frame.syncState !== null) return this.#sync(peer, frame.syncState);
    throw new Error("an unexpected frame");
  }

  #fetch(peer: Peer, { chatId, from, to }: hermod.v1.Fetch): hermod.v1.ServerFrame.$Properties {
    const chat = this.server.chats.get(idOf<ConversationId>(chatId))!;
    const wanted = chat.entries.filter((entry) => entry.seq >= from && entry.seq <= to && this.server.holds(entry, peer.device));
    peer.pushAll(wanted.map((entry) => this.server.deliverFrame(chat, entry, peer.device, true)!));
    return { fetched: { chatId, from, to } };
  }

  #sync(peer: Peer, state: hermod.v1.SyncState): hermod.v1.ServerFrame.$Properties {
    const { server } = this;
    const full = new Map(state.chats.filter((chat) => chat.full).map((chat) => [idOf<ConversationId>(chat.chatId), chat.last]));
    peer.pushAll(server.replay(peer.device, full));
    for (const { chatId } of state.chats) {
      const chat = server.chats.get(idOf<ConversationId>(chatId));
      for (const account of chat?.rosters.at(-1)?.members.keys() ?? []) {
        if (chat !== undefined && account !== peer.account) server.receiptTo(peer.device, chat, account);
      }
    }
    for (const { chatId, through } of state.readPending) {
      server.ack(peer.account, peer.device, new hermod.v1.MessageAck({ chatId, through, status: 2 }));
      peer.pushAll([{ readStored: { chatId, through } }]);
    }
    server.online.get(peer.device)!.live = true;
    return { live: {} };
  }
}
