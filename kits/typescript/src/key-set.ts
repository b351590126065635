/** The door's published keys: the document parsed, and signatures verified. */

import { decode } from "./base64url.js";
import { isArray, isObject, parseObject, type Json, type JsonObject } from "./json.js";

/** Three are published at most; the bound is for a server that is no door. */
const MAX_KEYS = 100;

/** The length of a coordinate of P-256 (RFC 7518, section 6.2.1.2), and half that of an ES256 signature (section 3.4). */
const COORDINATE = 32;

const CURVE = { name: "ECDSA", namedCurve: "P-256" } as const;
const ES256 = { name: "ECDSA", hash: "SHA-256" } as const;

/** The ES256 keys of one door, by their ids. */
export class DoorKeySet {
  readonly #keys: ReadonlyMap<string, CryptoKey>;

  private constructor(keys: ReadonlyMap<string, CryptoKey>) {
    this.#keys = keys;
  }

  /**
   * Reads a key document (RFC 7517, section 5), as bytes or text; nothing if it holds no ES256 key. Keys of other kinds are
   * passed over; of two keys with one id the first one counts. One byte order mark in front
   * of it is ignored, which some editors write (RFC 8259, section 8.1).
   */
  static async parse(document: Uint8Array | string): Promise<DoorKeySet | undefined> {
    const bytes = typeof document === "string" ? new TextEncoder().encode(document) : document;
    const listed = parseObject(withoutMark(bytes))?.get("keys");
    if (!isArray(listed)) return undefined;
    const keys = new Map<string, CryptoKey>();
    for (const jwk of listed.slice(0, MAX_KEYS)) {
      const found = await importKey(jwk);
      if (found !== undefined && !keys.has(found.id)) keys.set(found.id, found.key);
    }
    return keys.size > 0 ? new DoorKeySet(keys) : undefined;
  }

  has(id: string): boolean {
    return this.#keys.has(id);
  }

  /** True only if the key of this id signed the message with ES256. */
  async verifies(id: string, message: Uint8Array<ArrayBuffer>, signature: Uint8Array<ArrayBuffer>): Promise<boolean> {
    const key = this.#keys.get(id);
    if (key === undefined) return false;
    // Both numbers in full length (RFC 7518, section 3.4). Not every runtime says no to another length; some throw.
    if (signature.length !== 2 * COORDINATE) return false;
    try {
      return (await crypto.subtle.verify(ES256, key, signature, message)) === true;
    } catch {
      return false;
    }
  }
}

/**
 * A public key (RFC 7518, section 6.2) with its id. The point alone is imported, not the JWK: no member of the document can
 * change what the key is used for.
 */
async function importKey(jwk: Json): Promise<{ id: string; key: CryptoKey } | undefined> {
  if (!isObject(jwk) || !isForSignatures(jwk)) return undefined;
  const [id, x, y] = [jwk.get("kid"), coordinate(jwk.get("x")), coordinate(jwk.get("y"))];
  if (jwk.get("kty") !== "EC" || jwk.get("crv") !== "P-256") return undefined;
  if (typeof id !== "string" || x === undefined || y === undefined) return undefined;
  // Not every runtime looks when it imports a key (RFC 8725, section 3.4: validate all cryptographic inputs).
  if (!isOnCurve(integer(x), integer(y))) return undefined;
  const point = new Uint8Array([4, ...x, ...y]);
  try {
    return { id, key: await crypto.subtle.importKey("raw", point, CURVE, false, ["verify"]) };
  } catch {
    return undefined;
  }
}

/** True for a key for signatures: one for another purpose must not verify (RFC 7517, sections 4.2 to 4.4). */
function isForSignatures(jwk: JsonObject): boolean {
  // A member that is null says as much as one that is not there: libraries write what they do not know as null.
  const member = (name: string): Json | undefined => jwk.get(name) ?? undefined;
  const [use = "sig", alg = "ES256", operations = ["verify"]] = [member("use"), member("alg"), member("key_ops")];
  if (use !== "sig") return false;
  if (alg !== "ES256") return false;
  if (!isArray(operations)) return false;
  if (!operations.includes("verify")) return false;
  return ["x5t", "issuer"].every((name) => typeof (member(name) ?? "") === "string");
}

function withoutMark(bytes: Uint8Array): Uint8Array {
  const hasMark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  return hasMark ? bytes.subarray(3) : bytes;
}

/** P-256 (NIST SP 800-186, section 3.2.1.3): y^2 = x^3 - 3x + b over the integers modulo p. */
const P = 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n;
const B = 0x5ac635d8_aa3a93e7_b3ebbd55_769886bc_651d06b0_cc53b0f6_3bce3c3e_27d2604bn;

function isOnCurve(x: bigint, y: bigint): boolean {
  return x < P && y < P && (y * y - (x * x * x - 3n * x + B)) % P === 0n;
}

/** The number that bytes spell, the most significant one first. */
function integer(bytes: Uint8Array): bigint {
  return bytes.reduce((number, byte) => (number << 8n) | BigInt(byte), 0n);
}

function coordinate(value: Json | undefined): Uint8Array | undefined {
  const bytes = typeof value === "string" ? decode(value) : undefined;
  return bytes?.length === COORDINATE ? bytes : undefined;
}
