import type { HttpResponse } from "uWebSockets.js";
import { errorCodes, type ErrorCode } from "../../lib/errors.js";

/** What a route answers. */
export type Reply =
  | { readonly status: 200 | 201; readonly body: object }
  | {
      readonly status: number;
      readonly problem: ErrorCode;
      readonly retryAfterMs?: number;
      readonly detail?: string;
      readonly more?: object;
    };

const statusTexts: Readonly<Record<number, string>> = {
  200: "200 OK",
  201: "201 Created",
  400: "400 Bad Request",
  401: "401 Unauthorized",
  403: "403 Forbidden",
  404: "404 Not Found",
  405: "405 Method Not Allowed",
  409: "409 Conflict",
  410: "410 Gone",
  413: "413 Payload Too Large",
  415: "415 Unsupported Media Type",
  429: "429 Too Many Requests",
  500: "500 Internal Server Error",
  503: "503 Service Unavailable",
  504: "504 Gateway Timeout",
  507: "507 Insufficient Storage",
};

/** The HTTP status of a code; what is not named here is the caller's mistake. */
const statusOfCode: Partial<Record<ErrorCode, number>> = {
  "unauthenticated": 401,
  "revoked": 401,
  "invite-needed": 403,
  "forbidden": 403,
  "forbidden-origin": 403,
  "outranked": 403,
  "too-young": 403,
  "bad-signature": 403,
  "link-refused": 403,
  "not-found": 404,
  "not-a-member": 404,
  "method-not-allowed": 405,
  "handle-taken": 409,
  "list-conflict": 409,
  "list-stale": 409,
  "link-used": 409,
  "too-many-devices": 409,
  "link-expired": 410,
  "too-large": 413,
  "rate-limited": 429,
  "internal": 500,
  "overloaded": 503,
  "draining": 503,
  "fenced": 503,
  "unsure": 503,
  "timeout": 504,
  "storage-full": 507,
};

export function problem(
  code: ErrorCode,
  extra: { readonly retryAfterMs?: number; readonly detail?: string; readonly more?: object } = {},
): Reply {
  return { status: statusOfCode[code] ?? 400, problem: code, ...extra };
}

/** Writes a reply: JSON, or RFC 9457 problem+json. Constant texts only: nothing of the inside leaks. */
export function respond(response: HttpResponse, requestId: string, reply: Reply, allow?: string): void {
  response.cork(() => {
    response.writeStatus(statusTexts[reply.status] ?? statusTexts[500]!);
    response.writeHeader("cache-control", "no-store");
    if (allow !== undefined) response.writeHeader("allow", allow);
    if (!("problem" in reply)) {
      response.writeHeader("content-type", "application/json").end(JSON.stringify(reply.body));
      return;
    }
    if (reply.retryAfterMs !== undefined && reply.retryAfterMs > 0)
      response.writeHeader("retry-after", String(Math.ceil(reply.retryAfterMs / 1_000)));
    if (reply.status === 401) response.writeHeader("www-authenticate", "Bearer");
    response.writeHeader("content-type", "application/problem+json").end(
      JSON.stringify({
        type: "about:blank",
        title: errorCodes[reply.problem].meaning,
        status: reply.status,
        code: reply.problem,
        requestId,
        ...(reply.detail === undefined ? {} : { detail: reply.detail }),
        ...(reply.retryAfterMs === undefined ? {} : { retryAfterMs: reply.retryAfterMs }),
        ...reply.more,
      }),
    );
  });
}
