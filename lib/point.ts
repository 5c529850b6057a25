/**
 * Crash points: named places between two steps whose order matters. Nothing happens there unless a sink is set; a test's sink writes
 * the name to a pipe synchronously and then ends the process by SIGKILL.
 */
let sink: ((name: string) => void) | undefined;

/** Passes the named point. */
export function point(name: string): void {
  sink?.(name);
}

/** Sets or removes (undefined) the sink. Only `bin/` and tests call it. */
export function setPointSink(next: ((name: string) => void) | undefined): void {
  sink = next;
}
