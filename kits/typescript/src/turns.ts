/** Callers and tool tokens of the requests that are being handled. */

import type { Caller } from "./caller.js";
import type { Turn } from "./door.js";
import { MAX_ASSERTION } from "./proof.js";
import { isVisible } from "./text.js";

/** By the request itself: no header, property or parsed body can put a caller here. */
const turns = new WeakMap<object, Turn>();

/** A function of the package was called at the wrong place: a defect of the agent, not of a request. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** The tool token of a request is missing, or is not one token. */
export class ToolTokenError extends Error {
  override readonly name = "ToolTokenError";
}

/** @internal */
export function remember(turn: Turn, ...requests: readonly object[]): void {
  for (const request of requests) turns.set(request, turn);
}

/**
 * The caller of a request that a guard let in: a `Request`, an Express request, a Hono context, or the context of an
 * AgentCore handler.
 *
 * @throws {UsageError} The guard did not see this request, or its path is open: no caller is known.
 */
export function caller(request: object): Caller {
  return turnOf(request).caller;
}

/**
 * The headers with which an agent calls its tools as the caller of this request. Use them for this request only, send them
 * to the agent's own gateway only, and store them nowhere.
 *
 * @throws {ToolTokenError} The request brought no tool token.
 */
export function toolHeaders(request: object): { readonly authorization: string } {
  const [token, ...others] = turnOf(request).toolTokens;
  if (token === undefined) {
    throw new ToolTokenError(
      "the request has no tool token; set `toolToken` in the agent's entry of the door's `AGENTS`, and add the header to the " +
        "runtime's request header allow-list",
    );
  }
  if (others.length > 0 || !isVisible(token, MAX_ASSERTION)) {
    throw new ToolTokenError(
      "the request's tool token is not one token; look for a program in front of the agent that adds the header",
    );
  }
  return { authorization: `Bearer ${token}` };
}

function turnOf(request: object): Turn {
  const turn = turns.get(request);
  if (turn === undefined) {
    throw new UsageError(
      "no caller is known of this request, because the guard did not see it or its path is open; put the guard in front of " +
        "the handler, and hand over the very request that the handler was given",
    );
  }
  return turn;
}
