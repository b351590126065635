//! Tests of the directory: the order of its sources, and a table that fails.

use serde_json::{Value, json};

use crate::cloud::Table;
use crate::scene::{Failed, SUBJECT, Scene, person_event, unavailable};

const LIST: &str =
    r#"{"c2b4e4a8-7001-70c3-8f0e-2f6c1d0a9b11": {"department": "listed", "role": "l"}}"#;
const GROUPS: &str = r#"[
    {"group": "nobody", "department": "wrong", "role": "w"},
    {"group": "eu", "department": "grouped", "role": "g"},
    {"group": "buyers", "department": "later", "role": "t"}
]"#;
const NAME: (&str, &str) = ("DIRECTORY_TABLE", "gatehouse-directory");

fn item(department: &str, role: &str) -> Value {
    json!({"sub": {"S": SUBJECT}, "department": {"S": department}, "role": {"S": role}, "more": {"N": "1"}})
}

fn items(item: Value) -> Table {
    Table::Items([(SUBJECT.to_owned(), item)].into())
}

async fn department(scene: &Scene, claims: Value) -> Result<Value, Failed> {
    let claims = scene.prove(&scene.token(&claims)).await?;
    Ok(claims["department"].clone())
}

#[tokio::test]
async fn the_first_source_that_knows_the_person_counts() {
    let all = [
        NAME,
        ("DIRECTORY", LIST),
        ("GROUP_MAP", GROUPS),
        ("DEFAULT_DEPARTMENT", "default department"),
        ("DEFAULT_ROLE", "d"),
    ];
    let scene = Scene::with_table(&all, items(item("finance", "admin"))).await;
    let own = json!({});
    let stranger = json!({"sub": "stranger"});
    let groupless = json!({"sub": "stranger", "cognito:groups": null});
    assert_eq!(department(&scene, own.clone()).await, Ok(json!("finance")));
    scene.cloud.set_table(Table::Items([].into()));
    assert_eq!(
        department(&scene, own).await,
        Ok(json!("listed")),
        "moved at once"
    );
    assert_eq!(department(&scene, stranger).await, Ok(json!("grouped")));
    assert_eq!(
        department(&scene, groupless).await,
        Ok(json!("default department"))
    );
}

#[tokio::test]
async fn the_table_is_asked_for_no_more_than_is_needed() {
    let scene = Scene::with_table(&[NAME], items(item("finance", "admin"))).await;
    let claims = scene.prove(&scene.token(&json!({}))).await.unwrap();
    let expected = json!({"user_id": SUBJECT, "department": "finance", "role": "admin"});
    assert_eq!(claims, expected);
    let asked = scene.cloud.asked_items();
    assert_eq!(asked.len(), 1);
    let expected = json!({
        "TableName": "gatehouse-directory",
        "Key": {"sub": {"S": SUBJECT}},
        "ConsistentRead": true,
        "ProjectionExpression": "#department, #role",
        "ExpressionAttributeNames": {"#department": "department", "#role": "role"},
    });
    assert_eq!(asked[0].body, expected);
    let header = |name: &str| asked[0].headers[name].to_str().unwrap();
    assert_eq!(header("x-amz-target"), "DynamoDB_20120810.GetItem");
    assert!(header("authorization").contains("/us-east-1/dynamodb/aws4_request"));
}

#[tokio::test]
async fn an_entry_that_is_not_whole_is_not_completed() {
    let scene = Scene::with_table(&[NAME, ("DIRECTORY", LIST)], Table::Silent).await;
    for entry in [
        json!({}),
        json!({"department": {"S": "finance"}}),
        json!({"role": {"S": "admin"}}),
        json!({"department": {"S": "finance"}, "role": {"N": "1"}}),
        json!({"department": {"NULL": true}, "role": {"S": "admin"}}),
        json!({"department": {"S": ""}, "role": {"S": "admin"}}),
        json!({"department": {"S": "fin\"ance"}, "role": {"S": "admin"}}),
        json!({"department": {"S": "finance\n"}, "role": {"S": "admin"}}),
        json!({"department": {"S": "x".repeat(129)}, "role": {"S": "admin"}}),
    ] {
        scene.cloud.set_table(items(entry.clone()));
        let result = department(&scene, json!({})).await;
        assert_eq!(result, Err(unavailable()), "{entry}");
        let line = scene.decisions().pop().unwrap();
        assert_eq!(line["reason"], "directory_entry", "{entry}");
    }
}

#[tokio::test]
async fn a_table_that_fails_is_not_passed_over() {
    let scene = Scene::with_table(
        &[NAME, ("DIRECTORY", LIST), ("ENRICH_USER_TOKENS", "true")],
        Table::Silent,
    )
    .await;
    for (failing, attempts) in [
        (Table::Error(500, "InternalServerError"), 2),
        (
            Table::Error(400, "ProvisionedThroughputExceededException"),
            2,
        ),
        (Table::Error(400, "ResourceNotFoundException"), 1),
        (Table::Error(400, "AccessDeniedException"), 1),
        (Table::Text("<html>"), 1),
        (Table::Text(r#"{"Item": []}"#), 1),
    ] {
        scene.cloud.set_table(failing);
        let result = department(&scene, json!({})).await;
        assert_eq!(result, Err(unavailable()));
        assert_eq!(scene.cloud.asked_items().len(), attempts);
        let line = scene.decisions().pop().unwrap();
        assert_eq!(line["reason"], "directory_unavailable");
    }
    let sign_in = scene.call(&person_event("2", "HostedAuth")).await;
    assert_eq!(sign_in, Err(unavailable()), "nor for a person's own token");
    let log = scene.function.recent_logs().join("\n");
    assert!(log.contains("AccessDeniedException"), "{log}");
    assert!(!log.contains("a text of the platform's"), "{log}");
}

#[tokio::test]
async fn a_silent_table_is_not_waited_for_longer_than_cognito_waits() {
    let scene = Scene::with_table(&[NAME], Table::Silent).await;
    assert_eq!(department(&scene, json!({})).await, Err(unavailable()));
    scene.cloud.set_table(items(item("finance", "admin")));
    assert_eq!(department(&scene, json!({})).await, Ok(json!("finance")));
}
