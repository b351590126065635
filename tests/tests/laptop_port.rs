//! Tests of the laptop's own port: the page and its headers, who may ask, users that move, and the table of callers and
//! tools.

use bytes::Bytes;
use hyper::http::Request;
use hyper::http::header::HOST;
use serde_json::{Value, json};
use tests::{Answer, Stack, Streaming, post, send};

use crate::journey::password_token;

/// The console's origin, by which browsers name it.
fn origin(stack: &Stack) -> String {
    stack.description["console"].as_str().unwrap().to_owned()
}

pub(crate) async fn ask(
    stack: &Stack,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Streaming {
    let origin = origin(stack);
    let host = origin.strip_prefix("http://").unwrap().to_owned();
    let mut request = Request::builder()
        .method(method)
        .uri(format!("{origin}{path}"));
    if !headers.iter().any(|(name, _)| *name == "host") {
        request = request.header(HOST, host);
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    send(request.body(Bytes::from(body.to_owned())).unwrap()).await
}

async fn get(stack: &Stack, path: &str) -> Answer {
    ask(stack, "GET", path, &[], "").await.whole().await
}

pub(crate) async fn turn(stack: &Stack, agent: &str, token: Option<&str>, prompt: &str) -> Answer {
    let address = format!("{}/agents/{agent}/invocations", stack.url);
    post(&address, token, &json!({"prompt": prompt}))
        .await
        .whole()
        .await
}

#[tokio::test]
async fn the_page_has_the_headers_of_the_cloud_and_says_where_it_is() {
    let stack = Stack::shared();
    let page = get(&stack, "/").await;
    assert_eq!(page.status, 200);
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    let policy = page.header("content-security-policy");
    let sign_in = stack.description["domain"].as_str().unwrap();
    assert!(
        policy.contains(&format!("connect-src 'self' {} {sign_in};", stack.url)),
        "{policy}"
    );
    assert!(
        policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
        "{policy}"
    );
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "no-referrer"),
    ] {
        assert_eq!(page.header(name), value);
    }
    assert_eq!(page.header("access-control-allow-origin"), "");
    let config = get(&stack, "/config.json").await;
    let expected = json!({
        "clientId": "gatehouseconsole", "door": stack.url, "issuer": stack.description["issuer"], "laptop": true,
        "scopes": ["openid", "gatehouse/invoke"],
    });
    assert_eq!(config.json(), expected);
    let discovery = format!(
        "{}/.well-known/openid-configuration",
        stack.description["issuer"].as_str().unwrap()
    );
    assert_eq!(tests::get(&discovery, None).await.status, 200);
    assert_eq!(get(&stack, "/../template.yaml").await.status, 404);
}

#[tokio::test]
async fn the_console_is_an_origin_of_the_door_and_an_address_of_the_sign_in_page() {
    let stack = Stack::shared();
    let origin = origin(&stack);
    let request = Request::builder()
        .method("OPTIONS")
        .uri(format!("{}/whoami", stack.url))
        .header("origin", &origin)
        .header("access-control-request-method", "GET")
        .header("access-control-request-headers", "authorization");
    let answer = send(request.body(Bytes::new()).unwrap())
        .await
        .whole()
        .await;
    assert_eq!(answer.header("access-control-allow-origin"), origin);
    let authorize = format!(
        "{}/oauth2/authorize?client_id=gatehouseconsole&response_type=code&redirect_uri={}",
        stack.description["domain"].as_str().unwrap(),
        url::form_urlencoded::byte_serialize(format!("{origin}/").as_bytes()).collect::<String>(),
    );
    let answer = tests::get(&authorize, None).await;
    assert_eq!(answer.status, 302, "{}", answer.text());
}

