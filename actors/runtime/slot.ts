import type { Ref } from "nact";
import { BoundedQueue } from "../../lib/bounded.js";
import { limits } from "../../lib/limits.js";
import type { Activation } from "./activation.js";
import type { AnyKind } from "./kind.js";

/** The place of one actor on this node: its mailbox and at most one activation. Outlives activations, dies when there is nothing to do. */
export class Slot {
  readonly spec: AnyKind;
  readonly id: string;
  readonly inbox = new BoundedQueue<{ readonly type: string }>(limits.mailboxMax);
  actor: Ref<unknown> | undefined;
  activation: Activation | undefined;
  /** A turn is on its way. */
  scheduled = false;
  /** The activation has ended, but something that it started has not settled. */
  ending = false;
  drained = false;
  gone = false;

  constructor(spec: AnyKind, id: string) {
    this.spec = spec;
    this.id = id;
  }
}
