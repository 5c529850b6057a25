import { unreachable } from "../../lib/assert.js";
import type { AccountId } from "../../lib/ids.js";
import { point } from "../../lib/point.js";
import type { ShellContext } from "../context.js";
import type { KindOfActor } from "../kind.js";
import { step } from "./behaviour.js";
import type { AccountEffect, AccountMessage, AnswerOf, PortQuestion } from "./messages.js";
import type { WriteOutcome } from "../ports.js";
import type { AccountPorts } from "./ports.js";
import { createAccount, type Account } from "./state.js";

type Context = ShellContext<AccountId, AccountMessage, AccountPorts>;

/** Accounts as the host runs them. */
export function accountKind(ports: AccountPorts): KindOfActor<AccountId, Account, AccountMessage, AccountEffect, AccountPorts> {
  return { kind: "account", ports, create: createAccount, step, perform };
}

/** Carries out one effect. The only place where an account touches the world; answers come back as messages. */
export function perform(effect: AccountEffect, context: Context): void {
  const { id, ports } = context;
  switch (effect.type) {
    case "load":
      context.track(ports.accounts.load(id)).then(
        (row) => {
          context.tell({ type: "loaded", row });
        },
        () => {
          context.tell({ type: "unanswered" });
        },
      );
      return;
    case "fence":
      context.track(ports.accounts.fence(id, effect.expected, effect.epoch)).then(
        (outcome) => {
          context.tell({ type: "fenced", outcome });
        },
        () => {
          context.tell({ type: "fenced", outcome: "unsure" }); // an adapter that throws has told us nothing
        },
      );
      return;
    case "change":
      change(effect, context);
      return;
    case "ask":
      context.track(answerTo(effect.question, context)).then(
        (answer) => {
          context.tell({ type: "answered", flow: effect.flow, answer });
        },
        () => {
          context.tell({ type: "unanswered", flow: effect.flow });
        },
      );
      return;
    case "tell":
      context.router.tell(effect.mail);
      if (effect.mail.kind === "conversation" && effect.mail.message.type === "told") point("server.told-k");
      return;
    case "answer":
      if (effect.gated === true) {
        context.gate.afterAlive(() => {
          context.sessions.answer(effect.to, effect.answer);
        });
      } else context.sessions.answer(effect.to, effect.answer);
      return;
    case "wake":
      context.wakeAt(effect.monoMs);
      return;
    case "ended":
      context.ended();
      return;
    default:
      unreachable(effect);
  }
}

function change({ epoch, ver, changes }: Extract<AccountEffect, { type: "change" }>, context: Context): void {
  context.track(context.ports.accounts.change(context.id, epoch, ver, changes)).then(
    (outcome) => {
      if (outcome === "applied" && changes.version !== undefined) point("server.list-written");
      context.tell({ type: "changed", outcome });
    },
    () => {
      context.tell({ type: "changed", outcome: "unsure" });
    },
  );
}

/** An adapter that throws has told us nothing of the write. */
function unsure(): WriteOutcome {
  return "unsure";
}

function answerTo(question: PortQuestion, { id, ports, ownership }: Context): Promise<AnswerOf<PortQuestion["type"]>> {
  switch (question.type) {
    case "verify":
      return ports.signatures.check(question.checks).then((outcome) => ({ outcome, salt: ports.rand.bytes(16) }));
    case "read-handle":
      return ports.handles.read(question.handle);
    case "claim-handle":
      return ports.handles.claim(question.handle, id).catch(unsure);
    case "release-handle":
      return ports.handles.release(question.handle, id).catch(unsure);
    case "use-invite":
      return ports.invites.use(question.invite, id).catch(unsure);
    case "read-link":
      return ports.links.read(question.link);
    case "approve-link":
      return ports.links.approve(question.link, question.approval).catch(unsure);
    case "put-prekeys":
      return ports.prekeys.put(id, question.device, question.kind, question.keys, question.uploadedMs).catch(unsure);
    case "count-prekeys":
      return Promise.all([ports.prekeys.count(id, question.device, "ec"), ports.prekeys.count(id, question.device, "kyber")]).then(
        ([ec, kyber]) => ({ ec, kyber }),
      );
    case "oldest-prekeys":
      return ports.prekeys.oldest(id, question.device, question.kind, question.limit);
    case "claim-prekey":
      return ports.prekeys.claim(id, question.device, question.kind, question.id).then((outcome) => {
        if (outcome === "applied") point("server.prekey-claimed");
        return outcome;
      }, unsure);
    case "drop-prekeys":
      return ports.prekeys.drop(id, question.device).catch(unsure);
    case "add-work":
      return ports.work.add(ownership.shard, id);
    case "remove-work":
      return ports.work.remove(ownership.shard, id);
    default:
      return unreachable(question);
  }
}
