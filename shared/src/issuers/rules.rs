//! Rules of an entry of `TRUSTED_ISSUERS`: what its tokens must be.

use super::cognito;
use super::conditions;
use crate::gate::{Algorithm, ClaimPath, Issuer, RequiredClaim, Rules, TokenUse};
use crate::settings::{Form, Json, Members};
use crate::text::{is_printable, is_word};

/// How far an issuer's clock may run ahead of ours, unless its entry says otherwise; seconds.
pub(super) const LEEWAY_SECS: u64 = 30;
/// More leeway than this would hide a clock that needs repair; seconds.
const MAX_LEEWAY_SECS: u64 = 120;
/// The longest life of a token, unless the issuer's entry says otherwise: a day, Cognito's own limit; seconds.
pub(super) const LIFETIME_SECS: u64 = 86_400;
/// A token of more than a year is a password; seconds.
const MAX_LIFETIME_SECS: u64 = 31_536_000;

/// The deepest claim that can be named. Those of known issuers are three objects deep.
const MAX_PATH: usize = 8;

/// Of these an entry needs at least one: an issuer's every customer must not be everybody's caller.
const CONDITIONS: [&str; 6] = [
    "allowedAudience",
    "allowedClients",
    "allowedScopes",
    "allowedSubjects",
    "customClaims",
    "requiredClaims",
];

/// Claims with names that people choose, or that pass from one person to the next.
const CHANGEABLE: [&str; 7] = [
    "email",
    "name",
    "nickname",
    "phone_number",
    "preferred_username",
    "unique_name",
    "upn",
];

/// A subject, as the gate takes one.
const SUBJECT: Form = Form {
    says: "1 to 255 printable characters",
    holds: |text| is_printable(text, 255),
};

/// What the values of a claim are compared with.
const VALUE: &str = "a text of 1 to 1024 printable characters, a boolean or a whole number";

/// Types of tokens that prove something else than access, or are the door's own: a statement for one purpose must not
/// serve another (RFC 8725, section 3.12).
const OTHER_TYPES: [&str; 8] = [
    "dpop+jwt",
    "gatehouse-identity+jwt",
    "gatehouse-statement+jwt",
    "kb+jwt",
    "logout+jwt",
    "oauth-authz-req+jwt",
    "secevent+jwt",
    "token-introspection+jwt",
];

/// A subtype of `application` (RFC 6838, section 4.2); a wildcard is none.
const TOKEN_TYPE: Form = Form {
    says: "a type of tokens: 1 to 64 of `A-Za-z0-9.+_-`",
    holds: |text| is_word(text, 64, b".+_-"),
};

/// The conditions of an entry whose issuer this is.
pub(super) fn read(entry: &mut Members<'_>, issuer: Issuer, is_cognito: bool) -> Rules {
    if !CONDITIONS.iter().any(|name| entry.has(name)) {
        let names = CONDITIONS.join("`, `");
        entry.own_fault(format!("admits anyone: one of `{names}` is required"));
    }
    let token_use = entry.one_of("tokenUse", "`access`, `id`", TokenUse::parse);
    let groups = if is_cognito {
        cognito::GROUPS_CLAIM
    } else {
        "groups"
    };
    let rules = Rules {
        issuer,
        algorithms: read_algorithms(entry),
        token_types: read_token_types(entry),
        token_use: token_use.or(is_cognito.then_some(TokenUse::Access)),
        allowed_clients: list(entry, "allowedClients", &Form::PLAIN),
        allowed_audience: list(entry, "allowedAudience", &Form::PLAIN),
        allowed_scopes: list(entry, "allowedScopes", &Form::SCOPE),
        allowed_subjects: list(entry, "allowedSubjects", &SUBJECT),
        custom_claims: conditions::read(entry),
        required_claims: read_required(entry),
        groups_claim: claim(entry, "groupsClaim", groups),
        scope_claim: claim(entry, "scopeClaim", "scope"),
        client_claim: claim(entry, "clientClaim", "client_id"),
        subject_claim: read_subject_claim(entry),
        leeway_secs: entry
            .number("leewaySeconds", 0..=MAX_LEEWAY_SECS)
            .unwrap_or(LEEWAY_SECS),
        max_lifetime_secs: entry
            .number("maxLifetimeSeconds", 1..=MAX_LIFETIME_SECS)
            .unwrap_or(LIFETIME_SECS),
    };
    if is_cognito && rules.token_use == Some(TokenUse::Id) {
        check_id_tokens(entry, &rules);
    }
    rules
}

