// A process that holds a store, for the tests that end it or find it in use. Runs from dist, which `npm test` builds first.
// storage-driver.mjs hold DIR | append DIR FROM: prints a line per acknowledged append until it is ended.
import { setInterval } from "node:timers";
import { writeSync } from "node:fs";
import { systemClock } from "../../dist/lib/clock.js";
import { idOf } from "../../dist/lib/ids.js";
import { openLmdb } from "../../dist/storage/open.js";

const [what, directory, from] = process.argv.slice(2);
const onFatal = (cause) => {
  console.error(cause);
  process.exit(9);
};
const stores = await openLmdb(directory, { clock: systemClock(), reserve: { bytesMin: 0, share: 0 }, onFatal });
writeSync(1, "open\n");
if (what === "hold") setInterval(() => {}, 1_000);
else await Promise.all(Array.from({ length: 20 }, (_, caller) => append(caller, BigInt(from))));

/** One caller's conversation: appends that are named by their sequence. */
async function append(caller, first) {
  const conversation = idOf(new Uint8Array(16).fill(caller));
  const none = { epoch: 1n, batch: new Uint8Array(0), fanned: 0n, trimmed: 0n, masked: 0n };
  for (let last = first; ; last++) {
    const key = { conversation, bucket: last >> 9n };
    if (last % 512n === 0n) await stores.log.open(key, { ...none, lastSeq: last });
    const id = new Uint8Array(16);
    new DataView(id.buffer).setBigUint64(0, last + 1n);
    const header = {
      seq: last + 1n,
      epoch: 1n,
      account: idOf(id),
      device: idOf(id.slice().fill(7)),
      counter: last,
      id: idOf(id),
      kind: last === 0n ? "genesis" : "message",
      scope: "all",
      targets: [],
      rosterSeq: 1n,
      rosterHash: id,
      timeMs: 1,
      hash: new Uint8Array(32),
      previousControl: last === 0n ? 0n : 1n,
      bodyExpiresMs: 0,
    };
    const bodies = [{ slot: "shared", type: "signed", bytes: new Uint8Array(300).fill(caller) }];
    const outcome = await stores.log.append(key, 1n, last, id, 0n, [{ header, bodies }]);
    if (outcome.type !== "appended") throw new Error(outcome.type);
    writeSync(1, `${caller} ${last + 1n}\n`);
  }
}
