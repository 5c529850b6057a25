import { unreachable } from "../../lib/assert.js";
import type { ConversationId } from "../../lib/ids.js";
import { point } from "../../lib/point.js";
import type { KindOfActor } from "../kind.js";
import type { WriteOutcome } from "../ports.js";
import { createConversation, step } from "./behaviour.js";
import type { ConversationContext, ConversationPorts } from "./context.js";
import { problemAnswer, sentFrame } from "./frames.js";
import type { Effect, Message } from "./messages.js";
import { sendRoster } from "./roster-reader.js";
import { bucketOf, type Conversation } from "./state.js";

/** Conversations as the runtime hosts them. */
export function conversationKind(ports: ConversationPorts): KindOfActor<ConversationId, Conversation, Message, Effect, ConversationPorts> {
  return { kind: "conversation", ports, create: createConversation, step, perform };
}

/** Carries out one effect. The only place where a conversation touches the world; answers come back as messages. */
// eslint-disable-next-line max-lines-per-function -- one case per effect
export function perform(effect: Effect, context: ConversationContext): void {
  const { id, ports } = context;
  switch (effect.type) {
    case "read-state":
      read(context, "state", ports.states.read(id), (stored) => ({ type: "state-read", stored }));
      return;
    case "probe": {
      const { bucket } = effect;
      read(context, "probe", ports.log.probe({ conversation: id, bucket }), (found) => ({ type: "probed", bucket, found }));
      return;
    }
    case "fence":
      write(context, ports.log.fence({ conversation: id, bucket: effect.bucket }, effect.expected, effect.epoch), (outcome) => ({
        type: "bucket-written",
        outcome,
      }));
      return;
    case "open-bucket":
      write(context, ports.log.open({ conversation: id, bucket: effect.bucket }, effect.cells), (outcome) => ({
        type: "bucket-written",
        outcome,
      }));
      return;
    case "read-headers":
      read(context, "headers", ports.log.headers({ conversation: id, bucket: effect.bucket }, effect.from, effect.to), (headers) => ({
        type: "headers-read",
        headers,
      }));
      return;
    case "read-receipts":
      read(context, "receipts", ports.receipts.read(id), (watermarks) => ({ type: "receipts-read", watermarks }));
      return;
    case "read-entries": {
      const { bucket, from, to } = effect;
      const limit = Number(to - from) + 1;
      read(context, "entries", ports.log.entries({ conversation: id, bucket }, from, to, limit), (entries) => ({
        type: "entries-read",
        entries,
      }));
      return;
    }
    case "append":
      append(context, effect);
      return;
    case "issue-intent":
      context.track(ports.intents.issue(id)).then(
        () => context.tell({ type: "intent-durable" }),
        () => context.tell({ type: "intent-failed" }),
      );
      return;
    case "dirty":
      ports.intents.dirty(id);
      return;
    case "clean":
      ports.intents.clean(id);
      return;
    case "save-fanned": {
      const { bucket, epoch, lastSeq, fanned } = effect;
      write(context, ports.log.saveFanned({ conversation: id, bucket }, epoch, lastSeq, fanned), (outcome) => ({
        type: "fanned-saved",
        fanned,
        outcome,
      }));
      return;
    }
    case "save-snapshot": {
      const { version, through, snapshot } = effect;
      point("server.snapshot");
      write(context, ports.states.write(id, version, through, snapshot), (outcome) => ({ type: "snapshot-saved", through, outcome }));
      return;
    }
    case "trim": {
      const { through, epoch } = effect;
      write(context, ports.log.trim({ conversation: id, bucket: bucketOf(through) }, epoch, through), (outcome) => ({
        type: "bodies-trimmed",
        through,
        outcome,
      }));
      return;
    }
    case "when-alive":
      context.gate.afterAlive(() => {
        perform(effect.then, context);
      });
      return;
    case "sent":
      answerSent(context, effect);
      return;
    case "refused":
      context.sessions.answer(effect.to, problemAnswer(id, effect));
      return;
    case "send-roster":
      sendRoster(context, effect);
      return;
    case "tell":
      context.router.tell(effect.mail);
      if (effect.mail.message.type === "deliver") point("server.fan-out-k");
      return;
    case "wake-at":
      context.wakeAt(effect.monoMs);
      return;
    case "ended":
      context.ended();
      return;
    default:
      unreachable(effect);
  }
}

function append(context: ConversationContext, effect: Extract<Effect, { type: "append" }>): void {
  const { bucket, epoch, lastSeq, batch, fanned, entries } = effect;
  point("server.batch-built");
  context.track(context.ports.log.append({ conversation: context.id, bucket }, epoch, lastSeq, batch, fanned, entries)).then(
    (outcome) => {
      context.tell(outcome); // appended, fenced, unsure, full: the outcome is the message
    },
    () => {
      context.tell({ type: "unsure", code: "unsure" }); // an adapter that throws has told us nothing
    },
  );
}

/** Leaves once a read of the alive gate that begins now says alive: an owner that was paused wakes up dead. */
function answerSent(context: ConversationContext, effect: Extract<Effect, { type: "sent" }>): void {
  point("server.before-gate");
  context.gate.afterAlive(() => {
    context.sessions.answer(effect.to, { type: "frame", frame: sentFrame(context.id, effect) });
    point("server.acked");
  });
}

function read<Value>(
  context: ConversationContext,
  what: Extract<Message, { type: "read-failed" }>["what"],
  work: Promise<Value>,
  heard: (value: Value) => Message,
): void {
  context.track(work).then(
    (value) => {
      context.tell(heard(value));
    },
    () => {
      context.tell({ type: "read-failed", what });
    },
  );
}

/** An adapter that throws has told us nothing: unsure. */
function write(context: ConversationContext, work: Promise<WriteOutcome>, heard: (outcome: WriteOutcome) => Message): void {
  context.track(work).then(
    (outcome) => {
      context.tell(heard(outcome));
    },
    () => {
      context.tell(heard("unsure"));
    },
  );
}