/// Cognito's id tokens have neither `client_id` nor `scope` ("Understanding the identity (ID) token").
fn check_id_tokens(entry: &Members<'_>, rules: &Rules) {
    if !rules.allowed_clients.is_empty() && rules.client_claim.is("client_id") {
        entry.fault(
            "allowedClients",
            "can never hold: the id tokens of Cognito name their client in `aud`. Give `allowedAudience`, or \
             `clientClaim` `aud`",
        );
    }
    if !rules.allowed_scopes.is_empty() && rules.scope_claim.is("scope") {
        entry.fault(
            "allowedScopes",
            "can never hold: the id tokens of Cognito have no scopes",
        );
    }
}

fn read_token_types(entry: &mut Members<'_>) -> Vec<String> {
    let mut types = list(entry, "tokenTypes", &TOKEN_TYPE);
    types
        .iter_mut()
        .for_each(|name| name.make_ascii_lowercase());
    if let Some(other) = types
        .iter()
        .find(|name| OTHER_TYPES.contains(&name.as_str()))
    {
        let problem =
            format!("has `{other}`, the type of tokens that are for something else than access");
        entry.fault("tokenTypes", problem);
    }
    types
}

fn list(entry: &mut Members<'_>, name: &str, form: &Form) -> Vec<String> {
    entry.texts(name, form).unwrap_or_default()
}

fn claim(entry: &mut Members<'_>, name: &str, default: &str) -> ClaimPath {
    read_path(entry, name).unwrap_or_else(|| default.into())
}

/// The name of a claim, or a list of the names that lead to it.
fn read_path(members: &mut Members<'_>, name: &str) -> Option<ClaimPath> {
    let names = members.one_or_texts(name, &Form::PLAIN)?;
    if names.len() > MAX_PATH {
        members.fault(name, format!("is not a path of at most {MAX_PATH} names"));
    }
    ClaimPath::new(names)
}

/// The subject keeps one caller apart from all others, for ever: conversations, logs and agents go by it.
fn read_subject_claim(entry: &mut Members<'_>) -> ClaimPath {
    let claim = claim(entry, "subjectClaim", "sub");
    if CHANGEABLE.iter().any(|name| claim.is(name)) {
        entry.fault(
            "subjectClaim",
            "is a name that can change or pass to another caller: name a claim with a stable id",
        );
    }
    claim
}

fn read_required(entry: &mut Members<'_>) -> Vec<RequiredClaim> {
    let claims = entry.objects("requiredClaims").unwrap_or_default();
    claims.into_iter().filter_map(read_required_claim).collect()
}

fn read_required_claim(mut required: Members<'_>) -> Option<RequiredClaim> {
    required.needs(&["claim", "anyOf"]);
    let claim = read_path(&mut required, "claim");
    let any_of = required.items("anyOf", VALUE, read_value);
    required.finish();
    Some(RequiredClaim {
        claim: claim?,
        any_of: any_of?,
    })
}

/// A value that can be compared exactly. A number with a fraction cannot: it has several spellings.
fn read_value(json: &Json) -> Option<serde_json::Value> {
    match json {
        Json::Text(text) => is_printable(text, 1024).then(|| text.as_str().into()),
        Json::Bool(flag) => Some((*flag).into()),
        Json::Number(number) => {
            let is_whole = number.is_u64() || number.is_i64();
            is_whole.then(|| number.clone().into())
        }
        Json::Null | Json::List(_) | Json::Object(_) => None,
    }
}

fn read_algorithms(entry: &mut Members<'_>) -> Vec<Algorithm> {
    const KNOWN: Form = Form {
        says: "one of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, EdDSA, Ed25519",
        holds: |name| Algorithm::parse(name).is_some(),
    };
    match entry.texts("algorithms", &KNOWN) {
        None => vec![Algorithm::RS256],
        Some(names) => names
            .iter()
            .filter_map(|name| Algorithm::parse(name))
            .collect(),
    }
}
