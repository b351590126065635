/** Claims of an assertion: their form, and whether they are about this request, at this agent, and now. */

import { isArray, parseObject, uint64, type Json, type JsonObject } from "./json.js";
import { ProofError } from "./refusal.js";
import type { RequestHead } from "./head.js";
import { asHeaderValue } from "./text.js";

/** Allowed difference between the clocks of door and agent, either way, in seconds. */
export const SKEW = 30n;

/** Lifetime of an assertion, in seconds. */
export const LIFETIME = 60n;

/** Claims of an assertion. */
export interface Claims {
  readonly iss: string;
  readonly aud: string;
  readonly sub: string;
  readonly sub_issuer: string;
  readonly jti: string;
  readonly iat: bigint;
  readonly exp: bigint;
  readonly session: string;
  readonly method: string;
  readonly path: string;
  readonly body_sha256: string;
  readonly client_id: string | undefined;
  readonly username: string | undefined;
  readonly email: string | undefined;
  readonly name: string | undefined;
  readonly groups: readonly string[] | undefined;
  readonly scope: string | undefined;
}

/** Whose word counts, and for whom. */
export interface Trust {
  /** The door's address, exactly as its `PUBLIC_URL` has it. */
  readonly door: string;
  /** The agent's name in the door's `AGENTS`. */
  readonly agent: string;
}

/** Reads the claims of a payload that the door signed. Members that the door adds later are ignored. */
export function parseClaims(payload: Uint8Array): Claims {
  const members = parseObject(payload);
  if (members === undefined) throw new ProofError("proof_claims");
  return {
    iss: text(members, "iss"),
    // One text: a list would be a proof for several agents, and any of them could use it at the others.
    aud: text(members, "aud"),
    sub: text(members, "sub"),
    sub_issuer: text(members, "sub_issuer"),
    jti: text(members, "jti"),
    iat: seconds(members, "iat"),
    exp: seconds(members, "exp"),
    session: text(members, "session"),
    method: text(members, "method"),
    path: text(members, "path"),
    body_sha256: text(members, "body_sha256"),
    client_id: optionalText(members, "client_id"),
    username: optionalText(members, "username"),
    email: optionalText(members, "email"),
    name: optionalText(members, "name"),
    groups: optionalTexts(members, "groups"),
    scope: optionalText(members, "scope"),
  };
}

/** Checks that the door says this, to this agent, about this request, and now (in whole seconds since 1970). */
export function checkClaims(claims: Claims, trust: Trust, head: RequestHead, now: bigint): void {
  // Exact texts (RFC 7519, sections 4.1.1 and 4.1.3): no prefix, no normal form, no case folding.
  if (claims.iss !== trust.door) throw new ProofError("proof_issuer");
  if (claims.aud !== trust.agent) throw new ProofError("proof_audience");
  if (claims.iat > now + SKEW) throw new ProofError("proof_early");
  if (now >= claims.exp + SKEW) throw new ProofError("proof_expired");
  // The memory for replays is bounded by the lifetime, and a leaked proof by it as well.
  if (claims.exp - claims.iat > LIFETIME) throw new ProofError("proof_lifetime");
  if (claims.method !== head.method) throw new ProofError("proof_method");
  // The door signs a path and calls it without a query, so a query is not the door's.
  if (head.hasQuery || claims.path !== head.path) throw new ProofError("proof_path");
  // AgentCore names the session to a container. With two it is unclear which one the agent reads.
  if (head.sessions.length > 1) throw new ProofError("proof_session");
  const [session] = head.sessions;
  if (session !== undefined && session !== asHeaderValue(claims.session)) throw new ProofError("proof_session");
}

function text(members: JsonObject, name: string): string {
  const value = members.get(name);
  if (typeof value !== "string") throw new ProofError("proof_claims");
  return value;
}

function seconds(members: JsonObject, name: string): bigint {
  const value = uint64(members.get(name));
  if (value === undefined) throw new ProofError("proof_claims");
  return value;
}

/** Absent and `null` are the same: the door does not say. */
function isAbsent(value: Json | undefined): value is null | undefined {
  return value === undefined || value === null;
}

function optionalText(members: JsonObject, name: string): string | undefined {
  return isAbsent(members.get(name)) ? undefined : text(members, name);
}

function optionalTexts(members: JsonObject, name: string): readonly string[] | undefined {
  const value = members.get(name);
  if (isAbsent(value)) return undefined;
  if (!isArray(value) || !value.every((item) => typeof item === "string")) throw new ProofError("proof_claims");
  return value;
}
