/** For our own mistakes only, never for input. Stays on in production: the runtime reloads the actor that threw. */
export function assert(condition: boolean, mistake: string): asserts condition {
  if (!condition) throw new Error(`mistake: ${mistake}`);
}

/** Makes a switch over a union exhaustive. */
export function unreachable(value: never): never {
  throw new Error(`mistake: unhandled ${JSON.stringify((value as { type?: unknown } | undefined)?.type)}`);
}
