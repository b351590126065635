//! Tests of refused tokens, and of the check that refuses each. The letters and numbers name attack classes of
//! `docs/threats.md`.

/// A table of refusals: under each refusal the asks that must end with it, one a line, with a name.
macro_rules! rows {
    ($($refusal:ident: $($name:literal => $ask:expr;)+)+) => {
        vec![$($(($name, $ask, R::$refusal)),+),+]
    };
}

mod claims;
mod form;
mod keys;

use shared::gate::{Refusal, Refusal as R};

use crate::accounts;
use crate::ask::{Ask, RSA, good_claims, good_header};

type Row = (&'static str, Ask, Refusal);

fn good_token() -> String {
    RSA.token_with("RS256", &good_header(), &good_claims())
}

/// The good token with its parts changed as texts.
fn bent(change: impl Fn(&str, &str, &str) -> String) -> Ask {
    let token = good_token();
    let parts: Vec<&str> = token.split('.').collect();
    Ask::token(&change(parts[0], parts[1], parts[2]))
}

/// The text of the good claims with one member written before the others.
fn claims_with_first(member: &str) -> Ask {
    let claims = good_claims().to_string();
    Ask::raw(
        good_header().to_string().as_bytes(),
        format!("{{{member},{}", &claims[1..]).as_bytes(),
    )
}

fn check(rows: Vec<Row>) {
    for (name, ask, expected) in rows {
        assert_eq!(ask.answer().err(), Some(expected), "{name}");
        accounts::assert_agrees(name, &ask, Some(expected));
        let is_compared = ask.explained().expected.is_some();
        assert_eq!(
            is_compared,
            !FORM.contains(&expected),
            "{name}: what was expected"
        );
    }
}

/// Refusals of a token's form: the log has nothing to add to their sentences. It says of all others what was expected.
const FORM: [Refusal; 11] = [
    R::NoBearer,
    R::TokenTooLong,
    R::TokenParts,
    R::TokenEncoding,
    R::HeaderJson,
    R::PayloadJson,
    R::Critical,
    R::Unencoded,
    R::Nested,
    R::AlgorithmUnknown,
    R::KeyIdForm,
];

#[test]
fn bearers_are_refused() {
    check(form::bearer());
}

#[test]
fn token_forms_are_refused() {
    check(form::form());
}

#[test]
fn header_parameters_are_refused() {
    check(form::header_parameters());
}

#[test]
fn algorithms_and_keys_are_refused() {
    check(keys::algorithm_and_key());
}

#[test]
fn issuers_are_refused() {
    check(claims::issuer());
}

#[test]
fn tenants_are_refused() {
    check(claims::tenants());
}

#[test]
fn times_are_refused() {
    check(claims::times());
}

#[test]
fn audiences_and_uses_are_refused() {
    check(claims::audience_and_use());
}

#[test]
fn names_are_refused() {
    check(claims::names());
}

#[test]
fn missing_rights_are_refused() {
    check(claims::rights());
}

#[test]
fn every_refusal_has_a_row() {
    let tables = [
        form::bearer(),
        form::form(),
        form::header_parameters(),
        keys::algorithm_and_key(),
        claims::issuer(),
        claims::tenants(),
        claims::times(),
        claims::audience_and_use(),
        claims::names(),
        claims::rights(),
    ];
    let rows: Vec<Row> = tables.into_iter().flatten().collect();
    for refusal in Refusal::ALL {
        assert!(
            rows.iter().any(|(_, _, expected)| expected == refusal),
            "no row expects {refusal:?}"
        );
    }
}

#[test]
fn only_missing_rights_are_forbidden() {
    use shared::gate::Answer;
    let expected = [
        R::IssuerSubject,
        R::IssuerScope,
        R::IssuerClaim,
        R::AgentIssuer,
        R::AgentScope,
        R::AgentGroup,
        R::AgentClient,
        R::AgentAnyOf,
    ];
    let forbidden: Vec<Refusal> = Refusal::ALL
        .iter()
        .copied()
        .filter(|refusal| refusal.answer() == Answer::Forbidden)
        .collect();
    assert_eq!(forbidden, expected);
}
