//! DynamoDB.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Region};
use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{
    AttributeValue, KeysAndAttributes, ReturnValue, ReturnValuesOnConditionCheckFailure,
};
use bytes::Bytes;
use http::{Method, Request, StatusCode};
use http_body_util::Full;
use hyper_util::rt::TokioExecutor;
use local::dynamodb::{DynamoDb, Fault, Row};
use serde_json::json;

use crate::{credentials, sdk_credentials};

const TABLE: &str = "people";
const RIGHT: &str = "right";

fn client(directory: &DynamoDb, secret: &str) -> Client {
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(sdk_credentials(secret))
        .retry_config(RetryConfig::disabled())
        .endpoint_url(directory.url())
        .build();
    Client::from_conf(config)
}

async fn directory() -> DynamoDb {
    DynamoDb::start(credentials(RIGHT), TABLE).await.unwrap()
}

/// Department and role, as far as the item has them as text; nothing if there is no item.
async fn read(directory: &DynamoDb, subject: &str) -> Option<(Option<String>, Option<String>)> {
    let answer = client(directory, RIGHT)
        .get_item()
        .table_name(TABLE)
        .key("sub", AttributeValue::S(subject.to_owned()))
        .projection_expression("department, #role")
        .expression_attribute_names("#role", "role")
        .send()
        .await
        .unwrap();
    let item = answer.item?;
    assert!(!item.contains_key("sub"), "it was not asked for");
    let text = |name: &str| item.get(name)?.as_s().ok().cloned();
    Some((text("department"), text("role")))
}

fn row(department: &str, role: &str) -> Option<(Option<String>, Option<String>)> {
    Some((Some(department.to_owned()), Some(role.to_owned())))
}

async fn change(directory: &DynamoDb, method: Method, subject: &str, body: &str) -> StatusCode {
    let host = directory.url().trim_start_matches("http://");
    change_at(directory, host, method, subject, body).await
}

async fn change_at(
    directory: &DynamoDb,
    host: &str,
    method: Method,
    subject: &str,
    body: &str,
) -> StatusCode {
    let request = Request::builder()
        .method(method)
        .uri(format!("{}/directory/{subject}", directory.url()))
        .header("host", host)
        .body(Full::from(body.to_owned()))
        .unwrap();
    let client = hyper_util::client::legacy::Client::builder(TokioExecutor::new());
    let client = client.build_http::<Full<Bytes>>();
    client.request(request).await.unwrap().status()
}

#[tokio::test]
async fn a_row_is_there_until_it_is_changed_or_taken_away() {
    let directory = directory().await;
    assert_eq!(read(&directory, "u").await, None);
    directory.put("u", Row::new("finance", "admin"));
    assert_eq!(read(&directory, "u").await, row("finance", "admin"));
    let moved = r#"{"department": "sales", "role": "viewer"}"#;
    assert_eq!(
        change(&directory, Method::PUT, "u", moved).await,
        StatusCode::OK
    );
    assert_eq!(read(&directory, "u").await, row("sales", "viewer"));
    let removed = change(&directory, Method::DELETE, "u", "").await;
    assert_eq!(
        (removed, read(&directory, "u").await),
        (StatusCode::NO_CONTENT, None)
    );
    directory.put_item(
        "u",
        json!({"department": {"S": "sales"}, "role": {"N": "1"}}),
    );
    assert_eq!(
        read(&directory, "u").await,
        Some((Some("sales".to_owned()), None))
    );
    directory.remove("u");
    assert_eq!(read(&directory, "u").await, None);
}

/// A page whose name was made to lead to this machine says its own name in `Host`.
#[tokio::test]
async fn a_change_that_was_sent_to_another_name_changes_nothing() {
    let directory = directory().await;
    directory.put("u", Row::new("finance", "admin"));
    let port = directory.url().rsplit(':').next().unwrap();
    let moved = r#"{"department": "sales", "role": "viewer"}"#;
    for host in [
        format!("evil.example:{port}"),
        "evil.example".to_owned(),
        "127.0.0.1".to_owned(),
        "localhost:1".to_owned(),
        format!("127.0.0.1.evil.example:{port}"),
        format!("localhost:{port}.evil.example"),
    ] {
        for (method, body) in [(Method::PUT, moved), (Method::DELETE, "")] {
            let status = change_at(&directory, &host, method, "u", body).await;
            assert_eq!(status, StatusCode::MISDIRECTED_REQUEST, "{host}");
        }
        assert_eq!(read(&directory, "u").await, row("finance", "admin"));
    }
    let host = format!("localhost:{port}");
    let status = change_at(&directory, &host, Method::PUT, "u", moved).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(read(&directory, "u").await, row("sales", "viewer"));
}

#[tokio::test]
async fn a_change_that_is_none_changes_nothing() {
    let directory = directory().await;
    directory.put("u", Row::new("finance", "admin"));
    let long = json!({"department": "d".repeat(129), "role": "viewer"}).to_string();
    for body in [
        "",
        "{}",
        r#"{"department": "sales"}"#,
        r#"{"department": "", "role": "viewer"}"#,
        r#"{"department": "a\nb", "role": "viewer"}"#,
        r#"{"department": "sales", "role": "viewer", "more": 1}"#,
        &long,
    ] {
        let status = change(&directory, Method::PUT, "u", body).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{body}");
    }
    assert_eq!(read(&directory, "u").await, row("finance", "admin"));
}

