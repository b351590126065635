//! Issuer conditions: the subjects, scopes and claims that an issuer's entry requires of a good token.

use super::presented::{Payload, entries};
use super::refusal::Refusal;
use crate::json::Value;
use crate::rules::{CustomClaim, Match, RequiredClaim};

pub(super) fn check(
    payload: &Payload<'_>,
    subject: &str,
    scopes: &[String],
) -> Result<(), Refusal> {
    let asked = &payload.rules.allowed_subjects;
    if !asked.is_empty() && !asked.iter().any(|allowed| allowed == subject) {
        return Err(Refusal::IssuerSubject);
    }
    let asked = &payload.rules.allowed_scopes;
    if !asked.is_empty() && !asked.iter().any(|scope| scopes.contains(scope)) {
        return Err(Refusal::IssuerScope);
    }
    let mut custom = payload.rules.custom_claims.iter();
    let mut required = payload.rules.required_claims.iter();
    let hold =
        custom.all(|claim| holds(payload, claim)) && required.all(|claim| has(payload, claim));
    hold.then_some(()).ok_or(Refusal::IssuerClaim)
}

/// Values are equal if their JSON types and texts are: `1` is neither `"1"` nor `1.0` nor `true`.
fn has(payload: &Payload<'_>, required: &RequiredClaim) -> bool {
    let values = entries(payload.optional(&required.claim));
    values.iter().any(|value| required.any_of.contains(value))
}

/// A claim of another type than its operator's does not hold.
fn holds(payload: &Payload<'_>, claim: &CustomClaim) -> bool {
    let value = payload.get(&claim.name);
    let list = value.and_then(Value::as_array);
    let list = list.filter(|list| list.iter().all(Value::is_string));
    let contains = |text: &String| list.is_some_and(|list| list.iter().any(|entry| entry == text));
    match &claim.expects {
        Match::Equals(text) => value.is_some_and(|value| value == text),
        Match::Contains(text) => contains(text),
        Match::ContainsAny(texts) => texts.iter().any(contains),
    }
}
