/** Equality of public bytes; for secrets use node:crypto's timingSafeEqual. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index++) if (a[index] !== b[index]) return false;
  return true;
}

export const noBytes: Uint8Array = new Uint8Array(0);
