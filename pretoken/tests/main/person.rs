//! Tests of users' own tokens, with enrichment enabled.

use serde_json::{Value, json};

use crate::scene::{Scene, claims, person_event, unreadable};

const DIRECTORY: &str = r#"[{"group": "eu", "department": "sales", "role": "agent"}]"#;

async fn enriching() -> Scene {
    Scene::new(&[("ENRICH_USER_TOKENS", "true"), ("GROUP_MAP", DIRECTORY)]).await
}

#[tokio::test]
async fn every_sign_in_gets_department_and_role_and_keeps_its_groups() {
    let scene = enriching().await;
    for source in [
        "HostedAuth",
        "Authentication",
        "NewPasswordChallenge",
        "AuthenticateDevice",
        "RefreshTokens",
    ] {
        for version in ["2", "3"] {
            let event = person_event(version, source);
            let mut expected = event.clone();
            expected["response"] = json!({"claimsAndScopeOverrideDetails": {
                "accessTokenGeneration": {
                    "claimsToAddOrOverride": {"department": "sales", "role": "agent"},
                },
                "groupOverrideDetails": event["request"]["groupConfiguration"],
            }});
            assert_eq!(scene.call(&event).await, Ok(expected), "{source} {version}");
        }
    }
    assert_eq!(scene.decisions()[0]["action"], "user token");
}

#[tokio::test]
async fn a_person_without_groups_gets_the_default_and_no_groups() {
    let scene = enriching().await;
    let empty = json!({"groupsToOverride": [], "iamRolesToOverride": [], "preferredRole": null});
    for (groups, answered) in [
        (json!(null), None),
        (json!({}), Some(json!({}))),
        (
            json!({"groupsToOverride": null}),
            Some(json!({"groupsToOverride": null})),
        ),
        (empty.clone(), Some(empty)),
    ] {
        let mut event = person_event("2", "Authentication");
        event["request"]["groupConfiguration"] = groups;
        let answer = scene.call(&event).await.unwrap();
        assert_eq!(
            claims(&answer),
            json!({"department": "guest", "role": "viewer"})
        );
        let details = &answer["response"]["claimsAndScopeOverrideDetails"];
        assert_eq!(details.get("groupOverrideDetails"), answered.as_ref());
    }
}

#[tokio::test]
async fn a_sign_in_that_cannot_be_read_fails() {
    let scene = enriching().await;
    let wrong: [(&str, Value); 6] = [
        ("/request/userAttributes/sub", json!(7)),
        ("/request/userAttributes/sub", json!(null)),
        ("/request/userAttributes", json!(null)),
        ("/request/groupConfiguration", json!(["buyers"])),
        (
            "/request/groupConfiguration/groupsToOverride",
            json!("buyers"),
        ),
        ("/request/groupConfiguration/groupsToOverride", json!([7])),
    ];
    for (place, value) in wrong {
        let mut event = person_event("2", "HostedAuth");
        *event.pointer_mut(place).unwrap() = value;
        assert_eq!(scene.call(&event).await, Err(unreadable()), "{place}");
    }
}
