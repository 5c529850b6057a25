import { hasCode } from "../../../client/errors.js";
import { exitCodes, type Command } from "../command.js";
import { goLive, jsonOption, sessionOptions, timeoutOf, withSession, type Environment, type Session } from "../session.js";
import { nameOf } from "../words.js";

export const statusCommand = (environment: Environment): Command => ({
  name: "status",
  summary: "who this directory is, whether the server answers, and what is unread or waits",
  audience: "people",
  options: [...sessionOptions, { flags: "--timeout <seconds>", doc: "how long to wait for the server", usual: "5" }, jsonOption],
  examples: ["hermod status", "hermod status --json"],
  run: (input, terminal) =>
    withSession({ environment, input, terminal, needs: "account" }, async (session) => {
      const { me, server, directory } = session;
      const isLive = await reaches(session, timeoutOf(input, 5));
      const { handle, account, device } = me.self!;
      const chats = chatsOf(session);
      if (input.options.json === true) terminal.json({ type: "status", handle, account, device, server, directory, live: isLive, chats });
      else {
        terminal.say(`${handle}, device ${device}, in ${directory}`);
        terminal.say(isLive ? `${server} answers.` : `${server} does not answer.`);
        for (const { with: name, unread, waiting } of chats)
          terminal.say(`  ${name}: ${String(unread)} unread${waiting === 0 ? "" : `, ${String(waiting)} waiting to be sent`}`);
      }
      return isLive ? exitCodes.ok : exitCodes.unreachable;
    }),
});

async function reaches(session: Session, timeoutMs: number): Promise<boolean> {
  try {
    await goLive(session, timeoutMs);
    return true;
  } catch (error) {
    if (hasCode(error, "unreachable")) return false;
    throw error;
  }
}

const unreadLookedAt = 200;

function chatsOf({ me }: Session): { with: string; chat: string; unread: number; waiting: number }[] {
  return me
    .chats()
    .filter((chat) => chat.snapshot(0).type !== "self")
    .map((chat) => {
      const { members, messages, readThrough } = chat.snapshot(unreadLookedAt);
      const other = members.find(({ account }) => account !== me.self!.account);
      const name = other === undefined ? chat.id : nameOf({ own: false, sender: other.account, senderHandle: other.handle });
      const unread = messages.filter(({ own, seq }) => !own && seq !== undefined && seq > readThrough).length;
      const waiting = messages.filter(({ state }) => state === "queued" || state === "sending").length;
      return { with: name, chat: chat.id, unread, waiting };
    });
}
