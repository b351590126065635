// Serves the built console with the Content-Security-Policy of stacks/console.yaml, and beside it what only a laptop has.

import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../../../../", import.meta.url));
const DIST = join(ROOT, "web/dist");
const TYPES: Readonly<Record<string, string>> = {
  ".css": "text/css",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".svg": "image/svg+xml",
};

/** The policy as CloudFront sends it, with these origins in place of the template's parameters. */
export async function policy(door: string, signIn: string, connections: string): Promise<string> {
  const template = await readFile(join(ROOT, "stacks/console.yaml"), "utf8");
  const found = /ContentSecurityPolicy: !Sub >-\n((?: {14}.*\n)+)/.exec(template)?.[1];
  if (found === undefined) throw new Error("stacks/console.yaml has no policy of the expected form");
  const line = found.trim().split(/\s*\n\s*/).join(" ");
  return line.replace("${Door}", door).replace("${SignIn}", signIn).replace("${Connections}", connections).replace(/ +/g, " ");
}

export interface Laptop {
  readonly trace: () => readonly unknown[];
  readonly state: () => unknown;
  readonly access: () => unknown;
  readonly move: (name: string, profile: unknown) => void;
}

export class Pages {
  config: unknown = null;
  csp = "default-src 'none'";
  laptop: Laptop | null = null;
  /** A door of the test's own, below `/door` */
  door: ((path: string, response: ServerResponse) => void) | null = null;
  readonly reports: string[] = [];
  readonly #server: Server;
  readonly #streams = new Set<ServerResponse>();

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<Pages> {
    const server = createServer();
    const pages = new Pages(server);
    server.on("request", (request, response) => void pages.#answer(request, response));
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    return pages;
  }

  get origin(): string {
    return `http://localhost:${String((this.#server.address() as AddressInfo).port)}`;
  }

  /** Sends a hop to the pages that watch the trace. */
  tell(hop: unknown): void {
    for (const stream of this.#streams) stream.write(`data: ${JSON.stringify(hop)}\n\n`);
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.setHeader("Content-Security-Policy", `${this.csp}; report-uri /csp-report`);
    response.setHeader("Cross-Origin-Opener-Policy", "same-origin");
    response.setHeader("X-Content-Type-Options", "nosniff");
    response.setHeader("X-Frame-Options", "DENY");
    response.setHeader("Referrer-Policy", "no-referrer");
    const path = new URL(request.url ?? "/", this.origin).pathname;
    const body = await read(request);
    if (path === "/csp-report") {
      this.reports.push(body);
      response.writeHead(204).end();
      return;
    }
    if (path === "/config.json") {
      if (this.config === null) response.writeHead(404).end();
      else json(response, this.config);
      return;
    }
    if (this.door !== null && path.startsWith("/door/")) {
      this.door(path.slice("/door".length), response);
      return;
    }
    if (this.laptop !== null && this.#ofLaptop(this.laptop, path, request, response, body)) return;
    await file(path, response);
  }

  #ofLaptop(laptop: Laptop, path: string, request: IncomingMessage, response: ServerResponse, body: string): boolean {
    if (path === "/trace") {
      response.writeHead(200, { "Content-Type": "text/event-stream" });
      for (const hop of laptop.trace()) response.write(`data: ${JSON.stringify(hop)}\n\n`);
      this.#streams.add(response);
      response.on("close", () => this.#streams.delete(response));
      return true;
    }
    const name = /^\/laptop\/directory\/(\w+)$/.exec(path)?.[1];
    if (name !== undefined) {
      laptop.move(name, request.method === "PUT" ? JSON.parse(body) : null);
      json(response, {});
      return true;
    }
    if (path !== "/laptop/state" && path !== "/laptop/access") return false;
    json(response, path === "/laptop/state" ? laptop.state() : laptop.access());
    return true;
  }
}

async function file(path: string, response: ServerResponse): Promise<void> {
  const name = path === "/" ? "index.html" : normalize(path).replace(/^\/+/, "");
  try {
    const bytes = await readFile(join(DIST, name));
    response.writeHead(200, { "Content-Type": TYPES[extname(name)] ?? "application/octet-stream" }).end(bytes);
  } catch {
    response.writeHead(404).end();
  }
}

function json(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { "Content-Type": "application/json" }).end(JSON.stringify(value));
}

async function read(request: IncomingMessage): Promise<string> {
  let body = "";
  for await (const chunk of request) body += String(chunk);
  return body;
}
