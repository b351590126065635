/** Reasons for which a request is refused, and the 403, 413 or 503 response to it. */

/** Sentences of the refusals: event and remedy. The keys are the stable reason codes of logs. */
const REASONS = {
  proof_missing: ["there is no proof", "ask through the door, and add the header to the runtime's request header allow-list"],
  proof_repeated: ["there are two proofs", "look for a program in front of the agent that adds the header"],
  proof_form: ["the proof is not a compact JWS of the door's form", "look for a program that sends requests past the door"],
  proof_type: ["the proof is a token of another type or algorithm", "send the door's assertion, not an access token"],
  proof_signature: ["the proof is not signed with a key of the door's", "compare the guard's `door` with the door's `PUBLIC_URL`"],
  proof_claims: ["the proof's claims are not of the door's form", "compare the versions of door and package"],
  proof_issuer: ["the proof is another door's", "compare the guard's `door` with the door's `PUBLIC_URL`"],
  proof_audience: ["the proof is for another agent", "compare the guard's `agent` with the names in the door's `AGENTS`"],
  proof_early: ["the proof is from the future", "synchronize the clocks of door and agent"],
  proof_expired: ["the proof has expired", "synchronize the clocks of door and agent, or shorten the agent's cold start"],
  proof_lifetime: ["the proof holds for longer than the door's do", "compare the versions of door and package"],
  proof_method: ["the proof is for another method", "look for a program that sends requests past the door"],
  proof_path: ["the proof is for another path, or there is a query", "serve the path that the door calls, without rewriting it"],
  proof_session: ["the proof is for another session, or there are two", "look for a program that sends requests past the door"],
  proof_body: ["the proof is for another body", "let no program in front of the guard change the body"],
  proof_replayed: ["the proof was shown before", "do not send a request of the door's again; ask through the door"],
  keys_unavailable: ["the door's keys are unavailable", "check that the agent can reach the door's `/.well-known/jwks.json`"],
  too_large: ["the body is longer than is read, or was cut", "raise `maxBody` if such bodies are meant to arrive"],
  crowded: ["too many proofs are remembered", "spread the load over more instances of the agent"],
} as const;

export type Reason = keyof typeof REASONS;

/** Refusal of a proof. */
export type ProofReason = Extract<Reason, `proof_${string}`>;

/** Every reason code. */
export const ALL_REASONS = Object.keys(REASONS) as readonly Reason[];

/** A request is refused. Its message is for the log; the client learns status, code and title only. */
export class RefusedError extends Error {
  override readonly name: string = "RefusedError";
  readonly status: 403 | 413 | 503;
  /** The stable code of the answer. */
  readonly code: "bad_proof" | "too_large" | "unavailable";
  /** Body of the answer. */
  readonly title: string;

  constructor(readonly reason: Reason) {
    const [what, advice] = REASONS[reason];
    super(`${what}; ${advice}`);
    [this.status, this.code, this.title] = answerTo(reason);
  }

  /** The headers of the answer. */
  get headers(): Readonly<Record<string, string>> {
    const headers = { "content-type": "application/problem+json", "cache-control": "no-store" };
    return this.status === 503 ? { ...headers, "retry-after": "10" } : headers;
  }

  /** The body of the answer: a problem (RFC 9457). */
  get body(): string {
    return JSON.stringify({ code: this.code, status: this.status, title: this.title });
  }
}

/** The assertion of a request does not hold. */
export class ProofError extends RefusedError {
  override readonly name = "ProofError";
  declare readonly reason: ProofReason;

  constructor(reason: ProofReason) {
    super(reason);
  }
}

function answerTo(reason: Reason): [RefusedError["status"], RefusedError["code"], string] {
  switch (reason) {
    case "keys_unavailable":
    case "crowded":
      return [503, "unavailable", "It cannot be told at the moment whether the door vouches for this request"];
    case "too_large":
      return [413, "too_large", "The body is too large"];
    default:
      return [403, "bad_proof", "The door does not vouch for this request"];
  }
}
