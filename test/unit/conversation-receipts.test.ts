import { expect, test } from "vitest";
import { combined } from "../../actors/conversation/receipts.js";
import type { Watermarks } from "../../protos/messages.js";
import { ann, annPhone, bob, bobLaptop, bobPhone, Drive, eve, evePhone } from "../support/conversation-drive.js";

const marks = (delivered: bigint, read = 0n, ...except: [bigint, bigint][]): Watermarks => ({
  delivered,
  read,
  except: except.map(([from, to]) => ({ from, to })),
});
const written = (): Drive => new Drive().created().sent(1n, 2n);
const heard = "if alive: receipt-heard to bob";

test("tells the device's actor that it was heard, and everybody else what it has", () => {
  expect(written().receipt(bobPhone, 2n)).toEqual([heard, "receipts to ann: bob 2/0", "receipts to bob's laptop: bob 2/0"]);
});

test("one account's devices are one watermark to others", () => {
  const drive = written();
  drive.receipt(bobPhone, 3n, 2n);
  drive.later(2_000);
  expect(drive.receipt(bobLaptop, 2n)).toEqual(["if alive: receipt-heard to bob's laptop", "receipts to bob: bob's laptop 2/0"]);
});

test("tells at most once a second", () => {
  const drive = written();
  drive.receipt(bobPhone, 2n);
  expect(drive.receipt(bobPhone, 3n)).toEqual([heard]);
  expect(
    drive
      .later(900)
      .hear({ type: "tick" })
      .filter((effect) => effect.startsWith("receipts")),
  ).toEqual([]);
  expect(drive.later(300).hear({ type: "tick" })).toEqual(["receipts to ann: bob 3/0", "receipts to bob's laptop: bob 3/0"]);
});

test.each([
  { name: "the same again", delivered: 2n, read: 1n },
  { name: "an older one", delivered: 1n, read: 0n },
])("answers $name and tells nobody", ({ delivered, read }) => {
  const drive = written();
  drive.receipt(bobPhone, 2n, 1n);
  expect(drive.later(5_000).receipt(bobPhone, delivered, read)).toEqual([heard]);
  expect(drive.state.devices.get(bobPhone)!.watermarks).toEqual(marks(2n, 1n));
});

test("claims no more than the log holds, and nothing read that was not delivered", () => {
  const drive = written();
  drive.receipt(bobPhone, 1n << 62n, 1n << 63n);
  expect(drive.state.devices.get(bobPhone)!.watermarks).toEqual(marks(3n, 3n));
  drive.receipt(bobLaptop, 1n, 3n);
  expect(drive.state.devices.get(bobLaptop)!.watermarks).toEqual(marks(1n, 1n));
});

test("an exception never shrinks", () => {
  const drive = written();
  drive.receipt(bobPhone, 2n, 0n, [{ from: 2n, to: 2n }]);
  drive.receipt(bobPhone, 3n, 0n, []);
  expect(drive.state.devices.get(bobPhone)!.watermarks).toEqual(marks(3n, 0n, [2n, 2n]));
});

test("what is not a message of a client ticks for nobody", () => {
  const drive = new Drive().created();
  expect(drive.receipt(bobPhone, 1n)).toEqual([heard]);
});

test("a stranger's receipt is heard and forgotten, and so is one under a foreign account", () => {
  const drive = written();
  expect(drive.receipt(evePhone, 2n)).toEqual(["if alive: receipt-heard to eve"]);
  expect(drive.hear({ type: "receipt", account: eve, device: bobPhone, watermarks: marks(2n) })).toEqual([heard]);
  expect(drive.state.devices.get(bobPhone)!.watermarks).toEqual(marks(0n));
});

test("nobody is told of what happens in a conversation that is not there", () => {
  expect(new Drive().unknown().receipt(bobPhone, 2n)).toEqual([heard]);
});

test("a device that syncs gets everything", () => {
  const drive = written();
  drive.receipt(bobPhone, 3n, 1n);
  drive.receipt(annPhone, 1n);
  expect(drive.hear({ type: "receipts-wanted", account: bob, device: bobLaptop })).toEqual(["receipts to bob's laptop: ann 1/0, bob 3/1"]);
  expect(drive.hear({ type: "receipts-wanted", account: ann, device: annPhone })).toEqual(["receipts to ann: bob 3/1"]);
});

test("a device that has no business here hears so, whether or not there is such a conversation", () => {
  expect(written().hear({ type: "receipts-wanted", account: eve, device: evePhone })).toEqual(["if alive: not-a-member to eve"]);
  expect(new Drive().unknown().hear({ type: "receipts-wanted", account: eve, device: evePhone })).toEqual([
    "if alive: not-a-member to eve",
  ]);
});

test("a device that is known to be away is left alone, and gets everything when it speaks again", () => {
  const drive = written();
  drive.send(3n);
  drive.appended();
  drive.accepted(bobLaptop, 4n, "marked");
  expect(drive.receipt(bobPhone, 4n)).toEqual([heard, "receipts to ann: bob 4/0"]);
  drive.later(2_000);
  expect(drive.receipt(bobLaptop, 4n)).toEqual([
    "if alive: receipt-heard to bob's laptop",
    "receipts to bob: bob's laptop 4/0",
    "receipts to bob's laptop: bob 4/0",
  ]);
});

test.each([
  { name: "one device speaks for itself", of: [marks(5n, 3n, [2n, 2n])], account: marks(5n, 3n, [2n, 2n]) },
  {
    name: "what one device has, the account has",
    of: [marks(5n, 3n, [2n, 3n]), marks(4n, 4n, [3n, 4n])],
    account: marks(5n, 4n, [3n, 3n]),
  },
  {
    name: "what the further one lacks and the other has not reached is lacking",
    of: [marks(9n, 0n, [5n, 7n]), marks(5n)],
    account: marks(9n, 0n, [6n, 7n]),
  },
  { name: "nothing is nothing", of: [], account: marks(0n) },
  { name: "a device that has nothing changes nothing", of: [marks(4n, 2n), marks(0n)], account: marks(4n, 2n) },
])("of an account: $name", ({ of, account }) => {
  expect(combined(of)).toEqual(account);
});
