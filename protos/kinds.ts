/** The wire's numbers as words. The order is that of the enums in client.proto; index = number. */
const kinds = [
  "unspecified",
  "message",
  "edit",
  "delete",
  "membership",
  "devices",
  "timer",
  "genesis",
  "distribution",
  "resend",
  "retry-request",
  "sync",
] as const;
const scopes = ["unspecified", "all", "subset"] as const;
const bodyTypes = ["unspecified", "none", "whisper", "prekey", "senderkey", "signed", "told"] as const;

export type EntryKind = Exclude<(typeof kinds)[number], "unspecified">;
export type Scope = Exclude<(typeof scopes)[number], "unspecified">;
export type BodyType = Exclude<(typeof bodyTypes)[number], "unspecified">;

function word<Word extends string>(table: readonly string[], number: number): Word | undefined {
  return number > 0 ? (table[number] as Word | undefined) : undefined;
}

/** Undefined for a number that this version does not know. */
export const kindOf = (number: number): EntryKind | undefined => word(kinds, number);
export const scopeOf = (number: number): Scope | undefined => word(scopes, number);
export const bodyTypeOf = (number: number): BodyType | undefined => word(bodyTypes, number);
export const kindNumber = (kind: EntryKind): number => kinds.indexOf(kind);
export const scopeNumber = (scope: Scope): number => scopes.indexOf(scope);
export const bodyTypeNumber = (type: BodyType): number => bodyTypes.indexOf(type);

/** Control entries change the fold, have counter 0 (when the server or a signature makes them) and never expire. */
export function isControl(kind: EntryKind): boolean {
  return kind === "genesis" || kind === "membership" || kind === "devices";
}

/** Kinds that a device sends with scope `subset`. */
export function isSubsetKind(kind: EntryKind): boolean {
  return kind === "distribution" || kind === "retry-request" || kind === "resend" || kind === "sync";
}
