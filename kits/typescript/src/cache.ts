/**
 * The cache of a value that another service has: fetched by one request at a time, renewed before it is too old, and asked
 * for less and less while that fails.
 *
 * There is no background: an edge runtime stops between requests, and a timer would keep a process alive. What a request
 * may have to wait for:
 *
 * - nothing, while the value is held and younger than its soft age;
 * - at most {@link RENEWAL_TIMEOUT}, once in a while, when it is older: the held value serves if the renewal fails;
 * - a whole fetch, at most {@link FETCH_TIMEOUT}, when none is held that is younger than its hard age, or when the one that
 *   is held lacks what the request needs.
 */

import { since, type Clock, type Moment } from "./clock.js";

/** The time of one fetch, from the look-up of the name to the last byte, in milliseconds. */
export const FETCH_TIMEOUT = 3_000;

/** The time that a request waits for a newer value while one is held that serves, in milliseconds. */
export const RENEWAL_TIMEOUT = 500;

/** The back-off after a first failure, in milliseconds; each further one in a row doubles it. */
export const MIN_BACK_OFF = 1_000;

/** The longest back-off, in milliseconds: a service that comes back is noticed within it. */
export const MAX_BACK_OFF = 32_000;

/** The ages of a value, in milliseconds. Its age counts from before it was asked for. */
export interface Ages {
  /** An older value is renewed, and serves if that fails. */
  readonly soft: number;
  /** An older value does not serve. */
  readonly hard: number;
}

/** Fetches a value within so many milliseconds; nothing if that fails. It has then logged why, and never throws. */
export type Fetch<T> = (timeout: number) => Promise<T | undefined>;

/** Reason for a fetch: the value is old, does not suit, or is missing. */
type Need = "renewal" | "search" | "fetch";

type Found<T> = { readonly value: T; readonly isOld: boolean } | { readonly need: Need };

/** A cache of one value. */
export class Cache<T> {
  readonly #ages: Ages;
  readonly #clock: Clock;
  readonly #flight = new Lock();
  readonly #backOff = new BackOff();
  #held: { readonly value: T; readonly since: Moment } | undefined;

  constructor(ages: Ages, clock: Clock) {
    this.#ages = ages;
    this.#clock = clock;
  }

  /** The value that is held, if it serves. */
  held(): T | undefined {
    return this.#serving(this.#clock())?.value;
  }

  /**
   * The value: held, or fetched, and fetched again if the held one does not suit. A token bucket bounds such searches,
   * because a stranger may ask for what does not exist: when it is empty, the held value has to do. Nothing if no value
   * serves, or the search fails.
   */
  async find(suits: (value: T) => boolean, searches: TokenBucket, fetch: Fetch<T>): Promise<T | undefined> {
    const before = this.#look(suits);
    if ("value" in before && !before.isOld) return before.value;
    const release = this.#flight.tryTake() ?? ("value" in before ? undefined : await this.#flight.take());
    // Another request renews the value: this one does not wait for it.
    if (release === undefined) return "value" in before ? before.value : undefined;
    try {
      // The request that fetched before may have done this one's work, so the value is looked at again.
      const now = this.#clock();
      const found = this.#look(suits);
      if (!("value" in found)) return await this.#get(found.need, now, searches, fetch);
      if (!found.isOld) return found.value;
      return (await this.#fetch("renewal", now, fetch)) ?? found.value;
    } finally {
      release();
    }
  }

  /**
   * Fetches the value before the first request, for at most `budget` milliseconds. A failure does not count for the
   * back-off: the first request, which may have more time, tries again.
   */
  async warm(budget: number, fetch: Fetch<T>): Promise<void> {
    const release = await this.#flight.take();
    try {
      const now = this.#clock();
      const serving = this.#serving(now);
      if (serving === undefined || serving.isOld) this.#hold(await fetch(Math.min(budget, FETCH_TIMEOUT)), now);
    } finally {
      release();
    }
  }

  async #get(need: Need, now: Moment, searches: TokenBucket, fetch: Fetch<T>): Promise<T | undefined> {
    // After a failure, the back-off alone bounds the attempts: the bucket is left to searches that may help.
    const isBounded = need === "search" && !this.#backOff.hasFailed;
    if (isBounded && !searches.draw(now)) return this.held();
    return this.#fetch(need, now, fetch);
  }

