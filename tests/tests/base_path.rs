//! The whole chain behind a custom domain that maps a base path to it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use hyper::http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use hyper::http::{HeaderValue, Method, Request};
use local::api_gateway::CustomDomain;
use local::stack::{Stack, StackSettings};
use serde_json::{Value, json};
use tests::{Answer, chain_settings, send};

use crate::journey::sign_in;

const HOST_NAME: &str = "api.example.com";
const ASSERTION: &str = "x-amzn-bedrock-agentcore-runtime-custom-identity";

/// A stack at this domain, whose address it learns from API Gateway alone.
async fn stack(domain: &str) -> Stack {
    let mut settings = StackSettings {
        domain: CustomDomain::parse(domain),
        ..chain_settings()
    };
    assert!(settings.domain.is_some());
    let public_url = ("PUBLIC_URL".to_owned(), String::new());
    settings.variables.extend([public_url]);
    Stack::start(settings).await.unwrap()
}

async fn token(stack: &Stack, user: &str) -> String {
    let issuer = stack.issuer();
    let password = issuer.password(user).unwrap();
    let tokens = sign_in(issuer.domain(), issuer.console_client(), user, password).await;
    tokens["AccessToken"].as_str().unwrap().to_owned()
}

/// Asks at the custom domain, as its client does.
async fn ask(stack: &Stack, method: Method, path: &str, token: Option<&str>) -> Answer {
    let mut request = Request::builder()
        .method(method)
        .uri(format!("{}{path}", stack.url()))
        .header(HOST, HOST_NAME)
        .header(CONTENT_TYPE, "application/json");
    if let Some(token) = token {
        request = request.header(AUTHORIZATION, format!("Bearer {token}"));
    }
    let turn = json!({"prompt": "hello"}).to_string();
    let request = request.body(Bytes::from(turn)).unwrap();
    send(request).await.whole().await
}

/// Who vouches for the caller in the last call of an agent, and of which address.
fn issuer_of_the_last_assertion(stack: &Stack) -> Value {
    let calls = stack.data_plane().calls();
    let assertion: &HeaderValue = &calls.last().unwrap().received[ASSERTION];
    let claims = assertion.to_str().unwrap().split('.').nth(1).unwrap();
    let claims = URL_SAFE_NO_PAD.decode(claims).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    claims["iss"].clone()
}

#[tokio::test]
async fn a_whole_call_goes_through_a_base_path() {
    for (domain, base) in [
        ("api.example.com/v1", "/v1"),
        ("api.example.com/a/b", "/a/b"),
        ("api.example.com", ""),
    ] {
        let stack = stack(domain).await;
        let home = format!("https://{HOST_NAME}{base}");
        let alice = token(&stack, "alice").await;
        let health = ask(&stack, Method::GET, &format!("{base}/healthz"), None).await;
        assert_eq!(health.json()["status"], "ok", "{}", health.text());
        let invoke = format!("{base}/agents/demo/invocations");
        let turn = ask(&stack, Method::POST, &invoke, Some(&alice)).await;
        assert_eq!(turn.status, 200, "{}", turn.text());
        let end = "data: {\"text\":\"That is all.\"}\n\n";
        assert!(turn.text().ends_with(end), "{}", turn.text());
        assert_eq!(issuer_of_the_last_assertion(&stack), home);
        let whoami = ask(&stack, Method::GET, &format!("{base}/whoami"), Some(&alice)).await;
        let settings = whoami.json()["settings"].take();
        assert_eq!(settings["authorizer"], health.json()["settings"]);
        assert_eq!(settings["proxy"], health.json()["settings"]);
        let well_known = format!("{base}/.well-known/oauth-protected-resource");
        let metadata = ask(&stack, Method::GET, &well_known, None).await;
        assert_eq!(metadata.json()["resource"], home, "{}", metadata.text());
        let of_agent = format!("{well_known}/agents/demo/invocations");
        let metadata = ask(&stack, Method::GET, &of_agent, None).await;
        let resource = format!("{home}/agents/demo/invocations");
        assert_eq!(metadata.json()["resource"], resource, "{}", metadata.text());
        let unknown = format!("{base}/agents/unknown/invocations");
        let unknown = ask(&stack, Method::POST, &unknown, Some(&alice)).await;
        unknown.assert_problem(404, "unknown_agent");
        stack.stop().await;
    }
}

/// The authorizer's answer is kept under the token, and used whatever domain leads to the API.
#[tokio::test]
async fn rights_are_the_same_with_a_base_path_and_without() {
    let stack = stack("api.example.com/v1").await;
    let (alice, bob) = (token(&stack, "alice").await, token(&stack, "bob").await);
    let finance = "/agents/finance/invocations";
    // Twice: what the authorizer says, and what is kept of it.
    for _ in 0..2 {
        let path = format!("/v1{finance}");
        let answer = ask(&stack, Method::POST, &path, Some(&alice)).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let answer = ask(&stack, Method::POST, &path, Some(&bob)).await;
        answer.assert_problem(403, "forbidden");
        let answer = ask(&stack, Method::POST, &path, None).await;
        answer.assert_problem(401, "unauthorized");
    }
    for (user, status) in [(&alice, 200), (&bob, 403)] {
        let address = format!("{}{finance}", stack.url());
        let turn = json!({"prompt": "hello"});
        let answer = tests::post(&address, Some(user), &turn).await;
        assert_eq!(answer.status, status);
    }
    stack.stop().await;
}

#[tokio::test]
async fn what_is_not_below_the_base_path_is_no_route() {
    let stack = stack("api.example.com/v1").await;
    let alice = token(&stack, "alice").await;
    for path in [
        "/whoami",
        "/v2/whoami",
        "/v1whoami",
        "/V1/whoami",
        "/live/whoami",
    ] {
        let answer = ask(&stack, Method::GET, path, Some(&alice)).await;
        assert_eq!(answer.status, 403, "{path}: {}", answer.text());
        assert_eq!(answer.json(), json!({"message": "Forbidden"}), "{path}");
    }
    for path in [
        "/v1",
        "/v1/",
        "/v1/v1/agents/demo/invocations",
        "/v1/live/agents/demo/invocations",
        "/v1//agents/demo/invocations",
        "/v1/x/../agents/demo/invocations",
        "/v1/agents/x/agents/demo/invocations",
        "/v1/agents/%64emo/invocations",
        "/v1/agents/x%2Fagents%2Fdemo/invocations",
        "/v1/agents/demo/invocations/",
    ] {
        let answer = ask(&stack, Method::POST, path, Some(&alice)).await;
        answer.assert_problem(404, "not_found");
    }
    assert_eq!(stack.data_plane().calls().len(), 0);
    stack.stop().await;
}
