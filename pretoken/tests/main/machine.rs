//! Tests of machine tokens: the claims that they get, and those that they never get.

use serde_json::{Value, json};

use crate::scene::{MACHINE, SUBJECT, Scene, claims, machine_event, not_proven, unreadable};

#[tokio::test]
async fn a_proven_user_is_in_the_token() {
    let scene = Scene::new(&[]).await;
    let event = machine_event(json!({"user_token": scene.token(&json!({})), "callId": "c-0001"}));
    let answer = scene.call(&event).await.unwrap();
    let mut expected = event.clone();
    expected["response"] = json!({"claimsAndScopeOverrideDetails": {"accessTokenGeneration": {
        "claimsToAddOrOverride": {"user_id": SUBJECT, "department": "guest", "role": "viewer"},
    }}});
    assert_eq!(answer, expected, "only the response differs");
    assert_eq!(scene.call(&event).await.unwrap(), answer, "asked again");
    assert_eq!(
        scene.call(&answer).await.unwrap(),
        answer,
        "given its own answer"
    );
    let line = &scene.decisions()[0];
    assert_eq!(line["action"], "machine token");
    assert_eq!(line["client"], MACHINE);
    assert_eq!(line["subject"], SUBJECT);
    assert_eq!(line["token_id"].as_str().unwrap().len(), 32);
}

#[tokio::test]
async fn a_response_that_is_not_there_is_made() {
    let scene = Scene::new(&[]).await;
    for response in [None, Some(json!(null)), Some(json!({}))] {
        let mut event = machine_event(json!({"user_token": scene.token(&json!({}))}));
        match response {
            Some(response) => event["response"] = response,
            None => drop(event.as_object_mut().unwrap().remove("response")),
        }
        let answer = scene.call(&event).await.unwrap();
        assert_eq!(claims(&answer)["user_id"], SUBJECT);
    }
}

#[tokio::test]
async fn a_clients_own_claims_are_in_its_tokens_alone() {
    let own = json!({MACHINE: {"runtime_env": "prod", "https://example.com/team": "a b"}});
    let scene = Scene::new(&[("CLIENT_CLAIMS", &own.to_string())]).await;
    let plain = scene.machine(json!({})).await.unwrap();
    assert_eq!(plain, own[MACHINE]);
    let proven = scene.prove(&scene.token(&json!({}))).await.unwrap();
    let expected = json!({
        "runtime_env": "prod", "https://example.com/team": "a b",
        "user_id": SUBJECT, "department": "guest", "role": "viewer",
    });
    assert_eq!(proven, expected);
    let mut other = machine_event(Value::Null);
    other["callerContext"]["clientId"] = json!("another");
    assert_eq!(scene.call(&other).await, Ok(other));
}

#[tokio::test]
async fn the_word_of_a_named_client_is_taken_where_that_is_set() {
    let clients = format!("first, {MACHINE}");
    let settings = [
        ("IDENTITY_PROOF", "asserted"),
        ("ASSERTING_CLIENTS", clients.as_str()),
        (
            "GROUP_MAP",
            r#"[{"group": "buyers", "department": "finance", "role": "admin"}]"#,
        ),
    ];
    let scene = Scene::new(&settings).await;
    let metadata = json!({"verified_user_id": SUBJECT});
    let expected = json!({"user_id": SUBJECT, "department": "guest", "role": "viewer"});
    assert_eq!(scene.machine(metadata.clone()).await, Ok(expected));
    let plain = machine_event(json!({"callId": "c-0001"}));
    assert_eq!(scene.call(&plain).await, Ok(plain));

    let mut other = machine_event(metadata);
    other["callerContext"]["clientId"] = json!("7m2examplemachineclient");
    assert_eq!(scene.call(&other).await, Err(not_proven()));
    let token = scene.token(&json!({}));
    for metadata in [
        json!({"user_token": token}),
        json!({"user_id": SUBJECT}),
        json!({"verified_user_id": ""}),
        json!({"verified_user_id": " a"}),
        json!({"verified_user_id": "a\"b"}),
        json!({"verified_user_id": "a\nb"}),
        json!({"verified_user_id": "\u{e9}"}),
        json!({"verified_user_id": "a".repeat(129)}),
        json!({"verified_user_id": null}),
        json!({"verified_user_id": [SUBJECT]}),
    ] {
        let result = scene.machine(metadata.clone()).await;
        assert_eq!(result, Err(not_proven()), "{metadata}");
    }
}

#[tokio::test]
async fn a_machine_event_without_its_client_is_not_served() {
    let scene = Scene::new(&[]).await;
    for context in [
        json!(null),
        json!({}),
        json!({"clientId": 7}),
        json!({"clientId": "a b"}),
    ] {
        let mut event = machine_event(Value::Null);
        event["callerContext"] = context;
        assert_eq!(scene.call(&event).await, Err(unreadable()));
    }
    let line = scene.decisions().pop().unwrap();
    assert_eq!(line["reason"], "event_form");
}
