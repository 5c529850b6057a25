import type { Chat } from "../../../client/messages/chat.js";
import type { MessageView } from "../../../client/messages/message.js";
import type { Clock } from "../../../lib/clock.js";
import type { Style } from "../style.js";
import { nameOf, textOf, ticksOf, timeOf } from "../words.js";
import type { Prompt } from "./prompt.js";

const pageMessages = 50;
const watchedMax = 500;

/** What of a conversation is on the screen. Shows each message once, and follows the ticks of the own ones. */
export class Transcript {
  readonly #chat: Chat;
  readonly #prompt: Prompt;
  readonly #style: Style;
  readonly #clock: Clock;
  /** Own messages on the screen by the state last shown; the oldest go first. */
  readonly #watched = new Map<string, MessageView["state"]>();
  /** Sequences that were shown without a text, which may still come. */
  readonly #blank = new Set<bigint>();
  #shown = 0n;

  constructor(chat: Chat, parts: { readonly prompt: Prompt; readonly style: Style; readonly clock: Clock }) {
    this.#chat = chat;
    this.#prompt = parts.prompt;
    this.#style = parts.style;
    this.#clock = parts.clock;
  }

  /** The last so many messages, and those that wait to be sent. */
  begin(count: number): void {
    const { lastSeq, messages } = this.#chat.snapshot(count);
    for (const message of messages) this.#show(message);
    this.#shown = lastSeq;
    this.#chat.markRead(lastSeq);
  }

  /** Shows what is new, and new ticks. */
  refresh(): void {
    const { lastSeq, messages } = this.#chat.snapshot(pageMessages);
    for (const message of this.#since(messages)) {
      if (message.seq !== undefined && message.seq <= this.#shown) continue;
      if (!this.#watched.has(message.id)) this.#show(message);
    }
    if (lastSeq > this.#shown) {
      this.#shown = lastSeq;
      this.#chat.markRead(lastSeq);
    }
    for (const message of messages) this.#follow(message);
  }

  /** Everything after what was shown, also when that is more than a page. */
  #since(newest: readonly MessageView[]): readonly MessageView[] {
    let all = [...newest];
    for (;;) {
      const first = all.find(({ seq }) => seq !== undefined)?.seq;
      if (first === undefined || first <= this.#shown + 1n) return all;
      const older = this.#chat.history({ before: first, limit: pageMessages });
      if (older.length === 0) return all;
      all = [...older, ...all];
    }
  }

  #follow(message: MessageView): void {
    const { id, seq, state } = message;
    if (seq !== undefined && this.#blank.has(seq) && message.text !== undefined) {
      this.#blank.delete(seq);
      this.#show(message);
    }
    if (!this.#watched.has(id) || this.#watched.get(id) === state) return;
    this.#watched.set(id, state);
    const ticks = this.#style.ticks(ticksOf(state), state === "read");
    const inPlace = this.#prompt.changeTicks(id, ticks);
    if (!inPlace && !this.#prompt.isTerminal) this.#prompt.print(`      ${ticks} ${textOf(message).split("\n")[0]!.slice(0, 40)}`);
    if (state === "failed") this.#prompt.print(this.#style.alarm(`      not sent: ${message.failure ?? "refused"}`));
  }

  #show(message: MessageView): void {
    const time = timeOf(message.atMs, this.#clock.now());
    const ticks = this.#style.ticks(ticksOf(message.state), message.state === "read");
    const [first = "", ...more] = textOf(message).split("\n");
    const gap = message.gapBefore ? `${this.#style.faint("      (a message before this one is missing)")}\n` : "";
    const body = [
      `${gap}${this.#style.faint(time)} ${ticks} ${this.#style.name(nameOf(message))}: ${first}`,
      ...more.map((line) => `          ${line}`),
    ];
    if (message.state !== undefined) {
      this.#watched.set(message.id, message.state);
      if (this.#watched.size > watchedMax) this.#watched.delete(this.#watched.keys().next().value!);
    }
    if (message.text === undefined && message.seq !== undefined && this.#blank.size < watchedMax) this.#blank.add(message.seq);
    this.#prompt.print(body.join("\n"), { id: message.id, column: time.length + 1 });
  }
}
