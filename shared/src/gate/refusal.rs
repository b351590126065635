//! Refusals: the reason for operators, and the answer for callers.

use crate::code_table;

/// What a refused caller is told: nothing but which of the two it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The token is good, and does not give this right (403).
    Forbidden,
    /// There is no good token (401).
    Unauthorized,
}

code_table! {
    /// One variant a check, in the order in which the checks run. It holds no text, so it cannot carry any of the token.
    #[derive(thiserror::Error)]
    pub enum Refusal, answer: Answer;

    NoBearer          Unauthorized "no_bearer"             "no bearer token"
    TokenTooLong      Unauthorized "token_too_long"        "the token is longer than 8192 bytes"
    TokenParts        Unauthorized "token_parts"           "the token does not have exactly three parts"
    TokenEncoding     Unauthorized "token_encoding"        "a part of the token is not canonical unpadded base64url"
    HeaderJson        Unauthorized "header_json"           "the token header is not one strict JSON object"
    PayloadJson       Unauthorized "payload_json"          "the token payload is not one strict JSON object"
    Critical          Unauthorized "critical_header"       "the token header has `crit`"
    Unencoded         Unauthorized "unencoded_payload"     "the token header has `b64`"
    Nested            Unauthorized "nested_token"          "the token header has `cty`, `enc` or `zip`"
    AlgorithmUnknown  Unauthorized "algorithm_unknown"     "the token header's `alg` is not an algorithm this gate knows"
    KeyIdForm         Unauthorized "key_id_form"           "the token header's `kid` is not a short printable text"
    IssuerForm        Unauthorized "issuer_form"           "`iss` is missing or not a text"
    IssuerUnknown     Unauthorized "issuer_unknown"        "`iss` is not a trusted issuer"
    Type              Unauthorized "token_type"            "the token header's `typ` is not a JWT's, and none of the issuer's `tokenTypes`"
    AlgorithmRefused  Unauthorized "algorithm_refused"     "the issuer is not trusted with the token's algorithm"
    KeyIdMissing      Unauthorized "key_id_missing"        "the token names no key, and the issuer has not exactly one"
    KeyUnknown        Unauthorized "key_unknown"           "the issuer has no usable key of the token's key id"
    KeyMismatch       Unauthorized "key_mismatch"          "the key is not one for the token's algorithm"
    Signature         Unauthorized "signature"             "the signature does not hold"
    Tenant            Unauthorized "tenant"                "`tid` is not the tenant that `iss` names"
    ExpiryMissing     Unauthorized "expiry_missing"        "`exp` is missing"
    TimeForm          Unauthorized "time_form"             "`exp`, `nbf` or `iat` is not a number of seconds"
    Expired           Unauthorized "expired"               "the token has expired"
    NotYetValid       Unauthorized "not_yet_valid"         "the token is not valid yet (`nbf`)"
    IssuedAhead       Unauthorized "issued_ahead"          "the token was issued in the future (`iat`)"
    Lifetime          Unauthorized "lifetime"              "the token lives longer than the issuer is trusted for"
    TokenUse          Unauthorized "token_use"             "`token_use` is not the one asked for"
    Client            Unauthorized "client"                "the token's client is not an allowed one"
    Audience          Unauthorized "audience"              "the token's audience is not an allowed one"
    Subject           Unauthorized "subject"               "the subject is missing, blank, too long or not printable"
    IssuerSubject     Forbidden    "issuer_subject"        "the issuer's entry does not allow this subject"
    IssuerScope       Forbidden    "issuer_scope"          "the token has none of the scopes the issuer's entry asks for"
    IssuerClaim       Forbidden    "issuer_claim"          "the token does not meet a claim condition of the issuer's entry"
    AgentIssuer       Forbidden    "agent_issuer"          "the caller's issuer is none of the agent's"
    AgentScope        Forbidden    "agent_scope"           "the caller has none of the agent's scopes"
    AgentGroup        Forbidden    "agent_group"           "the caller is in none of the agent's groups"
    AgentClient       Forbidden    "agent_client"          "the caller's client is none of the agent's"
    AgentAnyOf        Forbidden    "agent_any_of"          "the caller meets none of the agent's `anyOf` whole"
}
