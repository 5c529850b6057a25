import { HermodError, hasCode } from "../../../client/errors.js";
import type { Chat } from "../../../client/messages/chat.js";
import type { SentMessage } from "../../../client/messages/sent-message.js";
import { exitCodes, type Command, type Terminal } from "../command.js";
import { approve, listDevices, removeDevice } from "../commands/devices.js";
import { showSafety } from "../commands/safety.js";
import { knownChat } from "../known-chat.js";
import { reportOf } from "../problems.js";
import { goLive, numberOf, sessionOptions, timeoutOf, withSession, type Environment, type Session } from "../session.js";
import { styleOf, type Style } from "../style.js";
import { nameOf, textOf, ticksLegend, timeOf } from "../words.js";
import { Prompt } from "./prompt.js";
import { Transcript } from "./transcript.js";

export const chatCommand = (environment: Environment): Command => ({
  name: "chat",
  summary: "talk to somebody, line by line; /help shows what else it knows",
  audience: "people",
  takes: [{ name: "handle", doc: "whom to talk to; your own handle for notes to yourself" }],
  options: [
    ...sessionOptions,
    { flags: "--scrollback <number>", doc: "older messages to show first", usual: "20" },
    {
      flags: "--timeout <seconds>",
      doc: "how long to wait for the server when the conversation is new, and for the last ticks of a pipe",
      usual: "20",
    },
  ],
  examples: ["hermod chat bob", "printf 'hi\\nhow are you?\\n' | hermod chat bob"],
  run: async (input, terminal) => {
    const scrollback = numberOf(input, "scrollback", 20, 0, 200);
    const timeoutMs = timeoutOf(input, 20);
    const prompt = new Prompt({ input: process.stdin, output: process.stdout });
    const style = styleOf(environment, prompt.isTerminal);
    try {
      const inside = insideOf(prompt, style, terminal);
      return await withSession({ environment, input, terminal: inside, needs: "account" }, (session) =>
        new Conversation(session, { prompt, style, terminal: inside, handle: input.args.handle!, timeoutMs }).run(scrollback),
      );
    } finally {
      prompt.close();
    }
  },
});

interface Parts {
  readonly prompt: Prompt;
  readonly style: Style;
  readonly terminal: Terminal;
  readonly handle: string;
  readonly timeoutMs: number;
}

const help = [
  "Write a line and press Enter to send it. Lines that begin with / are commands:",
  "  /send <handle> <text>   write to somebody else",
  "  /devices                your devices; /remove <id> takes one out",
  "  /approve <code>         let a device that shows this code into your account",
  "  /safety                 the number to compare with the other side",
  "  /quit                   leave (also Ctrl-D)",
  "  //text                  send a line that begins with /",
  ticksLegend,
];

/** One chat, from the first line on the screen to the last. */
class Conversation {
  readonly #session: Session;
  readonly #parts: Parts;
  readonly #sent: SentMessage[] = [];
  readonly #leaving = new AbortController();
  #failure: unknown;

  constructor(session: Session, parts: Parts) {
    this.#session = session;
    this.#parts = parts;
    session.interrupted.addEventListener("abort", () => {
      this.#leaving.abort();
    });
  }

