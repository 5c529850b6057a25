import type { AccountId, DeviceId, LinkId } from "../../lib/ids.js";
import type { AccountHead, Answer, Mail, ReplyTo, ToAccount } from "../../protos/messages.js";
import type { SignatureCheck } from "../../protos/signed/verdict.js";
import type { SignatureOutcome, WriteOutcome } from "../ports.js";
import type { AccountChanges, AccountRow, LinkRow, Prekey, PrekeyKind } from "./ports.js";

/** What the runtime says to every behaviour. */
type FromRuntime =
  | { readonly type: "start"; readonly shardEpoch: bigint }
  | { readonly type: "tick" }
  | { readonly type: "passivate" }
  | { readonly type: "drain" };

/** How many one-time keys a device has left. */
export interface PrekeyCounts {
  readonly ec: number;
  readonly kyber: number;
}

/** A question to a port, each of one partition, with what its answer is. */
interface PortQuestions {
  "verify": {
    readonly ask: { readonly checks: readonly SignatureCheck[] };
    /** `salt`: 16 fresh random bytes, for a credential that is stored next. */
    readonly answer: { readonly outcome: SignatureOutcome; readonly salt: Uint8Array };
  };
  "read-handle": { readonly ask: { readonly handle: string }; readonly answer: AccountId | undefined };
  "claim-handle": { readonly ask: { readonly handle: string }; readonly answer: WriteOutcome };
  "release-handle": { readonly ask: { readonly handle: string }; readonly answer: WriteOutcome };
  "use-invite": { readonly ask: { readonly invite: string }; readonly answer: WriteOutcome };
  "read-link": { readonly ask: { readonly link: LinkId }; readonly answer: LinkRow | undefined };
  "approve-link": {
    readonly ask: { readonly link: LinkId; readonly approval: NonNullable<LinkRow["approval"]> };
    readonly answer: WriteOutcome;
  };
  "put-prekeys": {
    readonly ask: { readonly device: DeviceId; readonly kind: PrekeyKind; readonly keys: readonly Prekey[]; readonly uploadedMs: number };
    readonly answer: WriteOutcome;
  };
  "count-prekeys": { readonly ask: { readonly device: DeviceId }; readonly answer: PrekeyCounts };
  "oldest-prekeys": {
    readonly ask: { readonly device: DeviceId; readonly kind: PrekeyKind; readonly limit: number };
    readonly answer: readonly Prekey[];
  };
  "claim-prekey": {
    readonly ask: { readonly device: DeviceId; readonly kind: PrekeyKind; readonly id: number };
    readonly answer: WriteOutcome;
  };
  "drop-prekeys": { readonly ask: { readonly device: DeviceId }; readonly answer: WriteOutcome };
  "add-work": { readonly ask: object; readonly answer: void };
  "remove-work": { readonly ask: object; readonly answer: void };
}

/** A question that the account answers itself, when it is time. */
interface OwnQuestions {
  /**
   * The turn of this flow among those that want the same: "list" for what changes the list, the keys or the registration, else a pool of
   * prekeys. Given back at the end of the flow.
   */
  "lock": { readonly ask: { readonly name: string }; readonly answer: void };
  /** Gives the turn on before the flow is over. */
  "unlock": { readonly ask: { readonly name: string }; readonly answer: void };
  /**
   * One conditional write of the account's partition. The changes are made when its turn comes, from rows that are up to date then. It
   * answers only when the write is durable: any other outcome ends the activation, and with it every flow.
   */
  "write": { readonly ask: { readonly build: () => AccountChanges }; readonly answer: void };
  /** Until these devices' own partitions say revoked; false: not within the deadline of a request. It goes on being seen to. */
  "until-revoked": { readonly ask: { readonly devices: readonly DeviceId[] }; readonly answer: boolean };
  /** The heads of other accounts. One that did not answer in time is `silent`; one that is no account has no head. */
  "describe": {
    readonly ask: { readonly members: readonly { readonly account: AccountId; readonly fromVersion: number }[] };
    readonly answer: { readonly heads: ReadonlyMap<AccountId, AccountHead | undefined>; readonly silent: boolean };
  };
  "sleep": { readonly ask: { readonly ms: number }; readonly answer: void };
  /** Effects that need no answer. */
  "emit": { readonly ask: { readonly effects: readonly AccountEffect[] }; readonly answer: void };
}

type Questions = PortQuestions & OwnQuestions;
type Asked<Kind extends keyof Questions> = { readonly type: Kind } & Questions[Kind]["ask"];

export type PortQuestion = { [Kind in keyof PortQuestions]: Asked<Kind> }[keyof PortQuestions];
export type Question = { [Kind in keyof Questions]: Asked<Kind> }[keyof Questions];
export type AnswerOf<Kind extends keyof Questions> = Questions[Kind]["answer"];

/**
 * A request in several steps: it yields questions and gets their answers, and what it returns answers whoever asked. No clock, no I/O: the
 * behaviour resumes it with messages, so the same messages make the same steps.
 */
export type Flow = Generator<Question, Answer | undefined, unknown>;

/** Part of a flow. */
export type Part<Result> = Generator<Question, Result, unknown>;

/** One question and its answer. */
export function* ask<Kind extends keyof Questions>(question: Asked<Kind>): Part<AnswerOf<Kind>> {
  return (yield question as Question) as AnswerOf<Kind>;
}

export type AccountMessage =
  | ToAccount
  | FromRuntime
  | { readonly type: "loaded"; readonly row: AccountRow | undefined }
  | { readonly type: "fenced"; readonly outcome: WriteOutcome }
  | { readonly type: "changed"; readonly outcome: WriteOutcome }
  | { readonly type: "answered"; readonly flow: number; readonly answer: unknown }
  /** A port could not answer: nothing is known. `flow` absent: the load. */
  | { readonly type: "unanswered"; readonly flow?: number };

export type AccountEffect =
  | { readonly type: "load" }
  | { readonly type: "fence"; readonly expected: { readonly epoch: bigint; readonly ver: bigint } | undefined; readonly epoch: bigint }
  | { readonly type: "change"; readonly epoch: bigint; readonly ver: bigint; readonly changes: AccountChanges }
  | { readonly type: "ask"; readonly flow: number; readonly question: PortQuestion }
  | { readonly type: "tell"; readonly mail: Mail }
  /** `gated`: rests on still being the owner, so it leaves through the alive gate. */
  | { readonly type: "answer"; readonly to: ReplyTo; readonly answer: Answer; readonly gated?: true }
  | { readonly type: "wake"; readonly monoMs: number }
  | { readonly type: "ended" };
