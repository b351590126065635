/** Checks of the verifier, each with the change that removes it, and the cases that then fail. */

export interface Mutant {
  /** The check that is removed. */
  readonly check: string;
  /** The built file. */
  readonly file: string;
  /** The text that is there once, and what takes its place. */
  readonly from: string;
  readonly to: string;
  /** Cases of the vectors that must fail without the check. */
  readonly cases: readonly string[];
}

/** Takes the place of a condition under which a request is refused. */
const never = (condition: string): { from: string; to: string } => ({ from: `if (${condition})`, to: "if (false)" });

export const MUTANTS: readonly Mutant[] = [
  { check: "an assertion must be there", file: "proof.js", ...never("only === undefined"), cases: ["header_missing", "header_underscores", "header_longer_name"] },
  { check: "there is one assertion", file: "proof.js", ...never("others.length > 0"), cases: ["header_twice", "header_three_times", "header_twice_in_two_cases"] },
  { check: "an assertion has a length", file: "proof.js", ...never("text.length > MAX_ASSERTION"), cases: ["size_assertion_4097", "size_assertion_8192"] },
  { check: "a JWS has three parts", file: "proof.js", ...never("parts.length !== 3"), cases: ["form_one_part", "form_two_parts", "form_four_parts"] },
  { check: "a header is an object", file: "proof.js", ...never("members === undefined"), cases: ["head_not_json", "head_list", "head_null"] },
  { check: "each part is base64url", file: "proof.js", ...never("bytes === undefined"), cases: ["form_padded_signature", "form_signature_1_sign"] },
  { check: "the algorithm is ES256", file: "proof.js", ...never('members.get("alg") !== "ES256"'), cases: ["alg_none", "alg_none_case", "alg_hs256"] },
  { check: "the type is the door's", file: "proof.js", ...never('members.get("typ") !== TYPE'), cases: ["typ_jwt", "typ_access_token", "typ_media_type"] },
  { check: "the key id is a text", file: "proof.js", ...never('typeof keyId !== "string"'), cases: ["kid_null", "kid_number", "kid_true"] },
  { check: "the header has no other members", file: "proof.js", ...never("members.size !== 3"), cases: ["member_crit_empty", "member_crit", "member_b64"] },
  { check: "the signature holds", file: "proof.js", ...never("!(await keys.verifies(proof.keyId, proof.message, proof.signature))"), cases: ["keys_without_this", "signature_empty", "signature_63_bytes"] },
  { check: "the body is the signed one", file: "proof.js", ...never("claims.body_sha256 !== encode(digest)"), cases: ["body_other", "body_empty", "body_space"] },
  { check: "base64url has a length", file: "base64url.js", ...never("text.length % 4 === 1"), cases: ["form_signature_1_sign"] },
  { check: "base64url has an alphabet", file: "base64url.js", from: "if (value === undefined)\n            return undefined;", to: "if (value === undefined)\n            continue;", cases: ["form_padded_claims", "form_padded_signature", "form_padded_twice"] },
  { check: "base64url is canonical", file: "base64url.js", ...never("(pending & ((1 << bits) - 1)) !== 0"), cases: ["form_spelling_head", "form_spelling_claims", "form_spelling_signature"] },
  { check: "JSON is UTF-8", file: "json.js", from: "fatal: true", to: "fatal: false", cases: ["head_not_utf8", "json_not_utf8", "json_latin1"] },
  { check: "JSON has no byte order mark", file: "json.js", from: "ignoreBOM: true", to: "ignoreBOM: false", cases: ["head_byte_order_mark", "keys_byte_order_mark_twice", "json_byte_order_mark"] },
  { check: "JSON is one object", file: "json.js", ...never("this.#at !== this.text.length"), cases: ["head_two", "head_trailing", "head_nul"] },
  { check: "members do not repeat", file: "json.js", ...never("isOutermost && members.has(name)"), cases: ["head_alg_twice", "head_alg_twice_equal", "head_alg_twice_escaped"] },
  { check: "nesting of objects is bounded", file: "json.js", from: "#object(depth, isOutermost) {\n        if (depth > MAX_DEPTH)", to: "#object(depth, isOutermost) {\n        if (false)", cases: ["depth_objects_128"] },
  { check: "nesting of arrays is bounded", file: "json.js", from: "#array(depth) {\n        if (depth > MAX_DEPTH)", to: "#array(depth) {\n        if (false)", cases: ["depth_128", "depth_1000"] },
  { check: "texts have no lone surrogates", file: "json.js", ...never("!isWellFormed(text)"), cases: ["head_kid_surrogate", "value_first_surrogate", "value_second_surrogate"] },
  { check: "texts have no control characters", file: "json.js", from: "\\u0000-\\u001f", to: "", cases: ["head_kid_control", "value_control"] },
  { check: "numbers are finite", file: "json.js", from: ' || !Number.isFinite(Number(text))', to: "", cases: ["value_large_exponent", "value_many_digits"] },
  { check: "times are integers", file: "json.js", from: " || !/^[0-9]+$/.test(value.text))\n        return undefined;\n    const number = BigInt(value.text);", to: ")\n        return undefined;\n    const number = BigInt(Math.floor(Number(value.text)));", cases: ["claim_iat_point", "claim_iat_fraction", "claim_iat_exponent"] },
  { check: "times have 64 bits", file: "json.js", from: "number <= MAX_UINT64 ? number : undefined", to: "number", cases: ["claim_iat_beyond_64_bits", "claim_exp_beyond_64_bits"] },
  { check: "claims are an object", file: "claims.js", from: 'if (members === undefined)\n        throw new ProofError("proof_claims");', to: "if (members === undefined)\n        throw new TypeError();", cases: ["json_none", "json_not_json", "json_list"] },
  { check: "claims are texts", file: "claims.js", ...never('typeof value !== "string"'), cases: ["claim_iss_missing", "claim_iss_null", "claim_aud_missing"] },
  { check: "times are there", file: "claims.js", from: 'const value = uint64(members.get(name));\n    if (value === undefined)\n        throw new ProofError("proof_claims");\n    return value;', to: "return uint64(members.get(name)) ?? 1800000030n;", cases: ["claim_iat_missing", "claim_iat_null", "claim_exp_missing"] },
  { check: "groups are texts", file: "claims.js", from: ' || !value.every((item) => typeof item === "string")', to: "", cases: ["claim_groups_of_numbers", "claim_groups_of_nulls", "claim_groups_of_lists"] },
  { check: "groups are a list", file: "claims.js", from: "!isArray(value) || ", to: "typeof value === 'object' && ", cases: ["claim_groups_text", "claim_groups_number", "claim_groups_true"] },
  { check: "the issuer is the door", file: "claims.js", ...never("claims.iss !== trust.door"), cases: ["issuer_other", "issuer_slash", "issuer_port"] },
  { check: "the audience is the agent", file: "claims.js", ...never("claims.aud !== trust.agent"), cases: ["audience_other", "audience_upper", "audience_suffix"] },
  { check: "it is not from the future", file: "claims.js", ...never("claims.iat > now + SKEW"), cases: ["early_31", "early_day", "early_milliseconds"] },
  { check: "it has not expired", file: "claims.js", ...never("now >= claims.exp + SKEW"), cases: ["expired_at_90", "expired_at_91", "expired_day"] },
  { check: "it holds for a minute", file: "claims.js", ...never("claims.exp - claims.iat > LIFETIME"), cases: ["lifetime_61", "lifetime_old", "lifetime_30_years"] },
  { check: "it is for this method", file: "claims.js", ...never("claims.method !== head.method"), cases: ["method_put", "method_patch", "method_delete"] },
  { check: "there is no query", file: "claims.js", from: "head.hasQuery || ", to: "", cases: ["query", "query_name", "query_two"] },
  { check: "it is for this path", file: "claims.js", from: " || claims.path !== head.path", to: "", cases: ["path_other", "path_root", "path_slash"] },
  { check: "there is one session", file: "claims.js", ...never("head.sessions.length > 1"), cases: ["session_twice", "session_twice_other_last"] },
  { check: "it is for this session", file: "claims.js", ...never("session !== undefined && session !== asHeaderValue(claims.session)"), cases: ["session_other", "session_upper", "session_prefix"] },
  { check: "keys are of P-256", file: "key-set.js", ...never('jwk.get("kty") !== "EC" || jwk.get("crv") !== "P-256"'), cases: ["keys_jwk_kty_lower", "keys_jwk_kty_missing", "keys_jwk_kty_rsa"] },
  { check: "key ids are texts", file: "key-set.js", from: 'typeof id !== "string" || ', to: "", cases: ["keys_jwk_without_kid", "keys_jwk_kid_null", "keys_jwk_kid_number"] },
  { check: "a byte order mark is ignored", file: "key-set.js", from: "hasMark ? bytes.subarray(3) : bytes", to: "bytes", cases: ["keys_byte_order_mark"] },
  { check: "null is not there", file: "key-set.js", from: "jwk.get(name) ?? undefined", to: "jwk.get(name)", cases: ["keys_jwk_use_null", "keys_jwk_alg_null", "keys_jwk_key_ops_null"] },
  { check: "keys are for signatures", file: "key-set.js", ...never('use !== "sig"'), cases: ["keys_jwk_use_enc", "keys_jwk_use_upper", "keys_jwk_use_list", "keys_use_enc_then_k1"] },
  { check: "keys are for ES256", file: "key-set.js", ...never('alg !== "ES256"'), cases: ["keys_jwk_alg_es384", "keys_jwk_alg_rs256", "keys_jwk_alg_lower", "keys_jwk_alg_number", "keys_alg_es384_then_k1"] },
  { check: "a key's operations are a list", file: "key-set.js", ...never("!isArray(operations)"), cases: ["keys_jwk_key_ops_text"] },
  { check: "keys are for verifying", file: "key-set.js", ...never('!operations.includes("verify")'), cases: ["keys_jwk_key_ops_sign", "keys_jwk_key_ops_empty", "keys_jwk_key_ops_upper"] },
  { check: "thumbprints are texts", file: "key-set.js", from: '["x5t", "issuer"]', to: '["issuer"]', cases: ["keys_jwk_x5t_number"] },
  { check: "issuers are texts", file: "key-set.js", from: '["x5t", "issuer"]', to: '["x5t"]', cases: ["keys_jwk_issuer_list"] },
  { check: "the first key of an id counts", file: "key-set.js", from: " && !keys.has(found.id)", to: "", cases: ["key_id_twice_first", "key_id_twice_second"] },
  { check: "a document has a bound on its keys", file: "key-set.js", from: "listed.slice(0, MAX_KEYS)", to: "listed", cases: ["keys_k1_is_entry_101", "keys_k2_and_k1_is_entry_101"] },
  { check: "a document without keys is none", file: "key-set.js", from: "keys.size > 0 ? new DoorKeySet(keys) : undefined", to: "new DoorKeySet(keys)", cases: ["keys_jwk_x_missing", "keys_jwk_y_missing", "keys_jwk_x_empty"] },
  { check: "the key is the one that is named", file: "key-set.js", from: "this.#keys.get(id);", to: "[...this.#keys.values()][0];", cases: ["kid_unknown", "key_second_published", "key_third_published"] },
  { check: "only 200 is an answer", file: "door-keys.js", ...never("answer.status !== 200"), cases: ["keys_status_201", "keys_status_404", "keys_status_500"] },
  { check: "a document is bounded", file: "door-keys.js", from: "readBounded(answer.body, MAX_DOCUMENT)", to: "readBounded(answer.body, Infinity)", cases: ["keys_longer_than_is_read"] },
  { check: "no keys are an outage", file: "door-keys.js", from: 'if (keys === undefined)\n            throw new RefusedError("keys_unavailable");', to: "", cases: ["keys_not_json", "keys_empty", "keys_null"] },
  { check: "held keys outlive a search that fails", file: "door-keys.js", from: "found ?? this.#cache.held()", to: "found", cases: ["search_fails", "search_finds_nothing_useful"] },
  { check: "keys have a hard age", file: "cache.js", ...never("!(age < this.#ages.hard)"), cases: ["age_hard", "age_of_renewed"] },
  { check: "keys have a soft age", file: "cache.js", from: "isOld: !(age < this.#ages.soft)", to: "isOld: false", cases: ["age_soft", "age_renewal_useless", "rotation_renewed"] },
  { check: "failures are followed by a rest", file: "cache.js", ...never("this.#backOff.rests(now)"), cases: ["age_renewal_fails", "outage_rests", "outage_ends"] },
  { check: "the rest doubles", file: "cache.js", from: "MIN_BACK_OFF * 2 ** (this.#count - 1)", to: "MIN_BACK_OFF", cases: ["age_renewal_fails", "outage_rests", "outage_ends"] },
  { check: "the rest has an end", file: "cache.js", from: "Math.min(MIN_BACK_OFF * 2 ** (this.#count - 1), MAX_BACK_OFF)", to: "MIN_BACK_OFF * 2 ** (this.#count - 1)", cases: ["outage_rests"] },
  { check: "searches are bounded", file: "cache.js", ...never("isBounded && !searches.draw(now)"), cases: ["search_bounded", "search_first", "search_proto"] },
  { check: "a failed search spends no token", file: "cache.js", from: ' && !this.#backOff.hasFailed', to: "", cases: ["search_fails"] },
  { check: "an unknown key is searched", file: "cache.js", ...{ from: "if (suits(serving.value))", to: "if (true)" }, cases: ["search_bounded", "rotation_found", "replay_rotated"] },
  { check: "an assertion is good once", file: "replay.js", ...never("this.#until.has(claims.jti)"), cases: ["replay_at_once", "replay_often", "replay_early"] },
  { check: "only GET is open", file: "door.js", from: 'method === "GET" && ', to: "", cases: ["open_ping_post", "open_ping_head", "open_ping_options"] },
  { check: "an open path has no query", file: "door.js", from: "!hasQuery && ", to: "", cases: ["open_ping_query", "open_card_query", "open_ping_empty_query"] },
  { check: "open paths are listed", file: "door.js", from: "this.#settings.open.has(path)", to: "true", cases: ["good_get", "open_ping_slash", "open_none_proven"] },
  { check: "bodies are bounded", file: "body.js", ...never("this.#length + piece.length > this.#max"), cases: ["size_1001", "size_100000", "size_other_body"] },
  { check: "a body that is too long is refused", file: "door.js", ...never("body === undefined"), cases: ["size_1001", "size_100000"] },
  { check: "an assertion is used up last", file: "door.js", from: "await checkBody(claims, body);\n        // Last, so that a request that is refused anyway cannot use up another's assertion.\n        this.#seen.once(claims, unixTime(this.#settings.clock()));", to: "this.#seen.once(claims, now);\n        await checkBody(claims, body);", cases: ["unused_body", "order_body_replay"] },
  { check: "claims are checked before the body is read", file: "door.js", from: "checkClaims(claims, trust, head, now);\n        const body = await this.#bounded(read);", to: "const body = await this.#bounded(read);\n        checkClaims(claims, trust, head, now);", cases: ["size_unproven"] },
];
