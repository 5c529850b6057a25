import { hasCode } from "../../../client/errors.js";
import type { Chat } from "../../../client/messages/chat.js";
import { exitCodes, UsageError, type Command, type Terminal } from "../command.js";
import { goLive, jsonOption, sessionOptions, timeoutOf, withSession, type Environment, type Session } from "../session.js";
import { knownChat } from "../known-chat.js";

export const sendCommand = (environment: Environment): Command => ({
  name: "send",
  summary: "send one message and wait until the server has stored it",
  audience: "people",
  takes: [
    { name: "handle", doc: "whom to write to" },
    { name: "text", doc: "the message; - reads it from standard input", rest: true },
  ],
  options: [...sessionOptions, { flags: "--timeout <seconds>", doc: "how long to wait for the server", usual: "20" }, jsonOption],
  examples: ['hermod send bob "hi"', "hermod send bob hello there", "date | hermod send bob -"],
  run: async (input, terminal) => {
    const timeoutMs = timeoutOf(input, 20);
    const text = input.args.text === "-" ? await terminal.readAll() : input.args.text!;
    if (text.trim() === "") throw new UsageError("there is no text to send");
    return withSession({ environment, input, terminal, needs: "account" }, async (session) => {
      const startedMs = session.clock.mono();
      const chat = await reach(session, input.args.handle!, timeoutMs);
      const leftMs = Math.max(1, timeoutMs - (session.clock.mono() - startedMs));
      return sendAndWait(session, { chat, text, leftMs, json: input.options.json === true }, terminal);
    });
  },
});

/** The conversation, also when no server answers, if it is known here: then the message waits in the outbox. */
async function reach(session: Session, handle: string, timeoutMs: number): Promise<Chat> {
  try {
    await goLive(session, timeoutMs);
    return await session.me.createChat({ participants: [handle], signal: session.interrupted });
  } catch (error) {
    const known = knownChat(session.me, handle);
    if (!hasCode(error, "unreachable") || known === undefined) throw error;
    return known;
  }
}

interface Wanted {
  readonly chat: Chat;
  readonly text: string;
  readonly leftMs: number;
  readonly json: boolean;
}

async function sendAndWait({ clock, interrupted, me }: Session, { chat, text, leftMs, json }: Wanted, terminal: Terminal): Promise<number> {
  const message = chat.send({ text });
  const over = new AbortController();
  const timer = clock.timer(me.state.type === "live" ? leftMs : 0, () => {
    over.abort();
  });
  const waited = new Promise<undefined>((resolve) => {
    AbortSignal.any([over.signal, interrupted]).addEventListener("abort", () => {
      resolve(undefined);
    });
  });
  const place = await Promise.race([message.sent, waited]);
  timer.cancel();
  if (place === undefined) {
    if (json) terminal.json({ type: "queued", chat: chat.id, id: message.id, seq: null });
    terminal.note(
      `Not sent yet: no answer from the server in time. The message is queued as ${message.id} and goes out with the next command that connects.`,
    );
    return exitCodes.unhealthy;
  }
  if (json)
    terminal.json({ type: "sent", chat: chat.id, id: message.id, seq: String(place.seq), time: new Date(place.serverMs).toISOString() });
  else terminal.say(`✓ sent: message ${message.id}, number ${String(place.seq)} of the conversation`);
  return exitCodes.ok;
}
