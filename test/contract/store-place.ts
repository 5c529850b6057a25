import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MemoryDisk, openMemoryStore } from "../../client/store/memory.js";
import { openStore } from "../../client/store/open.js";
import type { ChatRow, InboxRow, OutboxRow, Store } from "../../client/store/ports.js";
import { idOf, type AccountId, type ConversationId, type DeviceId, type MessageId } from "../../lib/ids.js";
import { systemRand } from "../../lib/random.js";

/** A place where one store lives. `open` again after `close` finds what was committed. */
export interface Place {
  open(): Promise<Store>;
  end(): void;
}

function memory(): Place {
  const disk = new MemoryDisk();
  return { open: async () => openMemoryStore(disk), end: () => undefined };
}

function sqlcipher(): Place {
  const dir = mkdtempSync(join(tmpdir(), "hermod-store-"));
  return {
    open: () => openStore({ dir, rand: systemRand() }),
    end: () => {
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

export const id = (number: number): Uint8Array => new Uint8Array(16).fill(number);
export const [ann, bob] = [idOf<AccountId>(id(1)), idOf<AccountId>(id(2))];
export const [phone, laptop] = [idOf<DeviceId>(id(11)), idOf<DeviceId>(id(12))];
export const [one, two] = [idOf<ConversationId>(id(21)), idOf<ConversationId>(id(22))];
export const message = (number: number): MessageId =>
  idOf<MessageId>(Uint8Array.from({ length: 16 }, (_, index) => (index === 15 ? number : 99)));
export const hash = new Uint8Array(32).fill(7);

export function chat(changes: Partial<ChatRow> = {}): ChatRow {
  return {
    ...{ chat: one, type: "direct", peer: bob, last: 0n, acked: 0n, readThrough: 0n, nextCounter: 1n, previousAll: 0n },
    ...{ except: [], createdMs: 1, changedMs: 1 },
    ...changes,
  };
}

export function queued(number: number, changes: Partial<OutboxRow> = {}): OutboxRow {
  return {
    ...{ chat: one, messageId: message(number), state: "queued", kind: 1, scope: 1, content: id(number), transmitted: false, queuedMs: 5 },
    ...changes,
  };
}

export function entry(seq: bigint, changes: Partial<InboxRow> = {}): InboxRow {
  return {
    ...{ chat: one, seq, state: "read", kind: 1, scope: 1, sender: bob, device: phone, messageId: message(Number(seq)), counter: seq },
    ...{ rosterSeq: 1n, rosterHash: hash, serverMs: 9, storedMs: 10, content: id(3) },
    ...changes,
  };
}

/** The adapters of the port, each of which every suite runs against. */
export const places: { name: string; make: () => Place }[] = [
  { name: "memory", make: memory },
  { name: "sqlcipher", make: sqlcipher },
];
