/** Strict parser and verifier of the assertion in a request's header. */

import { decode, encode } from "./base64url.js";
import type { Caller } from "./caller.js";
import { provenCaller } from "./caller.js";
import { checkClaims, parseClaims, type Claims, type Trust } from "./claims.js";
import { headOf, type HeaderPairs, type RequestHead } from "./head.js";
import { parseObject } from "./json.js";
import type { DoorKeySet } from "./key-set.js";
import { ProofError } from "./refusal.js";

/** The longest header that AgentCore passes on: 4 KB ("Pass custom headers to Amazon Bedrock AgentCore Runtime"). */
export const MAX_ASSERTION = 4096;

/** The `typ` of an assertion's header. */
export const TYPE = "gatehouse-identity+jwt";

/** A proof of the right form, unproven: nothing of its payload has been read. */
export interface Proof {
  /** The key that it names. */
  readonly keyId: string;
  /** Signing input: header, full stop, payload (RFC 7515, section 5.2). */
  readonly message: Uint8Array<ArrayBuffer>;
  readonly payload: Uint8Array<ArrayBuffer>;
  readonly signature: Uint8Array<ArrayBuffer>;
}

/** The one assertion of a request. With two it is unclear which one the door set. */
export function theOne(assertions: readonly string[]): string {
  const [only, ...others] = assertions;
  if (only === undefined) throw new ProofError("proof_missing");
  if (others.length > 0) throw new ProofError("proof_repeated");
  return only;
}

/** Reads a compact JWS (RFC 7515, section 7.1) with the door's header: three parts, one spelling. */
export function parseProof(text: string): Proof {
  if (text.length > MAX_ASSERTION) throw new ProofError("proof_form");
  const parts = text.split(".");
  const [header = "", payload = "", signature = ""] = parts;
  if (parts.length !== 3) throw new ProofError("proof_form");
  // Its form is decided whole, before anything that it says.
  const [payloadBytes, signatureBytes] = [bytesOf(payload), bytesOf(signature)];
  const members = parseObject(bytesOf(header));
  if (members === undefined) throw new ProofError("proof_form");
  // The token may not choose its own check (RFC 8725, sections 3.1 and 3.11).
  if (members.get("alg") !== "ES256") throw new ProofError("proof_type");
  if (members.get("typ") !== TYPE) throw new ProofError("proof_type");
  const keyId = members.get("kid");
  if (typeof keyId !== "string") throw new ProofError("proof_form");
  // The door writes these three members; `crit`, `jwk` and others ask for what is not understood here.
  if (members.size !== 3) throw new ProofError("proof_form");
  const message = new TextEncoder().encode(`${header}.${payload}`);
  return { keyId, message, payload: payloadBytes, signature: signatureBytes };
}

/** Another spelling of the same bytes would give one proof many texts. */
function bytesOf(part: string): Uint8Array<ArrayBuffer> {
  const bytes = decode(part);
  if (bytes === undefined) throw new ProofError("proof_form");
  return bytes;
}

/** The claims of a proof that one of these keys signed. */
export async function provenClaims(proof: Proof, keys: DoorKeySet): Promise<Claims> {
  if (!(await keys.verifies(proof.keyId, proof.message, proof.signature))) throw new ProofError("proof_signature");
  return parseClaims(proof.payload);
}

/** Checks that the proof is for these bytes. */
export async function checkBody(claims: Claims, body: Uint8Array<ArrayBuffer>): Promise<void> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", body));
  if (claims.body_sha256 !== encode(digest)) throw new ProofError("proof_body");
}

/** A request with its body, for {@link verify}. */
export interface VerifiableRequest {
  readonly method: string;
  /** Path and query, undecoded, as on the request line. */
  readonly target: string;
  /** Name and value of each header. Equal headers must stand apart, one pair each. */
  readonly headers: HeaderPairs;
  /** The bytes as they arrived, before anything parses them. */
  readonly body: Uint8Array;
}

/**
 * Verifies the assertion of one request with keys and a time that are given: pure, so it cannot know whether the assertion
 * was shown before, and the same one verifies again. A guard keeps that memory; without one, remember `requestId`.
 *
 * @param now Whole seconds since 1970.
 * @throws {ProofError} The first check that fails.
 */
export async function verify(
  request: VerifiableRequest,
  trust: Trust & { readonly keys: DoorKeySet; readonly now: number },
): Promise<Caller> {
  const head: RequestHead = headOf(request.method, request.target, request.headers);
  const proof = parseProof(theOne(head.assertions));
  const claims = await provenClaims(proof, trust.keys);
  checkClaims(claims, trust, head, BigInt(Math.floor(trust.now)));
  await checkBody(claims, new Uint8Array(request.body));
  return provenCaller(claims);
}
