/** Cache of the door's published keys. */

import { Cache, TokenBucket } from "./cache.js";
import type { Clock } from "./clock.js";
import { DoorKeySet } from "./key-set.js";
import type { Log } from "./log.js";
import { RefusedError } from "./refusal.js";
import { readBounded } from "./body.js";

/** Older keys are renewed: as long as the door says that they may be kept, so that a new key is there before it signs. */
export const SOFT_AGE = 5 * 60_000;

/** Older keys are not used: a key that the door withdrew is believed no longer than this. */
export const HARD_AGE = 2 * 60 * 60_000;

/**
 * The number of unknown key ids that may lead to a fetch at once. The door publishes a key a quarter of an hour before it
 * signs, so a search that has to wait keeps no caller out.
 */
const MAX_SEARCHES = 1;

/** The time after which one more may: the wait of common verifiers between two fetches for unknown keys. */
const SEARCH_REFILL = 10_000;

/** The longest document that is read, in bytes: the door's own bound on key documents. */
const MAX_DOCUMENT = 64 * 1024;

/** The function of the Fetch API that gets the key document. */
export type FetchFunction = (address: string, init: RequestInit) => Promise<Response>;

/** The public keys of one door. */
export class DoorKeys {
  readonly #address: string;
  readonly #fetch: FetchFunction;
  readonly #log: Log;
  readonly #cache: Cache<DoorKeySet>;
  readonly #searches = new TokenBucket(MAX_SEARCHES, SEARCH_REFILL);

  constructor(address: string, fetch: FetchFunction, clock: Clock, log: Log) {
    this.#address = address;
    this.#fetch = fetch;
    this.#log = log;
    this.#cache = new Cache({ soft: SOFT_AGE, hard: HARD_AGE }, clock);
  }

  /**
   * The keys for a proof. One that they do not hold makes them be fetched again, not more often than the bucket allows:
   * made-up ids do not hammer the door.
   */
  async get(keyId: string): Promise<DoorKeySet> {
    const suits = (keys: DoorKeySet): boolean => keys.has(keyId);
    const found = await this.#cache.find(suits, this.#searches, (timeout) => this.#fetched(timeout));
    // After a search that failed, the held keys refuse the proof: it is no outage that one unknown id cannot be found.
    const keys = found ?? this.#cache.held();
    if (keys === undefined) throw new RefusedError("keys_unavailable");
    return keys;
  }

  /** Fetches the keys before the first request, for at most `budget` milliseconds. */
  async warm(budget: number): Promise<void> {
    await this.#cache.warm(budget, (timeout) => this.#fetched(timeout));
  }

  async #fetched(timeout: number): Promise<DoorKeySet | undefined> {
    const stop = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(new FetchFault("it took too long"));
        stop.abort();
      }, timeout);
    });
    try {
      const keys = await Promise.race([this.#ask(stop.signal), late]);
      this.#log("info", "fetched the door's keys", {});
      return keys;
    } catch (fault) {
      const error = fault instanceof FetchFault ? fault.message : "the door cannot be reached";
      this.#log("warn", "cannot fetch the door's keys; requests are refused with 503 once the held ones are too old", { error });
      return undefined;
    } finally {
      clearTimeout(timer);
    }
  }

  async #ask(signal: AbortSignal): Promise<DoorKeySet> {
    // A redirect could lead anywhere, and no door needs one.
    const init: RequestInit = { headers: { accept: "application/json" }, redirect: "manual", signal, ...UNCACHED };
    const answer = await this.#fetch(this.#address, init);
    if (answer.status !== 200) {
      await answer.body?.cancel().catch(() => undefined);
      throw new FetchFault(`the door answered ${answer.status}`);
    }
    const document = await readBounded(answer.body, MAX_DOCUMENT);
    if (document === undefined) throw new FetchFault(`the document is longer than ${MAX_DOCUMENT} bytes, or was cut`);
    const plain = await uncompressed(document);
    if (plain === undefined) {
      throw new FetchFault(`the document is compressed, and not as one whole gzip file of at most ${MAX_DOCUMENT} bytes`);
    }
    const keys = await DoorKeySet.parse(plain);
    if (keys === undefined) throw new FetchFault("the document holds no ES256 key");
    return keys;
  }
}

/**
 * The document without compression, or nothing. A runtime unpacks what is declared as compressed. A server may forget to say
 * so; then the first bytes do (RFC 1952, section 2.3.1), with which no JSON text begins.
 */
async function uncompressed(document: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const isGzip = document[0] === 0x1f && document[1] === 0x8b && document[2] === 8;
  return isGzip ? readBounded(new Blob([document]).stream().pipeThrough(new DecompressionStream("gzip")), MAX_DOCUMENT) : document;
}

/** Its message is ours: nothing of a server's words is logged. */
class FetchFault extends Error {}

/** Some frameworks cache what `fetch` gets, past every age; some runtimes know no such option, and throw. */
const UNCACHED: RequestInit = (() => {
  try {
    return new Request("https://door.invalid", { cache: "no-store" }) && { cache: "no-store" };
  } catch {
    return {};
  }
})();
