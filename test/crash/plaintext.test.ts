import { randomBytes, randomInt } from "node:crypto";
import { expect, test } from "vitest";
import { CrashWorld } from "../support/crash-world.js";
import { complaint } from "../support/history.js";
import { filesBelow, spellings, WindowScan } from "../support/plaintext-scan.js";

/* What the server has: its files, everything that it logged at its most talkative, its metrics page. Nothing of what people wrote is in it. */
const messages = 1_000;

/** 24 to 64 code points from all of Unicode, so that no 8 bytes of it occur by chance elsewhere. */
function randomText(): string {
  let text = "";
  for (let length = randomInt(24, 65); length > 0; length--) {
    const code = randomInt(0, 4) === 0 ? randomInt(0x20, 0x7f) : randomInt(0xa1, 0x110000);
    text += code >= 0xd800 && code <= 0xdfff ? "ß" : String.fromCodePoint(code);
  }
  return text;
}

test("nothing of 1,000 plaintexts and of no private key is in the server's files, log or metrics", { timeout: 120_000 }, async () => {
  const world = await CrashWorld.start({}, {}, { args: ["--log-level", "trace"] });
  try {
    const [alice, bob] = await Promise.all([world.person("alice"), world.person("bob")]);
    const { chat } = await alice.ask<{ chat: string }>("chat", { with: "bob" });
    const laptop = await world.link(alice, "laptop");
    const texts = Array.from({ length: messages }, randomText);
    const third = Math.ceil(messages / 3);
    await Promise.all(
      [alice, bob, laptop].map((client, at) => client.ask("send", { chat, texts: texts.slice(at * third, (at + 1) * third) })),
    );
    await world.settled(90_000);
    expect(complaint(await world.judged())).toBeUndefined();

    const scan = new WindowScan();
    for (const text of texts) scan.add(Buffer.from(text));
    const plaintextWindows = scan.size;
    const secrets = (await Promise.all([alice, bob, laptop].map((client) => client.ask<{ secrets: string[] }>("secrets")))).flatMap(
      (answer) => answer.secrets.map((hex) => Buffer.from(hex, "hex")),
    );
    expect(secrets.length).toBeGreaterThan(3 * 100);
    for (const secret of secrets) for (const spelling of spellings(secret)) scan.add(spelling);

    const metrics = await (await fetch(`${world.server.adminUrl}/metrics`)).text();
    await world.server.kill("SIGTERM");
    const places = [
      ...filesBelow(world.server.dir),
      { name: "log", bytes: Buffer.from(world.server.output) },
      { name: "metrics", bytes: Buffer.from(metrics) },
    ];
    expect(places.map(({ name }) => name)).toEqual(expect.arrayContaining(["store.mdb", "log", "metrics"]));
    expect(places.find(({ name }) => name === "store.mdb")!.bytes.length).toBeGreaterThan(messages * 100);
    const found = places.map(({ name, bytes }) => [name, scan.find(bytes)]).filter(([, at]) => at !== undefined);
    expect(found).toEqual([]);
    const sizes = places.map(({ name, bytes }) => `${name} ${String(bytes.length)}`).join(", ");
    console.log(
      `  ${String(plaintextWindows)} windows of ${String(messages)} plaintexts and ${String(secrets.length)} secrets; bytes looked at: ${sizes}`,
    );

    // The scan does find what is there: 8 bytes of a text, or a key in hex, anywhere in those files.
    for (const planted of [Buffer.from(texts[17]!).subarray(5, 13), Buffer.from(secrets[3]!.toString("hex")).subarray(9, 17)]) {
      const store = Buffer.from(places[0]!.bytes);
      planted.copy(store, randomInt(0, store.length - 8));
      expect(scan.find(store)).toBeDefined();
    }
    expect(scan.find(randomBytes(4_000_000))).toBeUndefined();
  } finally {
    await world.end();
  }
});
