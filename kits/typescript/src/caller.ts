/** The proven caller of a request. */

import type { Claims } from "./claims.js";

let make: (claims: Claims | undefined) => Caller;

/**
 * Who asks, as the door says. What is `undefined` the door does not know, or did not have room to say: an absent list is
 * not an empty one.
 *
 * Names of people stay out of whatever prints a caller: `String(caller)`, `console.log(caller)` and
 * `JSON.stringify(caller)` show the request's id alone.
 */
export class Caller {
  /** `false` only if the guard was told to work without a door. */
  readonly isVerified: boolean;
  /** The caller's stable name, unique within the issuer: use both together. */
  readonly subject: string;
  readonly subjectIssuer: string;
  readonly clientId: string | undefined;
  readonly username: string | undefined;
  readonly email: string | undefined;
  readonly name: string | undefined;
  readonly groups: readonly string[] | undefined;
  readonly scopes: readonly string[] | undefined;
  /** The runtime session. */
  readonly session: string;
  /** The id of the request in the door's log. */
  readonly requestId: string;

  static {
    make = (claims) => new Caller(claims);
  }

  private constructor(claims: Claims | undefined) {
    this.isVerified = claims !== undefined;
    this.subject = claims?.sub ?? "unverified";
    this.subjectIssuer = claims?.sub_issuer ?? "urn:gatehouse:unverified";
    this.clientId = claims?.client_id;
    this.username = claims?.username;
    this.email = claims?.email;
    this.name = claims?.name;
    this.groups = claims?.groups && Object.freeze([...claims.groups]);
    this.scopes = claims?.scope === undefined ? undefined : Object.freeze(words(claims.scope));
    this.session = claims?.session ?? "";
    this.requestId = claims?.jti ?? "";
    Object.freeze(this);
  }

  /** A name for people to read. Never decide anything by it: names are neither unique nor stable. */
  get displayName(): string {
    return this.name || this.username || this.subject;
  }

  toString(): string {
    return this.isVerified ? `Caller(${this.requestId})` : "Caller(unverified)";
  }

  toJSON(): string {
    return this.toString();
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}

/** @internal */
export function provenCaller(claims: Claims): Caller {
  return make(claims);
}

/** @internal The caller of a request that no door vouches for. */
export function unverifiedCaller(): Caller {
  return make(undefined);
}

/** Splits at Unicode's `White_Space`, as the door does; `\s` leaves one sign of it out and adds another. */
function words(text: string): string[] {
  const between = /[\u0009-\u000d\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/;
  return text.split(between).filter((word) => word !== "");
}
