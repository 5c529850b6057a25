import { exitCodes, type Command } from "../command.js";
import { jsonOption, sessionOptions, withSession, type Environment } from "../session.js";
import { rememberServer } from "../user-directory.js";

export const registerCommand = (environment: Environment): Command => ({
  name: "register",
  summary: "make an account; this directory becomes its first device",
  audience: "people",
  takes: [{ name: "handle", doc: "3 to 31 characters of a-z, 0-9, dot, underscore, hyphen" }],
  options: [
    ...sessionOptions,
    { flags: "--invite <invite>", doc: "needed where the server does not listen on loopback only" },
    { flags: "--recovery-file <file>", doc: "write the recovery key there (readable by you only) instead of showing it" },
    jsonOption,
  ],
  examples: [
    "hermod register alice",
    "hermod register bob --dir ./bob --server https://chat.example.org --invite ABCD-EFGH",
    "hermod register echo-bot --recovery-file ./echo-bot.recovery",
  ],
  run: (input, terminal) =>
    withSession({ environment, input, terminal, needs: "new" }, async ({ me, server, directory, interrupted }) => {
      const { invite, recoveryFile, json } = input.options;
      const known = me.self !== undefined;
      const self = await me.register({
        handle: input.args.handle!,
        signal: interrupted,
        ...(typeof invite === "string" ? { invite } : {}),
        ...(typeof recoveryFile === "string" ? { recoveryFile } : {}),
        ...(typeof recoveryFile === "string"
          ? {}
          : {
              showRecovery: (shown: string) => {
                if (json === true) terminal.json({ type: "recovery-key", words: shown });
                else for (const line of recoveryLines(shown)) terminal.say(line);
              },
            }),
      });
      rememberServer(directory, server);
      if (json === true) {
        terminal.json({
          type: "registered",
          handle: self.handle,
          account: self.account,
          device: self.device,
          server,
        });
        return exitCodes.ok;
      }
      if (typeof recoveryFile === "string" && !known)
        terminal.say(`The recovery key is in ${recoveryFile}. Keep it where this machine's loss does not reach it.`);
      terminal.say(
        known
          ? `${self.handle} is registered here already.`
          : `You are ${self.handle} on ${server}. Your messages and keys are in ${directory}.`,
      );
      if (!known) terminal.say("Next: hermod chat <handle>, hermod send <handle> <text>, hermod inbox --follow");
      return exitCodes.ok;
    }),
});

function recoveryLines(words: string): string[] {
  const all = words.split(" ");
  const rows = [0, 6, 12, 18].map(
    (from) =>
      `    ${all
        .slice(from, from + 6)
        .map((word) => word.padEnd(9))
        .join("")
        .trimEnd()}`,
  );
  return [
    "Your recovery key, shown this once. Write these 24 words down, in this order, and keep them secret:",
    "",
    ...rows,
    "",
    "They are the only way back into your account when all your devices are lost. Nobody can give them to you again.",
    "",
  ];
}
