/** Bodies of requests of Node's HTTP server. */

import type { IncomingHttpHeaders, IncomingMessage } from "node:http";

import { Collected } from "./body.js";
import { UsageError } from "./turns.js";

/** The bytes of a body, or nothing if there are more than `max`, or the sender cut it. */
export function readNodeBody(request: IncomingMessage, max: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (request.readableDidRead) {
    throw new UsageError(
      "the body was read before the guard could verify it; put the guard in front of `express.json()` and of everything else " +
        "that reads the body",
    );
  }
  if (Number(request.headers["content-length"] ?? 0) > max) return Promise.resolve(undefined);
  // The sender went away while the keys were fetched: no event is going to say so again.
  if (request.destroyed) return Promise.resolve(undefined);
  return new Promise((resolve, reject) => {
    const collected = new Collected(max);
    const settle = (finish: () => void): void => {
      for (const [event, listener] of listeners) request.off(event, listener);
      finish();
    };
    const cut = (): void => settle(() => resolve(undefined));
    const take = (piece: Uint8Array | string): void => {
      // Text is no longer the bytes that arrived.
      if (typeof piece === "string") settle(() => reject(new UsageError(DECODED)));
      else if (!collected.add(piece)) cut();
    };
    const listeners: [string, (piece: Uint8Array | string) => void][] = [
      ["data", take],
      ["end", () => settle(() => resolve(collected.whole()))],
      ["error", cut],
      ["close", cut],
    ];
    for (const [event, listener] of listeners) request.on(event, listener);
  });
}

const DECODED = "the body is decoded before the guard can verify it; call no `setEncoding` in front of the guard";

/** Value of a body by its content type: JSON is parsed, all else stays bytes. */
export function parseBody(body: Uint8Array<ArrayBuffer>, headers: IncomingHttpHeaders): unknown {
  const [type = ""] = String(headers["content-type"] ?? "").toLowerCase().split(";");
  const isPlain = (headers["content-encoding"] ?? "identity") === "identity";
  if (!isPlain || !/^application\/(?:json|[!#$&^_.+a-z0-9-]+\+json)$/.test(type.trim())) return body;
  if (body.length === 0) return undefined;
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch {
    throw new MalformedBodyError();
  }
}

/** The door vouches for the body, and it is not the JSON that its content type names. */
export class MalformedBodyError extends Error {
  override readonly name = "MalformedBodyError";
  /** Express and Fastify answer with it. */
  readonly status = 400;
  readonly statusCode = 400;

  constructor() {
    super("the body is not JSON, although its content type says so; send JSON in UTF-8");
  }
}
