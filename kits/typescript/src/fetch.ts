/** Guard of fetch handlers: Cloudflare Workers, Deno, Bun, Next.js route handlers, and others that take a `Request`. */

import { readBounded } from "./body.js";
import { doorOf, type Door, type Turn } from "./door.js";
import { headOfFetch } from "./head.js";
import { RefusedError } from "./refusal.js";
import type { Settings } from "./settings.js";
import { remember, UsageError } from "./turns.js";

/** A function that answers a `Request`; the further arguments are the runtime's. */
export type FetchHandler<Rest extends unknown[]> = (request: Request, ...rest: Rest) => Response | Promise<Response>;

/** Warning header of a guard that works without a door; the door sets it when `ENABLE_AUTH` is `false`. */
export const WARNING = ["x-gatehouse-warning", "no caller is verified"] as const;

/**
 * Lets a handler answer only requests that the door vouches for, and `GET` of open paths. The handler is given a request
 * with the same body, and asks `caller(request)` who called.
 */
export function guard<Rest extends unknown[]>(
  handler: FetchHandler<Rest>,
  settings: Settings | Door,
): (request: Request, ...rest: Rest) => Promise<Response> {
  const door = doorOf(settings);
  return async (request, ...rest) => {
    let admitted: Admitted;
    try {
      admitted = await admit(door, request);
    } catch (error) {
      if (error instanceof RefusedError) return responseTo(error);
      throw error;
    }
    const { turn, request: passed } = admitted;
    if (turn !== undefined) remember(turn, passed, request);
    return warned(door, await handler(passed, ...rest));
  };
}

/** A request that is let in, with a body that can be read; no turn on an open path. */
export interface Admitted {
  readonly turn: Turn | undefined;
  readonly request: Request;
}

/** @internal */
export async function admit(door: Door, request: Request): Promise<Admitted> {
  const turn = await door.admit(headOfFetch(request), (max) => read(request, max));
  // A request without a body can have none, and one whose body was not read still has it.
  const passed = turn === undefined || request.body === null ? request : new Request(request, { body: turn.body });
  return { turn, request: passed };
}

async function read(request: Request, max: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (request.bodyUsed) {
    throw new UsageError(
      "the body was read before the guard could verify it; put the guard in front of everything that reads the body",
    );
  }
  if (Number(request.headers.get("content-length")) > max) return undefined;
  return readBounded(request.body, max);
}

/** @internal */
export function responseTo(error: RefusedError): Response {
  return new Response(error.body, { status: error.status, headers: error.headers });
}

/** Says on the response that the guard works without a door. */
function warned(door: Door, response: Response): Response {
  // A response that switches protocols cannot be made again.
  if (door.isThere || response.status < 200) return response;
  const loud = new Response(response.body, response);
  loud.headers.set(...WARNING);
  return loud;
}
