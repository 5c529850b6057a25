import type { Clock } from "../../lib/clock.js";
import type { AccountId, DeviceId } from "../../lib/ids.js";
import type { Actors, PublicServices } from "../ports.js";
import type { Questions } from "../questions.js";
import type { SessionLimits } from "../session.js";

/** What routes work with. */
export interface RestContext {
  readonly actors: Actors;
  readonly services: PublicServices;
  readonly questions: Questions;
  readonly clock: Clock;
  readonly limits: SessionLimits;
  /** Registration asks for an invite: the API is bound beyond loopback, or the configuration says so. */
  readonly inviteNeeded: boolean;
  newRequestId(): string;
}

/** Who calls: an address, and the device that showed its credential. */
export interface Caller {
  readonly ip: string;
  readonly account?: AccountId;
  readonly device?: DeviceId;
}
