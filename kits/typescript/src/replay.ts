/** Replay protection: each assertion is valid for one request to this instance. */

import { SKEW, type Claims } from "./claims.js";
import { ProofError, RefusedError } from "./refusal.js";

/** Limit of remembered proofs: a thousand requests a second, for as long as a proof can be shown. */
export const MAX_SEEN = 120_000;

/** Ids of proofs, and when each may be forgotten. */
export class Seen {
  readonly #until = new Map<string, bigint>();

  /** Remembers a proof, if it was not seen before. When no more can be remembered, every request is refused. */
  once(claims: Claims, now: bigint): void {
    // What may have been forgotten counts as seen: a request that began in time, and kept its body back until then, could
    // be the second one.
    if (claims.exp + SKEW <= now) throw new ProofError("proof_replayed");
    if (this.#until.has(claims.jti)) throw new ProofError("proof_replayed");
    if (this.#until.size >= MAX_SEEN) this.#forget(now);
    if (this.#until.size >= MAX_SEEN) throw new RefusedError("crowded");
    this.#until.set(claims.jti, claims.exp + SKEW);
  }

  /** From then on it has expired for every reader. */
  #forget(now: bigint): void {
    for (const [id, until] of this.#until) {
      if (until <= now) this.#until.delete(id);
    }
  }
}