#[tokio::test]
async fn what_dynamodb_refuses_is_refused() {
    let directory = directory().await;
    let ask = |table, key, expression, secret| {
        client(&directory, secret)
            .get_item()
            .table_name(table)
            .key(key, AttributeValue::S("u".to_owned()))
            .projection_expression(expression)
            .send()
    };
    for (table, key, expression, secret, error) in [
        (
            "other",
            "sub",
            "department",
            RIGHT,
            "ResourceNotFoundException",
        ),
        (TABLE, "id", "department", RIGHT, "ValidationException"),
        (
            TABLE,
            "sub",
            "department, role",
            RIGHT,
            "ValidationException",
        ),
        (TABLE, "sub", "#role", RIGHT, "ValidationException"),
        (TABLE, "sub", "department,", RIGHT, "ValidationException"),
        (
            TABLE,
            "sub",
            "department",
            "wrong",
            "InvalidSignatureException",
        ),
    ] {
        let refused = ask(table, key, expression, secret).await.unwrap_err();
        assert_eq!(
            refused.code(),
            Some(error),
            "{table} {key} {expression} {secret}"
        );
    }
    assert!(ask(TABLE, "sub", "department", RIGHT).await.is_ok());
    directory.set_fault(Some(Fault::Down));
    assert!(ask(TABLE, "sub", "department", RIGHT).await.is_err());
    assert_eq!(directory.requests(), 8);
}

fn text(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

fn number(number: i64) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

#[tokio::test]
async fn many_items_are_read_at_once() {
    let directory = directory().await;
    directory.create_table("other", "key");
    directory.put("u", Row::new("finance", "admin"));
    directory.write("other", json!({"key": {"S": "k"}, "n": {"N": "1"}}));
    let keys = |name: &str, values: &[&str]| {
        let keys = values
            .iter()
            .map(|value| [(name.to_owned(), text(value))].into());
        let keys = KeysAndAttributes::builder().set_keys(Some(keys.collect()));
        keys.consistent_read(true).build().unwrap()
    };
    let ask = |people: &[&str]| {
        let get = client(&directory, RIGHT).batch_get_item();
        let get = get.request_items(TABLE, keys("sub", people));
        get.request_items("other", keys("key", &["k"])).send()
    };
    let answer = ask(&["u", "v"]).await.unwrap();
    let responses = answer.responses.unwrap();
    assert_eq!(responses[TABLE].len(), 1);
    assert_eq!(responses["other"][0]["n"], number(1));
    assert!(answer.unprocessed_keys.is_none_or(|keys| keys.is_empty()));
    let long = "x".repeat(2049);
    let many: Vec<String> = (0..100).map(|number| number.to_string()).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    for people in [&["u", "u"][..], &[""], &[&long], &many] {
        let refused = ask(people).await.unwrap_err();
        assert_eq!(refused.code(), Some("ValidationException"));
    }
    let get = client(&directory, RIGHT).batch_get_item();
    let refused = get.request_items("none", keys("key", &["k"])).send().await;
    let refused = refused.unwrap_err();
    assert_eq!(refused.code(), Some("ResourceNotFoundException"));
}

#[tokio::test]
async fn an_item_is_changed_and_compared_in_one_step() {
    let directory = directory().await;
    let add = || {
        client(&directory, RIGHT)
            .update_item()
            .table_name(TABLE)
            .key("sub", text("u"))
            .update_expression("ADD #n :one, #s :a")
            .condition_expression(
                "(attribute_not_exists(#n) OR #n < :most) AND NOT size(#s) > :most",
            )
            .expression_attribute_names("#n", "count")
            .expression_attribute_names("#s", "set")
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":most", number(2))
            .expression_attribute_values(":a", AttributeValue::Ss(vec!["a".to_owned()]))
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
    };
    for count in [1, 2] {
        let item = add().send().await.unwrap().attributes.unwrap();
        assert_eq!((&item["count"], &item["sub"]), (&number(count), &text("u")));
        assert_eq!(item["set"], AttributeValue::Ss(vec!["a".to_owned()]));
    }
    let refused = add().send().await.unwrap_err().into_service_error();
    let UpdateItemError::ConditionalCheckFailedException(refused) = refused else {
        panic!("{refused}")
    };
    assert_eq!(refused.item.unwrap()["count"], number(2));
    for (update, condition, error) in [
        ("ADD #n :one, #s :a", "#n < :unknown", "ValidationException"),
        ("ADD #n :one, #s :one", "#n < :most", "ValidationException"),
        ("ADD #n :one", "#n < :most", "ValidationException"),
    ] {
        let refused = add()
            .update_expression(update)
            .condition_expression(condition)
            .send()
            .await
            .unwrap_err();
        assert_eq!(refused.code(), Some(error), "{update} {condition}");
    }
    let old = client(&directory, RIGHT)
        .put_item()
        .table_name(TABLE)
        .item("sub", text("u"))
        .return_values(ReturnValue::AllOld);
    let old = old.send().await.unwrap().attributes.unwrap();
    assert_eq!(old["count"], number(2), "what a refused update left alone");
}