  async #fetch(need: Need, now: Moment, fetch: Fetch<T>): Promise<T | undefined> {
    if (this.#backOff.rests(now)) return undefined;
    const value = await fetch(need === "renewal" ? RENEWAL_TIMEOUT : FETCH_TIMEOUT);
    if (value === undefined) this.#backOff.noteFailure(this.#clock());
    return this.#hold(value, now);
  }

  /** Holds a value that was asked for at this moment. */
  #hold(value: T | undefined, since: Moment): T | undefined {
    if (value === undefined) return undefined;
    this.#backOff.noteSuccess();
    this.#held = { value, since };
    return value;
  }

  #look(suits: (value: T) => boolean): Found<T> {
    const serving = this.#serving(this.#clock());
    if (serving === undefined) return { need: "fetch" };
    if (suits(serving.value)) return serving;
    return { need: serving.isOld ? "fetch" : "search" };
  }

  #serving(now: Moment): { readonly value: T; readonly isOld: boolean } | undefined {
    if (this.#held === undefined) return undefined;
    const age = since(now, this.#held.since);
    // Asked this way around, an age that is no number is too old.
    if (!(age < this.#ages.hard)) return undefined;
    return { value: this.#held.value, isOld: !(age < this.#ages.soft) };
  }
}

/** Failures in a row, and the last of them: a service that is down is not asked by every request. */
class BackOff {
  #count = 0;
  #last: Moment | undefined;

  /** True if the last attempt failed, however long ago. */
  get hasFailed(): boolean {
    return this.#last !== undefined;
  }

  /** True while it is too early for another attempt. */
  rests(now: Moment): boolean {
    if (this.#last === undefined) return false;
    return since(now, this.#last) < Math.min(MIN_BACK_OFF * 2 ** (this.#count - 1), MAX_BACK_OFF);
  }

  noteFailure(now: Moment): void {
    this.#count += 1;
    this.#last = now;
  }

  noteSuccess(): void {
    this.#count = 0;
    this.#last = undefined;
  }
}

/** A bounded number of tokens, refilled one at a time; each token pays for one action. */
export class TokenBucket {
  readonly #capacity: number;
  readonly #refill: number;
  #spent = 0;
  #lastRefill: Moment | undefined;

  /** A full bucket; `refill` is the time in which one token comes back, in milliseconds. */
  constructor(capacity: number, refill: number) {
    this.#capacity = capacity;
    this.#refill = refill;
  }

  /** Takes a token, if there is one. */
  draw(now: Moment): boolean {
    const refills = Math.floor(since(now, this.#lastRefill ?? now) / this.#refill);
    if (this.#lastRefill === undefined || refills > 0) this.#lastRefill = now;
    this.#spent = Math.max(this.#spent - refills, 0);
    if (this.#spent >= this.#capacity) return false;
    this.#spent += 1;
    return true;
  }
}

/** A mutual exclusion lock: its holders take turns, in the order in which they asked. */
class Lock {
  #isTaken = false;
  readonly #waiting: (() => void)[] = [];

  /** The function that releases the lock, or nothing if another holds it. */
  tryTake(): (() => void) | undefined {
    if (this.#isTaken) return undefined;
    this.#isTaken = true;
    return this.#releaseOnce();
  }

  async take(): Promise<() => void> {
    const taken = this.tryTake();
    if (taken !== undefined) return taken;
    // It is handed over taken, so that no request can come in between.
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return this.#releaseOnce();
  }

  #releaseOnce(): () => void {
    let isReleased = false;
    return () => {
      if (isReleased) return;
      isReleased = true;
      const next = this.#waiting.shift();
      if (next === undefined) this.#isTaken = false;
      else next();
    };
  }
}
