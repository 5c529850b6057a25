import { limits } from "../lib/limits.js";
import { idBytes } from "../lib/ids.js";
import type { hermod } from "../protos/gen/hermod.js";
import type { Answer, Mail, ReplyTo, ServerFrame } from "../protos/messages.js";
import type { Questions } from "./questions.js";
import type { Request } from "./requests.js";

type Gather = Extract<Request, { type: "gather" }>;

/** Asks several accounts and makes one answer of theirs. An account that does not answer in time is simply not in it. */
export async function gather(request: Gather, questions: Questions, tell: (mail: Mail) => void): Promise<ServerFrame> {
  const answers = await Promise.all(
    request.mails.map(async (mail) => ({
      mail,
      answer: await questions.ask((to) => {
        tell(addressed(mail, to));
      }),
    })),
  );
  return request.what === "prekeys" ? prekeys(answers, request.more) : devices(answers);
}

/** The same question with the gateway as the one who gets the answer; the asking device stays named. */
function addressed(mail: Mail, to: ReplyTo): Mail {
  if (mail.kind !== "account" || !("from" in mail.message)) return mail;
  return { ...mail, message: { ...mail.message, from: { ...mail.message.from, ...to } } };
}

type Heard = readonly { readonly mail: Mail; readonly answer: Answer }[];

function prekeys(heard: Heard, more: boolean): ServerFrame {
  const bundles: hermod.v1.Bundle.$Properties[] = [];
  const limited: Uint8Array[] = [];
  for (const { mail, answer } of heard) {
    if (answer.type === "frame" && answer.frame.prekeys) bundles.push(...(answer.frame.prekeys.bundles ?? []));
    else if (answer.type === "problem" && answer.code === "rate-limited") limited.push(idBytes(mail.id));
  }
  return { prekeys: { bundles, limited, more } };
}

function devices(heard: Heard): ServerFrame {
  const chains: hermod.v1.DeviceChain.$Properties[] = [];
  let bytes = 0;
  let more = false;
  for (const { answer } of heard) {
    if (answer.type !== "frame" || !answer.frame.devices) continue;
    more ||= answer.frame.devices.more === true;
    for (const chain of answer.frame.devices.chains ?? []) {
      bytes += (chain.versions ?? []).reduce((sum, version) => sum + version.length, 64);
      if (bytes > limits.pageBytesMax && chains.length > 0) more = true;
      else chains.push(chain);
    }
  }
  return { devices: { chains, more } };
}