  async run(scrollback: number): Promise<number> {
    const { prompt, style, handle, timeoutMs } = this.#parts;
    const { me, clock } = this.#session;
    const stopListening = this.#followConnection();
    try {
      const chat = await this.#open(handle, timeoutMs);
      prompt.print(style.faint(`You talk with ${handle}, end-to-end encrypted. /help shows the commands.`));
      const transcript = new Transcript(chat, { prompt, style, clock });
      transcript.begin(scrollback);
      void this.#follow(chat, transcript);
      await this.#read(chat, transcript);
      const left = prompt.isTerminal ? exitCodes.ok : await this.#untilSent(chat, transcript);
      if (this.#failure !== undefined) throw this.#failure as Error;
      return left;
    } finally {
      this.#leaving.abort();
      stopListening();
      if (me.state.type === "live") await clock.sleep(0);
    }
  }

  /** Known conversations open at once; a new one needs the server. */
  async #open(handle: string, timeoutMs: number): Promise<Chat> {
    const { me } = this.#session;
    const known = knownChat(me, handle);
    if (known === undefined) {
      await goLive(this.#session, timeoutMs);
      return me.createChat({ participants: [handle], signal: this.#leaving.signal });
    }
    this.#connect(known, handle).catch((error: unknown) => {
      this.#fail(error);
    });
    return known;
  }

  async #connect(known: Chat, handle: string): Promise<void> {
    const { me } = this.#session;
    await me.start({ signal: this.#leaving.signal });
    const now = await me.createChat({ participants: [handle], signal: this.#leaving.signal });
    if (now.id !== known.id)
      throw new HermodError("not-found", { message: `${handle} is another account than before; open the chat again` });
  }

  async #follow(chat: Chat, transcript: Transcript): Promise<void> {
    for await (const _batch of chat.changes({ signal: this.#leaving.signal })) {
      void _batch;
      if (!this.#leaving.signal.aborted) transcript.refresh();
    }
  }

  async #read(chat: Chat, transcript: Transcript): Promise<void> {
    const { prompt } = this.#parts;
    for (;;) {
      const line = await prompt.line(this.#leaving.signal);
      if (line === undefined || line.trim() === "/quit") return;
      if (line.trim() === "") continue;
      try {
        if (line.startsWith("/") && !line.startsWith("//")) await this.#command(line.trim());
        else this.#sent.push(chat.send({ text: line.replace(/^\/\//, "/") }));
      } catch (error) {
        prompt.print(this.#parts.style.alarm(reportOf(error).sentence));
      }
      if (this.#sent.length > sentWatchedMax) this.#sent.shift();
      transcript.refresh();
    }
  }

  async #command(line: string): Promise<void> {
    const [word = "", ...rest] = line.split(/\s+/);
    const { prompt, terminal, handle } = this.#parts;
    const { me } = this.#session;
    const signal = this.#leaving.signal;
    switch (word) {
      case "/help":
        for (const row of help) prompt.print(row);
        return;
      case "/devices":
        await listDevices(me, terminal, false);
        return;
      case "/remove":
        terminal.say(`Removed ${await removeDevice(me, rest[0] ?? "?")}.`);
        return;
      case "/approve":
        await approve(me, rest.join("").replace(/^'|'$/g, ""), { terminal: this.#asking(signal), yes: false, signal });
        return;
      case "/safety":
        await showSafety(me, handle, terminal, false);
        return;
      case "/send":
        await this.#sendElsewhere(rest[0], rest.slice(1).join(" "));
        return;
      default:
        prompt.print(`There is no ${word}; /help shows the commands. To send a line that begins with /, double it.`);
    }
  }

  async #sendElsewhere(who: string | undefined, text: string): Promise<void> {
    if (who === undefined || text === "") {
      this.#parts.prompt.print("/send needs a handle and a text");
      return;
    }
    const chat = await this.#session.me.createChat({ participants: [who], signal: this.#leaving.signal });
    const sent = chat.send({ text });
    this.#sent.push(sent);
    sent.sent.then(
      () => {
        this.#parts.prompt.print(this.#parts.style.faint(`(sent to ${who}: ${text.slice(0, 40)})`));
      },
      () => undefined,
    );
  }

  /** Questions are answered by the next line. */
  #asking(signal: AbortSignal): Pick<Terminal, "ask" | "note" | "say"> {
    const { prompt, terminal } = this.#parts;
    return {
      ...terminal,
      ask: (question) => {
        prompt.print(question);
        return prompt.line(signal);
      },
    };
  }

  /** Tells of the connection, and of messages of others; ends the chat when this device may not go on. */
  #followConnection(): () => void {
    const { prompt, style } = this.#parts;
    const { me, clock } = this.#session;
    let wasLive: boolean | undefined;
    return me.on((event) => {
      if (event.type === "message") {
        const chat = me.chat(event.chatId);
        const { type, members } = chat?.snapshot(0) ?? {};
        if (type === "self" || members?.some(({ handle }) => handle === this.#parts.handle) === true) return;
        const message = chat?.history({ limit: 1, before: event.seq + 1n })[0];
        if (message === undefined || message.own) return;
        prompt.print(
          style.faint(`${timeOf(message.atMs, clock.now())} in another chat, ${nameOf(message)}: ${textOf(message).split("\n")[0]!}`),
        );
        return;
      }
      if (event.type !== "state") return;
      const { type } = event.state;
      if (type === "revoked" || type === "replaced") this.#fail(new HermodError(type));
      if (type === "outdated") this.#fail(new HermodError("version-not-supported"));
      if (type === "live" && wasLive === false) prompt.print(style.faint("(connected)"));
      if (type === "waiting" && wasLive !== false)
        prompt.print(style.faint("(no connection; what you write waits here until there is one)"));
      if (type === "live" || type === "waiting") wasLive = type === "live";
    });
  }

  #fail(error: unknown): void {
    if (this.#leaving.signal.aborted || hasCode(error, "stopped")) return;
    this.#failure = error;
    this.#leaving.abort();
  }

  /** A pipe has ended: waits for the server to have what it wrote. */
  async #untilSent(chat: Chat, transcript: Transcript): Promise<number> {
    const { clock } = this.#session;
    const over = new AbortController();
    const all = Promise.all(this.#sent.map(({ sent }) => sent)).then(() => "sent" as const);
    const outcome = await Promise.race([all, clock.sleep(this.#parts.timeoutMs, over.signal).then(() => "late" as const)]);
    over.abort();
    transcript.refresh();
    if (outcome === "sent") return exitCodes.ok;
    this.#parts.terminal.note("Not everything is sent yet; it goes out with the next command that connects.");
    return exitCodes.unhealthy;
  }
}

const sentWatchedMax = 1_000;

/** What commands say inside a chat stands above the line that is being written. */
function insideOf(prompt: Prompt, style: Style, outside: Terminal): Terminal {
  return {
    ...outside,
    columns: prompt.columns,
    isInteractive: prompt.isTerminal,
    say: (line) => {
      prompt.print(line);
    },
    note: (line) => {
      if (prompt.isTerminal) prompt.print(style.alarm(line));
      else outside.note(line);
    },
  };
}
