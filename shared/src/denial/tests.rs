use std::collections::BTreeSet;

use super::*;

const ISSUER: &str = "https://issuer.example.com";
const CREATED_AT: UnixTime = UnixTime(1_000);
const UNTIL_AT: UnixTime = UnixTime(2_000);

fn denial() -> Denial {
    Denial::new("left the company", "ops@example.com", CREATED_AT, UNTIL_AT).unwrap()
}

fn item(changes: &Value) -> Map<String, Value> {
    let key = Whom::Token("t").key();
    let Value::Object(mut item) = denial().item(&key) else {
        panic!("an item is an object")
    };
    for (name, value) in changes.as_object().unwrap() {
        if value.is_null() {
            item.remove(name);
        } else {
            item.insert(name.clone(), value.clone());
        }
    }
    item
}

#[test]
fn no_two_denials_of_different_things_share_a_key() {
    let long = "x".repeat(3000);
    let whom = |issuer, subject| Whom::Subject { issuer, subject };
    let all = [
        whom("a", "b"),
        whom("b", "a"),
        whom("a\",\"b", ""),
        whom("a", "\",\"b"),
        whom("", "a\",\"b"),
        whom("ab", ""),
        whom("", "ab"),
        whom(&long, "a"),
        whom("a", &long),
        whom(&long, &long),
        Whom::Client {
            issuer: "a",
            client: "b",
        },
        Whom::Family {
            issuer: "a",
            origin_jti: "b",
        },
        Whom::AtAgent {
            agent: "demo",
            issuer: "a",
            subject: "b",
        },
        Whom::AtAgent {
            agent: "a",
            issuer: "demo",
            subject: "b",
        },
        Whom::Agent("b"),
        Whom::Session("b"),
        Whom::Token("b"),
        Whom::Client {
            issuer: &long,
            client: "a",
        },
    ];
    let keys: BTreeSet<String> = all
        .iter()
        .map(|whom| whom.key().as_str().to_owned())
        .collect();
    assert_eq!(keys.len(), all.len());
    assert!(keys.iter().all(|key| key.len() <= MAX_KEY));
}

#[test]
fn a_key_can_be_written_by_hand() {
    let key = Whom::Subject {
        issuer: ISSUER,
        subject: "alice",
    }
    .key();
    assert_eq!(
        key.as_str(),
        r#"["subject","https://issuer.example.com","alice"]"#
    );
    assert_eq!(key.kind(), "subject");
    assert_eq!(Whom::Agent("demo").key().as_str(), r#"["agent","demo"]"#);
}

#[test]
fn a_denial_is_read_back_until_its_end() {
    let item = item(&json!({"ticket": {"S": "OPS-1"}}));
    for (now, expected) in [
        (0, Some(denial())),
        (1_999, Some(denial())),
        (2_000, None),
        (2_001, None),
    ] {
        assert_eq!(
            Denial::read_json(&item, UnixTime(now)),
            Ok(expected),
            "{now}"
        );
    }
}

#[test]
fn an_item_that_is_no_denial_is_an_error_unless_its_end_has_passed() {
    let long = "x".repeat(257);
    for (changes, error) in [
        (json!({"until": null}), DenialError::Until),
        (json!({"until": {"S": "2000"}}), DenialError::Until),
        (json!({"until": {"N": "-1"}}), DenialError::Until),
        (json!({"until": {"N": "2000.5"}}), DenialError::Until),
        (json!({"until": {"N": "1792142078000"}}), DenialError::Until),
        (json!({"until": {"L": []}}), DenialError::Until),
        (json!({"created": {"N": "2000"}}), DenialError::Until),
        (json!({"created": null}), DenialError::Created),
        (json!({"created": {"S": "1000"}}), DenialError::Created),
        (json!({"reason": null}), DenialError::Reason),
        (json!({"reason": {"S": ""}}), DenialError::Reason),
        (json!({"reason": {"S": " "}}), DenialError::Reason),
        (json!({"reason": {"S": "a\nb"}}), DenialError::Reason),
        (json!({"reason": {"S": long}}), DenialError::Reason),
        (json!({"reason": {"N": "1"}}), DenialError::Reason),
        (json!({"author": null}), DenialError::Author),
        (json!({"author": {"S": "\u{202e}"}}), DenialError::Author),
    ] {
        let read = Denial::read_json(&item(&changes), CREATED_AT);
        assert_eq!(read, Err(error), "{changes}");
    }
    let over = item(&json!({"reason": null, "author": null, "created": null}));
    assert_eq!(Denial::read_json(&over, UNTIL_AT), Ok(None));
    assert_eq!(
        Denial::read_json(&Map::new(), UNTIL_AT),
        Err(DenialError::Until)
    );
}

#[test]
fn an_operator_must_say_why_who_and_until_when() {
    let new = |reason, author, created, until| {
        Denial::new(reason, author, UnixTime(created), UnixTime(until)).err()
    };
    for (found, expected) in [
        (new("r", "a", 1, 2), None),
        (new("", "a", 1, 2), Some(DenialError::Reason)),
        (new("r", "", 1, 2), Some(DenialError::Author)),
        (new("r", "a", 2, 2), Some(DenialError::Until)),
        (new("r", "a", 2, 1), Some(DenialError::Until)),
        (new("r", "a", 1, MAX_TIME), None),
        (new("r", "a", 1, MAX_TIME + 1), Some(DenialError::Until)),
        (
            new("r", "a", u64::MAX, u64::MAX),
            Some(DenialError::Created),
        ),
    ] {
        assert_eq!(found, expected);
    }
}

#[test]
fn what_is_written_is_what_is_read() {
    let key = Whom::Token("t").key();
    let put = denial().put("denials", &key);
    let written = put["Item"].as_object().unwrap();
    assert_eq!(Denial::read_json(written, CREATED_AT), Ok(Some(denial())));
    assert_eq!(written[KEY], json!({"S": r#"["token","t"]"#}));
    assert_eq!(put["ExpressionAttributeValues"][":until"], written[UNTIL]);
    let lifted = lift("denials", &key);
    assert_eq!(lifted["Key"][KEY], written[KEY]);
    for input in [put, lifted] {
        assert_eq!(input["TableName"], "denials");
        assert_eq!(input["ReturnValues"], "ALL_OLD");
    }
}
