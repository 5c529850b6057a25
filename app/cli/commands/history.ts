import { HermodError } from "../../../client/errors.js";
import type { MessageView } from "../../../client/messages/message.js";
import { exitCodes, type Command } from "../command.js";
import { knownChat } from "../known-chat.js";
import { jsonOption, numberOf, sessionOptions, withSession, type Environment } from "../session.js";
import { jsonOf, nameOf, textOf, ticksOf, timeOf } from "../words.js";

export const historyCommand = (environment: Environment): Command => ({
  name: "history",
  summary: "print a conversation as this device has it; works offline",
  audience: "people",
  takes: [{ name: "handle", doc: "the other side; your own handle for notes to yourself" }],
  options: [...sessionOptions, { flags: "--limit <number>", doc: "the newest so many messages", usual: "50" }, jsonOption],
  examples: ["hermod history bob", "hermod history bob --limit 200 --json"],
  run: (input, terminal) => {
    const limit = numberOf(input, "limit", 50, 1, 1_000_000);
    return withSession({ environment, input, terminal, needs: "account" }, async ({ me, clock }) => {
      const chat = knownChat(me, input.args.handle!);
      if (chat === undefined) throw new HermodError("not-found", { message: `this device has no conversation with ${input.args.handle!}` });
      const pages: MessageView[][] = [];
      let before: bigint | undefined;
      for (let left = limit; left > 0;) {
        const page = chat.history({ limit: left, ...(before === undefined ? {} : { before }) });
        if (page.length === 0) break;
        pages.unshift(page);
        left -= page.length;
        before = page[0]!.seq;
      }
      const unsent = chat.snapshot(0).messages;
      for (const message of [...pages.flat(), ...unsent]) {
        if (input.options.json === true) terminal.json(jsonOf(message, "message"));
        else terminal.say(line(message, clock.now()));
      }
      return exitCodes.ok;
    });
  },
});

/** Time, ticks, name, text; further lines of the text stand below it. */
function line(message: MessageView, nowMs: number): string {
  const head = `${timeOf(message.atMs, nowMs)} ${ticksOf(message.state)} ${nameOf(message)}: `;
  const failure = message.failure === undefined ? "" : ` (${message.failure})`;
  return head + textOf(message).replaceAll("\n", "\n          ") + failure;
}
