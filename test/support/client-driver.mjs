/*
 * A real client in a process of its own, so that it can be ended by the kernel: `node client-driver.mjs '{"servers":[…],"dir":"…",…}'`.
 * Takes commands as JSON lines on stdin, answers each on stdout ({re, ok} or {re, error}), and tells events there too. What it did goes
 * into a history file, each line by one write(2), so a SIGKILL takes nothing from it. Crash points go to descriptor 3 first.
 */
import { appendFileSync, writeSync } from "node:fs";
import { createInterface } from "node:readline";
import { IdentityKeyPair, KyberPreKeyRecord, PreKeyRecord, SignedPreKeyRecord } from "@signalapp/libsignal-client";
import { Client } from "../../dist/client/client.js";
import { jsonHistory } from "../../dist/client/messages/history.js";
import { contentHash } from "../../dist/client/messages/encryption.js";
import { decodeRow } from "../../dist/client/store/codec.js";
import { openStore } from "../../dist/client/store/open.js";
import { systemClock } from "../../dist/lib/clock.js";
import { limits } from "../../dist/lib/limits.js";
import { setPointSink } from "../../dist/lib/point.js";
import { systemRand } from "../../dist/lib/random.js";

const config = JSON.parse(process.argv[2]);
// Raised or lowered openly: what a test changes stands in its own file.
Object.assign(limits, config.limits ?? {});

let client;
let store;
let loops = [];
let link;

const out = (line) => process.stdout.write(`${JSON.stringify(line, plain)}\n`);
const plain = (_key, value) => (typeof value === "bigint" ? value.toString() : value);
const note = (event) => appendFileSync(config.history, `${JSON.stringify(event, plain)}\n`);
// One clock for all processes of the machine, unlike performance.now().
const monotonic = () => Number(process.hrtime.bigint()) / 1e6;
const stamp = () => ({ t: Math.round(monotonic() * 1e6), proc: config.name, dev: client?.self?.device });

async function open() {
  const rand = systemRand();
  store = await openStore({ dir: config.dir, key: { type: "file" }, rand });
  const history = jsonHistory({
    clock: { ...systemClock(), mono: monotonic },
    proc: config.name,
    dev: () => client?.self?.device,
    write: (line) => appendFileSync(config.history, line),
  });
  client = await Client.open({ servers: config.servers, store, history });
  client.on((event) => {
    if (["alarm", "problem", "entry-refused", "verification-lost"].includes(event.type)) note({ ...stamp(), ...event });
    if (event.type === "state") note({ ...stamp(), type: "state", state: event.state });
  });
  note({ ...stamp(), type: "open" });
}

/** Shows every message once the store has it; answers those that ask. The cursor moves when the loop comes back. */
async function read(answers) {
  for await (const message of client.inbox("reader", { own: true })) {
    note({ ...stamp(), type: "shown", conv: message.chatId, seq: message.seq, msg: message.id });
    if (answers && !message.own && message.text.startsWith("?")) await message.reply(`!${message.text}`);
  }
}

const commands = {
  register: async ({ handle }) => {
    await client.register({ handle, recoveryFile: `${config.dir}/recovery` });
    note({ ...stamp(), type: "registered" });
    return { self: client.self };
  },
  link: async ({ name }) => {
    link = await client.linkDevice({ name });
    return { uri: client.self === undefined ? link.uri : undefined };
  },
  linked: async () => ({ self: await link.completed }),
  approve: async ({ uri }) => {
    await client.devices.approveLink(uri);
  },
  remove: async ({ device }) => {
    // Asked again after an answer that was lost: it may be gone already.
    if ((await client.devices.list()).some(({ id }) => id === device)) await client.devices.remove(device);
  },
  start: async ({ answers = false }) => {
    await client.start();
    loops.push(read(answers).catch((error) => out({ event: "loop", error: String(error) })));
    return { self: client.self };
  },
  sleep: async () => {
    note({ ...stamp(), type: "sleep" });
    await client.stop();
    await Promise.all(loops);
    loops = [];
  },
  wake: async (words) => {
    await open();
    return commands.start(words);
  },
  chat: async ({ with: handle }) => ({ chat: (await client.createChat({ participants: [handle] })).id }),
  send: async ({ chat, texts }) => ({ ids: texts.map((text) => client.sendMessage({ chatId: chat, body: { text } }).id) }),
  read: async ({ chat }) => client.chat(chat)?.markRead(),
  arm: async ({ point, nth }) => arm(point, nth),
  state: async () => stateOf(),
  dump: async () => ({ self: client.self, rows: rowsOf(), receipts: receiptsOf() }),
  unticked: async () => ({ open: store.chats.all().flatMap(({ chat, type }) => (type === "self" ? [] : untickedOf(chat))) }),
  secrets: async () => ({ secrets: secretsOf().map((bytes) => Buffer.from(bytes).toString("hex")) }),
};

