//! Tests of `deny`, `allow` and `denials`: the requests for DynamoDB, and the list of what holds.

use serde_json::{Value, json};
use shared::clock::Clock;
use shared::denial::Denial;

use crate::program::{run, run_with};

const TOKEN_ID: &str = "0123456789abcdef0123456789abcdef";
const WHY: [&str; 6] = [
    "--for",
    "2h",
    "--reason",
    "left the company",
    "--author",
    "ops",
];

fn deny(about: &[&str]) -> crate::program::Ran {
    let arguments = [&["deny", "--table", "denials"], about, &WHY].concat();
    run(&arguments)
}

/// What is named, and the key that its denial has.
const NAMED: &[(&[&str], &str)] = &[
    (
        &["--issuer", "https://i.example", "--user", "a"],
        r#"["subject","https://i.example","a"]"#,
    ),
    (
        &[
            "--issuer",
            "https://i.example",
            "--user",
            "a",
            "--agent",
            "demo",
        ],
        r#"["at-agent","demo","https://i.example","a"]"#,
    ),
    (
        &["--issuer", "https://i.example", "--client", "c\"d"],
        r#"["client","https://i.example","c\"d"]"#,
    ),
    (
        &["--issuer", "https://i.example", "--sign-in", "o"],
        r#"["family","https://i.example","o"]"#,
    ),
    (
        &["--token-id", TOKEN_ID],
        r#"["token","0123456789abcdef0123456789abcdef"]"#,
    ),
    (&["--session", "s"], r#"["session","s"]"#),
    (&["--agent", "demo"], r#"["agent","demo"]"#),
];

#[test]
fn a_denial_is_written_and_lifted_under_the_same_key() {
    for (about, key) in NAMED {
        let ran = deny(about);
        assert_eq!((ran.code, ran.errors.as_str()), (Some(0), ""), "{about:?}");
        let input = ran.json();
        assert_eq!(input["TableName"], "denials");
        assert_eq!(input["Item"]["key"], json!({"S": key}), "{about:?}");
        // An earlier denial that ends later is kept.
        assert!(input["ConditionExpression"].is_string());
        let item = input["Item"].as_object().unwrap();
        let now = Clock::system().now();
        let denial = Denial::read_json(item, now).unwrap().unwrap();
        assert_eq!(
            (denial.reason(), denial.author()),
            ("left the company", "ops")
        );
        assert_eq!(denial.until().0, denial.created().0 + 7200);
        let lifted = run(&[&["allow", "--table", "denials"], *about].concat());
        assert_eq!(lifted.code, Some(0), "{lifted:?}");
        assert_eq!(lifted.json()["Key"]["key"], json!({"S": key}));
    }
}

#[test]
fn what_names_no_one_thing_is_refused() {
    let rows: &[(&[&str], &str)] = &[
        (&[], "no one thing"),
        (&["--user", "a"], "no `--issuer`"),
        (&["--client", "a"], "no `--issuer`"),
        (&["--sign-in", "a"], "no `--issuer`"),
        (&["--issuer", "https://i.example"], "no one thing"),
        (
            &["--issuer", "i", "--user", "a", "--client", "c"],
            "no one thing",
        ),
        (
            &["--issuer", "i", "--client", "c", "--agent", "demo"],
            "no one thing",
        ),
        (&["--token-id", TOKEN_ID, "--session", "s"], "no one thing"),
        (&["--token-id", TOKEN_ID, "--agent", "demo"], "no one thing"),
        (&["--issuer", "i", "--token-id", TOKEN_ID], "no one thing"),
        (&["--issuer", "i", "--user", ""], "empty value"),
        (
            &["--token-id", "eyJhbGciOiJSUzI1NiJ9.e30.AAAA"],
            "32 hex digits",
        ),
        (
            &["--token-id", "0123456789ABCDEF0123456789ABCDEF"],
            "32 hex digits",
        ),
        (&["--agent", "De mo"], "no name that an agent can have"),
    ];
    for (about, what) in rows {
        for ran in [
            deny(about),
            run(&[&["allow", "--table", "t"], *about].concat()),
        ] {
            assert_eq!((ran.code, ran.output.as_str()), (Some(64), ""), "{about:?}");
            assert!(ran.errors.contains(what), "{about:?}: {}", ran.errors);
            assert!(!ran.errors.contains("eyJ"), "{}", ran.errors);
        }
    }
}

#[test]
fn a_denial_without_end_author_or_reason_is_refused() {
    let whole = ["--for", "1h", "--reason", "r", "--author", "a"];
    for (from, to, what) in [
        ("1h", "0s", "`until`"),
        ("1h", "9999999d", "`until`"),
        ("1h", "soon", "`soon` is not an age"),
        ("r", "", "`reason`"),
        ("r", "two\nlines", "`reason`"),
        ("a", "\u{202e}", "`author`"),
    ] {
        let changed = whole.map(|word| if word == from { to } else { word });
        let arguments = [&["deny", "--table", "t", "--agent", "demo"][..], &changed].concat();
        let ran = run(&arguments);
        assert_eq!(
            (ran.code, ran.output.as_str()),
            (Some(64), ""),
            "{from} {to}"
        );
        assert!(ran.errors.contains(what), "{what}: {}", ran.errors);
    }
    for missing in [0, 2, 4] {
        let mut left = whole.to_vec();
        left.drain(missing..missing + 2);
        let arguments = [&["deny", "--table", "t", "--agent", "demo"][..], &left].concat();
        assert_eq!(run(&arguments).code, Some(64));
    }
}

fn item(key: &str, until: u64) -> Value {
    json!({
        "key": {"S": key}, "reason": {"S": "left"}, "author": {"S": "ops"}, "created": {"N": "1"},
        "until": {"N": until.to_string()},
    })
}

#[test]
fn the_list_has_what_holds_and_what_is_no_denial() {
    let scan = json!({"Count": 3, "Items": [
        item(r#"["agent","over"]"#, 2),
        item(r#"["agent","demo"]"#, 253_402_300_799),
        {"key": {"S": "x\u{1b}[2J"}, "until": {"S": "never"}},
    ]});
    let ran = run_with(&["denials"], &[], &scan.to_string());
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let list = ran.json()["denials"].clone();
    assert_eq!(list.as_array().unwrap().len(), 2, "{list}");
    assert_eq!(list[0]["key"], r#"["agent","demo"]"#);
    assert_eq!(list[0]["until"], "9999-12-31T23:59:59.000Z");
    assert!(list[1]["error"].as_str().unwrap().contains("`until`"));

    let none = run_with(&["denials"], &[], r#"{"Items": []}"#);
    assert_eq!(none.code, Some(1), "{none:?}");
    for wrong in [
        "",
        "[]",
        "{}",
        r#"{"Items": [1]}"#,
        r#"{"Items": [], "LastEvaluatedKey": {"key": {"S": "a"}}}"#,
    ] {
        let ran = run_with(&["denials"], &[], wrong);
        assert_eq!(
            (ran.code, ran.output.as_str()),
            (Some(64), ""),
            "{wrong}: {ran:?}"
        );
    }
}
