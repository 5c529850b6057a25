import { limits } from "./limits.js";

const form = new RegExp(`^[a-z0-9][a-z0-9._-]{2,${String(limits.handleCharactersMax - 1)}}$`);

/** Whether a text can be a handle: 3 to 31 of a-z, 0-9, dot, underscore, hyphen, beginning with a letter or digit. */
export function isHandle(text: string): boolean {
  return form.test(text);
}