/** What never leaves this device, or only to be hashed: private halves of the identity and of all prekeys, and the credential's secret. */
function secretsOf() {
  const records = { ec: PreKeyRecord, signed: SignedPreKeyRecord, kyber: KyberPreKeyRecord };
  const prekeys = store.cipherRows.keys("prekey/").map((key) => {
    const record = records[key.split("/")[1]].deserialize(decodeRow(store.cipherRows.get(key)).record);
    return record instanceof KyberPreKeyRecord ? kyberSecret(record.secretKey().serialize()) : record.privateKey().serialize();
  });
  const { pair } = decodeRow(store.cipherRows.get("identity"));
  const identity = IdentityKeyPair.deserialize(pair).privateKey.serialize();
  return [identity, store.identity.get().credential, ...prekeys];
}

/** Of a Kyber-1024 secret key (behind its type byte) the part that is secret: the public key, which the server is given, lies in its middle. */
const kyberSecret = (bytes) => bytes.subarray(1, 1 + 1_536);

/** What is still on its way, and of each conversation the newest message, the newest own one, and how far what others sent is here. */
function stateOf() {
  const chats = {};
  let staged = 0;
  for (const { chat, last } of store.chats.all()) {
    const rows = store.inbox.history(chat, undefined, 256).filter((row) => row.kind === 1);
    const newest = rows[0]?.seq ?? 0n;
    const own = rows.find((row) => row.device === client.self.device)?.seq ?? 0n;
    chats[chat] = { newest, own, last };
    staged += store.inbox.staged(chat, undefined, 100).length;
  }
  return { connection: client.state.type, pending: store.outbox.pendingChats().length, staged, chats };
}

function untickedOf(chat) {
  const mine = client.chat(chat).history({ limit: 1_000 });
  return mine
    .filter(({ state }) => state !== undefined && state !== "delivered" && state !== "read")
    .map(({ id, seq, state }) => ({ id, seq, state }));
}

function rowsOf() {
  const rows = [];
  for (const { chat } of store.chats.all()) {
    for (let from = 1n; ;) {
      const page = store.inbox.list(chat, from, 1_000);
      for (const { seq, state, kind, sender, device, messageId, counter, reason, content } of page) {
        rows.push({ conv: chat, seq, state, kind, sender, from: device, msg: messageId, counter, reason, sha: content && hashOf(content) });
      }
      if (page.length < 1_000) break;
      from = page.at(-1).seq + 1n;
    }
  }
  return rows;
}

const receiptsOf = () => store.chats.all().flatMap(({ chat }) => store.receipts.of(chat));

function arm(name, nth) {
  let left = nth;
  setPointSink((passed) => {
    if (passed !== name || --left > 0) return;
    writeSync(3, `${name}\n`);
    process.kill(process.pid, "SIGKILL");
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  });
}

const hashOf = (content) => contentHash(content);

if (config.point !== undefined) arm(config.point, config.nth ?? 1);
await open();
out({ event: "ready", self: client.self });
createInterface({ input: process.stdin }).on("line", (line) => {
  const { id, do: name, ...words } = JSON.parse(line);
  Promise.resolve()
    .then(() => commands[name](words))
    .then(
      (answer) => out({ re: id, ok: answer ?? {} }),
      (error) => out({ re: id, error: error.code ?? String(error.stack ?? error) }),
    );
});
// The parent is gone or has closed the pipe: nothing is left to do.
process.stdin.on("end", () => process.exit(0));