#[tokio::test]
async fn nobody_but_the_page_and_programs_of_this_machine_may_ask() {
    let stack = Stack::start(&[]);
    let own = origin(&stack);
    let host = own.strip_prefix("http://").unwrap();
    for path in [
        "/",
        "/config.json",
        "/trace",
        "/laptop/state",
        "/laptop/access",
    ] {
        for (headers, status) in [
            (vec![("host", "evil.test")], 421),
            (vec![("host", "127.0.0.1")], 421),
            (vec![("host", host), ("origin", "http://evil.test")], 403),
            (vec![("host", host), ("origin", "null")], 403),
        ] {
            let answer = ask(&stack, "GET", path, &headers, "").await;
            assert_eq!(answer.status, status, "{path} {headers:?}");
        }
        let cross = ask(&stack, "GET", path, &[("sec-fetch-site", "cross-site")], "").await;
        let expected = if path == "/" { 200 } else { 403 };
        assert_eq!(cross.status, expected, "{path}");
    }
    let body = r#"{"department": "finance", "role": "viewer"}"#;
    let foreign = ask(
        &stack,
        "PUT",
        "/laptop/directory/bob",
        &[("origin", "http://evil.test")],
        body,
    )
    .await;
    assert_eq!(foreign.status, 403);
    let state = get(&stack, "/laptop/state").await.json();
    assert_eq!(state["users"][1]["department"], Value::Null, "{state}");
    // Nothing of it is on the door's port.
    let token = password_token(&stack, "alice").await;
    for path in ["/trace", "/laptop/state", "/config.json"] {
        let answer = tests::get(&format!("{}{path}", stack.url), Some(&token)).await;
        assert!(
            answer.status == 404 || answer.status == 403,
            "{path} {}",
            answer.status
        );
    }
    stack.stop();
}

/// The table's cell of a caller and the tool for refunds.
fn cell(table: &Value, caller: &str) -> (Value, Value) {
    let rows = table["tools"].as_array().unwrap();
    let row = rows
        .iter()
        .find(|row| row["name"] == "billing___refund")
        .unwrap();
    let cells = row["cells"].as_array().unwrap();
    let cell = cells.iter().find(|cell| cell["caller"] == caller).unwrap();
    (cell["outcome"].clone(), cell["policies"].clone())
}

#[tokio::test]
async fn a_user_who_moves_is_let_through_and_the_table_shows_it() {
    let stack = Stack::start(&[]);
    let table = get(&stack, "/laptop/access").await.json();
    assert_eq!(table["callers"], json!(["alice", "bob"]));
    assert_eq!(
        cell(&table, "alice"),
        (json!("depends"), json!(["finance_refunds"]))
    );
    assert_eq!(cell(&table, "bob"), (json!("refused"), json!([])));
    let finance = table["agents"]
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["name"] == "finance")
        .unwrap();
    assert_eq!(
        finance["cells"],
        json!([{"caller": "alice", "outcome": "allowed"}, {"caller": "bob", "outcome": "refused"}])
    );

    let token = password_token(&stack, "bob").await;
    let body = r#"{"department": "finance", "role": "viewer"}"#;
    let moved = ask(
        &stack,
        "PUT",
        "/laptop/directory/bob",
        &[("origin", &origin(&stack))],
        body,
    )
    .await;
    let moved = moved.whole().await;
    assert_eq!(
        (moved.status.as_u16(), &moved.json()["department"]),
        (200, &json!("finance"))
    );
    let table = get(&stack, "/laptop/access").await.json();
    assert_eq!(cell(&table, "bob").0, "depends");
    let answer = turn(&stack, "demo", Some(&token), "refund 500").await;
    assert!(answer.text().contains("Refunded 500"), "{}", answer.text());

    let back = ask(&stack, "DELETE", "/laptop/directory/bob", &[], "")
        .await
        .whole()
        .await;
    assert_eq!(back.json()["department"], Value::Null);
    stack.stop();
}

#[tokio::test]
async fn a_move_that_is_none_is_refused() {
    let stack = Stack::shared();
    let body = r#"{"department": "finance", "role": "viewer"}"#;
    for (method, name, body, status) in [
        ("PUT", "mallory", body, 404),
        ("PUT", "bob", "{}", 400),
        ("PUT", "bob", r#"{"department": "", "role": "x"}"#, 400),
        ("DELETE", "mallory", "", 404),
        ("POST", "bob", body, 405),
    ] {
        let answer = ask(
            &stack,
            method,
            &format!("/laptop/directory/{name}"),
            &[],
            body,
        )
        .await;
        assert_eq!(answer.status, status, "{method} {name} {body}");
    }
}
