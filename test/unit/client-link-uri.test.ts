import fc from "fast-check";
import { expect, test } from "vitest";
import { formatLinkUri, parseLinkUri, type LinkUri } from "../../client/account/link-uri.js";
import { HermodError } from "../../client/errors.js";
import { makeDevice } from "../support/chain-maker.js";

const device = makeDevice();
const nowMs = 1_800_000_000_000;
const link: LinkUri = {
  server: "http://127.0.0.1:8080",
  identityKey: device.identityKey,
  registrationId: 77,
  secret: new Uint8Array(32).fill(3),
  expiresMs: nowMs + 60_000,
  name: "Ännes Laptop",
  platform: "linux",
};
const uri = formatLinkUri(link);
const codeOf = (text: string, at = nowMs): string => {
  try {
    parseLinkUri(text, at);
    return "taken";
  } catch (error) {
    return error instanceof HermodError ? error.code : String(error);
  }
};
const changed = (key: string, value: string): string => uri.replace(new RegExp(`([?&]${key}=)[^&]*`), `$1${value}`);
const b64 = (text: string): string => Buffer.from(text).toString("base64url");

test("what was formatted is read again", () => {
  expect(uri).toMatch(/^hermod:\/\/link\/1\?s=[\w-]+&k=[\w-]+&r=77&x=[\w-]+&e=\d+&n=[\w-]+&p=[\w-]+$/);
  expect(parseLinkUri(uri, nowMs)).toEqual(link);
  expect(parseLinkUri(`  ${uri}\n`, nowMs)).toEqual(link);
});

const refused: { name: string; text: string; at?: number; code: string }[] = [
  { name: "nothing", text: "", code: "bad-request" },
  { name: "a web address", text: "https://example.org/", code: "bad-request" },
  { name: "a newer form", text: uri.replace("link/1", "link/2"), code: "update-needed" },
  { name: "another path", text: uri.replace("link/1", "pair/1"), code: "bad-request" },
  { name: "another scheme's case", text: uri.replace("hermod", "HERMOD"), code: "bad-request" },
  { name: "a missing field", text: uri.replace(/&p=.*/, ""), code: "bad-request" },
  { name: "a field twice", text: `${uri}&p=bGludXg`, code: "bad-request" },
  { name: "a field too many", text: `${uri}&z=1`, code: "bad-request" },
  { name: "an empty field at the end", text: `${uri}&`, code: "bad-request" },
  { name: "a short secret", text: changed("x", b64("short")), code: "bad-request" },
  { name: "padding in base64url", text: changed("n", "YQ=="), code: "bad-request" },
  { name: "letters behind the last byte", text: changed("n", "YR"), code: "bad-request" },
  { name: "a key that is too short", text: changed("k", b64("key")), code: "bad-key" },
  {
    name: "a key of low order",
    text: changed("k", Buffer.from([5, ...new Array<number>(32).fill(0)]).toString("base64url")),
    code: "bad-key",
  },
  {
    name: "a key with its high bit set",
    text: changed("k", Buffer.from([5, ...new Array<number>(32).fill(255)]).toString("base64url")),
    code: "bad-key",
  },
  { name: "registration id 0", text: changed("r", "0"), code: "bad-request" },
  { name: "registration id 16,381", text: changed("r", "16381"), code: "bad-request" },
  { name: "a server that is a file", text: changed("s", b64("file:///etc/passwd")), code: "bad-request" },
  { name: "a server with a password", text: changed("s", b64("http://a:b@example.org")), code: "bad-request" },
  { name: "a server with a query", text: changed("s", b64("http://example.org?x=1")), code: "bad-request" },
  { name: "a name that moves the cursor", text: changed("n", b64("laptop\u001b[2K")), code: "bad-request" },
  { name: "a name that turns its direction", text: changed("n", b64("\u202eecila")), code: "bad-request" },
  { name: "a name that is not UTF-8", text: changed("n", Buffer.from([0xff, 0xfe]).toString("base64url")), code: "bad-request" },
  { name: "a name of 65 bytes", text: changed("n", b64("n".repeat(65))), code: "bad-request" },
  { name: "an expiry in hex", text: changed("e", "0x1"), code: "bad-request" },
  { name: "a negative expiry", text: changed("e", "-5"), code: "bad-request" },
  { name: "one that just expired", text: uri, at: nowMs + 60_000, code: "link-expired" },
  { name: "one that would last an hour", text: changed("e", String(nowMs + 3_600_000)), code: "link-expired" },
  { name: "a very long one", text: changed("s", b64(`http://example.org/${"a".repeat(2_000)}`)), code: "bad-request" },
];
test.each(refused)("refuses $name", ({ text, at, code }) => {
  expect(codeOf(text, at)).toBe(code);
});

test("a clock that is half a minute behind does not matter", () => {
  expect(codeOf(uri, nowMs - 30_000)).toBe("taken");
});

test("any name and platform survive, cut to what fits", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 90 }), fc.string({ unit: "grapheme", maxLength: 90 }), (name, platform) => {
      const read = parseLinkUri(formatLinkUri({ ...link, name, platform }), nowMs);
      expect(Buffer.byteLength(read.name)).toBeLessThanOrEqual(64);
      expect(Buffer.byteLength(read.platform)).toBeLessThanOrEqual(32);
    }),
  );
});
