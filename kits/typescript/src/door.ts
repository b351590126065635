/**
 * The decision about a request: the caller whom the door proves, or a refusal. It is the same behind every adapter.
 *
 * ```text
 * request -> open path? -> proof ------> body -----> seen before? -> handler, which asks `caller(request)`
 *            as it is      one header,   bounded,    bounded         403 problem: the proof does not hold
 *                          the door's    its hash                    503 problem: it cannot be told, no keys
 *                          signature
 * ```
 */

import { FETCH_TIMEOUT } from "./cache.js";
import { provenCaller, unverifiedCaller, type Caller } from "./caller.js";
import { checkClaims, type Trust } from "./claims.js";
import { unixTime } from "./clock.js";
import { DoorKeys } from "./door-keys.js";
import type { RequestHead } from "./head.js";
import { checkBody, parseProof, provenClaims, theOne } from "./proof.js";
import { RefusedError } from "./refusal.js";
import { Seen } from "./replay.js";
import { checkedSettings, type CheckedSettings, type Settings } from "./settings.js";

/** Reads a request's body, up to so many bytes; nothing if there are more, or it was cut. */
export type ReadBody = (max: number) => Promise<Uint8Array<ArrayBuffer> | undefined>;

const NO_DOOR =
  "the guard works WITHOUT A DOOR: no caller is verified, and anyone who reaches this agent is let in; " +
  "set `door` and `agent` to verify callers";

/** A request that is let in. */
export interface Turn {
  readonly caller: Caller;
  readonly body: Uint8Array<ArrayBuffer>;
  /** Every value of the tool token's header. */
  readonly toolTokens: readonly string[];
}

/**
 * One door and one agent. Guards that are given the same `Door` share its keys, and its memory of assertions; the memory
 * is of this process or isolate alone.
 */
export class Door {
  readonly #settings: CheckedSettings;
  readonly #behind: { readonly trust: Trust; readonly keys: DoorKeys } | undefined;
  readonly #seen = new Seen();

  /** @throws {SettingsError} All faults at once. Nothing is fetched yet. */
  constructor(settings: Settings) {
    this.#settings = checkedSettings(settings);
    const { trust, keys, fetch, clock, log } = this.#settings;
    this.#behind = trust && { trust, keys: new DoorKeys(keys, fetch, clock, log) };
    if (trust === undefined) log("warn", NO_DOOR, {});
  }

  /** False for a guard that works without a door. */
  get isThere(): boolean {
    return this.#behind !== undefined;
  }

  /**
   * Fetches the door's keys before the first request, for at most `budget` milliseconds. It does not throw: if the door is
   * out of reach, the log says so, and the first request tries again.
   */
  async warm(budget: number = FETCH_TIMEOUT): Promise<void> {
    await this.#behind?.keys.warm(budget);
  }

  /**
   * Decides about a request, and reads its body. Nothing on an open path, of which no body is read.
   *
   * @throws {RefusedError} Why the request is refused, which the log has then been told.
   */
  async admit(head: RequestHead, read: ReadBody): Promise<Turn | undefined> {
    if (this.#isOpen(head)) return undefined;
    try {
      return this.#behind ? await this.#proven(head, read, this.#behind) : await this.#unverified(head, read);
    } catch (error) {
      if (error instanceof RefusedError) {
        this.#settings.log("warn", `refused a request: ${error.message}`, { reason: error.reason });
      }
      throw error;
    }
  }

  async #proven(head: RequestHead, read: ReadBody, { trust, keys }: { trust: Trust; keys: DoorKeys }): Promise<Turn> {
    const proof = parseProof(theOne(head.assertions));
    const claims = await provenClaims(proof, await keys.get(proof.keyId));
    const now = unixTime(this.#settings.clock());
    checkClaims(claims, trust, head, now);
    const body = await this.#bounded(read);
    await checkBody(claims, body);
    // Last, so that a request that is refused anyway cannot use up another's assertion.
    this.#seen.once(claims, unixTime(this.#settings.clock()));
    return { caller: provenCaller(claims), body, toolTokens: head.toolTokens };
  }

  async #unverified(head: RequestHead, read: ReadBody): Promise<Turn> {
    return { caller: unverifiedCaller(), body: await this.#bounded(read), toolTokens: head.toolTokens };
  }

  async #bounded(read: ReadBody): Promise<Uint8Array<ArrayBuffer>> {
    const body = await read(this.#settings.maxBody);
    if (body === undefined) throw new RefusedError("too_large");
    return body;
  }

  #isOpen({ method, path, hasQuery }: RequestHead): boolean {
    return method === "GET" && !hasQuery && this.#settings.open.has(path);
  }
}

/** The door of these settings, or the one that is given. */
export function doorOf(settings: Settings | Door): Door {
  return settings instanceof Door ? settings : new Door(settings);
}
