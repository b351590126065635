/** Guard of Express, and of other servers with the same middlewares: Connect, and Node's HTTP server by hand. */

import { Buffer } from "node:buffer";
import type { IncomingMessage, ServerResponse } from "node:http";

import { doorOf, type Door, type Turn } from "./door.js";
import { WARNING } from "./fetch.js";
import { headOfNode } from "./head.js";
import { parseBody, readNodeBody } from "./node-body.js";
import { RefusedError } from "./refusal.js";
import type { Settings } from "./settings.js";
import { remember } from "./turns.js";

/** Part of an Express request that the guard uses. */
export interface ExpressRequest extends IncomingMessage {
  /** The target as it arrived, where a mounted router has changed `url`. */
  originalUrl?: string;
  body?: unknown;
}

/** A middleware of Express. */
export type ExpressGuard = (request: ExpressRequest, response: ServerResponse, next: (error?: unknown) => void) => void;

/**
 * Lets only requests pass that the door vouches for, and `GET` of open paths. It reads the body itself, so it stands in
 * front of `express.json()` and makes it superfluous: `request.body` is the parsed JSON, or the `Buffer` of another type.
 */
export function guard(settings: Settings | Door): ExpressGuard {
  const door = doorOf(settings);
  return (request, response, next) => {
    if (!door.isThere) response.setHeader(...WARNING);
    admit(door, request).then(
      () => next(),
      (error: unknown) => {
        if (error instanceof RefusedError) refuse(response, error);
        else next(error);
      },
    );
  };
}

async function admit(door: Door, request: ExpressRequest): Promise<void> {
  const head = headOfNode(request.method, request.originalUrl ?? request.url, request.rawHeaders);
  const turn: Turn | undefined = await door.admit(head, async (max) => readNodeBody(request, max));
  if (turn === undefined) return;
  const parsed = parseBody(turn.body, request.headers);
  request.body = parsed === turn.body ? Buffer.from(turn.body.buffer) : parsed;
  remember(turn, request);
}

function refuse(response: ServerResponse, error: RefusedError): void {
  response.statusCode = error.status;
  for (const [name, value] of Object.entries(error.headers)) response.setHeader(name, value);
  // The rest of a body that was not read is not waited for.
  response.setHeader("connection", "close");
  response.end(error.body);
}
