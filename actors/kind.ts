import type { ActorKind } from "../protos/messages.js";
import type { Moment, Ownership } from "./ports.js";
import type { FromRuntime, ShellContext } from "./context.js";

/**
 * One kind of actor as the host sees it: a pure behaviour and the shell that carries out its effects.
 * The host never looks into states, messages or effects.
 */
export interface KindOfActor<Id extends string, State, Message, Effect, Ports> {
  readonly kind: ActorKind;
  readonly ports: Ports;
  create(id: Id, ownership: Ownership): State;
  step(state: State, message: Message | FromRuntime, now: Moment): readonly Effect[];
  perform(effect: Effect, context: ShellContext<Id, Message, Ports>): void;
}

// The host keeps kinds of different types in one table; each entry is consistent in itself.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type AnyKind = KindOfActor<any, any, any, any, any>;
