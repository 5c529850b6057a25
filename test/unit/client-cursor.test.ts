import fc from "fast-check";
import { expect, test } from "vitest";
import { placeOf } from "../../client/messages/cursor.js";

/**
 * A stream as a server may make it: each frame names what it brings (`through`) and the newest earlier sequence that held something
 * (`prev`); runs without anything for this device come as skips or not at all. The client's whole safety is one rule, `placeOf`.
 */
interface Frame {
  readonly from: bigint;
  readonly through: bigint;
  readonly prev: bigint;
}

/** Frames of a log in which `holds[n]` says whether sequence n + 1 holds something for the device. */
function framesOf(holds: readonly boolean[], withSkips: boolean): Frame[] {
  const frames: Frame[] = [];
  let held = 0n;
  let skipFrom: bigint | undefined;
  holds.forEach((holdsHere, index) => {
    const seq = BigInt(index + 1);
    if (!holdsHere) {
      skipFrom ??= seq;
      return;
    }
    if (withSkips && skipFrom !== undefined) frames.push({ from: skipFrom, through: seq - 1n, prev: held });
    skipFrom = undefined;
    frames.push({ from: seq, through: seq, prev: held });
    held = seq;
  });
  return frames;
}

/** Takes frames in the order in which they come; returns the sequences that were stored, in order. */
function take(frames: readonly Frame[], last: bigint, holds: readonly boolean[]): { stored: bigint[]; last: bigint; early: boolean } {
  const stored: bigint[] = [];
  let early = false;
  for (const frame of frames) {
    const place = placeOf(last, frame.prev, frame.through);
    if (place === "early") early = true;
    if (place !== "next") continue;
    if (holds[Number(frame.through) - 1] === true) stored.push(frame.through);
    last = frame.through;
  }
  return { stored, last, early };
}

const log = fc.array(fc.boolean(), { minLength: 1, maxLength: 60 });
const wanted = (holds: readonly boolean[]): bigint[] => holds.flatMap((held, index) => (held ? [BigInt(index + 1)] : []));

test("a stream that is cut, repeated and mixed never stores an entry twice, out of order, or behind one that is missing", () => {
  fc.assert(
    fc.property(log, fc.boolean(), fc.array(fc.nat(), { maxLength: 200 }), (holds, withSkips, picks) => {
      const frames = framesOf(holds, withSkips);
      const stream = picks.flatMap((pick) => (frames.length === 0 ? [] : [frames[pick % frames.length]!]));
      const { stored, last } = take(stream, 0n, holds);
      expect(stored).toEqual(wanted(holds).slice(0, stored.length));
      expect(last).toBeLessThanOrEqual(BigInt(holds.length));
    }),
    { numRuns: 2_000 },
  );
});

test("whatever came before, one replay in order from the cursor on brings everything that was held, each once", () => {
  fc.assert(
    fc.property(log, fc.boolean(), fc.boolean(), fc.array(fc.nat(), { maxLength: 80 }), (holds, liveSkips, replaySkips, picks) => {
      const live = framesOf(holds, liveSkips);
      const before = take(
        picks.flatMap((pick) => (live.length === 0 ? [] : [live[pick % live.length]!])),
        0n,
        holds,
      );
      const replay = framesOf(holds, replaySkips).filter((frame) => frame.through > before.last);
      const after = take(replay, before.last, holds);
      expect(after.early).toBe(false);
      expect([...before.stored, ...after.stored]).toEqual(wanted(holds));
    }),
    { numRuns: 2_000 },
  );
});

test("a cursor at the ends of its range is judged like any other", () => {
  const top = (1n << 63n) - 1n;
  expect(placeOf(top - 1n, top - 1n, top)).toBe("next");
  expect(placeOf(top, top - 1n, top)).toBe("duplicate");
  expect(placeOf(0n, top - 1n, top)).toBe("early");
});
