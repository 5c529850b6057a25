import type { ConversationType, Role } from "../entry.js";

/** What a role may be needed for. Removing and adding are several operations, because it matters whom. */
export type Operation =
  | "send"
  | "leave"
  | "timer"
  | "delete-others"
  | "rename"
  | "add-member"
  | "add-admin"
  | "add-owner"
  | "remove-member"
  | "remove-admin"
  | "remove-owner"
  | "change-role"
  | "settings";

const everything: readonly Operation[] = [
  "send",
  "leave",
  "timer",
  "delete-others",
  "rename",
  "add-member",
  "add-admin",
  "add-owner",
  "remove-member",
  "remove-admin",
  "remove-owner",
  "change-role",
  "settings",
];

/**
 * The one table of who may do what, the same for server and readers. In direct and self conversations all are `member`, and nobody may
 * change who is in them.
 */
const table: Readonly<Record<Role | "direct" | "self", ReadonlySet<Operation>>> = {
  owner: new Set(everything),
  admin: new Set<Operation>(["send", "leave", "timer", "delete-others", "rename", "add-member", "remove-member"]),
  member: new Set<Operation>(["send", "leave"]),
  direct: new Set<Operation>(["send", "timer"]),
  self: new Set<Operation>(["send", "timer"]),
};

export function mayDo(type: ConversationType, role: Role, operation: Operation): boolean {
  return table[type === "group" ? role : type].has(operation);
}

/** The wire's numbers; 0 and unknown ones are undefined. */
const roles: readonly (Role | undefined)[] = [undefined, "member", "admin", "owner"];

export function roleOf(number: number): Role | undefined {
  return roles[number];
}

export function roleNumber(role: Role): number {
  return roles.indexOf(role);
}
