import { assert } from "../../../lib/assert.js";
import { sameBytes } from "../../../lib/bytes.js";
import type { AccountId } from "../../../lib/ids.js";
import { free, keyOf, ordered, plain } from "../keys.js";
import type {
  BlockWrites,
  ChainRow,
  ChainWrites,
  CipherRowWrites,
  ContactRow,
  ContactWrites,
  EvidenceRow,
  EvidenceWrites,
  IdentityRow,
  IdentityWrites,
  ValueKey,
  ValueWrites,
} from "../ports.js";
import { all, RowsOf, type Tables } from "../rows-of.js";

export function identityTable(tables: Tables): IdentityWrites {
  const rows = new RowsOf<IdentityRow>(tables, "identity", "identity");
  return {
    get: () => rows.get("self"),
    put: (row) => {
      rows.put("self", row);
    },
  };
}

export function valueTable(tables: Tables): ValueWrites {
  const rows = new RowsOf<unknown>(tables, "values", "vals");
  return {
    get: <Value>(key: ValueKey<Value>) => rows.get(plain(key.name)) as Value | undefined,
    names: (prefix) => rows.keys({ prefix: plain(prefix), limit: all }),
    put: (key, value) => {
      rows.put(plain(key.name), value);
    },
    delete: (key) => {
      rows.delete(plain(key.name));
    },
  };
}

export function chainTable(tables: Tables): ChainWrites {
  const rows = new RowsOf<ChainRow>(tables, "chains", "chains");
  const versions = new RowsOf<Uint8Array>(tables, "chains", "chain_versions");
  const versionKey = (account: AccountId, version: number) => keyOf(account, ordered(BigInt(version)));
  return {
    get: (account) => rows.get(account),
    all: () => rows.scan({ prefix: "", limit: all }),
    version: (account, version) => versions.get(versionKey(account, version)),
    versions: (account, from, limit) =>
      versions
        .entries({ prefix: keyOf(account, ""), from: versionKey(account, from), limit })
        .map(({ key, row }) => ({ version: Number.parseInt(key.slice(account.length + 1), 16), signed: row })),
    put: (row) => {
      assert((rows.get(row.account)?.version ?? 0) <= row.version, "a device list that goes back");
      rows.put(row.account, row);
    },
    putVersion: (account, version, signed) => {
      const known = versions.get(versionKey(account, version));
      assert(known === undefined || sameBytes(known, signed), "a second body for a version of a device list");
      if (known === undefined) versions.put(versionKey(account, version), signed);
    },
  };
}

export function evidenceTable(tables: Tables): EvidenceWrites {
  const rows = new RowsOf<EvidenceRow>(tables, "evidence", "evidence");
  const prefixOf = (about: string) => keyOf(free(about), "");
  return {
    about: (about, limit) => rows.scan({ prefix: prefixOf(about), limit }),
    add: (row) => {
      const last = rows.keys({ prefix: prefixOf(row.about), reverse: true, limit: 1 })[0];
      const number = last === undefined ? 1n : BigInt(`0x${last.slice(-16)}`) + 1n;
      rows.put(keyOf(free(row.about), ordered(number)), row);
    },
  };
}

export function contactTable(tables: Tables): ContactWrites {
  const rows = new RowsOf<ContactRow>(tables, "contacts", "contacts");
  const handles = new RowsOf<AccountId>(tables, "contacts", "handles");

  const giveUpHandle = (account: AccountId): void => {
    const handle = rows.get(account)?.handle;
    if (handle !== undefined && handles.get(free(handle)) === account) handles.delete(free(handle));
  };
  const takeHandle = (handle: string, account: AccountId): void => {
    const before = handles.get(free(handle));
    const loser = before === undefined || before === account ? undefined : rows.get(before);
    if (loser !== undefined) {
      const { handle: _lost, ...rest } = loser;
      rows.put(loser.account, rest);
    }
    handles.put(free(handle), account);
  };
  return {
    get: (account) => rows.get(account),
    byHandle: (handle) => {
      const account = handles.get(free(handle));
      return account === undefined ? undefined : rows.get(account);
    },
    all: () => rows.scan({ prefix: "", limit: all }),
    put: (row) => {
      giveUpHandle(row.account);
      if (row.handle !== undefined) takeHandle(row.handle, row.account);
      rows.put(row.account, row);
    },
    delete: (account) => {
      giveUpHandle(account);
      rows.delete(account);
    },
  };
}

export function blockTable(tables: Tables): BlockWrites {
  const rows = new RowsOf<true>(tables, "blocks", "blocks");
  return {
    has: (account) => rows.has(account),
    all: () => rows.keys({ prefix: "", limit: all }) as AccountId[],
    add: (account) => {
      rows.put(account, true);
    },
    delete: (account) => {
      rows.delete(account);
    },
  };
}

export function cipherRowTable(tables: Tables): CipherRowWrites {
  const { engine } = tables;
  return {
    get: (key) => engine.get("cipher_rows", plain(key)),
    keys: (prefix) => engine.keys("cipher_rows", { prefix: plain(prefix), limit: all }),
    put: (key, bytes) => {
      tables.touched("cipherRows");
      engine.put("cipher_rows", plain(key), bytes);
    },
    delete: (key) => {
      tables.touched("cipherRows");
      engine.delete("cipher_rows", plain(key));
    },
  };
}
