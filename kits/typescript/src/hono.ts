/** Guard of Hono. */

import { doorOf, type Door } from "./door.js";
import { admit, responseTo, WARNING, type Admitted } from "./fetch.js";
import { RefusedError } from "./refusal.js";
import type { Settings } from "./settings.js";
import { remember } from "./turns.js";

/** Part of a Hono context that the guard uses. */
export interface HonoContext {
  readonly req: { raw: Request };
  header(name: string, value: string): void;
}

/** A middleware of Hono. */
export type HonoGuard = (context: HonoContext, next: () => Promise<void>) => Promise<Response | void>;

/**
 * Lets only requests pass that the door vouches for, and `GET` of open paths. A handler reads the body as usual, and asks
 * `caller(context)` who called.
 */
export function guard(settings: Settings | Door): HonoGuard {
  const door = doorOf(settings);
  return async (context, next) => {
    let admitted: Admitted;
    try {
      admitted = await admit(door, context.req.raw);
    } catch (error) {
      if (error instanceof RefusedError) return responseTo(error);
      throw error;
    }
    const { turn, request } = admitted;
    context.req.raw = request;
    if (turn !== undefined) remember(turn, context, context.req, request);
    await next();
    if (!door.isThere) context.header(...WARNING);
    return undefined;
  };
}
