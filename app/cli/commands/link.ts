import type { Link } from "../../../client/account/link-new.js";
import { exitCodes, UsageError, type Command, type Terminal } from "../command.js";
import { goLive, jsonOption, sessionOptions, withSession, type Environment, type Session } from "../session.js";
import { styleOf, type Style } from "../style.js";
import { rememberServer } from "../user-directory.js";
import { printable } from "../words.js";

export const linkCommand = (environment: Environment): Command => ({
  name: "link",
  summary: "make this directory another device of an account that exists",
  audience: "people",
  options: [
    ...sessionOptions,
    { flags: "--name <name>", doc: "what this device is called when the other one asks", usual: "hermod" },
    { flags: "--yes", doc: "join the account that approves without asking here" },
    jsonOption,
  ],
  examples: ["hermod link --dir ./laptop --name laptop", "hermod link --dir ./laptop --server https://chat.example.org"],
  run: (input, terminal) => {
    const { yes, json, name } = input.options;
    if (yes !== true && !terminal.isInteractive) {
      throw new UsageError("nobody is here to confirm the account; give --yes to join the one that approves the code");
    }
    return withSession({ environment, input, terminal, needs: "new" }, async (session) => {
      const { me, server, directory, interrupted } = session;
      const link = await me.linkDevice({
        name: name as string,
        platform: process.platform,
        signal: interrupted,
        confirm: async ({ handle, devices }) => {
          if (yes === true) return true;
          const question = `Link this device to ${printable(handle)} (${String(devices)} device${devices === 1 ? "" : "s"} so far)? [y/N] `;
          return isYes(await terminal.ask(question));
        },
      });
      const style = styleOf(environment, terminal.isInteractive);
      const show = (): Promise<void> => showCode(link, { terminal, style, json: json === true });
      const stopShowing = link.onUri(() => void show());
      await show();
      const self = await link.completed.finally(stopShowing);
      rememberServer(directory, server);
      await startUp(session);
      const handle = me.self?.handle ?? self.handle;
      if (json === true) terminal.json({ type: "linked", handle, account: self.account, device: self.device, server });
      else terminal.say(`Linked: this is a device of ${handle} now. Its messages and keys are in ${directory}.`);
      return exitCodes.ok;
    });
  },
});

const startUpMs = 15_000;

/** Contacts and conversations come from the device that approved, while it is connected; otherwise later. */
async function startUp(session: Session): Promise<void> {
  const { me, clock, interrupted } = session;
  await new Promise<void>((resolve) => {
    const end = (): void => {
      timer.cancel();
      stopListening();
      resolve();
    };
    const timer = clock.timer(startUpMs, end);
    const stopListening = me.on((event) => {
      if (event.type === "sync-done") end();
    });
    interrupted.addEventListener("abort", end, { once: true });
    goLive(session, startUpMs).catch(end);
  });
}

async function showCode(link: Link, to: { readonly terminal: Terminal; readonly style: Style; readonly json: boolean }): Promise<void> {
  const { terminal, style, json } = to;
  if (json) {
    terminal.json({ type: "code", uri: link.uri, digits: link.digits });
    return;
  }
  const picture = (await link.qr()).split("\n").filter((line) => line !== "");
  const width = Math.max(...picture.map((line) => [...line].length));
  terminal.say("");
  if (terminal.columns >= width) for (const line of picture) terminal.say(style.picture(line.padEnd(width)));
  else terminal.say(`(The window is ${String(terminal.columns)} columns wide; the picture of this code needs ${String(width)}.)`);
  terminal.say("");
  terminal.say("On a device that is in the account already, scan this, or run:");
  terminal.say("");
  terminal.say(`  hermod devices approve '${link.uri}'`);
  terminal.say("");
  terminal.say(
    `It must show the digits ${link.digits}. Whoever has this code could join your account in your place: show it, never send it.`,
  );
  terminal.say("A fresh code comes every 45 seconds; waiting for the approval …");
}

export function isYes(answer: string | undefined): boolean {
  return answer !== undefined && /^y(es)?$/i.test(answer.trim());
}
