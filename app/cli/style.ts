import type { Environment } from "./session.js";

/** Colours of a terminal, or none: NO_COLOR, TERM=dumb, or output that is no terminal. */
export interface Style {
  name(text: string): string;
  faint(text: string): string;
  ticks(text: string, isRead: boolean): string;
  alarm(text: string): string;
  /** A line of a code for cameras: dark on light, whatever the window's colours are. */
  picture(text: string): string;
}

const plain: Style = { name: same, faint: same, ticks: same, alarm: same, picture: same };

const coloured: Style = {
  name: (text) => `\u001b[1;36m${text}\u001b[0m`,
  faint: (text) => `\u001b[2m${text}\u001b[0m`,
  ticks: (text, isRead) => (isRead ? `\u001b[34m${text}\u001b[0m` : `\u001b[2m${text}\u001b[0m`),
  picture: (text) => `\u001b[30;107m${text}\u001b[0m`,
  alarm: (text) => `\u001b[1;31m${text}\u001b[0m`,
};

export function styleOf(environment: Environment, isTerminal: boolean): Style {
  const wanted = isTerminal && (environment.NO_COLOR ?? "") === "" && environment.TERM !== "dumb";
  return wanted ? coloured : plain;
}

function same(text: string): string {
  return text;
}

const wide = /[\p{Emoji_Presentation}\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\u3000-\u303f\uff01-\uff60]/u;
const without = /[\p{Mn}\p{Me}\p{Cf}\ufe0f]/u;

/** Columns that a text takes on a terminal, as nearly as one can tell without asking it. */
export function widthOf(text: string): number {
  // eslint-disable-next-line no-control-regex -- colours take no column
  const bare = text.replace(/\u001b\[[0-9;]*m/g, "");
  let width = 0;
  for (const character of bare) width += without.test(character) ? 0 : wide.test(character) ? 2 : 1;
  return width;
}

/** Rows that lines take in a window of so many columns. */
export function rowsOf(text: string, columns: number): number {
  return text.split("\n").reduce((rows, line) => rows + Math.max(1, Math.ceil(widthOf(line) / columns)), 0);
}
