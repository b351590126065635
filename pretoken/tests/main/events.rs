//! Events that the trigger returns unchanged: every kind that Cognito sends, and those it may send one day.

use aws_lambda_events::cognito::CognitoEventUserPoolsPreTokenGenV2 as CrateEvent;
use serde_json::{Value, json};

use crate::scene::{Scene, machine_event, person_event};

/// Each trigger source of a person's token with the versions that it comes in.
fn person_events() -> Vec<Value> {
    let sources = [
        "HostedAuth",
        "Authentication",
        "NewPasswordChallenge",
        "AuthenticateDevice",
        "RefreshTokens",
    ];
    let mut events = Vec::new();
    for source in sources {
        for version in ["1", "2", "3"] {
            events.push(person_event(version, source));
        }
        let mut event = person_event("2", source);
        event["request"]["clientMetadata"] = json!({"device": "kiosk-3", "user_token": "x"});
        event["request"]["groupConfiguration"] =
            json!({"groupsToOverride": [], "iamRolesToOverride": [], "preferredRole": null});
        events.push(event);
    }
    events
}

/// Future events: sources, versions and members that do not exist yet.
fn future_events() -> Vec<Value> {
    let mut later = person_event("2", "HostedAuth");
    later["version"] = json!("4");
    let mut unknown = machine_event(json!({"user_token": "x"}));
    unknown["triggerSource"] = json!("TokenGeneration_Tomorrow");
    let mut more = machine_event(Value::Null);
    more["request"]["more"] = json!({"list": [1, 2.5, null, -7, 18_446_744_073_709_551_615_u64]});
    more["response"]["more"] = json!(true);
    vec![later, unknown, more, json!({}), json!([]), json!("text")]
}

#[tokio::test]
async fn sign_ins_pass_untouched_by_default() {
    let scene = Scene::new(&[]).await;
    for event in person_events().into_iter().chain(future_events()) {
        assert_eq!(scene.call(&event).await, Ok(event));
    }
    assert_eq!(scene.cloud.asked_keys(), Vec::<String>::new());
}

#[tokio::test]
async fn a_machine_that_acts_for_nobody_gets_a_plain_token() {
    let scene = Scene::new(&[]).await;
    let mut absent = machine_event(Value::Null);
    absent["request"]
        .as_object_mut()
        .unwrap()
        .remove("clientMetadata");
    let metadata = [
        json!(null),
        json!({}),
        json!({"callId": "c-0001", "onBehalfOf": "eyJhbGciOiJSUzI1NiJ9.e30.c2ln"}),
        json!({"number": 7}),
    ];
    let events = metadata.map(machine_event);
    for event in events.into_iter().chain([absent]) {
        assert_eq!(scene.call(&event).await, Ok(event));
    }
    let decisions = scene.decisions();
    assert_eq!(decisions.len(), 5);
    for line in decisions {
        assert_eq!(line["outcome"], "allowed");
        assert_eq!(line.get("subject"), None);
    }
    assert_eq!(scene.cloud.asked_keys(), Vec::<String>::new());
}

#[tokio::test]
async fn an_enriching_trigger_leaves_alone_what_it_cannot_enrich() {
    let scene = Scene::new(&[("ENRICH_USER_TOKENS", "true")]).await;
    let first = person_event("1", "Authentication");
    for event in future_events().into_iter().chain([first]) {
        assert_eq!(scene.call(&event).await, Ok(event));
    }
}

/// With an older version Cognito makes machine tokens without asking, and nothing else would say so.
#[tokio::test]
async fn a_trigger_that_is_attached_in_an_older_way_says_so_once() {
    for (version, source, said) in [
        ("1", "Authentication", "`V1_0` or `V2_0`"),
        ("2", "HostedAuth", "`V1_0` or `V2_0`"),
        ("4", "HostedAuth", "not known here"),
        ("3", "Tomorrow", "not known here"),
        ("3", "a\nb", "not known here"),
    ] {
        let scene = Scene::new(&[]).await;
        for _ in 0..3 {
            let event = person_event(version, source);
            assert_eq!(scene.call(&event).await, Ok(event));
        }
        let warnings = scene.warnings();
        assert_eq!(warnings.len(), 1, "{version} {source}");
        assert!(warnings[0]["message"].as_str().unwrap().contains(said));
        assert_eq!(warnings[0]["version"], version);
        assert!(!warnings[0]["source"].as_str().unwrap().contains('\n'));
    }
    let scene = Scene::new(&[]).await;
    let event = person_event("3", "RefreshTokens");
    assert_eq!(scene.call(&event).await, Ok(event));
    assert_eq!(scene.warnings(), Vec::<Value>::new());
}

/// A key that looks like a user's name and is not read must not be a silent loss.
#[tokio::test]
async fn metadata_that_seems_to_name_a_user_is_told() {
    let scene = Scene::new(&[]).await;
    for (metadata, key) in [
        (
            json!({"verified_email": "zoe@example.com"}),
            "verified_email",
        ),
        (json!({"callId": "c-1", "onBehalfOf": "zoe"}), "onBehalfOf"),
        (json!({"userName": "zoe"}), "userName"),
        (json!({"access_token": "x.y.z"}), "access_token"),
    ] {
        let before = scene.warnings().len();
        let event = machine_event(metadata);
        assert_eq!(scene.call(&event).await, Ok(event), "{key}");
        let warnings = scene.warnings();
        assert_eq!(warnings.len(), before + 1, "{key}");
        assert_eq!(warnings[before]["key"], key);
        assert!(!warnings[before].to_string().contains("zoe"), "{key}");
    }
    let before = scene.warnings().len();
    let event = machine_event(json!({"callId": "c-1", "tenant": "t-17"}));
    assert_eq!(scene.call(&event).await, Ok(event));
    assert_eq!(scene.warnings().len(), before);
}

/// When this fails, the crate knows machines and keeps what is new to it, and the trigger may read its events by it.
#[test]
fn the_crates_event_knows_no_machines_and_loses_what_is_new() {
    let machine = machine_event(json!({"user_token": "x"}));
    assert!(serde_json::from_value::<CrateEvent>(machine).is_err());
    let mut person = person_event("2", "HostedAuth");
    person["request"]["more"] = json!(true);
    let read: CrateEvent = serde_json::from_value(person).unwrap();
    let again = serde_json::to_value(read).unwrap();
    assert_eq!(again["request"].get("more"), None);
}
