import type { DeviceId, MessageId } from "../../lib/ids.js";

/** What a device's inbox showed, in the order it came. */
export interface Shown {
  readonly id: MessageId;
  readonly seq: bigint;
  readonly text: string;
}

/** One message on the server's log, read from its disk when everything was over. */
export interface Logged {
  readonly seq: bigint;
  readonly id: MessageId;
  readonly device: DeviceId;
}

export interface Verdict {
  readonly lost: number;
  readonly shownTwice: number;
  readonly outOfOrder: number;
  readonly gaps: number;
  /** Shown with another text than was sent, or never sent by anybody. */
  readonly altered: number;
  /** The first few, in words. */
  readonly examples: readonly string[];
}

interface Sent {
  readonly device: DeviceId;
  readonly nth: number;
  readonly text: string;
  acknowledged: bigint | undefined;
}

const examplesMax = 12;

/**
 * The demo's own books, kept apart from what client and server believe: what each device was asked to send, what was acknowledged to it, and
 * what every inbox showed. The verdict is drawn from these and from the server's disk.
 */
export class Ledger {
  readonly #sent = new Map<MessageId, Sent>();
  readonly #counts = new Map<DeviceId, number>();
  readonly #shown = new Map<DeviceId, Shown[]>();
  #acknowledged = 0;

  get acknowledged(): number {
    return this.#acknowledged;
  }

  get sent(): number {
    return this.#sent.size;
  }

  /** How many messages each device has shown, in the order in which they joined. */
  get shown(): readonly number[] {
    return [...this.#shown.values()].map((rows) => rows.length);
  }

  addDevice(device: DeviceId): void {
    this.#shown.set(device, []);
  }

  onSent(device: DeviceId, id: MessageId, text: string): void {
    const nth = (this.#counts.get(device) ?? 0) + 1;
    this.#counts.set(device, nth);
    this.#sent.set(id, { device, nth, text, acknowledged: undefined });
  }

  onAcknowledged(id: MessageId, seq: bigint): void {
    const row = this.#sent.get(id)!;
    if (row.acknowledged === undefined) this.#acknowledged++;
    row.acknowledged = seq;
  }

  onShown(device: DeviceId, shown: Shown): void {
    this.#shown.get(device)!.push(shown);
  }

  /** Whether every device has shown everything that was acknowledged to others. */
  isComplete(): boolean {
    return [...this.#shown].every(([device, rows]) => rows.length >= this.#acknowledged - this.#acknowledgedBy(device));
  }

  #acknowledgedBy(device: DeviceId): number {
    let count = 0;
    for (const row of this.#sent.values()) if (row.device === device && row.acknowledged !== undefined) count++;
    return count;
  }

  judge(log: readonly Logged[]): Verdict {
    const examples: string[] = [];
    const count = (problems: readonly string[]): number => {
      examples.push(...problems.slice(0, Math.max(0, examplesMax - examples.length)));
      return problems.length;
    };
    return {
      lost: count(this.#lost(log)),
      shownTwice: count(this.#twice(log)),
      outOfOrder: count(this.#disorder(log)),
      gaps: count(this.#gaps(log)),
      altered: count(this.#altered()),
      examples,
    };
  }

  /** Acknowledged, and not on the server's disk, or not shown by a device of either account. */
  #lost(log: readonly Logged[]): string[] {
    const stored = new Set(log.map(({ id }) => id));
    const seen = new Map([...this.#shown].map(([device, rows]) => [device, new Set(rows.map(({ id }) => id))]));
    const problems: string[] = [];
    for (const [id, row] of this.#sent) {
      if (row.acknowledged === undefined) continue;
      if (!stored.has(id)) problems.push(`lost: ${row.text} was acknowledged and is not on the server's disk`);
      for (const [device, ids] of seen)
        if (device !== row.device && !ids.has(id)) problems.push(`lost: ${row.text} was never shown by device ${device}`);
    }
    return problems;
  }

  #twice(log: readonly Logged[]): string[] {
    const problems = repeated(log.map(({ id }) => id)).map((id) => `twice on the server's disk: ${this.#nameOf(id)}`);
    for (const [device, rows] of this.#shown)
      for (const id of repeated(rows.map((row) => row.id))) problems.push(`shown twice by device ${device}: ${this.#nameOf(id)}`);
    return problems;
  }

  /** One order for all: rising at each device, the log's at each device, and each sender's own. */
  #disorder(log: readonly Logged[]): string[] {
    const problems: string[] = [];
    const place = new Map(log.map(({ id, seq }) => [id, seq]));
    for (const [device, rows] of this.#shown) {
      let last = 0n;
      for (const { id, seq } of rows) {
        if (seq <= last) problems.push(`device ${device} showed ${this.#nameOf(id)} (${String(seq)}) after ${String(last)}`);
        if (place.get(id) !== seq)
          problems.push(`device ${device} has ${this.#nameOf(id)} at ${String(seq)}, the server at ${String(place.get(id))}`);
        last = seq;
      }
    }
    const nth = new Map<DeviceId, number>();
    for (const { id, device } of log) {
      const now = this.#sent.get(id)?.nth ?? 0;
      if (now <= (nth.get(device) ?? 0)) problems.push(`${this.#nameOf(id)} was sequenced after a later message of its device`);
      nth.set(device, now);
    }
    for (const [id, { acknowledged }] of this.#sent) {
      if (acknowledged !== undefined && place.has(id) && place.get(id) !== acknowledged)
        problems.push(`${this.#nameOf(id)} was acknowledged at ${String(acknowledged)}, the server has it at ${String(place.get(id))}`);
    }
    return problems;
  }

  /** A message of the log that a device jumped over on its way to a later one. */
  #gaps(log: readonly Logged[]): string[] {
    const problems: string[] = [];
    for (const [device, rows] of this.#shown) {
      const seen = new Set(rows.map(({ seq }) => seq));
      const last = rows.reduce((highest, { seq }) => (seq > highest ? seq : highest), 0n);
      for (const entry of log) {
        if (entry.device === device || entry.seq > last || seen.has(entry.seq)) continue;
        problems.push(`device ${device} jumped over ${this.#nameOf(entry.id)} (${String(entry.seq)})`);
      }
    }
    return problems;
  }

  #altered(): string[] {
    const problems: string[] = [];
    for (const [device, rows] of this.#shown)
      for (const { id, text } of rows)
        if (this.#sent.get(id)?.text !== text) problems.push(`device ${device} showed "${text.slice(0, 40)}", which is not what was sent`);
    return problems;
  }

  #nameOf(id: MessageId): string {
    return this.#sent.get(id)?.text.slice(0, 40) ?? `an unknown message ${id}`;
  }
}

function repeated<Value>(values: readonly Value[]): Value[] {
  const seen = new Set<Value>();
  return values.filter((value) => {
    if (seen.has(value)) return true;
    seen.add(value);
    return false;
  });
}
