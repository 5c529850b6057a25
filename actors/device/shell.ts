import { unreachable } from "../../lib/assert.js";
import type { DeviceId } from "../../lib/ids.js";
import { point } from "../../lib/point.js";
import { closeCodes } from "../../protos/close-codes.js";
import type { SessionRef } from "../../protos/messages.js";
import type { ShellContext } from "../context.js";
import type { KindOfActor } from "../kind.js";
import { step } from "./behaviour.js";
import { fetchedFrame, frameOf, readStoredFrame } from "./frames.js";
import { bucketOf, findHead, findMembership, headerAt } from "./logs.js";
import type { DeviceEffect, DeviceMessage } from "./messages.js";
import type { DevicePorts } from "./ports.js";
import { createDevice, type Device } from "./state.js";

type Context = ShellContext<DeviceId, DeviceMessage, DevicePorts>;
type Effect<Type extends DeviceEffect["type"]> = Extract<DeviceEffect, { type: Type }>;

export function deviceKind(ports: DevicePorts): KindOfActor<DeviceId, Device, DeviceMessage, DeviceEffect, DevicePorts> {
  return { kind: "device", ports, create: createDevice, step, perform };
}

/** Carries out one effect. The only place where a device's actor touches the world; answers come back as messages. */
export function perform(effect: DeviceEffect, context: Context): void {
  switch (effect.type) {
    case "load":
    case "fence":
    case "change":
    case "read-row":
    case "write-row":
    case "look":
    case "entitle":
    case "read-slice":
      store(effect, context);
      return;
    case "push":
    case "refuse":
    case "read-stored":
    case "fetched":
    case "close":
      tellSession(effect, context);
      return;
    case "accept":
      accept(effect, context);
      return;
    case "tell-receipt":
    case "ask-receipts":
    case "tell-revoked":
    case "tell-seen":
      tellActor(effect, context);
      return;
    case "note-nack":
      context.ports.notes?.nacked(context.id, effect.conversation, effect.seq, effect.reason);
      return;
    case "wake":
      context.wakeAt(effect.atMs);
      return;
    case "end":
      context.ended();
      return;
    default:
      unreachable(effect);
  }
}

type Storing = Effect<"load" | "fence" | "change" | "read-row" | "write-row" | "look" | "entitle" | "read-slice">;

function store(effect: Storing, context: Context): void {
  const { id, ports } = context;
  const failed = (): void => {
    context.tell({ type: "failed", effect });
  };
  switch (effect.type) {
    case "load":
      context.track(ports.states.load(id)).then(
        (row) => {
          context.tell({ type: "loaded", row });
        },
        () => {
          context.tell({ type: "load-failed" });
        },
      );
      return;
    case "fence":
      fence(effect, context);
      return;
    case "change":
      change(effect, context);
      return;
    case "read-row":
      context.track(ports.receipts.read(effect.conversation, id)).then((watermarks) => {
        context.tell({ type: "row-read", conversation: effect.conversation, watermarks });
      }, failed);
      return;
    case "write-row":
      writeRow(effect, context);
      return;
    case "look":
      look(effect, context, failed);
      return;
    case "entitle": {
      const { conversation, account, why, ticket, at, head } = effect;
      context.track(findMembership(ports.log, conversation, account, id, at, head)).then((membership) => {
        context.tell({ type: "entitled", conversation, why, ticket, ...membership });
      }, failed);
      return;
    }
    case "read-slice": {
      const { conversation, why, ticket, from, entries, bytes } = effect;
      context.track(ports.log.slice({ conversation, bucket: bucketOf(from) }, id, from, { entries, bytes })).then((read) => {
        context.tell({ type: "slice-read", conversation, why, ticket, from, entries: read });
      }, failed);
      return;
    }
    default:
      unreachable(effect);
  }
}

