import type { Client } from "../../../client/client.js";
import { hasCode } from "../../../client/errors.js";
import { exitCodes, UsageError, type Command, type Terminal } from "../command.js";
import { goLive, jsonOption, sessionOptions, timeoutOf, withSession, type Environment } from "../session.js";

export const safetyCommand = (environment: Environment): Command => ({
  name: "safety",
  summary: "the number that you and a contact compare to know that nobody stands between you",
  audience: "people",
  takes: [{ name: "handle", doc: "the other side" }],
  options: [
    ...sessionOptions,
    { flags: "--verify <digits>", doc: "the 60 digits that the other side shows; remembered when they are the same" },
    { flags: "--qr", doc: "also the picture that the other side's camera reads" },
    { flags: "--timeout <seconds>", doc: "how long to wait for the server", usual: "20" },
    jsonOption,
  ],
  examples: ["hermod safety bob", "hermod safety bob --verify '05319 40628 …'"],
  run: (input, terminal) => {
    const { verify, json, qr } = input.options;
    const digits = typeof verify === "string" ? verify.replace(/\s/g, "") : undefined;
    if (digits !== undefined && !/^\d{60}$/.test(digits)) throw new UsageError("--verify needs the 60 digits that the other side shows");
    return withSession({ environment, input, terminal, needs: "account" }, async (session) => {
      const { me } = session;
      try {
        await goLive(session, timeoutOf(input, 20));
      } catch (error) {
        if (!hasCode(error, "unreachable")) throw error;
        terminal.note("The server does not answer; these are the devices as this one knows them.");
      }
      const who = input.args.handle!;
      const same = digits === undefined ? undefined : await me.verify(who, { digits });
      const number = await me.safetyNumber(who);
      if (json === true) {
        const { account, verified, verifyAgain, upToDate } = number;
        terminal.json({ type: "safety", handle: who, account, digits: number.digits, verified, verifyAgain, upToDate, same: same ?? null });
      } else await showSafety(me, who, terminal, qr === true);
      if (same === false)
        terminal.note("NOT the same: somebody may stand between you, or one of you has just changed devices. Compare again in a minute.");
      return same === false ? exitCodes.failure : exitCodes.ok;
    });
  },
});

/** Prints the number and whether it was compared; also in a chat. */
export async function showSafety(me: Client, who: string, terminal: Pick<Terminal, "say">, qr: boolean): Promise<void> {
  const number = await me.safetyNumber(who);
  const groups = number.text.split(" ");
  terminal.say(`Safety number of you and ${who}:`);
  for (let at = 0; at < groups.length; at += 4) terminal.say(`    ${groups.slice(at, at + 4).join(" ")}`);
  if (qr) for (const line of (await number.qr()).split("\n")) terminal.say(line);
  if (number.verified) terminal.say("You have compared it: verified.");
  else if (number.verifyAgain) terminal.say("It was compared, and devices have changed since: compare again.");
  else
    terminal.say(`Not compared yet. Read it to each other by another way than this chat, then: hermod safety ${who} --verify '<digits>'`);
}
