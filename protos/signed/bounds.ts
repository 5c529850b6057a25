import { limits } from "../../lib/limits.js";

/**
 * Bounds that belong to format 1: all clients and servers must agree on them, so no operator may change them. What a server alone limits
 * (rates, ages) is not here.
 */
export const bounds = {
  signaturesMax: 3,
  signatureBytes: 64,
  nonceBytes: 16,
  devicesMax: limits.devicesPerAccountMax,
  versionsMax: limits.listVersionsMax,
  /** libsignal draws registration ids from 1 to 16,380. */
  registrationIdMax: 16_380,
  capabilitiesMax: 16,
  capabilityCharactersMax: 32,
  /** 8 devices with all their capabilities are 5 KiB. */
  listBodyBytesMax: 8 * 1024,
  /** Of a genesis and of one membership entry; larger groups grow by several entries. */
  membersPerBodyMax: 128,
  membersMax: limits.membersMax,
  /** A nonce, 256 padded bytes and a tag, with room for a later form. */
  sealedInfoBytesMax: 512,
  settingsBytesMax: 1_024,
  /** 128 members of 60 bytes are 8 KiB, and a page of control entries must hold several. */
  membershipBodyBytesMax: 16 * 1024,
  oneTimeKeysMax: limits.oneTimePrekeysMax,
  kyberKeyBytes: 1_569,
  /** 101 Kyber keys of 1.65 KiB and 101 EC keys; fits one frame. */
  keysBodyBytesMax: 192 * 1024,
  retryErrorBytesMax: 256,
  retryBodyBytesMax: 1_024,
  /** What a Signed adds to its body. */
  signedOverheadBytesMax: 512,
} as const;
