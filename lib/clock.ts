/** A timer that was set; cancelling it twice, or after it fired, is harmless. */
export interface Timer {
  cancel(): void;
}

/** The only source of time. The simulator brings a virtual one. */
export interface Clock {
  /** Wall clock, ms since 1970: for display and expiry, never for order. */
  now(): number;
  /** Monotonic ms since some moment, with fractions: for durations and deadlines. */
  mono(): number;
  /** Calls back once, not before `ms` have passed and never before `timer` returned. */
  timer(ms: number, fire: () => void): Timer;
  /** Resolves after `ms`, or at once when the signal is aborted: whoever waits looks at the signal. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** 2³¹ − 1 ms, 24.8 days. */
const hostWaitMaxMs = 0x7fff_ffff;

/** The host's clock. Its timers do not keep a process alive by themselves unless `holdsProcess`. */
export function systemClock(holdsProcess = true): Clock {
  const timer = (ms: number, fire: () => void): Timer => {
    let handle: NodeJS.Timeout;
    const wait = (leftMs: number): void => {
      // The host fires at once when asked to wait for longer than it can count, so long waits are made of several.
      const stepMs = Math.min(Math.max(0, leftMs), hostWaitMaxMs);
      handle = setTimeout(() => {
        if (leftMs > stepMs) wait(leftMs - stepMs);
        else fire();
      }, stepMs);
      if (!holdsProcess) handle.unref();
    };
    wait(ms);
    return {
      cancel: () => {
        clearTimeout(handle);
      },
    };
  };
  const sleep = (ms: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      if (signal?.aborted) {
        resolve();
        return;
      }
      const done = (): void => {
        waiting.cancel();
        signal?.removeEventListener("abort", done);
        resolve();
      };
      const waiting = timer(ms, done);
      signal?.addEventListener("abort", done, { once: true });
    });
  return { now: () => Date.now(), mono: () => performance.now(), timer, sleep };
}