/** An adapter that throws has told us nothing. */
function fence({ row, epoch }: Effect<"fence">, context: Context): void {
  const expected = row === undefined ? undefined : { epoch: row.epoch, ver: row.ver };
  context.track(context.ports.states.fence(context.id, expected, epoch)).then(
    (outcome) => {
      context.tell({ type: "fenced", outcome, row });
    },
    () => {
      context.tell({ type: "fenced", outcome: "unsure", row });
    },
  );
}

function change({ epoch, ver, changes }: Effect<"change">, context: Context): void {
  if (changes.clear.length > 0) point("server.mark-clearing");
  context.track(context.ports.states.change(context.id, epoch, ver, changes)).then(
    (outcome) => {
      if (changes.set.length > 0) point("server.mark-written");
      context.tell({ type: "changed", outcome });
    },
    () => {
      context.tell({ type: "changed", outcome: "unsure" });
    },
  );
}

function writeRow({ conversation, watermarks }: Effect<"write-row">, context: Context): void {
  context.track(context.ports.receipts.write(conversation, context.id, watermarks)).then(
    () => {
      point("server.receipt-durable");
      context.tell({ type: "row-written", conversation, durable: true });
    },
    () => {
      context.tell({ type: "row-written", conversation, durable: false });
    },
  );
}

function look(effect: Effect<"look">, context: Context, failed: () => void): void {
  const { conversation, why, ticket, hint } = effect;
  const { log } = context.ports;
  const found = findHead(log, conversation, hint).then((head) => {
    if (why !== "start" || head === 0n) return { head, newestMs: 0 };
    return headerAt(log, conversation, head).then(({ timeMs }) => ({ head, newestMs: timeMs }));
  });
  context.track(found).then(({ head, newestMs }) => {
    context.tell({ type: "looked", conversation, why, ticket, head, newestMs });
  }, failed);
}

function tellSession(effect: Effect<"push" | "refuse" | "read-stored" | "fetched" | "close">, { sessions }: Context): void {
  switch (effect.type) {
    case "push":
      sessions.push(effect.session, frameOf(effect.what));
      return;
    case "refuse": {
      const { to, code, retryAfterMs } = effect;
      sessions.answer(to, retryAfterMs === undefined ? { type: "problem", code } : { type: "problem", code, retryAfterMs });
      return;
    }
    case "read-stored":
      sessions.answer(effect.to, { type: "frame", frame: readStoredFrame(effect.conversation, effect.through) });
      return;
    case "fetched":
      sessions.answer(effect.to, { type: "frame", frame: fetchedFrame(effect.conversation, effect.first, effect.last) });
      return;
    case "close":
      sessions.close(plain(effect.session), closeCodes[effect.reason].code, effect.reason);
      return;
    default:
      unreachable(effect);
  }
}

/** An asker is a session too; what else it carries stays here. */
function plain({ gateway, socket }: SessionRef): SessionRef {
  return { gateway, socket };
}

/** `covered` rests on still being owner, and no write of its own proves that: through the alive gate. */
function accept({ conversation, activation, range, how }: Effect<"accept">, context: Context): void {
  const send = (): void => {
    context.router.tell({
      kind: "conversation",
      id: conversation,
      message: { type: "accepted", activation, device: context.id, range, how },
    });
  };
  if (how === "covered") context.gate.afterAlive(send);
  else send();
}

function tellActor(effect: Effect<"tell-receipt" | "ask-receipts" | "tell-revoked" | "tell-seen">, { id: device, router }: Context): void {
  switch (effect.type) {
    case "tell-receipt": {
      const { conversation: id, account, watermarks } = effect;
      router.tell({ kind: "conversation", id, message: { type: "receipt", account, device, watermarks } });
      return;
    }
    case "ask-receipts":
      router.tell({ kind: "conversation", id: effect.conversation, message: { type: "receipts-wanted", account: effect.account, device } });
      return;
    case "tell-revoked":
      router.tell({ kind: "account", id: effect.account, message: { type: "revoked-durable", device } });
      return;
    case "tell-seen":
      router.tell({ kind: "account", id: effect.account, message: { type: "seen", device } });
      return;
    default:
      unreachable(effect);
  }
}
