import { limits } from "./limits.js";

/** Limits that an operator may change, with the least and the greatest value that makes sense. */
export const configurableLimits = {
  retentionMs: [86_400_000, 90 * 86_400_000],
  trimAfterMs: [0, 30 * 86_400_000],
  sendsPerPairBucket: [1, 1e9],
  sendsPerPairPerSecond: [0.01, 1e9],
  sendsPerDeviceBucket: [1, 1e9],
  sendsPerDevicePerSecond: [0.01, 1e9],
  pagesPerDeviceBucket: [1, 1e9],
  pagesPerDevicePerSecond: [0.01, 1e9],
  sendsInFlightMax: [1, 4_096],
  devicesPerAccountMax: [1, 8],
  listChangesPerDayMax: [1, 1_000],
  addAfterMs: [0, 30 * 86_400_000],
  prekeyFetchBucket: [1, 1e6],
  prekeyFetchRefillMs: [1, 86_400_000],
  lookupsPerHour: [1, 1e9],
  linkBucket: [1, 1e6],
  linkRefillMs: [1, 86_400_000],
  registrationsPerIpBucket: [1, 1e9],
  registrationsPerIpRefillMs: [1, 86_400_000],
  newContactsPerHour: [1, 1e9],
  linkOfferMs: [500, 600_000],
  conversationsPerAccountMax: [1, 100_000],
  authDeadlineMs: [100, 60_000],
  deadAfterMs: [8_000, 600_000],
  ackWaitMs: [100, 10_000],
  noAckCloseMs: [500, 600_000],
  socketsMax: [1, 1_000_000],
  unauthenticatedSocketsMax: [1, 100_000],
  socketsPerIpMax: [1, 1_000_000],
  problemsBeforeClose: [1, 1e9],
  actorIdleMs: [200, 3_600_000],
  actorsMax: [100, 10_000_000],
  mailboxMax: [16, 100_000],
  drainMs: [100, 600_000],
} as const satisfies Partial<Record<keyof typeof limits, readonly [number, number]>>;

export type ConfigurableLimit = keyof typeof configurableLimits;

/** Once, by bin/ before anything runs, with values that the configuration has checked; and by tests that say so. */
export function setLimits(changed: Partial<Record<ConfigurableLimit, number>>): void {
  Object.assign(limits, changed);
}
