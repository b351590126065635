//! Tests of the account of a token: it agrees with the gate on every row of its tables, and prints nothing of a token.

use proptest::prelude::*;
use serde_json::json;
use shared::account::{CheckVerdict, Stage};
use shared::gate::Refusal;

use crate::ask::{Ask, RSA, STRANGER, good_claims, good_header};

/// The account of this question ends as the gate does: the checks before the one that fails passed, those behind it were
/// not reached.
pub(crate) fn assert_agrees(name: &str, ask: &Ask, refusal: Option<Refusal>) {
    let account = ask.account();
    assert_eq!(account.refusal, refusal, "{name}");
    let stages: Vec<Stage> = account.checks.iter().map(|check| check.stage).collect();
    let failed = refusal.map(Stage::of);
    // An agent is asked about once there is a caller.
    assert!(Stage::ALL.starts_with(&stages), "{name}: {stages:?}");
    let mut is_before = true;
    for check in &account.checks {
        let expected = if Some(check.stage) == failed {
            is_before = false;
            CheckVerdict::Refused(refusal.unwrap())
        } else if is_before {
            CheckVerdict::Passed
        } else {
            CheckVerdict::NotReached
        };
        assert_eq!(check.verdict, expected, "{name}: {:?}", check.stage);
        if check.verdict == CheckVerdict::NotReached {
            assert_eq!((&check.expected, &check.found), (&None, &None), "{name}");
        }
    }
    assert_eq!(is_before, refusal.is_none(), "{name}");
    assert_hidden(ask);
}

/// Nothing that was shown is repeated that could be shown again: no signature, and no long part of a token.
fn assert_hidden(ask: &Ask) {
    let account = ask.account();
    let printed = format!(
        "{:?}{:?}{:?}",
        account.checks, account.hint, account.token_id
    );
    let header = String::from_utf8_lossy(&ask.header);
    for part in header.split(['.', ' ']).filter(|part| part.len() > 24) {
        let mut start = 0;
        while let Some(piece) = part.get(start..start + 24) {
            assert!(!printed.contains(piece), "{piece} is in {printed}");
            start += 12;
        }
    }
}

#[test]
fn a_good_token_passes_every_check() {
    let ask = Ask::good();
    assert_agrees("good", &ask, None);
    let account = ask.account();
    let told = |stage| {
        let mut checks = account.checks.iter();
        let check = checks.find(|check| check.stage == stage).unwrap();
        (check.expected.clone().unwrap(), check.found.clone())
    };
    assert_eq!(
        told(Stage::Audience),
        (
            "gatehouse".to_owned(),
            Some("aud = [\"gatehouse\"]".to_owned())
        )
    );
    assert_eq!(
        told(Stage::AgentGroup),
        ("staff".to_owned(), Some("staff, finance".to_owned()))
    );
    assert!(told(Stage::Issuer).1.is_some());
    assert_eq!(account.identity.unwrap().subject, "0f7a-alice");
    assert_eq!(account.token_id.unwrap().len(), 32);
}

/// Before the signature holds, an account tells what was expected and nothing of the token.
#[test]
fn nothing_is_found_in_a_token_of_a_stranger() {
    let evil = "evil-9c41";
    let mut claims = good_claims();
    claims["aud"] = json!(evil);
    claims["sub"] = json!(evil);
    let ask = Ask::token(&STRANGER.token_with("RS256", &good_header(), &claims));
    assert_agrees("stranger", &ask, Some(Refusal::Signature));
    let account = ask.account();
    assert!(account.checks.iter().all(|check| check.found.is_none()));
    assert!(account.identity.is_none() && account.token_id.is_none());
    assert!(!format!("{:?}", account.checks).contains(evil));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_account_prints_a_token(aud in "\\PC{0,60}", sub in "\\PC{1,60}", scope in "[a-z/ ]{0,80}", exp in 0_u64..4_000_000_000) {
        let mut claims = good_claims();
        claims["aud"] = json!([aud]);
        claims["sub"] = json!(sub);
        claims["scope"] = json!(scope);
        claims["exp"] = json!(exp);
        let ask = Ask::token(&RSA.token_with("RS256", &good_header(), &claims));
        assert_agrees("random", &ask, ask.answer().err());
    }

    #[test]
    fn no_account_prints_what_is_no_token(header in "(Bearer )?[A-Za-z0-9_.-]{0,400}") {
        let ask = Ask::header(header.as_bytes());
        assert_agrees("random", &ask, ask.answer().err());
    }
}
