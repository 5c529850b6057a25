import { readFileSync } from "node:fs";
import type { Client } from "../../../client/client.js";
import { HermodError } from "../../../client/errors.js";
import type { DeviceId } from "../../../lib/ids.js";
import { exitCodes, UsageError, type Command, type Terminal } from "../command.js";
import { goLive, jsonOption, sessionOptions, timeoutOf, withSession, type Environment } from "../session.js";
import { dayOf, printable } from "../words.js";
import { isYes } from "./link.js";

/** What the new device starts with is sent while this one stays; what is left goes with the next command that connects. */
const startUpMs = 10_000;

const timeoutOption = { flags: "--timeout <seconds>", doc: "how long to wait for the server", usual: "20" };

export const devicesList = (environment: Environment): Command => ({
  name: "devices list",
  summary: "the devices of your account, by rank",
  audience: "people",
  options: [...sessionOptions, timeoutOption, jsonOption],
  examples: ["hermod devices list", "hermod devices list --json"],
  run: (input, terminal) =>
    withSession({ environment, input, terminal, needs: "account" }, async (session) => {
      await goLive(session, timeoutOf(input, 20));
      await listDevices(session.me, terminal, input.options.json === true);
      return exitCodes.ok;
    }),
});

export const devicesApprove = (environment: Environment): Command => ({
  name: "devices approve",
  summary: "let a device that shows this code into your account",
  audience: "people",
  takes: [{ name: "uri", doc: "the code that `hermod link` shows, in quotes" }],
  options: [
    ...sessionOptions,
    { flags: "--yes", doc: "do not ask; for scripts that compared the digits themselves" },
    timeoutOption,
    jsonOption,
  ],
  examples: ["hermod devices approve 'hermod://link/1?s=…'"],
  run: (input, terminal) => {
    const yes = input.options.yes === true;
    if (!yes && !terminal.isInteractive) throw new UsageError("nobody is here to compare the digits; give --yes when a script has done so");
    return withSession({ environment, input, terminal, needs: "account" }, async (session) => {
      const asked = session.me.devices.inspectLink(input.args.uri!); // before anything is sent
      await goLive(session, timeoutOf(input, 20));
      const done = await approve(session.me, input.args.uri!, { terminal, yes, signal: session.interrupted });
      if (done && input.options.json === true) terminal.json({ type: "approved", device: asked.device, name: asked.name });
      return done ? exitCodes.ok : exitCodes.failure;
    });
  },
});

export const devicesRemove = (environment: Environment): Command => ({
  name: "devices remove",
  summary: "take a device out of your account: it receives and sends nothing more",
  audience: "people",
  takes: [{ name: "id", doc: "the device's id, or the beginning of it that only one has" }],
  options: [
    ...sessionOptions,
    { flags: "--recovery-file <file>", doc: "file with the 24 words; needed to remove a device of higher rank than this one" },
    timeoutOption,
    jsonOption,
  ],
  examples: ["hermod devices remove ufoymcjm", "hermod devices remove ufoymcjm --recovery-file words.txt"],
  run: (input, terminal) =>
    withSession({ environment, input, terminal, needs: "account" }, async (session) => {
      const file = input.options.recoveryFile;
      const recoveryWords = typeof file === "string" ? readFileSync(file, "utf8") : undefined;
      await goLive(session, timeoutOf(input, 20));
      const id = await removeDevice(session.me, input.args.id!, recoveryWords);
      if (input.options.json === true) terminal.json({ type: "removed", device: id });
      else terminal.say(`Removed ${id}.`);
      return exitCodes.ok;
    }),
});

/** Prints them; also in a chat. */
export async function listDevices(me: Client, terminal: Pick<Terminal, "say" | "json">, json: boolean): Promise<void> {
  for (const { id, rank, own, addedMs, lastSeenMs } of await me.devices.list()) {
    if (json) {
      terminal.json({
        type: "device",
        id,
        rank,
        own,
        added: dayOf(addedMs),
        lastSeen: lastSeenMs === undefined ? null : dayOf(lastSeenMs),
      });
      continue;
    }
    const seen = lastSeenMs === undefined ? "" : `, last seen ${dayOf(lastSeenMs)}`;
    terminal.say(`${String(rank)}. ${id}  added ${dayOf(addedMs)}${seen}${own ? "  (this one)" : ""}`);
  }
}

/** Shows who asks, asks, and approves. False: the person said no. */
export async function approve(
  me: Client,
  uri: string,
  {
    terminal,
    yes,
    signal,
  }: { readonly terminal: Pick<Terminal, "ask" | "note" | "say">; readonly yes: boolean; readonly signal: AbortSignal },
): Promise<boolean> {
  const { name, platform, digits } = me.devices.inspectLink(uri);
  const who = `"${printable(name)}"${platform === "" ? "" : ` (${printable(platform)})`}`;
  terminal.note(`${who} wants to become a device of your account, with the digits ${digits}.`);
  terminal.note("It will read your messages from now on and write in your name.");
  if (!yes && !isYes(await terminal.ask(`Does that device show ${digits}? [y/N] `))) {
    terminal.note("Not approved.");
    return false;
  }
  const { devices } = await me.devices.approveLink(uri, signal);
  await me.devices.startUpSent(AbortSignal.any([signal, AbortSignal.timeout(startUpMs)]));
  terminal.say(`Approved. Your account has ${String(devices.length)} devices now.`);
  return true;
}

/** By its id or the beginning of it. */
export async function removeDevice(me: Client, beginning: string, recoveryWords?: string): Promise<DeviceId> {
  const matching = (await me.devices.list()).filter(({ id }) => id.startsWith(beginning.toLowerCase().replace(/…$/, "")));
  const [only] = matching;
  if (only === undefined)
    throw new HermodError("not-found", { message: `no device of this account has an id that begins with ${beginning}` });
  if (matching.length > 1) throw new UsageError(`${String(matching.length)} devices have an id that begins with ${beginning}`);
  await me.devices.remove(only.id, recoveryWords === undefined ? {} : { recoveryWords });
  return only.id;
}
