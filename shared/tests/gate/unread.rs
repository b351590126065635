//! Tests of claims that no rule reads: whatever an issuer writes there keeps no caller out, and gives them nothing.

use serde_json::{Value, json};
use shared::gate::{Admission, Identity};

use crate::ask::{Ask, NOW};

/// A question that reads neither groups nor scopes nor a client.
fn asks_nothing(ask: Ask) -> Ask {
    ask.admitting(|agent| *agent = Admission::default())
        .ruled(|rules| {
            rules.allowed_clients.clear();
            rules.allowed_scopes.clear();
        })
}

fn identity(ask: &Ask, name: &str, value: &Value) -> Identity {
    assert_eq!(ask.answer().err(), None, "{name}: {value}");
    ask.identify().unwrap()
}

/// What can be written in place of a text: none of it is a name.
fn unreadable() -> Vec<Value> {
    let texts = [
        "",
        " ",
        "a\tb",
        "a\nb",
        "a\0b",
        "a\u{202e}b",
        "a\u{2028}b",
        "a\u{ad}b",
    ];
    let texts = texts.map(Value::from).into_iter();
    let long = json!("n".repeat(256));
    let others = [
        Value::Null,
        json!(false),
        json!(true),
        json!(12345),
        json!(1.5),
        json!({"a": "b"}),
    ];
    texts.chain([long]).chain(others).collect()
}

#[test]
fn names_for_people_never_refuse() {
    let read = |identity: &Identity, claim: &str| match claim {
        "name" => identity.name.clone(),
        "email" => identity.email.clone(),
        _ => identity.username.clone(),
    };
    let mut count = 0;
    for claim in [
        "name",
        "email",
        "username",
        "cognito:username",
        "preferred_username",
    ] {
        for value in unreadable()
            .into_iter()
            .chain([json!(["alice"]), json!([])])
        {
            let ask = Ask::claims(json!({"username": null, "email_verified": true, claim: value}));
            let identity = identity(&ask, claim, &value);
            assert_eq!(read(&identity, claim), None, "{claim}: {value}");
            count += 1;
        }
    }
    assert_eq!(count, 85);
}

#[test]
fn the_first_readable_username_is_shown() {
    for (claims, expected) in [
        (
            json!({"username": "a", "preferred_username": "b"}),
            Some("a"),
        ),
        (
            json!({"username": "", "preferred_username": "b"}),
            Some("b"),
        ),
        (
            json!({"username": 7, "cognito:username": "c", "preferred_username": "b"}),
            Some("c"),
        ),
        (json!({"username": null, "preferred_username": ["b"]}), None),
    ] {
        let identity = identity(&Ask::claims(claims.clone()), "username", &claims);
        assert_eq!(identity.username.as_deref(), expected, "{claims}");
    }
}

/// An address that users write themselves would make one user another to an agent that goes by addresses.
#[test]
fn an_email_address_is_the_callers_only_if_it_is_verified() {
    let email = json!("alice@example.com");
    let verified = |value: Value| Ask::claims(json!({"email": email, "email_verified": value}));
    for value in [
        json!(false),
        json!("true"),
        json!("false"),
        json!("True"),
        json!(""),
        json!(1),
        json!([true]),
        Value::Null,
    ] {
        let identity = identity(&verified(value.clone()), "email_verified", &value);
        assert_eq!(identity.email, None, "{value}");
    }
    let absent = identity(&Ask::claim("email", email.clone()), "email", &email);
    assert_eq!(absent.email, None);
    // The claim of another name says nothing about this one.
    let other =
        Ask::claims(json!({"email": email, "emailVerified": true, "phone_number_verified": true}));
    assert_eq!(identity(&other, "email", &email).email, None);
    let held = identity(&verified(json!(true)), "email", &email);
    assert_eq!(held.email.as_deref(), Some("alice@example.com"));
}

#[test]
fn groups_scopes_and_clients_that_nothing_asks_for_never_refuse() {
    for claim in ["cognito:groups", "scope", "client_id"] {
        for value in unreadable() {
            let ask = asks_nothing(Ask::claim(claim, value.clone()));
            let identity = identity(&ask, claim, &value);
            let held = match claim {
                "scope" => identity.scopes.clone(),
                "client_id" => identity.client_id.iter().cloned().collect(),
                _ => identity.groups.clone(),
            };
            assert_eq!(held, [""; 0], "{claim}: {value}");
        }
    }
}

/// One text and a list of one are the same, and what is no text is no entry.
#[test]
fn groups_are_one_text_or_a_list() {
    for (value, expected) in [
        (json!("staff"), vec!["staff"]),
        (json!(["staff"]), vec!["staff"]),
        (json!("staff,finance"), vec!["staff,finance"]),
        (json!("[staff, finance]"), vec!["[staff, finance]"]),
        (
            json!(["staff", 1, null, "", "a\u{200b}", ["finance"], {"b": 1}, "legal team"]),
            vec!["staff", "legal team"],
        ),
        (json!([]), vec![]),
    ] {
        let ask = asks_nothing(Ask::claim("cognito:groups", value.clone()));
        assert_eq!(identity(&ask, "groups", &value).groups, expected, "{value}");
    }
    for value in [json!("staff"), json!(["staff", 1]), json!(["staff", ""])] {
        identity(
            &Ask::claim("cognito:groups", value.clone()),
            "groups",
            &value,
        );
    }
}

#[test]
fn scopes_are_one_text_with_spaces_or_a_list() {
    let invoke = "gatehouse/invoke";
    for (value, expected) in [
        (json!(invoke), vec![invoke]),
        (json!([invoke]), vec![invoke]),
        (json!(" gatehouse/invoke  openid "), vec![invoke, "openid"]),
        (json!([invoke, 1, null, "a b"]), vec![invoke]),
    ] {
        let ask = Ask::claim("scope", value.clone());
        assert_eq!(identity(&ask, "scope", &value).scopes, expected, "{value}");
    }
}

#[test]
fn null_is_absence_where_a_claim_may_be_absent() {
    let ask = Ask::claims(json!({"nbf": null, "iat": null, "exp": NOW + 3600}));
    assert_eq!(ask.answer().err(), None);
}
