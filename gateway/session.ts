import type { AccountId, DeviceId } from "../lib/ids.js";
import type { TokenBucket } from "../lib/token-bucket.js";

/**
 * One socket's state, pure data. `opening`: nothing is known of it. `proving`: its credential is being checked. `open`: a device.
 * A socket that is past `open` is removed from the registry.
 */
export type Session =
  { readonly phase: "opening" } | { readonly phase: "proving"; readonly requestId: number; readonly hello: ProvedHello } | OpenSession;

export interface ProvedHello {
  readonly account: AccountId;
  readonly device: DeviceId;
  readonly conn: bigint;
}

/** Who is connected, and how much it may still do. */
export interface OpenSession {
  readonly phase: "open";
  readonly account: AccountId;
  readonly device: DeviceId;
  readonly conn: bigint;
  /** Sends that were not answered yet, by requestId, and the monotonic moment of each. At most twice `sendsInFlightMax`. */
  readonly sendsInFlight: Map<number, number>;
  readonly sends: TokenBucket;
  readonly pages: TokenBucket;
  /** Refusals since the last good second; too many close the socket. */
  warnings: number;
  /** When the newest of them was. */
  warnedMs: number;
}

/** The limits of one device's session, all configurable. */
export interface SessionLimits {
  readonly sendsPerDeviceBucket: number;
  readonly sendsPerDevicePerSecond: number;
  readonly pagesPerDeviceBucket: number;
  readonly pagesPerDevicePerSecond: number;
  readonly sendsInFlightMax: number;
  readonly problemsBeforeClose: number;
  readonly authDeadlineMs: number;
  readonly socketsMax: number;
  readonly socketsPerIpMax: number;
  readonly unauthenticatedSocketsMax: number;
  readonly registrationsPerIpBucket: number;
  readonly registrationsPerIpRefillMs: number;
  readonly lookupsPerHour: number;
  readonly linkBucket: number;
  readonly linkRefillMs: number;
}
