import { createServer, type Server } from "node:http";
import type { Registry } from "prom-client";

export interface HealthCheck {
  readonly name: string;
  readonly ok: boolean;
  readonly reason?: string;
}

export interface AdminSources {
  readonly metrics: Registry;
  /** Whether traffic should come here, and why not. */
  ready(): HealthCheck[];
  /** Whether the node can commit: a conditional write to its own row. */
  healthy(): Promise<HealthCheck[]>;
}

/**
 * The operator's listener: /livez (the process), /readyz (send traffic here), /healthz (it can commit), /metrics. Loopback by default and
 * open there; it serves nothing else.
 */
export function openAdmin(host: string, port: number, sources: AdminSources): Promise<Server> {
  const server = createServer((request, response) => {
    const path = (request.url ?? "/").split("?")[0];
    const send = (status: number, type: string, body: string): void => {
      response.writeHead(status, { "content-type": type, "cache-control": "no-store" }).end(request.method === "HEAD" ? undefined : body);
    };
    const sendChecks = (checks: HealthCheck[]): void => {
      const ok = checks.every((check) => check.ok);
      send(ok ? 200 : 503, "application/json", `${JSON.stringify({ ok, checks })}\n`);
    };
    if (request.method !== "GET" && request.method !== "HEAD") {
      response.setHeader("allow", "GET, HEAD");
      send(405, "application/problem+json", JSON.stringify({ code: "method-not-allowed" }));
    } else if (path === "/livez") sendChecks([{ name: "process", ok: true }]);
    else if (path === "/readyz") sendChecks(sources.ready());
    else if (path === "/healthz") void sources.healthy().then(sendChecks);
    else if (path === "/metrics")
      void sources.metrics.metrics().then((page) => {
        send(200, sources.metrics.contentType, page);
      });
    else send(404, "application/problem+json", JSON.stringify({ code: "not-found" }));
  });
  server.headersTimeout = 5_000;
  server.requestTimeout = 10_000;
  server.maxConnections = 256;
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port, exclusive: true }, () => {
      server.off("error", reject);
      resolve(server);
    });
  });
}
