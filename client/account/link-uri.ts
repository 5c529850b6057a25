import { limits } from "../../lib/limits.js";
import { isPublicKey } from "../../protos/signed/public-key.js";
import { bounds } from "../../protos/signed/bounds.js";
import { HermodError } from "../errors.js";

/** What a new device shows to be linked. Whoever holds it may answer in the account's name, so it is shown, never sent. */
export interface LinkUri {
  /** Where the new device waits. */
  readonly server: string;
  /** The new device's identity key, 33 bytes. */
  readonly identityKey: Uint8Array;
  readonly registrationId: number;
  /** 32 random bytes that never reach the server. */
  readonly secret: Uint8Array;
  /** ms since 1970, at most 60 s from when it was made. */
  readonly expiresMs: number;
  /** What the new device calls itself. */
  readonly name: string;
  readonly platform: string;
}

const prefix = "hermod://link/1?";
const secretBytes = 32;
const nameBytesMax = 64;
const platformBytesMax = 32;
const keys = ["s", "k", "r", "x", "e", "n", "p"] as const;

/** `hermod://link/1?s=…&k=…&r=…&x=…&e=…&n=…&p=…`: bytes and texts in base64url, numbers in decimals. */
export function formatLinkUri(link: LinkUri): string {
  const fields: Record<(typeof keys)[number], string> = {
    s: textField(link.server),
    k: Buffer.from(link.identityKey).toString("base64url"),
    r: String(link.registrationId),
    x: Buffer.from(link.secret).toString("base64url"),
    e: String(link.expiresMs),
    n: textField(cut(link.name, nameBytesMax)),
    p: textField(cut(link.platform, platformBytesMax)),
  };
  return prefix + keys.map((key) => `${key}=${fields[key]}`).join("&");
}

/**
 * Reads what was scanned or pasted.
 *
 * @param nowMs this device's clock
 * @throws HermodError `bad-request` for anything that is not exactly such a link, `bad-key`, `update-needed` for a newer form,
 *   `link-expired` when it ran out, or claims to last longer than a link may
 */
export function parseLinkUri(text: string, nowMs: number): LinkUri {
  const fields = fieldsOf(text.trim());
  const identityKey = bytesField(fields, "k");
  if (!isPublicKey(identityKey)) throw new HermodError("bad-key", { message: "the link holds a key that is none" });
  const secret = bytesField(fields, "x");
  const server = readText(fields, "s", limits.linkUriCharactersMax);
  const registrationId = numberField(fields, "r");
  const expiresMs = numberField(fields, "e");
  if (secret.length !== secretBytes) throw notLink("its secret has not 32 bytes");
  if (!isServer(server)) throw notLink("its server is no address");
  if (registrationId < 1 || registrationId > bounds.registrationIdMax) throw notLink("its registration id is out of range");
  if (expiresMs <= nowMs) throw new HermodError("link-expired");
  if (expiresMs > nowMs + limits.linkUriMs + limits.linkSkewMs) {
    throw new HermodError("link-expired", { message: "the link claims to last longer than a link may; look at both devices' clocks" });
  }
  const name = readText(fields, "n", nameBytesMax);
  return { server, identityKey, registrationId, secret, expiresMs, name, platform: readText(fields, "p", platformBytesMax) };
}

type Fields = ReadonlyMap<string, string>;

function fieldsOf(text: string): Fields {
  if (text.length > limits.linkUriCharactersMax) throw notLink("it is too long");
  if (/^hermod:\/\/link\/\d+\?/.test(text) && !text.startsWith(prefix)) throw new HermodError("update-needed");
  if (!text.startsWith(prefix)) throw notLink(`it does not begin with ${prefix}`);
  const fields = new Map<string, string>();
  for (const part of text.slice(prefix.length).split("&")) {
    const at = part.indexOf("=");
    const key = part.slice(0, Math.max(0, at));
    if (fields.has(key)) throw notLink(`it says ${key} twice`);
    if (!keys.some((known) => known === key)) throw notLink("it has a field that is not of this form");
    fields.set(key, part.slice(at + 1));
  }
  for (const key of keys) if (!fields.has(key)) throw notLink(`it lacks ${key}`);
  return fields;
}

function bytesField(fields: Fields, key: (typeof keys)[number]): Uint8Array {
  const text = fields.get(key)!;
  const bytes = Buffer.from(text, "base64url");
  // One text for each value: what decodes to the same bytes by other letters is refused.
  if (bytes.toString("base64url") !== text) throw notLink(`${key} is not base64url`);
  return new Uint8Array(bytes);
}

function numberField(fields: Fields, key: (typeof keys)[number]): number {
  const text = fields.get(key)!;
  if (!/^[1-9]\d{0,14}$/.test(text)) throw notLink(`${key} is not a number`);
  return Number(text);
}

function textField(text: string): string {
  return Buffer.from(text, "utf8").toString("base64url");
}

/** Shown to people beside a question, so it holds nothing that moves the cursor or hides a letter. */
function readText(fields: Fields, key: (typeof keys)[number], bytesMax: number): string {
  const bytes = bytesField(fields, key);
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw new HermodError("bad-request", { message: `not a link: ${key} is not text`, cause: error });
  }
  if (bytes.length > bytesMax || /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(text)) throw notLink(`${key} is too long, or holds control characters`);
  return text;
}

/** At most so many bytes of UTF-8, cut between characters, control characters left out. */
function cut(text: string, bytesMax: number): string {
  let kept = "";
  for (const character of text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "")) {
    if (Buffer.byteLength(kept + character) > bytesMax) break;
    kept += character;
  }
  return kept;
}

function isServer(text: string): boolean {
  if (!/^(https?|wss?):\/\//.test(text) || !URL.canParse(text)) return false;
  const { username, password, search, hash } = new URL(text);
  return username === "" && password === "" && search === "" && hash === "";
}

function notLink(why: string): HermodError {
  return new HermodError("bad-request", { message: `this is not a link of a new device: ${why}` });
}
