import { limits } from "../../lib/limits.js";
import type { Answer, ToAccount } from "../../protos/messages.js";
import { bounds } from "../../protos/signed/bounds.js";
import { judgeKeyUpload } from "../../protos/signed/keys.js";
import { readSigned } from "../../protos/signed/signed.js";
import { take, type Bucket } from "./buckets.js";
import { ownDevice, strangerProblem } from "./devices.js";
import { problem } from "./flows.js";
import { ask, type Flow } from "./messages.js";
import { encodeKey, putOneTime, signatureProblem } from "./registration.js";
import type { Account } from "./state.js";

type PutKeys = Extract<ToAccount, { type: "put-keys" }>;

/**
 * A device's next keys. One-time keys go in first and the row last, with the upload's number: a repeat of what the row names is done, and
 * a repeat of anything that a crash cut off does the rest.
 */
export function* putKeys(state: Account, { from, signed }: PutKeys): Flow {
  yield* ask({ type: "lock", name: "list" });
  const row = ownDevice(state, from);
  if (row === undefined) return strangerProblem(state, from);
  const object = readSigned(signed, bounds.keysBodyBytesMax);
  if (object.error !== undefined) return problem(object.error);
  const waitMs = take(bucketOf(state, from.device), limits.keyUploadBucket, limits.keyUploadRefillMs, state.now.monoMs);
  if (waitMs !== undefined) return problem("rate-limited", waitMs);
  const judged = judgeKeyUpload(object.ok, row.identityKey);
  if (judged.error !== undefined) return problem(judged.error);
  const { value: upload, checks } = judged.ok;
  if (upload.upload < row.upload) return problem("bad-request");
  const counts = yield* ask({ type: "count-prekeys", device: row.id });
  if (upload.upload === row.upload) return keysStored(upload.upload, counts);

  const verified = yield* ask({ type: "verify", checks });
  if (verified.outcome !== "hold") return signatureProblem(verified.outcome);
  const max = limits.oneTimePrekeysMax;
  const put = yield* putOneTime(state, upload, { ec: max - counts.ec, kyber: max - counts.kyber });
  if (put !== "applied") return put === "refused" ? problem("revoked") : problem("unsure", limits.redeliverMinMs);
  yield* ask({
    type: "write",
    build: () => {
      const before = state.devices.get(row.id)!;
      const signedPrekey = upload.signedPrekey === undefined ? before.signedPrekey : encodeKey(upload.signedPrekey);
      const lastResortKyber = upload.lastResortKyber === undefined ? before.lastResortKyber : encodeKey(upload.lastResortKyber);
      return { devices: [{ ...before, upload: upload.upload, signedPrekey, lastResortKyber }] };
    },
  });
  return keysStored(upload.upload, yield* ask({ type: "count-prekeys", device: row.id }));
}

function keysStored(upload: bigint, counts: { readonly ec: number; readonly kyber: number }): Answer {
  return { type: "frame", frame: { keysStored: { upload, oneTimeEc: counts.ec, oneTimeKyber: counts.kyber } } };
}

function bucketOf(state: Account, device: PutKeys["from"]["device"]): Bucket {
  const known = state.uploads.get(device);
  if (known !== undefined) return known;
  const bucket: Bucket = {};
  state.uploads.set(device, bucket); // bounded by the account's devices
  return bucket;
}
