//! `$comment` and `$schema`, in every object of both documents.

use serde_json::{Value, json};
use shared::agents::Agents;
use shared::issuers::TrustedIssuers;
use shared::settings::Fault;

use crate::issuers::pool;
use crate::said;
use crate::schema::{AGENTS, ISSUERS, Schema};

const ARN: &str = "arn:aws:bedrock-agentcore:us-east-1:123456789012:runtime/demo-AbCdEf1234";

fn agents() -> Value {
    json!({"demo": {"runtime": ARN, "allow": {"groups": ["staff"]}}})
}

fn issuers() -> Value {
    let mut entry = pool();
    entry["advertisedScopeMapping"] = json!({"agents": "api://gatehouse/agents"});
    entry["jwks"] = json!({"keys": [crate::issuers::good_key("a")]});
    entry["customClaims"] = json!([{
        "inboundTokenClaimName": "department",
        "inboundTokenClaimValueType": "STRING",
        "authorizingClaimMatchValue": {
            "claimMatchOperator": "EQUALS",
            "claimMatchValue": {"matchValueString": "finance"},
        },
    }]);
    json!([entry])
}

/// The JSON pointers of all objects of a document.
fn objects(value: &Value, pointer: &str) -> Vec<String> {
    match value {
        Value::Object(members) => {
            let inner = members
                .iter()
                .flat_map(|(name, value)| objects(value, &format!("{pointer}/{name}")));
            inner.chain([pointer.to_owned()]).collect()
        }
        Value::Array(items) => {
            let items = items.iter().enumerate();
            items
                .flat_map(|(place, value)| objects(value, &format!("{pointer}/{place}")))
                .collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    }
}

/// A reader of one of the documents: what is wrong with it.
type Read = fn(&str) -> Vec<Fault>;

fn documents() -> [(Value, Read, &'static Schema); 2] {
    [
        (
            agents(),
            |text| Agents::parse(text).err().unwrap_or_default(),
            &AGENTS,
        ),
        (
            issuers(),
            |text| TrustedIssuers::parse(text).err().unwrap_or_default(),
            &ISSUERS,
        ),
    ]
}

#[test]
fn every_object_may_have_remarks_that_mean_nothing() {
    let mut count = 0;
    for (document, read, schema) in documents() {
        for pointer in objects(&document, "") {
            for name in ["$comment", "$schema"] {
                let mut changed = document.clone();
                changed.pointer_mut(&pointer).unwrap()[name] = json!("agents.schema.json \u{e4}\n");
                let text = changed.to_string();
                let found = read(&text);
                schema.compare(&text, &found);
                assert_eq!(said(&found), [""; 0], "{pointer} {name}");
                count += 1;
            }
        }
    }
    assert_eq!(count, 2 * (3 + 7));
    let commented = json!({"$comment": "none yet"}).to_string();
    assert_eq!(Agents::parse(&commented).unwrap().iter().count(), 0);
    let mut commented = issuers();
    commented[0]["advertisedScopeMapping"]["$comment"] = json!("a remark");
    let read = TrustedIssuers::parse(&commented.to_string()).ok().unwrap();
    assert_eq!(read.advertised[0].scope("$comment"), "$comment");
}

#[test]
fn remarks_are_texts_and_given_once_and_nothing_else_begins_like_them() {
    for (document, read, schema) in documents() {
        // The keys of an issuer are another standard's document (RFC 7517), which tolerates any member; the other names
        // in a mapping are scopes.
        let others = ["/jwks", "/advertisedScopeMapping"];
        let is_ours = |pointer: &String| !others.iter().any(|other| pointer.contains(other));
        for pointer in objects(&document, "").into_iter().filter(is_ours) {
            for (name, value) in [
                ("$comment", json!(["a"])),
                ("$comment", json!(null)),
                ("$schema", json!({})),
                ("$id", json!("a")),
                ("$ref", json!("a b")),
                ("comment", json!(1)),
                ("$Comment", json!("a\tb")),
                ("$", json!([])),
            ] {
                let mut changed = document.clone();
                changed.pointer_mut(&pointer).unwrap()[name] = value;
                let text = changed.to_string();
                let found = read(&text);
                schema.compare(&text, &found);
                let found = said(&found);
                assert!(found.concat().contains(name), "{pointer} {name}: {found:?}");
            }
        }
    }
    let twice = r#"{"$comment": "a", "$comment": "b"}"#;
    let found = said(&Agents::parse(twice).unwrap_err());
    assert_eq!(found, ["`AGENTS.$comment` is given twice"]);
}
