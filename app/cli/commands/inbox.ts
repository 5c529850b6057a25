import { hasCode } from "../../../client/errors.js";
import type { InboxMessage } from "../../../client/messages/inbox.js";
import { exitCodes, type Command, type Input, type Terminal } from "../command.js";
import { goLive, jsonOption, sessionOptions, timeoutOf, withSession, type Environment, type Session } from "../session.js";
import { jsonOf, nameOf, textOf, timeOf } from "../words.js";

export const inboxCommand = (environment: Environment): Command => ({
  name: "inbox",
  summary: "print what came in since the last time, each message once",
  audience: "people",
  options: [
    ...sessionOptions,
    { flags: "--follow", doc: "stay, and print what comes" },
    { flags: "--name <reader>", doc: "readers with different names each get everything", usual: "cli" },
    { flags: "--timeout <seconds>", doc: "how long to try to reach the server", usual: "20" },
    { flags: "--own", doc: "also what you wrote on your other devices" },
    jsonOption,
  ],
  examples: ["hermod inbox", "hermod inbox --follow --json", "hermod inbox --name archive --own --json >> archive.jsonl"],
  run: (input, terminal) =>
    withSession({ environment, input, terminal, needs: "account" }, async (session) => {
      const follow = input.options.follow === true;
      const ended = new AbortController();
      const signal = AbortSignal.any([ended.signal, session.interrupted, terminal.closed]);
      const connecting = connect(session, follow, timeoutOf(input, 20));
      connecting.catch(() => {
        ended.abort();
      });
      if (!follow) await connecting.catch(() => undefined);
      await read(session, { input, follow, signal: follow ? signal : AbortSignal.any([session.interrupted, terminal.closed]) }, terminal);
      if (!session.interrupted.aborted && !terminal.closed.aborted) await connecting;
      return exitCodes.ok;
    }),
});

/** Following, it goes on trying for as long as it takes; a refusal ends it. */
async function connect(session: Session, follow: boolean, timeoutMs: number): Promise<void> {
  try {
    await goLive(session, timeoutMs);
  } catch (error) {
    if (!follow || !hasCode(error, "unreachable")) throw error;
    await session.me.start({ signal: session.interrupted });
  }
}

interface Reading {
  readonly input: Input;
  readonly follow: boolean;
  readonly signal: AbortSignal;
}

/** A message counts as read by this reader once it was written out. */
async function read(session: Session, { input, follow, signal }: Reading, terminal: Terminal): Promise<void> {
  const ended = new AbortController();
  const options = { own: input.options.own === true, signal: AbortSignal.any([signal, ended.signal]) };
  const messages = session.me.inbox(input.options.name as string, options);
  try {
    for (;;) {
      const next = messages.next();
      if (!follow && (await Promise.race([next, nothingMore(session)])) === "nothing") ended.abort();
      const { done, value } = await next;
      if (done === true) return;
      print(value, input.options.json === true, session.clock.now(), terminal);
    }
  } finally {
    ended.abort();
  }
}

/** The reader answers within the turn while the store holds something for it. */
async function nothingMore({ clock }: Session): Promise<"nothing"> {
  await clock.sleep(0);
  return "nothing";
}

function print(message: InboxMessage, json: boolean, nowMs: number, terminal: Terminal): void {
  if (json) {
    terminal.json(jsonOf(message, "message"));
    return;
  }
  const [first = "", ...more] = textOf(message).split("\n");
  if (message.gapBefore) terminal.say("       (a message before this one is missing)");
  terminal.say(`${timeOf(message.atMs, nowMs)}  ${nameOf(message)}: ${first}`);
  for (const line of more) terminal.say(`       ${line}`);
}
