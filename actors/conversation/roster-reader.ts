import { limits } from "../../lib/limits.js";
import type { Entry } from "../../protos/entry.js";
import { rosterFrame } from "./frames.js";
import type { Effect } from "./messages.js";
import type { ConversationContext } from "./context.js";
import { bucketOf } from "./state.js";

/* Reads control entries from the log for an answer. They never change and never go, so nobody waits for the behaviour meanwhile. */

/** What an entry costs in a page beside its body. */
const headerBytes = 256;

/** Sends as many of the named control entries as a page holds; at least one, so that a reader gets on. */
export function sendRoster(context: ConversationContext, { to, answer }: Extract<Effect, { type: "send-roster" }>): void {
  const page: Entry[] = [];
  let bytes = 0;
  const finish = (more: boolean): void => {
    context.sessions.answer(to, { type: "frame", frame: rosterFrame(context.id, to, answer, page, more) });
  };
  const next = (index: number): void => {
    const seq = answer.seqs[index];
    if (seq === undefined) {
      finish(false);
      return;
    }
    context.track(context.ports.log.entries({ conversation: context.id, bucket: bucketOf(seq) }, seq, seq, 1)).then(
      ([entry]) => {
        if (entry !== undefined) {
          bytes += headerBytes + (entry.bodies[0]?.bytes.length ?? 0);
          if (page.length > 0 && bytes > limits.pageBytesMax) {
            finish(true);
            return;
          }
          page.push(entry);
        }
        next(index + 1);
      },
      () => {
        context.sessions.answer(to, { type: "problem", code: "timeout" });
      },
    );
  };
  next(0);
}
