import { unreachable } from "../../lib/assert.js";
import type { ToAccount } from "../../protos/messages.js";
import { authenticate } from "./authentication.js";
import { problem } from "./flows.js";
import type { AccountEffect } from "./messages.js";
import { firstVersionOf } from "./registration.js";
import type { Account } from "./state.js";

/** What anybody hears of an account that does not exist, or is not registered to its end. */
export function answerAbsent(state: Account, message: ToAccount): AccountEffect[] {
  switch (message.type) {
    case "register": {
      const first = firstVersionOf(state.id, message);
      return [{ type: "answer", to: message.to, answer: problem(first.error ?? "internal") }];
    }
    case "authenticate":
      return authenticate(state, message);
    case "complete-link":
      return [{ type: "answer", to: message.to, answer: problem("link-refused") }];
    case "recover-device":
      return [{ type: "answer", to: message.to, answer: problem("not-found") }];
    case "create-chat":
    case "change-devices":
    case "put-keys":
    case "approve-link":
      return [{ type: "answer", to: message.from, answer: problem("unauthenticated") }];
    case "fetch-prekeys":
    case "fetch-devices":
      return [{ type: "answer", to: message.from, answer: problem("not-found") }];
    case "describe":
      return [
        {
          type: "tell",
          mail: { kind: "account", id: message.account, message: { type: "described", account: state.id, question: message.question } },
        },
      ];
    case "joined": // nothing to remember; it need not ask again
      return [
        { type: "tell", mail: { kind: "conversation", id: message.conversation, message: { type: "joined-heard", account: state.id } } },
      ];
    case "described":
    case "told-heard":
    case "revoked-durable":
    case "seen":
    case "resume-work":
      return [];
    default:
      return unreachable(message);
  }
}
