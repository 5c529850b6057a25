import { appendFileSync } from "node:fs";
import { Client } from "../../client/client.js";
import { HermodError, hasCode } from "../../client/errors.js";
import type { ClientEvent } from "../../client/events.js";
import { jsonHistory } from "../../client/messages/history.js";
import { systemClock, type Clock } from "../../lib/clock.js";
import { UsageError, type Input, type Option, type Terminal } from "./command.js";
import { rememberServer, userDirectory, usualServer } from "./user-directory.js";
import { shortId } from "./words.js";

export type Environment = Readonly<Record<string, string | undefined>>;

/** An open device, for as long as one command runs. */
export interface Session {
  readonly me: Client;
  readonly clock: Clock;
  readonly server: string;
  readonly directory: string;
  /** Aborted by Ctrl-C or SIGTERM: what runs ends in order, and the store is closed. */
  readonly interrupted: AbortSignal;
}

/** Options of every command that opens a user directory. */
export const sessionOptions: readonly Option[] = [
  { flags: "--dir <directory>", doc: "the user directory (else HERMOD_DIR, else ./.hermod)" },
  { flags: "--server <url>", doc: `address of the server (else the one used before, else ${usualServer})` },
  { flags: "--history <file>", doc: "append what this device does, one JSON object per line, for a history checker" },
];

export const jsonOption: Option = { flags: "--json", doc: "results as one JSON object per line" };

/** `account`: the store must belong to an account. `new`: one is about to be made. */
export type Needs = "account" | "new";

/** Opens the user directory, runs the work, and closes it again, however the work ends. */
export async function withSession(
  given: { readonly environment: Environment; readonly input: Input; readonly terminal: Terminal; readonly needs: Needs },
  work: (session: Session) => Promise<number>,
): Promise<number> {
  const { environment, input, terminal, needs } = given;
  const directory = userDirectory(input.options.dir, environment);
  const server = typeof input.options.server === "string" ? input.options.server : (directory.server ?? usualServer);
  if (needs === "account" && !directory.hasStore) throw notRegistered(directory.path);
  const clock = systemClock();
  const interruption = interruptions();
  let device: () => string | undefined = () => undefined;
  const me = await Client.open({
    servers: [server],
    dir: directory.path,
    clientName: "hermod-cli",
    ...passphrase(environment),
    ...history(input, clock, () => device()),
  });
  device = () => me.self?.device;
  const stopTelling = me.on((event) => {
    tell(event, terminal);
  });
  try {
    if (needs === "account" && me.self === undefined) throw notRegistered(directory.path);
    const session = { me, clock, server, directory: directory.path, interrupted: interruption.signal };
    const code = await work(session);
    if (me.self !== undefined && directory.server !== server) rememberServer(directory.path, server);
    return code;
  } finally {
    stopTelling();
    await me.stop();
    interruption.end();
  }
}

/**
 * Connects and waits until everything owed is stored.
 *
 * @throws HermodError `unreachable` when that took longer than `timeoutMs`, or the person interrupted
 */
export async function goLive(session: Session, timeoutMs: number): Promise<void> {
  const { me, clock, interrupted } = session;
  const deadline = new AbortController();
  const timer = clock.timer(timeoutMs, () => {
    deadline.abort();
  });
  let refusal: { code: string; message: string } | undefined;
  const stopListening = me.on((event) => {
    if (event.type !== "problem") return;
    refusal = event;
    if (event.code === "unauthenticated") deadline.abort();
  });
  try {
    await me.start({ signal: AbortSignal.any([deadline.signal, interrupted]) });
  } catch (error) {
    if (!hasCode(error, "stopped") || !deadline.signal.aborted) throw error;
    if (refusal?.code === "unauthenticated") throw new HermodError("unauthenticated", { cause: error });
    throw new HermodError("unreachable", {
      message: `no answer from ${session.server} within ${String(timeoutMs / 1000)} s`,
      cause: error,
    });
  } finally {
    stopListening();
    timer.cancel();
  }
}

/** A number of seconds, as ms. */
export function timeoutOf(input: Input, usualSeconds: number): number {
  return numberOf(input, "timeout", usualSeconds, 0.1, 86_400) * 1000;
}

/** An option that is a number. Anything else is a wrong use. */
export function numberOf(input: Input, name: string, usual: number, min: number, max: number): number {
  const text = input.options[name];
  if (text === undefined) return usual;
  const value = typeof text === "string" && text.trim() !== "" ? Number(text) : NaN;
  if (Number.isFinite(value) && value >= min && value <= max) return value;
  throw new UsageError(`--${name} must be a number from ${String(min)} to ${String(max)}`);
}

function notRegistered(path: string): HermodError {
  return new HermodError("not-registered", { message: `there is no account in ${path}` });
}

function passphrase(environment: Environment): { passphraseFile?: string } {
  const path = environment.HERMOD_PASSPHRASE_FILE;
  return path === undefined || path === "" ? {} : { passphraseFile: path };
}

function history(input: Input, clock: Clock, dev: () => string | undefined) {
  const path = input.options.history;
  if (typeof path !== "string") return {};
  const write = (line: string): void => {
    appendFileSync(path, line);
  };
  write(""); // a file that cannot be written is told before anything is sent
  return { history: jsonHistory({ clock, proc: `hermod-${String(process.pid)}`, dev, write }) };
}

function interruptions(): { readonly signal: AbortSignal; end(): void } {
  const controller = new AbortController();
  const onSignal = (): void => {
    controller.abort();
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  return {
    signal: controller.signal,
    end: () => {
      process.off("SIGINT", onSignal);
      process.off("SIGTERM", onSignal);
    },
  };
}

/** What a person must hear of, whichever command runs. */
function tell(event: ClientEvent, terminal: Terminal): void {
  switch (event.type) {
    case "alarm":
      terminal.note(`SECURITY: ${event.detail} (${event.code})${event.account === undefined ? "" : `, account ${shortId(event.account)}`}`);
      return;
    case "verification-lost":
      terminal.note(`The devices of a contact whom you had verified changed: compare safety numbers again (${shortId(event.account)}).`);
      return;
    case "handle-moved":
      terminal.note(`${event.handle} is another account than before: this is a new conversation, with someone else perhaps.`);
      return;
    case "problem":
      terminal.note(`problem: ${event.message} (${event.code})`);
      return;
    default:
      return;
  }
}
